//! Names of generated functions and triggers: readable where they fit, hashed where two tables could share one.

use sha2::{Digest, Sha256};

use crate::TableName;

/// PostgreSQL cuts longer identifiers silently.
const MAX_BYTES: usize = 63;

/// The capture function of a table, by the naming rule of the reference system.
pub(super) fn function_name(table: &TableName) -> String {
    const PREFIX: &str = "threadline_capture_changes_";
    let looks_hashed = table.name().rsplit_once('_').is_some_and(|(_, tail)| is_short_hash(tail));
    if table.schema() == "public" && PREFIX.len() + table.name().len() <= MAX_BYTES && !looks_hashed {
        return format!("{PREFIX}{}", table.name());
    }
    format!("{PREFIX}{}_{}", first_bytes(&suffix(table), 23), short_hash(table))
}

/// The trigger for one event of a table. All begin with `threadline_audit_`, which is how they are recognised.
pub(super) fn trigger_name(table: &TableName, event: &str) -> String {
    let plain = format!("threadline_audit_{}_{event}", suffix(table));
    if plain.len() <= MAX_BYTES {
        return plain;
    }
    let room = MAX_BYTES - "threadline_audit__".len() - 12 - 1 - event.len();
    format!("threadline_audit_{}_{}_{event}", first_bytes(&suffix(table), room), short_hash(table))
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
    fn names_pinned_by_the_reference_system() {
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
    fn two_tables_never_share_a_function() {
        assert_ne!(function_name(&"a_b".into()), function_name(&"a.b".into()));
        let disguised = function_name(&"billing.invoices".into()).replace("threadline_capture_changes_", "");
        assert_ne!(
            function_name(&TableName::new("public", disguised)),
            function_name(&"billing.invoices".into())
        );
    }

    #[test]
    fn names_fit_even_in_other_scripts() {
        let table = TableName::new("übersicht", "ж".repeat(31));
        for event in ["insert", "truncate"] {
            assert!(trigger_name(&table, event).len() <= MAX_BYTES);
        }
        assert!(function_name(&table).len() <= MAX_BYTES);
    }
}
