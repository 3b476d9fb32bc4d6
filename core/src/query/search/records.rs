//! Finds records by their keys and by their labels.

use std::time::Instant;

use chrono::{DateTime, Utc};

use super::{FoundRecord, MAX_FOUND, SearchWords};
use crate::Scope;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::{Filter, Selection, ValueFilter};
use crate::query::model::timeline_entry::TimelineEntry;
use crate::query::suggestions::typed_key::TypedKey;

/// The tables whose records are searched by their keys: two queries each.
const MAX_TABLES: usize = 30;
/// The changes that are read at a time for their labels. A record that changes often has many with the same label.
const LABEL_PAGE: usize = 50;
/// The number of such reads.
const MAX_LABEL_PAGES: usize = 10;

impl Snapshot<'_> {
    /// Finds the records of any table with this key, and returns the number of tables that were not searched. `ticket 5041` names the
    /// table too.
    pub(super) async fn records_by_key(
        &mut self,
        scope: &Scope,
        text: &str,
        words: &SearchWords,
    ) -> Result<(Vec<FoundRecord>, usize), QueryError> {
        let tables = self.captured_tables(scope).await?;
        let named = text.split_once(char::is_whitespace).and_then(|(noun, key)| {
            let table = tables.iter().find(|table| words.is_noun(table, noun))?;
            Some((vec![table.clone()], key.trim()))
        });
        let (tables, key) = named.unwrap_or((tables, text));
        let mut records = Vec::new();
        for table in tables.iter().take(MAX_TABLES) {
            let read = match self.read_key(scope, table, key).await {
                Err(QueryError::NotCaptured { .. }) => continue,
                read => read?,
            };
            let TypedKey::Key(key) = read else { continue };
            let filter = Filter { table: Some(table.into()), key: Some(key.clone()), ..Filter::default() };
            let newest = self.newest_change(scope, &filter).await?;
            records.extend(newest.map(|entry| FoundRecord { table: table.clone(), key, entry }));
            if records.len() == MAX_FOUND {
                break;
            }
        }
        Ok((records, tables.len().saturating_sub(MAX_TABLES)))
    }

    /// Returns the records whose label contained a text, by their changes since a moment, the newest first: each record once, at most
    /// five. The [entry](FoundRecord::entry) of each is the newest change with such a label.
    ///
    /// This takes at most half of the [search time](crate::AuditTrail::search_time); what was found until then is returned.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use chrono::{TimeDelta, Utc};
    /// use threadline::query::SearchWords;
    /// use threadline::{Config, Scope};
    ///
    /// let words = SearchWords::new(&Config::default());
    /// let since = Utc::now() - TimeDelta::days(7);
    /// let mut snapshot = trail.snapshot().await?;
    /// for record in snapshot.records_by_label(&Scope::unscoped(), "invoice 8841", &words, since).await? {
    ///     println!("{} {}", record.table, record.key);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn records_by_label(
        &mut self,
        scope: &Scope,
        text: &str,
        words: &SearchWords,
        since: DateTime<Utc>,
    ) -> Result<Vec<FoundRecord>, QueryError> {
        let Ok(value) = ValueFilter::containing(text) else { return Ok(Vec::new()) };
        let tables = self.captured_tables(scope).await?;
        let columns = words.label_columns(&tables);
        let columns = columns.into_iter().take(Selection::<String>::MAX_VALUES);
        let Ok(columns) = Selection::new(columns, []) else { return Ok(Vec::new()) };
        let filter =
            Filter { from: Some(since), field: Some(columns), value: Some(value), ..Filter::default() };
        let criteria = Criteria::new(scope, &filter);
        let deadline = Instant::now().checked_add(self.search_time() / 2);
        let limit = self.begin_deadline(deadline).await?;
        let mut found = Vec::new();
        let result = self.collect_labels(criteria, words, deadline, &mut found).await;
        self.end_time_limit(limit, result).await?;
        let record = |entry: TimelineEntry| FoundRecord {
            table: entry.change.table.clone(),
            key: entry.change.key.clone(),
            entry,
        };
        Ok(found.into_iter().map(record).collect())
    }

    async fn collect_labels(
        &mut self,
        criteria: Criteria<'_>,
        words: &SearchWords,
        deadline: Option<Instant>,
        found: &mut Vec<TimelineEntry>,
    ) -> Result<(), QueryError> {
        let searched = criteria.filter.value.as_ref().map(|value| value.text().to_lowercase());
        let searched = searched.unwrap_or_default();
        let mut position = Position::Newest;
        for _ in 0..MAX_LABEL_PAGES {
            let page = self.find(criteria, position, LABEL_PAGE).await?;
            let is_last = page.rows.len() < LABEL_PAGE;
            for entry in self.load_entries(page.rows).await? {
                let change = &entry.change;
                position = Position::OlderThan(change.cursor());
                let is_known = |known: &TimelineEntry| {
                    (&known.change.table, &known.change.key) == (&change.table, &change.key)
                };
                let label =
                    || words.label(change).is_some_and(|(_, label)| label.to_lowercase().contains(&searched));
                if change.row_key().is_some() && !found.iter().any(is_known) && label() {
                    found.push(entry);
                }
                if found.len() == MAX_FOUND {
                    return Ok(());
                }
            }
            if is_last || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break;
            }
        }
        Ok(())
    }
}
