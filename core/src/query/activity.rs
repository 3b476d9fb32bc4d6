//! The numbers of changes over time.

use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sqlx::{QueryBuilder, Row};

use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::time_windows::TimeWindow;
use crate::query::engine::where_clause::{schemas_and_names, to_bigint};
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::page::Count;
use crate::{Scope, TableName};

/// The changes that are counted for one bar.
const BAR_CAP: usize = 100;
/// The bars of one result.
const MAX_BARS: i64 = 62;
/// The tables of a scope that are counted one by one.
const MAX_TABLES: usize = 8;
/// The cap of the number of all changes.
const TOTAL_CAP: usize = 1_000;
/// The time for counting.
const TIME_LIMIT: Duration = Duration::from_millis(100);

/// The seconds of a bar and of a segment, smallest first. A window has about 60 bars, and 10 to 15 segments.
const SCALES: [(i64, i64); 10] = {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    [
        (1, 5),
        (10, MINUTE),
        (MINUTE, 5 * MINUTE),
        (5 * MINUTE, 30 * MINUTE),
        (30 * MINUTE, 2 * HOUR),
        (3 * HOUR, 12 * HOUR),
        (12 * HOUR, 3 * DAY),
        (2 * DAY, 14 * DAY),
        (7 * DAY, 28 * DAY),
        (30 * DAY, 120 * DAY),
    ]
};

/// The numbers of changes in equal parts of a time window, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// The window. The first and the last bar may lie in it only in part, and count only that part.
    pub window: [DateTime<Utc>; 2],
    /// The beginning of the first bar.
    pub start: DateTime<Utc>,
    /// The time that each bar stands for.
    pub bar_width: TimeDelta,
    /// The bars.
    pub bars: Vec<ActivityBar>,
    segment_width: TimeDelta,
}

/// The changes of one part of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActivityBar {
    /// The number of changes, or 100 if there are more.
    pub count: usize,
    /// The number of deletes among them.
    pub deleted: usize,
    /// True if there are more changes than were counted.
    pub is_truncated: bool,
}

/// Adjacent bars whose time is a round number, to narrow a window to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActivitySegment {
    /// The first and the last moment of the segment within the window.
    pub window: [DateTime<Utc>; 2],
    /// The index of its first bar.
    pub first_bar: usize,
    /// The number of its bars.
    pub bar_count: usize,
    /// The sum of its bars.
    pub total: ActivityBar,
}

impl Activity {
    /// Returns bars without changes for a window; `None` if the window is empty or longer than 62 bars of 30 days.
    fn empty(window: [DateTime<Utc>; 2]) -> Option<Self> {
        let [from, to] = window;
        if from >= to {
            return None;
        }
        SCALES.into_iter().find_map(|(bar, segment)| {
            let bar_width = TimeDelta::seconds(bar);
            let start = from.duration_trunc(bar_width).ok()?;
            let count = (to - start).num_seconds() / bar + 1;
            if count > MAX_BARS {
                return None;
            }
            let bars = vec![ActivityBar::default(); usize::try_from(count).ok()?];
            Some(Self { window, start, bar_width, bars, segment_width: TimeDelta::seconds(segment) })
        })
    }

    /// Returns the number of changes in the window, up to 1,000, or `None` if a bar has too many to tell whether there are more.
    #[must_use]
    pub fn total(&self) -> Option<Count> {
        let total: usize = self.bars.iter().map(|bar| bar.count).sum();
        let is_truncated = self.bars.iter().any(|bar| bar.is_truncated);
        match total > TOTAL_CAP {
            true => Some(Count::Truncated(TOTAL_CAP)),
            false => (!is_truncated).then_some(Count::Exact(total)),
        }
    }

    fn bar_start(&self, index: usize) -> DateTime<Utc> {
        self.start + self.bar_width * i32::try_from(index).unwrap_or(i32::MAX)
    }

    /// Returns the segments, oldest first. There are at most 20.
    #[must_use]
    pub fn segments(&self) -> Vec<ActivitySegment> {
        let [from, to] = self.window;
        let mut segments: Vec<(DateTime<Utc>, ActivitySegment)> = Vec::new();
        for (index, bar) in self.bars.iter().enumerate() {
            let Ok(begin) = self.bar_start(index).duration_trunc(self.segment_width) else { continue };
            match segments.last_mut().filter(|(last, _)| *last == begin) {
                Some((_, segment)) => segment.add(*bar),
                None => {
                    let window = [begin.max(from), (begin + self.segment_width).min(to)];
                    let segment = ActivitySegment { window, first_bar: index, bar_count: 1, total: *bar };
                    segments.push((begin, segment));
                }
            }
        }
        segments.into_iter().map(|(_, segment)| segment).collect()
    }
}

impl ActivitySegment {
    const fn add(&mut self, bar: ActivityBar) {
        self.bar_count += 1;
        self.total.count += bar.count;
        self.total.deleted += bar.deleted;
        self.total.is_truncated |= bar.is_truncated;
    }
}

impl Snapshot<'_> {
    /// Counts the changes of the filter in about 60 equal parts of its window, each up to 100. A window without an end ends at `now`.
    ///
    /// Returns `None` where that would read more than it returns: for a filter with other conditions than a window and a table, for a
    /// scope that is not a list of at most eight tables, and for a window without a beginning. Returns `None` also if it takes more than
    /// 100 ms.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Filter, RelativeRange};
    ///
    /// let now = chrono::Utc::now();
    /// let filter = Filter { from: RelativeRange::LastDay.before(now).from, ..Filter::default() };
    /// if let Some(activity) = trail.snapshot().await?.activity(&Scope::unscoped(), &filter, now).await? {
    ///     println!("{} bars of {}", activity.bars.len(), activity.bar_width);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Database`].
    pub async fn activity(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        now: DateTime<Utc>,
    ) -> Result<Option<Activity>, QueryError> {
        let criteria = Criteria::new(scope, filter);
        let Some(tables) = self.tables_of_activity(criteria) else { return Ok(None) };
        let window = filter.from.map(|from| [from, filter.to.map_or(now, |to| to.min(now))]);
        let Some(mut activity) = window.and_then(Activity::empty) else { return Ok(None) };
        let limit = self.begin_deadline(Some(Instant::now() + TIME_LIMIT)).await?;
        let counted = self.count_bars(criteria, tables, &mut activity).await;
        Ok(self.end_time_limit(limit, counted).await?.map(|()| activity))
    }

    /// Returns the tables to count, of which there are none if all changes are counted together. Returns `None` if no index finds just the
    /// changes to count.
    fn tables_of_activity(&self, criteria: Criteria<'_>) -> Option<Vec<TableName>> {
        let Filter { from, to, table, .. } = criteria.filter;
        let counted = Filter { from: *from, to: *to, table: table.clone(), ..Filter::default() };
        if counted != *criteria.filter || !self.features().has_buckets {
            return None;
        }
        match (criteria.scope.condition(), table) {
            (None, None) => Some(Vec::new()),
            (_, Some(tables)) if tables.excluded().is_empty() => Some(tables.included().to_vec()),
            (_, Some(_)) => None,
            (Some(condition), None) => condition.tables(),
        }
        .filter(|tables| {
            let is_shown = |table| criteria.scope.shows_all_of_table(table);
            !criteria.scope.is_limited() && tables.is_empty()
                || (1..=MAX_TABLES).contains(&tables.len()) && tables.iter().all(is_shown)
        })
    }

    async fn count_bars(
        &mut self,
        criteria: Criteria<'_>,
        tables: Vec<TableName>,
        activity: &mut Activity,
    ) -> Result<(), QueryError> {
        let mut sql = QueryBuilder::new(
            "SELECT bar, counted.* FROM (SELECT bar, lower + bar * width AS lower, lower + (bar + 1) * width AS upper FROM (SELECT ",
        );
        sql.push_bind(activity.start).push("::timestamptz AS lower, make_interval(secs => ");
        sql.push_bind(activity.bar_width.num_seconds() as f64).push(") AS width) AS first");
        sql.push(" CROSS JOIN generate_series(0::int, ");
        sql.push_bind(i32::try_from(activity.bars.len()).unwrap_or(i32::MAX) - 1).push(") AS bar) AS bars");
        if !tables.is_empty() {
            let (schemas, names) = schemas_and_names(&tables);
            sql.push(self.fill(
                " CROSS JOIN (SELECT DISTINCT __schema__.threadline_table_hash(schema, name) AS hash FROM unnest(",
            ));
            sql.push_bind(schemas).push(", ").push_bind(names).push(") AS shown (schema, name)) AS tables");
        }
        sql.push(self.fill(
            " CROSS JOIN LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE op = 'delete') AS deleted FROM (
              SELECT c.op FROM __schema__.audit_changes AS c WHERE c.captured_at >= bars.lower AND c.captured_at < bars.upper AND ",
        ));
        if !tables.is_empty() {
            sql.push("c.table_hash = tables.hash AND ");
        }
        let [from, to] = activity.window;
        let window = TimeWindow { from: Some(from), until: None, last: None };
        let criteria_filter = Filter { to: Some(to), ..criteria.filter.clone() };
        self.where_clause(&mut sql).push(criteria.with_filter(&criteria_filter), Position::Newest, window);
        sql.push(" LIMIT ").push_bind(to_bigint(BAR_CAP + 1)).push(") AS c) AS counted");
        for row in self.fetch_all(sql).await? {
            let index = usize::try_from(row.try_get::<i32, _>("bar")?).unwrap_or(usize::MAX);
            let Some(bar) = activity.bars.get_mut(index) else { continue };
            let number =
                |name| row.try_get::<i64, _>(name).map(|count| usize::try_from(count).unwrap_or_default());
            bar.count += number("total")?;
            bar.deleted += number("deleted")?;
        }
        for bar in &mut activity.bars {
            bar.is_truncated = bar.count > BAR_CAP;
            bar.count = bar.count.min(BAR_CAP);
            bar.deleted = bar.deleted.min(bar.count);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(from: &str, to: &str) -> Option<Activity> {
        Activity::empty([from, to].map(|at| at.parse().unwrap()))
    }

    #[test]
    fn window_has_about_sixty_bars_and_few_segments() {
        for (from, to, bars, segments) in [
            ("2026-11-30T10:00:00Z", "2026-11-30T10:00:01Z", 2, 1),
            ("2026-11-30T10:07:10Z", "2026-11-30T11:07:10Z", 61, 13),
            ("2026-11-29T10:07:00Z", "2026-11-30T10:07:00Z", 49, 13),
            ("2026-11-23T10:07:00Z", "2026-11-30T10:07:00Z", 57, 15),
            ("2026-10-31T10:07:00Z", "2026-11-30T10:07:00Z", 61, 11),
            ("2024-11-30T10:07:00Z", "2026-11-30T10:07:00Z", 25, 7),
        ] {
            let activity = activity(from, to).unwrap();
            assert_eq!((activity.bars.len(), activity.segments().len()), (bars, segments), "{from} {to}");
        }
        assert_eq!(activity("2026-11-30T10:00:00Z", "2026-11-30T10:00:00Z"), None);
        assert_eq!(activity("1900-11-30T10:00:00Z", "2026-11-30T10:00:00Z"), None);
    }

    #[test]
    fn segments_cover_the_window() {
        let activity = activity("2026-11-29T10:07:00Z", "2026-11-30T10:07:00Z").unwrap();
        let segments = activity.segments();
        let [from, to] = activity.window;
        assert_eq!((segments[0].window[0], segments.last().unwrap().window[1]), (from, to));
        assert!(segments.windows(2).all(|pair| pair[0].window[1] == pair[1].window[0]));
        let bars: usize = segments.iter().map(|segment| segment.bar_count).sum();
        assert_eq!(bars, activity.bars.len());
    }
}
