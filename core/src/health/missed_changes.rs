//! Changes that the trail may not have recorded, because a table was not captured as it should have been.

use std::fmt;

use chrono::{DateTime, Utc};

use super::gaps::UNCOVERED;
use super::{CoverageGap, FINDINGS};
use crate::query::Filter;
use crate::{Scope, TableName};

/// The words for the changes of a table that needed capture.
const ALL_CHANGES: &str = "Changes";

impl CoverageGap {
    /// Returns the changes that the trail may not have recorded because of this gap, as the beginning of a sentence, such as
    /// `Changes` or `TRUNCATEs`. Returns `None` if it has recorded all of them, or a later version wrote the code.
    #[must_use]
    pub fn missed(&self) -> Option<&'static str> {
        match self.code.as_str() {
            UNCOVERED => Some(ALL_CHANGES),
            code => FINDINGS.iter().find(|kind| kind.code == code)?.missed,
        }
    }

    /// Returns whether a change of the time window may be missing. Checks find a gap some time after it begins, so changes from
    /// before [`first_seen`](Self::first_seen) may be missing too; how long before is not known.
    fn touches(&self, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> bool {
        from.is_none_or(|from| self.ended_at.is_none_or(|ended| ended >= from))
            && to.is_none_or(|to| self.first_seen <= to)
    }

    /// Returns whether this gap says only that a table needed capture, where another gap of the same time says why.
    fn is_explained_by(&self, other: &Self) -> bool {
        self.code == UNCOVERED
            && other.code != UNCOVERED
            && self.table == other.table
            && FINDINGS.iter().any(|kind| kind.code == other.code && kind.severity == super::Severity::Error)
            && other.touches(Some(self.first_seen), self.ended_at)
    }
}

/// Returns the gaps because of which changes that the filter selects may be missing from the trail, the last one first. A limited
/// scope sees only gaps of the tables that it names.
///
/// ```no_run
/// # async fn check(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::Scope;
/// use threadline::health::missed_changes;
/// use threadline::query::Filter;
///
/// let filter = Filter { table: Some("tickets".into()), ..Filter::default() };
/// let gaps = trail.coverage_gaps(50).await?;
/// for gap in missed_changes(&gaps, &Scope::unscoped(), &filter) {
///     println!("{} of {} may be missing: {}", gap.missed().unwrap_or_default(), gap.table, gap.meaning());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn missed_changes<'g>(gaps: &'g [CoverageGap], scope: &Scope, filter: &Filter) -> Vec<&'g CoverageGap> {
    let is_selected = |table: &TableName| {
        scope.names(table)
            && filter.table.as_ref().is_none_or(|wanted| wanted.selects(|wanted| wanted == table))
    };
    let mut missed: Vec<_> = gaps
        .iter()
        .filter(|gap| {
            gap.missed().is_some() && is_selected(&gap.table) && gap.touches(filter.from, filter.to)
        })
        .filter(|gap| !gaps.iter().any(|other| gap.is_explained_by(other)))
        .collect();
    missed.sort_by_key(|gap| std::cmp::Reverse((gap.ended_at.is_none(), gap.ended_at, gap.first_seen)));
    missed
}

/// A gap as one line for a terminal: what may be missing, until when, and why.
impl fmt::Display for CoverageGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S UTC");
        match self.missed() {
            Some(missed) => write!(f, "{missed} of {} may be missing ", self.table)?,
            None => write!(f, "{}: ", self.table)?,
        }
        match self.ended_at {
            Some(ended) => write!(f, "before {}, ", time(ended))?,
            None => f.write_str("until now, ")?,
        }
        write!(f, "noticed {}: {}", time(self.first_seen), self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::Predicate;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn gap(table: &'static str, code: &str, first: i64, ended: Option<i64>) -> CoverageGap {
        let (first_seen, ended_at) = (at(first), ended.map(at));
        CoverageGap {
            table: table.into(),
            code: code.to_owned(),
            first_seen,
            last_seen: first_seen,
            ended_at,
        }
    }

    fn shown(gaps: &[CoverageGap], scope: &Scope, filter: &Filter) -> Vec<String> {
        missed_changes(gaps, scope, filter).iter().map(|gap| format!("{} {}", gap.table, gap.code)).collect()
    }

    #[test]
    fn gap_is_returned_once_with_its_cause() {
        let gaps = [
            gap("t", "uncovered", 10, Some(20)),
            gap("t", "capture_trigger_disabled", 10, Some(20)),
            gap("u", "uncovered", 30, None),
            // Changes were recorded twice, which is why the table counted as uncovered.
            gap("v", "uncovered", 10, Some(20)),
            gap("v", "duplicate_capture_trigger", 10, Some(20)),
            gap("w", "column_added", 10, None),
        ];
        let all = shown(&gaps, &Scope::unscoped(), &Filter::default());
        assert_eq!(all, ["u uncovered", "t capture_trigger_disabled"]);
    }

    #[test]
    fn gap_is_returned_for_the_window_and_the_table_of_the_filter() {
        let gaps = [gap("t", "uncovered", 10, Some(20))];
        let count = |filter: Filter| shown(&gaps, &Scope::unscoped(), &filter).len();
        assert_eq!(count(Filter { from: Some(at(20)), ..Filter::default() }), 1);
        assert_eq!(count(Filter { from: Some(at(21)), ..Filter::default() }), 0);
        assert_eq!(count(Filter { to: Some(at(10)), ..Filter::default() }), 1);
        assert_eq!(count(Filter { to: Some(at(9)), ..Filter::default() }), 0);
        assert_eq!(count(Filter { table: Some("t".into()), ..Filter::default() }), 1);
        assert_eq!(count(Filter { table: Some("u".into()), ..Filter::default() }), 0);
    }

    #[test]
    fn limited_scope_returns_gaps_of_the_tables_that_it_names() {
        let gaps = [gap("t", "uncovered", 10, None), gap("u", "uncovered", 10, None)];
        let shown = |scope: &Scope| shown(&gaps, scope, &Filter::default());
        assert_eq!(shown(&Scope::tables(["t"])), ["t uncovered"]);
        assert!(shown(&Scope::new(Predicate::field("tenant", "7"))).is_empty());
        assert!(shown(&Scope::nothing()).is_empty());
    }

    #[test]
    fn gap_is_displayed_with_its_end_and_its_cause() {
        let gap = gap("t", "truncate_not_captured", 10, Some(20));
        assert_eq!(
            gap.to_string(),
            "TRUNCATEs of t may be missing before 1970-01-01 00:20:00 UTC, noticed 1970-01-01 00:10:00 UTC: Inserts, updates \
             and deletes are captured, but TRUNCATE is not."
        );
    }
}
