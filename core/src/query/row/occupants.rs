//! Which row has a key, where rows change their keys.

use std::collections::BTreeMap;

use crate::query::{Change, Operation, RowImage, RowKey};

/// The key of a row as a filter takes it.
pub(in crate::query) type RowKeyFilter = BTreeMap<String, String>;

/// Whether the change took this key away from a row.
pub(in crate::query) fn is_departure(change: &Change, key: &RowKeyFilter) -> bool {
    !is_key(&change.key, key) && change.old_key.as_ref().is_some_and(|old| is_key(old, key))
}

impl Change {
    /// Whether the change took this key away from a row: the row's history goes on under [`key`](Self::key).
    #[must_use]
    pub fn takes_away(&self, key: &BTreeMap<String, String>) -> bool {
        is_departure(self, key)
    }
}

fn is_key(key: &RowKey, filter: &RowKeyFilter) -> bool {
    key.len() == filter.len() && key.iter().all(|(column, value)| value.as_ref() == filter.get(column))
}

/// Which row has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) struct Occupant {
    /// The place of the row's last change; none where no row has the key.
    pub(in crate::query) place: Option<usize>,
    /// Whether two rows had the key for a while, and nothing tells which one was deleted.
    pub(in crate::query) is_ambiguous: bool,
}

/// Which row has the key after the newest of these changes of it, which stand newest first. Nothing, if that takes older
/// changes.
///
/// Between transactions a key belongs to one row at most; within a transaction a deferred constraint allows more. So a
/// transaction whose newest change gave the key to a row, or changed one under it, tells who has it. One whose newest change
/// took the key away does not, because another row may have taken it before.
pub(in crate::query) fn occupant_after(
    changes: &[&Change],
    key: &RowKeyFilter,
    are_all: bool,
) -> Option<Occupant> {
    let mut nearest = None;
    let mut end = 0;
    while end < changes.len() {
        let transaction = changes[end].transaction_id;
        end += changes[end..].iter().take_while(|change| change.transaction_id == transaction).count();
        let played = match changes.get(end) {
            Some(before) if takes_away(before, key) => continue,
            Some(_) => replay(&changes[..=end], key, false),
            None if are_all => replay(changes, key, true),
            None => return None,
        };
        if played.is_consistent {
            return Some(played.occupant);
        }
        nearest = nearest.or(Some(played.occupant));
    }
    // Where the row was changed without being captured, no beginning fits.
    nearest.filter(|_| are_all)
}

fn takes_away(change: &Change, key: &RowKeyFilter) -> bool {
    change.operation == Operation::Delete || is_departure(change, key)
}

/// What changes of a key come to.
struct Played {
    occupant: Occupant,
    /// Each change was made to a row that had the key.
    is_consistent: bool,
}

/// Plays changes of the key, which stand newest first. Before the oldest, a row that no change tells of may have had the key,
/// until a transaction tells who has it.
fn replay(changes: &[&Change], key: &RowKeyFilter, may_have_unknown: bool) -> Played {
    let mut occupants: Vec<usize> = Vec::new();
    let mut may_have_unknown = may_have_unknown;
    let (mut is_consistent, mut is_ambiguous) = (true, false);
    for (at, change) in changes.iter().enumerate().rev() {
        let leaves = takes_away(change, key);
        let stays = change.operation == Operation::Update && change.old_key.is_none();
        let is_first = at + 1 == changes.len();
        if leaves || stays && !is_first {
            match occupants.iter().position(|occupant| fits(changes[*occupant], change)) {
                Some(fitting) => drop(occupants.remove(fitting)),
                None if may_have_unknown && (is_comparable(change) || occupants.is_empty()) => {
                    may_have_unknown = false;
                }
                None => {
                    is_consistent &= !is_comparable(change);
                    is_ambiguous |= occupants.len() > 1;
                    occupants.drain(..occupants.len().min(1));
                }
            }
        }
        if !leaves {
            occupants.push(at);
            let ends_transaction = at == 0 || changes[at - 1].transaction_id != change.transaction_id;
            may_have_unknown &= !(ends_transaction || is_first && stays);
        }
    }
    let occupant = Occupant { place: occupants.last().copied(), is_ambiguous };
    Played { occupant, is_consistent }
}

/// Whether the change says something of the row before it.
fn is_comparable(change: &Change) -> bool {
    change.before.is_some() || change.operation == Operation::Update && change.after.is_some()
}

/// Whether an earlier change left the row as the change found it. One statement changes each row once, and where a statement
/// is captured as a whole, all of its changes have one time.
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
        && !is_one_statement
        && earlier
            .after
            .iter()
            .flatten()
            .all(|(column, value)| before(column).is_none_or(|before| before == value.get()))
}
