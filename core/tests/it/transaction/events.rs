//! Tests the metrics and events of the library: they contain outcomes, and nothing that a person or an application has supplied.

use std::sync::{Arc, Mutex, PoisonError};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use sqlx::PgPool;
use threadline::event::{EVENTS, describe_metrics};
use threadline::{Action, ActionStatus, AuditContext, AuditTrail, TransactionError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use crate::transaction::{recorded, tickets, user};
use threadline_testkit::database::{Result, run, value};

/// A listener that keeps everything that it receives as text.
#[derive(Debug, Clone, Default)]
struct Listener {
    received: Arc<Mutex<Vec<String>>>,
    panics: bool,
}

impl Listener {
    fn receive(&self, what: String) {
        assert!(!self.panics, "a listener that fails");
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug)]
struct Instrument {
    name: String,
    listener: Listener,
}

impl CounterFn for Instrument {
    fn increment(&self, by: u64) {
        self.listener.receive(format!("{} +{by}", self.name));
    }

    fn absolute(&self, _: u64) {}
}

impl HistogramFn for Instrument {
    fn record(&self, measured: f64) {
        assert!(measured.is_finite() && measured >= 0.0, "{measured}");
        self.listener.receive(format!("{} measured", self.name));
    }
}

impl Listener {
    fn instrument(&self, key: &Key) -> Arc<Instrument> {
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Instrument { name: format!("{} {}", key.name(), labels.join(" ")), listener: self.clone() })
    }
}

impl Recorder for Listener {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, what: SharedString) {
        self.receive(format!("{}: {what}", name.as_str()));
    }

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, what: SharedString) {
        self.receive(format!("{}: {what}", name.as_str()));
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.instrument(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.instrument(key))
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "threadline"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() != "measured" {
                    self.0 += &format!(" {}={value:?}", field.name());
                }
            }
        }
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.receive(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

const SECRET: &str = "nobody-may-log-this";

/// Produces each outcome once, with the secret in everything that an application can supply.
async fn produce_outcomes(pool: &PgPool) -> Result {
    let trail = threadline::AuditTrail::new(pool.clone());
    let context = user(SECRET)?.with_request_id(SECRET)?.with_correlation_id(SECRET)?.with_job_id(SECRET)?;
    let action = || Action::named(SECRET).reason(SECRET).comment(SECRET);
    let write = || AuditTrail::new(pool.clone()).write(&context);
    let insert = format!("INSERT INTO tickets VALUES ((SELECT count(*) FROM tickets), '{SECRET}')");

    let mut tx = write().action(action()).begin().await?;
    run(&mut *tx, &insert).await?;
    let first = tx.commit().await?.action_id.ok_or("no action")?;
    let mut tx = write().under_action(first).begin().await?;
    run(&mut *tx, &insert).await?;
    tx.commit().await?;
    write().begin().await?.commit().await?;
    trail.record_action(&context, action().status(ActionStatus::Error)).await?;

    let refused = trail.record_action(&context, Action::named(format!("{SECRET}\n"))).await;
    assert!(matches!(refused, Err(TransactionError::InvalidAction(_))));
    let refused =
        AuditTrail::new(pool.clone()).write(&AuditContext::without_actor()).action(action()).begin().await;
    assert!(matches!(refused, Err(TransactionError::MissingActor { .. })));
    let refused = write().action(action()).begin().await?.commit().await;
    assert!(matches!(refused, Err(TransactionError::NothingCaptured { .. })));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn events_contain_outcomes_and_nothing_else(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let (recorder, subscriber) = (Listener::default(), Listener::default());
    let _metrics = metrics::set_default_local_recorder(&recorder);
    let _tracing = tracing::subscriber::set_default(subscriber.clone());
    produce_outcomes(&pool).await?;
    let committed = |labels| {
        let duration = "threadline.transaction.duration_seconds";
        [format!("threadline.transaction.committed {labels} +1"), format!("{duration} {labels} measured")]
    };
    let count = |event: &str| [format!("{event} +1")];
    let expected = [
        &count("threadline.action.recorded status=ok linked=yes")[..],
        &committed("action=recorded"),
        &committed("action=linked"),
        &committed("action=none"),
        &count("threadline.action.recorded status=error linked=no"),
        &count("threadline.action.failed reason=invalid_action"),
        &count("threadline.transaction.failed reason=missing_actor"),
        &count("threadline.transaction.failed reason=nothing_captured"),
    ]
    .concat();
    assert_eq!(recorder.take(), expected);
    assert_eq!(
        subscriber.take(),
        [
            "DEBUG message=threadline.action.recorded labels=\"status=ok linked=yes\"",
            "DEBUG message=threadline.transaction.committed labels=\"action=recorded\"",
            "DEBUG message=threadline.transaction.committed labels=\"action=linked\"",
            "DEBUG message=threadline.transaction.committed labels=\"action=none\"",
            "DEBUG message=threadline.action.recorded labels=\"status=error linked=no\"",
            "INFO message=threadline.action.failed labels=\"reason=invalid_action\"",
            "INFO message=threadline.transaction.failed labels=\"reason=missing_actor\"",
            "INFO message=threadline.transaction.failed labels=\"reason=nothing_captured\"",
        ]
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn panicking_listener_changes_nothing(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let failing = Listener { panics: true, ..Listener::default() };
    let _metrics = metrics::set_default_local_recorder(&failing);
    let _tracing = tracing::subscriber::set_default(failing.clone());
    produce_outcomes(&pool).await?;
    assert_eq!(recorded(&pool).await?.len(), 2);
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_actions").await?, 2);
    Ok(())
}

#[test]
fn recorder_receives_description_of_every_metric() {
    let recorder = Listener::default();
    metrics::with_local_recorder(&recorder, describe_metrics);
    let described = recorder.take();
    for event in EVENTS {
        assert!(described.contains(&format!("{}: {}", event.name, event.when)), "{}", event.name);
        let measured =
            event.measurement.iter().all(|m| described.contains(&format!("{}: {}", m.name, m.description)));
        assert!(measured, "{}", event.name);
    }
}
