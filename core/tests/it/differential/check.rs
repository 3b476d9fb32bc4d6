//! Compares the trail with the copies of the tables.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};
use threadline::query::{
    AsOf, Count, Filter, Operation, Position, PossibleRemoval, RowImage, RowKey, Snapshot,
};
use threadline::{AuditTrail, Scope, TableName};
use uuid::Uuid;

use crate::differential::driver::{Copy, Transaction};
use crate::differential::replay::replay;
use crate::differential::table::{Redaction, Redefinition, Table};
use threadline_testkit::changes::violations;
use threadline_testkit::database::Result;
use threadline_testkit::rows::{as_of, describe, key_text, row_text};

/// The part of a change that shows which rows a transaction wrote to.
#[derive(Debug, FromRow)]
struct Touch {
    transaction_id: Uuid,
    table_name: String,
    table_pk: Json<RowKey>,
    old_pk: Option<Json<RowKey>>,
    captured_at: DateTime<Utc>,
}

pub(crate) struct Check<'a> {
    pool: &'a PgPool,
    trail: AuditTrail,
    tables: &'a [Table],
    copies: &'a [Copy],
    /// The rows that an open transaction had written to when a copy was taken: the trail contains what it wrote, and the copy does
    /// not.
    pending: HashSet<(usize, RowKey, usize)>,
    /// The times at which a key was written to, under each name of its table.
    touched: HashMap<(String, RowKey), Vec<DateTime<Utc>>>,
}

impl<'a> Check<'a> {
    pub(crate) async fn new(
        pool: &'a PgPool,
        trail: &AuditTrail,
        tables: &'a [Table],
        copies: &'a [Copy],
        transactions: &[Transaction],
    ) -> Result<Self> {
        let sql =
            "SELECT transaction_id, table_name, table_pk, old_pk, captured_at FROM threadline.audit_changes
                   WHERE op <> 'truncate'";
        let touches: Vec<Touch> = sqlx::query_as(sql).persistent(false).fetch_all(pool).await?;
        let (mut pending, mut touched) = (HashSet::new(), HashMap::<_, Vec<_>>::new());
        for touch in touches {
            let table =
                tables.iter().position(|table| table.names.iter().any(|(_, name)| *name == touch.table_name));
            let table = table.ok_or("the trail names a table that no plan has")?;
            let transaction = transactions.iter().find(|transaction| transaction.id == touch.transaction_id);
            for key in [Some(touch.table_pk), touch.old_pk].into_iter().flatten() {
                touched.entry((touch.table_name.clone(), key.0.clone())).or_default().push(touch.captured_at);
                for copy in transaction.map_or(0..0, |transaction| transaction.began..transaction.ended) {
                    if touch.captured_at <= copies[copy].0 {
                        pending.insert((table, key.0.clone(), copy));
                    }
                }
            }
        }
        Ok(Self { pool, trail: trail.clone().prepared_statements(true), tables, copies, pending, touched })
    }

    /// Returns everything that differs, and how many answers were compared.
    pub(crate) async fn problems(&self) -> Result<(Vec<String>, usize)> {
        let mut problems = violations(self.pool).await?;
        let mut compared = 0;
        for at in 0..self.tables.len() {
            let mut snapshot = self.trail.snapshot().await?;
            for key in self.keys(at) {
                for moment in self.moments(at, &key) {
                    problems.extend(self.as_of(&mut snapshot, at, &key, moment).await?);
                    compared += 1;
                    if moment > 0 {
                        problems.extend(self.compare(&mut snapshot, at, &key, moment).await?);
                        compared += 1;
                    }
                }
                compared += 1;
                problems.extend(self.history(&mut snapshot, at, &key).await?);
            }
            drop(snapshot);
            let last = &self.copies[self.copies.len() - 1].1[at];
            let found = replay(&self.trail, &self.tables[at], last).await?;
            problems.extend(found.map(|problem| format!("{}: {problem}", self.tables[at].name())));
        }
        Ok((problems, compared))
    }

    /// Returns every key that a row of the table ever had.
    fn keys(&self, at: usize) -> BTreeSet<RowKey> {
        let names = |name: &String| self.tables[at].names.iter().any(|(_, own)| own == name);
        let recorded = self.touched.keys().filter(|(name, _)| names(name)).map(|(_, key)| key.clone());
        recorded.chain(self.copies.iter().flat_map(|(_, tables)| tables[at].keys().cloned())).collect()
    }

    /// Returns the copies in which the row differs from the previous one, each copy after those, and the last.
    fn moments(&self, at: usize, key: &RowKey) -> Vec<usize> {
        let last = self.copies.len() - 1;
        let text = |copy: usize| self.copies[copy].1[at].get(key).map(row_text);
        let differs = |copy: usize| copy == 0 || text(copy) != text(copy - 1);
        (0..=last)
            .filter(|copy| *copy == last || differs(*copy) || *copy > 0 && differs(*copy - 1))
            .filter(|copy| !self.pending.contains(&(at, key.clone(), *copy)))
            .collect()
    }

    fn describe(&self, at: usize, key: &RowKey, copy: usize) -> String {
        format!("{} {} at copy {copy}", self.tables[at].name_at(self.copies[copy].0), key_text(key))
    }

    async fn as_of(
        &self,
        snapshot: &mut Snapshot<'_>,
        at: usize,
        key: &RowKey,
        copy: usize,
    ) -> Result<Vec<String>> {
        let (table, moment) = (&self.tables[at], self.copies[copy].0);
        let row = self.copies[copy].1[at].get(key);
        let mut problems = Vec::new();
        for (since, name) in &table.names {
            let is_own = name == table.name_at(moment);
            if !self.touched.keys().any(|(touched, _)| touched == name) {
                continue;
            }
            let answer = as_of(snapshot, name, key, moment).await?;
            let is_right = match (&answer, row) {
                (AsOf::Present(entry), Some(row)) => {
                    is_own
                        && agrees(table, entry.change.after.as_ref(), entry.change.captured_at, row, moment)
                }
                (AsOf::Present(_), None) => false,
                (AsOf::Uncertain { entry, causes }, row) => {
                    let captured_at = entry.change.captured_at;
                    let is_renamed =
                        table.has_redefinition(|redefinition| *redefinition == Redefinition::TableRenamed);
                    causes.iter().all(|cause| is_justified(table, cause))
                        && (is_renamed
                            || row.is_none_or(|row| {
                                agrees(table, entry.change.after.as_ref(), captured_at, row, moment)
                            }))
                }
                // A row that was not written to since the table was renamed is not known under the new name.
                (AsOf::BeforeHorizon, Some(_)) => {
                    !is_own || *since > table.names[0].0 && !self.was_touched(name, key, moment)
                }
                (_, Some(_)) => !is_own,
                (_, None) => true,
            };
            if !is_right {
                problems.push(format!(
                    "{}: the row is {}, the trail says of {name} that it {}",
                    self.describe(at, key, copy),
                    row.map_or_else(|| "not there".to_owned(), shorten_row),
                    shorten(&describe(&answer))
                ));
            }
        }
        Ok(problems)
    }

    fn was_touched(&self, name: &str, key: &RowKey, until: DateTime<Utc>) -> bool {
        let times = self.touched.get(&(name.to_owned(), key.clone()));
        times.is_some_and(|times| times.iter().any(|at| *at <= until))
    }

    /// Compares the row with the one in the previous copy, and returns how the result is wrong.
    async fn compare(
        &self,
        snapshot: &mut Snapshot<'_>,
        at: usize,
        key: &RowKey,
        copy: usize,
    ) -> Result<Option<String>> {
        let table = &self.tables[at];
        if !self.touched.keys().any(|(touched, _)| touched == table.name()) {
            return Ok(None);
        }
        let [(before, one), (after, other)] = [&self.copies[copy - 1], &self.copies[copy]];
        let is_redefined = table.redefinitions.iter().any(|(redefined, redefinition)| {
            // A row is uncertain after a truncate or a new table name, and has other columns after another redefinition.
            matches!(redefinition, Redefinition::TableRenamed | Redefinition::PartitionTruncated { .. })
                || redefined <= after
        });
        if is_redefined || self.pending.contains(&(at, key.clone(), copy - 1)) {
            return Ok(None);
        }
        let scope = Scope::unscoped();
        let compared =
            snapshot.compare(&scope, TableName::new("public", table.name()), key, [*before, *after]).await?;
        let redacted = table.redacted_at(*after);
        let is_plain = |name: &str| !redacted.iter().any(|(hidden, _)| hidden == name);
        let reported: Vec<&str> =
            compared.fields.iter().map(|field| field.name.as_str()).filter(|name| is_plain(name)).collect();
        let [one, other] = [&one[at], &other[at]].map(|rows| rows.get(key));
        let names: BTreeSet<&String> = one.into_iter().chain(other).flat_map(RowImage::keys).collect();
        let value =
            |row: Option<&RowImage>, name: &String| row.and_then(|row| Some(row.get(name)?.get().to_owned()));
        let expected: Vec<&str> = names
            .into_iter()
            .filter(|name| is_plain(name) && value(one, name) != value(other, name))
            .map(String::as_str)
            .collect();
        let row = self.describe(at, key, copy);
        Ok((reported != expected).then(|| format!("{row}: {expected:?} differ, the trail says {reported:?}")))
    }

    /// Checks that the history is in order, and that it has as many changes as a count returns.
    async fn history(&self, snapshot: &mut Snapshot<'_>, at: usize, key: &RowKey) -> Result<Vec<String>> {
        let name = self.tables[at].name();
        let (scope, any) = (Scope::unscoped(), Filter::default());
        if !self.touched.contains_key(&(name.to_owned(), key.clone())) {
            return Ok(Vec::new());
        }
        let page = snapshot
            .row_history(&scope, TableName::new("public", name), key, &any, Position::Newest, 1_000)
            .await?;
        let cursors: Vec<_> = page.entries.iter().map(|entry| entry.change.cursor()).collect();
        let mut problems = Vec::new();
        if !cursors.is_sorted_by(|one, other| one > other) || page.older.is_some() {
            problems.push(format!("{name} {}: the history is out of order", key_text(key)));
        }
        let is_of_row = |operation| operation != Operation::Truncate;
        let listed = page.entries.iter().filter(|entry| is_of_row(entry.change.operation)).count();
        let filter =
            Filter { table: Some(TableName::new("public", name).into()), key: Some(key.clone()), ..any };
        let counted = snapshot.count(&scope, &filter, 10_000).await?;
        if counted != Count::Exact(listed) {
            problems.push(format!(
                "{name} {}: {listed} changes in the history, counted {counted:?}",
                key_text(key)
            ));
        }
        Ok(problems)
    }
}

/// Returns whether a recorded row agrees with the copy, except for values that a later redefinition of its table made unknown.
fn agrees(
    table: &Table,
    recorded: Option<&RowImage>,
    captured_at: DateTime<Utc>,
    row: &RowImage,
    moment: DateTime<Utc>,
) -> bool {
    let Some(recorded) = recorded else { return false };
    let (mut recorded, unknown) = table.carry(recorded, captured_at, moment);
    let mut row = row.clone();
    for name in &unknown {
        recorded.remove(name);
        row.remove(name);
    }
    // The names of the redacted columns at this time are derived from their last names.
    let redacted = table.redacted_at(moment).into_iter();
    for (name, redaction) in redacted.filter(|(name, _)| !unknown.contains(name)) {
        let (recorded, value) = (recorded.remove(&name), row.remove(&name));
        let recorded = recorded.as_ref().map(|recorded| recorded.get());
        let is_placeholder = recorded == Some(r#""[REDACTED]""#);
        let is_hidden = match redaction {
            Redaction::None => return false,
            Redaction::Exclude => recorded.is_none() || is_placeholder,
            Redaction::Mask => {
                is_placeholder || recorded == Some("null") && value.is_some_and(|value| value.get() == "null")
            }
        };
        if !is_hidden {
            return false;
        }
    }
    threadline_testkit::rows::has_same_values(&recorded, &row)
}

/// Returns whether the plan contains the event which, according to the trail, may have removed a row.
fn is_justified(table: &Table, cause: &PossibleRemoval) -> bool {
    match cause {
        PossibleRemoval::PartitionTruncated { partition, .. } => table.has_redefinition(|redefinition| {
            matches!(redefinition, Redefinition::PartitionTruncated { region } if partition.starts_with(&format!("public.parted_{region}")))
        }),
        PossibleRemoval::TableRenamed { to, .. } => table.names.iter().any(|(_, name)| *to == TableName::new("public", name)),
        _ => false,
    }
}

fn shorten_row(row: &RowImage) -> String {
    shorten(&row_text(row))
}

/// Shortens a text to a length that is worth reading.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}
