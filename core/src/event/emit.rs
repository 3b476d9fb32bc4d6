//! Telling `tracing` and `metrics`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{EVENTS, Event};

impl Event {
    /// Tells that the event happened: one value per label, in the order of the table, and the measurement if it has one.
    /// What the crates of this project call.
    pub fn emit(&self, values: &[&'static str], measured: Option<f64>) {
        let listed = self.labels.iter().zip(values).all(|(label, value)| label.values.contains(value));
        debug_assert!(
            listed && values.len() == self.labels.len(),
            "{} has other labels than {values:?}",
            self.name
        );
        debug_assert_eq!(
            measured.is_some(),
            self.measurement.is_some(),
            "{} measures something else",
            self.name
        );
        let labels: Vec<(&'static str, &'static str)> =
            self.labels.iter().zip(values).map(|(label, value)| (label.name, *value)).collect();
        // Whoever listens runs their own code here; the caller's work is done already and must not suffer for it.
        let told = catch_unwind(AssertUnwindSafe(|| {
            self.trace(&labels, measured);
            metrics::counter!(self.name, &labels).increment(1);
            if let (Some(measurement), Some(measured)) = (&self.measurement, measured) {
                metrics::histogram!(measurement.name, &labels).record(measured);
            }
        }));
        drop(told);
    }

    fn trace(&self, labels: &[(&str, &str)], measured: Option<f64>) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let labels = labels.join(" ");
        // The level of a tracing event is part of the place that emits it.
        if self.level == tracing::Level::INFO {
            tracing::info!(target: "threadline", labels, measured, "{}", self.name);
        } else {
            tracing::debug!(target: "threadline", labels, measured, "{}", self.name);
        }
    }
}

/// Gives the installed `metrics` recorder the descriptions of every counter and histogram. Call it once, after installing
/// the recorder.
pub fn describe_metrics() {
    for event in EVENTS {
        metrics::describe_counter!(event.name, metrics::Unit::Count, event.when);
        if let Some(measurement) = &event.measurement {
            metrics::describe_histogram!(measurement.name, metrics::Unit::Seconds, measurement.what);
        }
    }
}
