//! The events of the console and of the layer, as `metrics` receives them: outcomes with the labels of the table of events.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::{AuditContextLayer, Scope};
use threadline_server::{Access, Console};
use threadline_testkit::database::trail;
use tower::ServiceExt;

/// Records the counters that were incremented.
#[derive(Default)]
struct Counters(Arc<Mutex<Vec<String>>>);

struct Raised(String, Arc<Mutex<Vec<String>>>);

impl CounterFn for Raised {
    fn increment(&self, _: u64) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).push(self.0.clone());
    }

    fn absolute(&self, _: u64) {}
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Counter::from_arc(Arc::new(Raised(format!("{} {}", key.name(), labels.join(" ")), self.0.clone())))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

impl Counters {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[tokio::test]
async fn authorize_decision_is_emitted_as_event() -> Result<(), Box<dyn Error>> {
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(10))
        .connect_lazy("postgres://nobody@127.0.0.1:1/nowhere")?;
    for result in ["granted", "granted_within_scope", "denied", "error", "panic", "timeout"] {
        let console = Console::builder(trail(&pool))
            .hook_timeout(Duration::from_millis(50))
            .authorize_fn(move |_| async move {
                match result {
                    "granted" => Ok(Access::Allow),
                    "granted_within_scope" => Ok(Access::AllowWithin(Scope::nothing())),
                    "denied" => Ok(Access::Deny),
                    "error" => Err(std::io::Error::other("user:42 has no session")),
                    "panic" => panic!("a hook that panics"),
                    _ => std::future::pending().await,
                }
            })
            .actor_fn(|_| async { None })
            .build()?;
        let app = Router::new().nest("/audit", console.into_router());
        app.oneshot(Request::get("/audit/timeline?table=secret").body(Body::empty())?).await?;
        let mut told = counters.take();
        // The header asks for coverage, and there is no database.
        told.retain(|told| told != "threadline.health.check_failed reason=database");
        assert_eq!(told, [format!("threadline.console.authorized result={result}")]);
    }
    Ok(())
}

/// Pages, pills and coverage pages ask at the same time.
#[sqlx::test(migrations = false)]
async fn coverage_check_is_shared_by_1000_requests(pool: PgPool) -> Result<(), Box<dyn Error>> {
    trail(&pool).install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id int PRIMARY KEY)").execute(&pool).await?;
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    // However long a thousand pages take, one check serves them all, and it completes.
    let (wait, period) = (Duration::from_secs(600), Duration::from_secs(3_600));
    let console = Console::builder(trail(&pool))
        .query_timeout(wait)
        .coverage_poll(period)
        .max_requests(10_000)
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build()?;
    let app = Router::new().nest("/audit", console.into_router());
    let ask = |number: usize| {
        let address = ["/audit/api/coverage", "/audit/coverage", "/audit/policy/redaction"][number % 3];
        let request = Request::get(address).header("accept", "application/json").body(Body::empty());
        let app = app.clone();
        async move { Ok::<_, Box<dyn Error>>(app.oneshot(request?).await?.status()) }
    };
    let answers = futures_util::future::join_all((0..1_000).map(ask)).await;
    for status in answers {
        assert_eq!(status?, 200);
    }
    let checks =
        counters.take().into_iter().filter(|told| told.starts_with("threadline.health")).collect::<Vec<_>>();
    assert_eq!(checks, ["threadline.health.checked result=incomplete"]);
    Ok(())
}

#[tokio::test]
async fn refused_id_is_emitted_as_event_with_its_header() -> Result<(), Box<dyn Error>> {
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    let app = Router::new().route("/", get(async || ())).layer(AuditContextLayer::new(|_| async { None }));
    for header in ["x-request-id", "x-correlation-id"] {
        for (value, told) in [("good", false), ("bad\tbad", true)] {
            app.clone().oneshot(Request::get("/").header(header, value).body(Body::empty())?).await?;
            let expected = told.then(|| format!("threadline.context.id_refused header={header}"));
            assert_eq!(counters.take(), Vec::from_iter(expected));
        }
    }
    Ok(())
}
