//! The part of the trail that an operator may see, in words.

use threadline::{Scope, TableName};

use crate::components::counted;
use crate::names::Names;

/// The tables that a sentence names. It counts more than that.
const MAX_TABLES_NAMED: usize = 5;

/// The part of the trail that an operator may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum VisiblePart {
    /// The whole trail.
    #[default]
    Everything,
    /// Every change of these tables.
    Tables(Vec<TableName>),
    /// Some changes of these tables.
    PartOfTables(Vec<TableName>),
    /// Some changes, of tables that the scope does not list.
    Part,
}

impl From<&Scope> for VisiblePart {
    fn from(scope: &Scope) -> Self {
        match scope.listed_tables() {
            _ if !scope.is_limited() => Self::Everything,
            None => Self::Part,
            Some(tables) if tables.iter().all(|table| scope.shows_all_of_table(table)) => {
                Self::Tables(tables)
            }
            Some(tables) => Self::PartOfTables(tables),
        }
    }
}

impl VisiblePart {
    /// Returns whether later changes of a record may be hidden, of which other changes are shown.
    pub(crate) const fn has_incomplete_records(&self) -> bool {
        matches!(self, Self::PartOfTables(_) | Self::Part)
    }

    /// Returns the words for the header: `Limited to 2 tables`.
    pub(crate) fn short(&self) -> Option<String> {
        match self {
            Self::Everything => None,
            Self::Tables(tables) if !tables.is_empty() => {
                Some(format!("Limited to {}", counted(tables.len(), "table")))
            }
            _ => Some("Limited view".to_owned()),
        }
    }

    /// Returns a sentence about a limited part: `You see changes of tickets and replies only.`
    pub(crate) fn sentence(&self, names: Names<'_>) -> Option<String> {
        match self {
            Self::Everything => None,
            Self::Tables(tables) | Self::PartOfTables(tables) if tables.is_empty() => {
                Some("You may not see any change.".to_owned())
            }
            Self::Tables(tables) => Some(format!("You see changes of {} only.", list(tables, names))),
            Self::PartOfTables(tables) => {
                Some(format!("You see only some changes, and only of {}.", list(tables, names)))
            }
            Self::Part => Some("You see only a part of the changes.".to_owned()),
        }
    }
}

fn list(tables: &[TableName], names: Names<'_>) -> String {
    if tables.len() > MAX_TABLES_NAMED {
        return counted(tables.len(), "table");
    }
    let names: Vec<_> = tables.iter().map(|table| names.noun(table, 2)).collect();
    match names.split_last() {
        Some((last, [])) => last.to_string(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use threadline::Predicate;

    use super::*;
    use crate::PageContext;

    #[test]
    fn sentence_names_the_tables_that_the_scope_lists() {
        let context = PageContext::default();
        let words = |scope: &Scope| VisiblePart::from(scope).sentence(context.names());
        let tickets = || Predicate::tables(["tickets", "replies"]);
        let many = ["a", "b", "c", "d", "e", "f"];
        for (scope, sentence) in [
            (Scope::unscoped(), None),
            (Scope::new(tickets()), Some("You see changes of tickets and replies only.")),
            (Scope::tables(many), Some("You see changes of 6 tables only.")),
            (Scope::nothing(), Some("You may not see any change.")),
            (
                Scope::new(tickets().and(Predicate::field("tenant", "7"))),
                Some("You see only some changes, and only of tickets and replies."),
            ),
            (Scope::new(Predicate::field("tenant", "7")), Some("You see only a part of the changes.")),
        ] {
            assert_eq!(words(&scope).as_deref(), sentence, "{scope:?}");
        }
    }
}
