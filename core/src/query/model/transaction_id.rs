//! The id of an audit transaction.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::InvalidParameter;

/// The id of an audit transaction.
///
/// ```
/// use threadline::query::TransactionId;
///
/// let id: TransactionId = "0193c2aa-0000-7000-8000-00000000008d".parse()?;
/// assert_eq!(id.to_string(), "0193c2aa-0000-7000-8000-00000000008d");
/// let error = "17".parse::<TransactionId>().unwrap_err();
/// assert!(error.to_string().starts_with(r#"transaction id is "17": expected a UUID"#));
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransactionId(Uuid);

impl TransactionId {
    /// Returns the id as a UUID.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for TransactionId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<TransactionId> for Uuid {
    fn from(id: TransactionId) -> Self {
        id.0
    }
}

impl FromStr for TransactionId {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let expected = "a UUID such as 0193c2aa-0000-7000-8000-00000000008d";
        let id =
            Uuid::try_parse(text).map_err(|_| InvalidParameter::new("transaction id", text, expected))?;
        Ok(Self(id))
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
