//! One transaction whole: each old value says where it comes from.

use threadline::query::{Change, FieldChange, OldValueSource, Operation, TransactionWithOldValues};

use super::{field, header, one};

pub(crate) fn incident(bundle: &TransactionWithOldValues) -> String {
    let mut text = header(&bundle.transaction);
    for change in &bundle.changes {
        text += &one(change, &fields(change));
    }
    if bundle.changes.is_empty() {
        text += "No change of this transaction is kept.\n";
    }
    if bundle.truncated {
        let id = bundle.transaction.id;
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
