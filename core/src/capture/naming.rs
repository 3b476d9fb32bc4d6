//! The names of generated functions and triggers. A name ends in a hash where it would be too long, or where two tables could
//! share it.

use sha2::{Digest, Sha256};

use crate::TableName;

/// The longest identifier of PostgreSQL, which truncates longer ones without an error.
const MAX_IDENTIFIER_BYTES: usize = 63;

/// The prefix of the name of every capture function.
pub(crate) const FUNCTION_PREFIX: &str = "threadline_capture_changes_";

/// Returns the name of a table's capture function, by the naming rule of the Elixir library.
pub(crate) fn function_name(table: &TableName) -> String {
    const PREFIX: &str = FUNCTION_PREFIX;
    let looks_hashed = table.name().rsplit_once('_').is_some_and(|(_, tail)| is_short_hash(tail));
    if table.schema() == "public"
        && PREFIX.len() + table.name().len() <= MAX_IDENTIFIER_BYTES
        && !looks_hashed
    {
        return format!("{PREFIX}{}", table.name());
    }
    format!("{PREFIX}{}_{}", first_bytes(&suffix(table), 23), short_hash(table))
}

/// The prefix of the name of every capture trigger.
pub(crate) const TRIGGER_PREFIX: &str = "threadline_audit_";

/// Returns the name of a table's trigger for one event, or for all row events.
pub(crate) fn trigger_name(table: &TableName, event: Option<&str>) -> String {
    const PREFIX: &str = TRIGGER_PREFIX;
    let event = event.map_or_else(String::new, |event| format!("_{}", event.to_lowercase()));
    let plain = format!("{PREFIX}{}{event}", suffix(table));
    if plain.len() <= MAX_IDENTIFIER_BYTES {
        return plain;
    }
    let room = MAX_IDENTIFIER_BYTES - PREFIX.len() - "_".len() - 12 - event.len();
    format!("{PREFIX}{}_{}{event}", first_bytes(&suffix(table), room), short_hash(table))
}

fn suffix(table: &TableName) -> String {
    match table.schema() {
        "public" => table.name().to_owned(),
        schema => format!("{schema}_{}", table.name()),
    }
}

fn first_bytes(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

fn short_hash(table: &TableName) -> String {
    let digest = Sha256::digest(format!("{}.{}", table.schema(), table.name()));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn is_short_hash(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_names_equal_those_of_the_elixir_library() {
        for (table, function) in [
            ("tickets", "threadline_capture_changes_tickets"),
            ("billing.invoices", "threadline_capture_changes_billing_invoices_9bba11019407"),
            (
                "customer_subscription_line_items_archive",
                "threadline_capture_changes_customer_subscription_l_3b9be56c3c45",
            ),
        ] {
            assert_eq!(function_name(&table.into()), function);
        }
    }

    #[test]
    fn two_tables_never_share_a_function_name() {
        assert_ne!(function_name(&"a_b".into()), function_name(&"a.b".into()));
        let disguised = function_name(&"billing.invoices".into()).replace("threadline_capture_changes_", "");
        assert_ne!(
            function_name(&TableName::new("public", disguised)),
            function_name(&"billing.invoices".into())
        );
    }

    #[test]
    fn names_in_other_scripts_are_not_truncated() {
        let table = TableName::new("übersicht", "ж".repeat(31));
        for event in [None, Some("INSERT"), Some("TRUNCATE")] {
            assert!(trigger_name(&table, event).len() <= MAX_IDENTIFIER_BYTES);
        }
        assert!(function_name(&table).len() <= MAX_IDENTIFIER_BYTES);
    }
}
