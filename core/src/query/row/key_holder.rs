//! The row that has a key, where rows change their keys.

use crate::query::model::change::{Change, RowImage};
use crate::query::model::operation::Operation;
use crate::query::model::row_key::RowKey;

/// The row that has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyHolder {
    /// The index of the row's last change; none if no row has the key.
    pub(super) index: Option<usize>,
    /// True if two rows had the key for a while, and it is not known which one was deleted.
    pub(super) is_ambiguous: bool,
}

/// Returns the row that has the key after the newest of these changes of the key, which are ordered newest first. Returns none if
/// older changes are needed to know.
///
/// Between transactions a key belongs to one row at most; within a transaction a deferred constraint allows more. So if the newest
/// change of a transaction gave the key to a row, or changed a row that has it, the holder is known. If it took the key away, the
/// holder is not known, because another row may have been given the key before.
pub(super) fn holder_after(changes: &[&Change], key: &RowKey, are_all: bool) -> Option<KeyHolder> {
    let mut nearest = None;
    let mut end = 0;
    while end < changes.len() {
        let transaction = changes[end].transaction_id;
        end += changes[end..].iter().take_while(|change| change.transaction_id == transaction).count();
        let replayed = match changes.get(end) {
            Some(before) if removes_key(before, key) => continue,
            Some(_) => replay(&changes[..=end], key, false),
            None if are_all => replay(changes, key, true),
            None => return None,
        };
        if replayed.is_consistent {
            return Some(replayed.holder);
        }
        nearest = nearest.or(Some(replayed.holder));
    }
    // If the row was changed uncaptured, no state before the changes is consistent with all of them.
    nearest.filter(|_| are_all)
}

/// Returns whether the row no longer has the key after the change.
pub(super) fn removes_key(change: &Change, key: &RowKey) -> bool {
    change.operation == Operation::Delete || change.takes_away(key)
}

/// The result of replaying changes of a key.
struct Replay {
    holder: KeyHolder,
    /// True if each change was made to a row that had the key.
    is_consistent: bool,
}

/// Replays changes of the key, which are ordered newest first. Before the oldest one, a row without a change may have had the key,
/// until a transaction ends with a known holder.
fn replay(changes: &[&Change], key: &RowKey, may_have_unknown: bool) -> Replay {
    let mut holders: Vec<usize> = Vec::new();
    let mut may_have_unknown = may_have_unknown;
    let (mut is_consistent, mut is_ambiguous) = (true, false);
    for (at, change) in changes.iter().enumerate().rev() {
        let leaves = removes_key(change, key);
        let stays = change.operation == Operation::Update && change.old_key.is_none();
        let is_first = at + 1 == changes.len();
        if leaves || stays && !is_first {
            match holders.iter().position(|holder| fits(changes[*holder], change)) {
                Some(fitting) => drop(holders.remove(fitting)),
                None if may_have_unknown && (is_comparable(change) || holders.is_empty()) => {
                    may_have_unknown = false;
                }
                None => {
                    is_consistent &= !is_comparable(change);
                    is_ambiguous |= holders.len() > 1;
                    holders.drain(..holders.len().min(1));
                }
            }
        }
        if !leaves {
            holders.push(at);
            let ends_transaction = at == 0 || changes[at - 1].transaction_id != change.transaction_id;
            may_have_unknown &= !(ends_transaction || is_first && stays);
        }
    }
    let holder = KeyHolder { index: holders.last().copied(), is_ambiguous };
    Replay { holder, is_consistent }
}

/// Returns whether the change holds values of the row before it.
fn is_comparable(change: &Change) -> bool {
    change.before.is_some() || change.operation == Operation::Update && change.after.is_some()
}

/// Returns whether an earlier change left the row as this change found it. One statement changes each row once, and in statement
/// mode all of its changes have one time.
fn fits(earlier: &Change, change: &Change) -> bool {
    let is_one_statement =
        (earlier.transaction_id, earlier.captured_at) == (change.transaction_id, change.captured_at);
    let value = |row: &Option<RowImage>, column: &String| {
        row.as_ref().and_then(|row| row.get(column)).map(|value| value.get().to_owned())
    };
    let is_changed = |column: &String| change.changed_fields.iter().flatten().any(|field| field == column);
    let before = |column: &String| match change.operation {
        Operation::Update if !is_changed(column) => value(&change.after, column),
        _ => value(&change.before, column),
    };
    is_comparable(change)
        && earlier.values_left_out.is_none()
        && !is_one_statement
        && earlier
            .after
            .iter()
            .flatten()
            .all(|(column, value)| before(column).is_none_or(|before| before == value.get()))
}
