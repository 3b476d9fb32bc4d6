//! What part of the trail a reader may see.

use crate::TableName;

/// The part of the trail that a reader may see. Every query asks for one; nothing outside of it can be told from what does
/// not exist.
///
/// ```
/// use threadline::Scope;
///
/// let everything = Scope::unscoped();
/// let support = Scope::tables(["tickets", "ticket_replies"]);
/// let nothing = Scope::tables::<[&str; 0]>([]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    tables: Option<Vec<TableName>>,
}

impl Scope {
    /// Everything: a choice that the host makes in so many words.
    #[must_use]
    pub const fn unscoped() -> Self {
        Self { tables: None }
    }

    /// Only changes of these tables; of none, if there are none.
    #[must_use]
    pub fn tables<I>(tables: I) -> Self
    where
        I: IntoIterator<Item: Into<TableName>>,
    {
        Self { tables: Some(tables.into_iter().map(Into::into).collect()) }
    }

    /// Whether anything at all is hidden.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.tables.is_some()
    }

    pub(crate) fn allowed_tables(&self) -> Option<&[TableName]> {
        self.tables.as_deref()
    }
}
