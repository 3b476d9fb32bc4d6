//! Time windows: a partitioned trail is read month by month.
//!
//! Most pages are full after the first window, and a plan over few partitions is made in a tenth of the time of a plan over all.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::criteria::Criteria;
use super::schema_features::SchemaFeatures;
use super::thresholds::{CLOCK_TOLERANCE, FIRST_WINDOW, MAX_WINDOW, WINDOW_GROWTH};
use crate::query::model::cursor::{Cursor, Direction, Position};

/// A range of `captured_at`, open where there is no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::query) struct TimeWindow {
    /// The first moment of the window.
    pub(in crate::query) from: Option<DateTime<Utc>>,
    /// The first moment after the window.
    pub(in crate::query) until: Option<DateTime<Utc>>,
    /// The last change of the window in the direction of reading, where only a part of the window is read.
    pub(in crate::query) last: Option<Cursor>,
}

impl TimeWindow {
    /// Returns everything that one reads in this direction before coming past the moment.
    pub(in crate::query) fn up_to(at: DateTime<Utc>, direction: Direction) -> Self {
        match direction {
            Direction::Older => Self { from: Some(at), ..Self::default() },
            Direction::Newer => {
                Self { until: at.checked_add_signed(TimeDelta::microseconds(1)), ..Self::default() }
            }
        }
    }

    pub(in crate::query) fn contains(self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

/// Adjacent windows from a position on, each four times as wide as the one before. The last one is open.
#[derive(Debug, Clone)]
pub(in crate::query) struct TimeWindows {
    direction: Direction,
    /// The bound between the last window and the next one; none where everything is read as one window.
    edge: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    /// The width of the next window; none if it is the last one.
    width: Option<TimeDelta>,
    /// The width of the last window; none before the first one.
    last_width: Option<TimeDelta>,
    is_done: bool,
}

impl TimeWindows {
    pub(in crate::query) fn of(criteria: Criteria<'_>, position: Position, features: SchemaFeatures) -> Self {
        let began = criteria.transaction.filter(|_| features.has_occurred_at).and_then(earliest_change);
        let [after, before] = criteria.filter.bounds(position);
        let after = after.max(began);
        let (start, end) = match position {
            Position::Newest | Position::OlderThan(_) => (before.unwrap_or_else(Utc::now), after),
            Position::NewerThan(cursor) => (after.unwrap_or(cursor.captured_at), before),
        };
        // The changes of one transaction are close together: one window from its beginning on.
        let is_whole = !features.has_occurred_at || criteria.transaction.is_some();
        Self {
            direction: position.direction(),
            edge: Some(start).filter(|_| !is_whole),
            end,
            width: Some(FIRST_WINDOW).filter(|_| !is_whole),
            last_width: None,
            is_done: false,
        }
    }

    /// Makes the next window as wide as the last one, because a wider one would take too long.
    pub(in crate::query) const fn keep_width(&mut self) {
        self.width = self.last_width;
    }

    /// Returns the moment from which the next window reads on; none if there is no next one.
    pub(in crate::query) fn next_edge(&self) -> Option<DateTime<Utc>> {
        self.edge.filter(|_| !self.is_done)
    }

    /// Returns everything that remains as one window.
    pub(in crate::query) fn remainder(&mut self) -> Option<TimeWindow> {
        self.width = None;
        self.next()
    }
}

/// Returns a moment before all changes of the transaction, from its id of version 7 (RFC 9562). That holds the beginning of the
/// transaction, or in trails of earlier versions the time of its first change.
fn earliest_change(transaction: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = transaction.get_timestamp()?.to_unix();
    let time = DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)?;
    time.checked_sub_signed(CLOCK_TOLERANCE)
}

impl Iterator for TimeWindows {
    type Item = TimeWindow;

    fn next(&mut self) -> Option<TimeWindow> {
        if self.is_done {
            return None;
        }
        // The position bounds the first window.
        let near = self.edge.filter(|_| self.last_width.is_some());
        let far = self.width.and_then(|width| match self.direction {
            Direction::Older => self.edge?.checked_sub_signed(width),
            Direction::Newer => self.edge?.checked_add_signed(width),
        });
        let far = far.filter(|far| {
            self.end
                .is_none_or(|end| if self.direction == Direction::Older { *far > end } else { *far < end })
        });
        self.is_done = far.is_none();
        self.edge = far;
        self.last_width = self.width;
        self.width = self.width.map(|width| width * WINDOW_GROWTH).filter(|width| *width <= MAX_WINDOW);
        Some(match self.direction {
            Direction::Older => TimeWindow { from: far.or(self.end), until: near, last: None },
            Direction::Newer => TimeWindow { from: near, until: far, last: None },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::query::engine::schema_features::ALL_FEATURES;
    use crate::query::model::filter::Filter;

    fn windows(filter: &Filter, position: Position) -> Vec<TimeWindow> {
        let scope = Scope::unscoped();
        let criteria = Criteria::new(&scope, filter);
        TimeWindows::of(criteria, position, ALL_FEATURES).collect()
    }

    fn first_and_remainder(filter: &Filter, position: Position) -> Vec<TimeWindow> {
        let scope = Scope::unscoped();
        let criteria = Criteria::new(&scope, filter);
        let mut windows = TimeWindows::of(criteria, position, ALL_FEATURES);
        [windows.next(), windows.remainder(), windows.remainder()].into_iter().flatten().collect()
    }

    fn equal_width(filter: &Filter, position: Position) -> Vec<TimeWindow> {
        let scope = Scope::unscoped();
        let criteria = Criteria::new(&scope, filter);
        let mut windows = TimeWindows::of(criteria, position, ALL_FEATURES);
        let mut all = Vec::new();
        while let Some(window) = windows.next() {
            all.push(window);
            // Without a bound there is no last one.
            if all.len() < 20 {
                windows.keep_width();
            }
        }
        all
    }

    /// Checks windows that grow, that do not grow, and all but the first one together.
    #[test]
    fn windows_of_any_filter_and_position_hold_every_moment_once() {
        let at = |day: i64| DateTime::from_timestamp(1_700_000_000 + day * 86_400, 0);
        let cursor = Cursor { captured_at: at(0).unwrap(), id: Uuid::nil() };
        for position in [Position::Newest, Position::OlderThan(cursor), Position::NewerThan(cursor)] {
            for (from, to) in
                [(None, None), (at(-40), None), (None, at(40)), (at(-400), at(-3)), (at(-5), at(5))]
            {
                let filter = Filter { from, to, ..Filter::default() };
                let all = windows(&filter, position);
                assert!((1..=4).contains(&all.len()), "{all:?}");
                for windows in [all, first_and_remainder(&filter, position), equal_width(&filter, position)] {
                    for day in
                        [-3_000, -401, -400, -100, -41, -40, -31, -4, -3, 0, 1, 5, 31, 40, 41, 200, 3_000]
                    {
                        let moment = at(day).unwrap();
                        let wanted = from.is_none_or(|from| moment >= from)
                            && to.is_none_or(|to| moment <= to)
                            && match position {
                                Position::Newest => true,
                                Position::OlderThan(_) => day <= 0,
                                Position::NewerThan(_) => day >= 0,
                            };
                        let holding = windows.iter().filter(|window| {
                            window.from.is_none_or(|from| moment >= from)
                                && window.until.is_none_or(|until| moment < until)
                        });
                        if wanted {
                            assert_eq!(holding.count(), 1, "{day} {filter:?} {position:?} {windows:?}");
                        }
                    }
                }
            }
        }
    }
}
