//! Emits events to `tracing` and `metrics`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{EVENTS, Event};

impl Event {
    /// Emits the event with one value per label, in the order of the table, and the measurement if it has one.
    ///
    /// Only the crates of this project call it.
    #[doc(hidden)]
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
        // Subscribers and recorders are foreign code, and their panics must not affect the caller.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.trace(&labels, measured);
            metrics::counter!(self.name, &labels).increment(1);
            if let (Some(measurement), Some(measured)) = (&self.measurement, measured) {
                metrics::histogram!(measurement.name, &labels).record(measured);
            }
        }));
        drop(outcome);
    }

    fn trace(&self, labels: &[(&str, &str)], measured: Option<f64>) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let labels = labels.join(" ");
        // tracing needs the level at compile time.
        if self.level == tracing::Level::INFO {
            tracing::info!(target: "threadline", labels, measured, "{}", self.name);
        } else {
            tracing::debug!(target: "threadline", labels, measured, "{}", self.name);
        }
    }
}

/// Registers the descriptions of all counters and histograms with the installed `metrics` recorder. Call it once, after installing
/// the recorder.
pub fn describe_metrics() {
    for event in EVENTS {
        metrics::describe_counter!(event.name, metrics::Unit::Count, event.when);
        if let Some(measurement) = &event.measurement {
            metrics::describe_histogram!(measurement.name, metrics::Unit::Seconds, measurement.description);
        }
    }
}
