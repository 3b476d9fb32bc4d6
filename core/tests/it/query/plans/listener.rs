//! A listener that receives the plans of all statements.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::plan::Plan;
use threadline_testkit::database::Result;

/// The settings of `auto_explain`, which is part of PostgreSQL: it sends the plan of every statement, with the rows of each step.
const SETTINGS: [(&str, &str); 8] = [
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_timing", "off"),
    ("auto_explain.log_level", "notice"),
    ("auto_explain.log_format", "json"),
    ("auto_explain.log_nested_statements", "off"),
    ("client_min_messages", "notice"),
];

/// A subscriber of the notices of PostgreSQL, which sqlx emits as events.
#[derive(Debug, Clone, Default)]
pub(in crate::query) struct Listener(Arc<Mutex<Vec<String>>>);

impl Listener {
    /// Returns a pool of one connection whose server sends plans.
    pub(in crate::query) async fn pool(pool: &PgPool) -> Result<PgPool> {
        let options = pool.connect_options().as_ref().clone().options(SETTINGS);
        Ok(PgPoolOptions::new().max_connections(1).connect_with(options).await?)
    }

    /// Returns the plans since the last call.
    pub(in crate::query) fn take(&self) -> Result<Vec<Plan>> {
        let heard = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let plans = heard.iter().filter_map(|notice| notice.split_once("plan:"));
        Ok(plans.map(|(_, json)| Plan::new(json)).collect::<std::result::Result<_, _>>()?)
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::postgres::notice"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Message<'a>(&'a mut Vec<String>);
        impl Visit for Message<'_> {
            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "message" {
                    self.0.push(value.to_owned());
                }
            }

            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.record_str(field, &format!("{value:?}"));
            }
        }
        event.record(&mut Message(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
