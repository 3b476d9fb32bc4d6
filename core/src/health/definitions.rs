//! What capture functions do, remembered from one check to the next: hashing thousands of bodies is most of a check's work, and
//! hardly any of them changes between two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Redaction;
use crate::capture::StoredPolicy;

/// What a function does.
#[derive(Debug, Default)]
pub(super) struct Definition {
    /// Of its body.
    pub(super) digest: String,
    /// What it was made with, where its comment says so.
    pub(super) policy: Option<StoredPolicy>,
    /// What its body redacts, where it is one that the Elixir library generates.
    pub(super) legacy: Option<Redaction>,
}

/// Definitions, each under its function's oid, with the version of the rows that hold it in the catalogue: whoever changes a
/// function or its comment makes new rows, in another transaction.
pub(super) type Definitions = HashMap<i64, (String, Arc<Definition>)>;

/// The definitions of the last check.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownFunctions(Arc<Mutex<Arc<Definitions>>>);

impl KnownFunctions {
    pub(super) fn get(&self) -> Arc<Definitions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, definitions: Definitions) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(definitions);
    }
}
