//! Records the warnings of the console.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Level, Metadata, Subscriber};

/// The warnings of this thread, one per line, with all their fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Warnings(Arc<Mutex<String>>);

/// Records the warnings of this thread until the guard is dropped.
pub(super) fn record() -> (Warnings, DefaultGuard) {
    let warnings = Warnings::default();
    (warnings.clone(), set_default(warnings))
}

impl Warnings {
    pub(super) fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("threadline")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0 += &format!(" {}={value:?}", field.name());
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += &(fields.0 + "\n");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
