//! The name of the storage schema.

use std::fmt;

/// The validated name of the storage schema. The default is `threadline`.
///
/// ```
/// use threadline::StorageSchema;
///
/// assert_eq!(StorageSchema::default().name(), "threadline");
/// assert!(StorageSchema::new("audit; DROP TABLE users").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSchema(String);

impl StorageSchema {
    /// Parses a name: `[A-Za-z_][A-Za-z0-9_]*` of at most 63 bytes, with surrounding white space removed.
    ///
    /// # Errors
    /// [`StorageSchemaError`] for any other name.
    pub fn new(name: &str) -> Result<Self, StorageSchemaError> {
        let trimmed = name.trim();
        let mut bytes = trimmed.bytes();
        let starts_well = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if starts_well && trimmed.len() <= 63 && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            Ok(Self(trimmed.to_owned()))
        } else {
            Err(StorageSchemaError { given: name.to_owned() })
        }
    }

    /// Returns the name, without quotes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns the name, quoted.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// Replaces `__schema__` in a statement of this library by the quoted name.
    pub(crate) fn fill(&self, sql: &str) -> String {
        sql.replace("__schema__", &self.quoted())
    }
}

impl Default for StorageSchema {
    fn default() -> Self {
        Self("threadline".to_owned())
    }
}

impl fmt::Display for StorageSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An invalid name of a storage schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "storage schema {given:?}: use letters, digits and underscores, at most 63, not starting with a digit"
)]
pub struct StorageSchemaError {
    /// The given name.
    pub given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_plain_identifiers_only() {
        for good in ["threadline", " audit ", "_x9", "Audit", &"a".repeat(63)] {
            assert!(StorageSchema::new(good).is_ok(), "{good}");
        }
        for bad in ["", "9a", "a b", "a\"b", "a.b", "ä", &"a".repeat(64)] {
            assert!(StorageSchema::new(bad).is_err(), "{bad}");
        }
    }
}
