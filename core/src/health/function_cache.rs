//! The definitions of capture functions, kept from one check to the next. Hashing thousands of bodies is most of the work of a
//! check, and few of them change between two checks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Redaction;
use crate::capture::StoredPolicy;

/// The definition of a function.
#[derive(Debug, Default)]
pub(super) struct Definition {
    /// The digest of its body.
    pub(super) digest: String,
    /// The policy that it was generated with; `None` if its comment holds none.
    pub(super) policy: Option<StoredPolicy>,
    /// The redaction of a body that the Elixir library generated.
    pub(super) legacy: Option<Redaction>,
}

/// Definitions by the oid of the function, each with the version of its rows in the catalogue. Altering a function or its
/// comment writes new rows in another transaction, so an unchanged version means an unchanged definition.
pub(super) type Definitions = HashMap<i64, (String, Arc<Definition>)>;

/// The definitions that the last check has read.
#[derive(Debug, Clone, Default)]
pub(crate) struct FunctionCache(Arc<Mutex<Arc<Definitions>>>);

impl FunctionCache {
    pub(super) fn get(&self) -> Arc<Definitions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, definitions: Definitions) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(definitions);
    }
}
