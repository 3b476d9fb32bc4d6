//! Formats one transaction with all old values and their sources.

use threadline::query::{Change, FieldChange, OldValueSource, Operation, TransactionWithOldValues};

use super::{change_block, field, header};

/// Formats a transaction with all old values.
pub(crate) fn incident(transaction: &TransactionWithOldValues) -> String {
    let mut text = header(&transaction.transaction);
    for change in &transaction.changes {
        text += &change_block(change, &fields(change));
    }
    if transaction.changes.is_empty() {
        text += "No change of this transaction is kept.\n";
    }
    if transaction.truncated {
        let id = transaction.transaction.id;
        text += &format!("There are more changes: raise --limit, or page through transaction {id}.\n");
    }
    text
}

fn fields(change: &Change) -> String {
    let fields = change.fields();
    if fields.is_empty() && change.operation == Operation::Delete {
        return "  (old values unknown)\n".to_owned();
    }
    fields.iter().map(|change| field(change) + source(change) + "\n").collect()
}

fn source(field: &FieldChange) -> &'static str {
    match field.before_source {
        OldValueSource::Absent => "",
        OldValueSource::Stored => " (old value stored)",
        OldValueSource::PreviousChange => " (old value from the previous change)",
        _ => " (old value unknown)",
    }
}
