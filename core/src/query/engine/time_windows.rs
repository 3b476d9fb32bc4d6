//! Reading a partitioned trail month by month: most pages are full after the first, and a plan over few partitions is made in
//! a tenth of the time of a plan over all.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::query::Position;
use crate::query::engine::schema_features::Layout;
use crate::query::engine::where_clause::Selection;

/// A stretch of time, open where there is no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::query) struct Window {
    /// At this moment or later.
    pub(in crate::query) from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub(in crate::query) until: Option<DateTime<Utc>>,
}

/// Neighbouring windows from a position on, each four times as wide as the one before; the last one is open.
#[derive(Debug, Clone)]
pub(in crate::query) struct Windows {
    backward: bool,
    edge: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    span: Option<TimeDelta>,
    /// The width of the window before; none before the first.
    last: Option<TimeDelta>,
    done: bool,
}

const FIRST: TimeDelta = TimeDelta::days(31);
const WIDEST: TimeDelta = TimeDelta::days(31 * 16);
/// Functions of the first version took the clock of a transaction's first change for its id, up to this much later.
const CLOCK_OF_ID: TimeDelta = TimeDelta::hours(1);

impl Windows {
    pub(in crate::query) fn of(selection: Selection<'_>, position: Position, layout: Layout) -> Self {
        let began = selection.transaction.filter(|_| layout.has_occurred_at).and_then(time_of);
        let [after, before] = position.bounds(selection.filter);
        let after = after.max(began);
        let (backward, start, end) = match position {
            Position::Newest | Position::OlderThan(_) => (true, before.unwrap_or_else(Utc::now), after),
            Position::NewerThan(cursor) => (false, after.unwrap_or(cursor.captured_at), before),
        };
        // A transaction lies together: one window from its beginning on.
        let whole = !layout.has_occurred_at || selection.transaction.is_some();
        let edge = if whole { None } else { Some(start) };
        Self { backward, edge, end, span: Some(FIRST).filter(|_| !whole), last: None, done: false }
    }

    /// The next window is as wide as the one before: a wider one would take too long.
    pub(in crate::query) const fn stay(&mut self) {
        self.span = self.last;
    }

    /// Where the next window begins; none when there is no next one.
    pub(in crate::query) fn left_at(&self) -> Option<DateTime<Utc>> {
        self.edge.filter(|_| !self.done)
    }

    /// All that is left, as one window.
    pub(in crate::query) fn rest(&mut self) -> Option<Window> {
        self.span = None;
        self.next()
    }
}

/// The time in an id of version 7 (RFC 9562).
fn time_of(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    let time = DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)?;
    time.checked_sub_signed(CLOCK_OF_ID)
}

impl Iterator for Windows {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        if self.done {
            return None;
        }
        // The first window is open towards the start: the position says where it begins.
        let near = self.edge.filter(|_| self.last.is_some());
        let far = self.span.and_then(|span| {
            let edge = self.edge?;
            if self.backward { edge.checked_sub_signed(span) } else { edge.checked_add_signed(span) }
        });
        let beyond = |far: &DateTime<Utc>| {
            self.end.is_none_or(|end| if self.backward { *far > end } else { *far < end })
        };
        let far = far.filter(beyond);
        self.done = far.is_none();
        self.edge = far;
        self.last = self.span;
        self.span = self.span.map(|span| span * 4).filter(|span| *span <= WIDEST);
        let far = far.or(if self.backward { self.end } else { None });
        Some(if self.backward {
            Window { from: far, until: near }
        } else {
            Window { from: near, until: far }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::query::engine::schema_features::COMPLETE;
    use crate::query::{Cursor, Filter};

    fn windows(filter: &Filter, position: Position) -> Vec<Window> {
        let scope = Scope::unscoped();
        let selection = Selection::new(&scope, filter);
        Windows::of(selection, position, COMPLETE).collect()
    }

    fn first_and_rest(filter: &Filter, position: Position) -> Vec<Window> {
        let scope = Scope::unscoped();
        let selection = Selection::new(&scope, filter);
        let mut windows = Windows::of(selection, position, COMPLETE);
        [windows.next(), windows.rest(), windows.rest()].into_iter().flatten().collect()
    }

    fn narrow(filter: &Filter, position: Position) -> Vec<Window> {
        let scope = Scope::unscoped();
        let selection = Selection::new(&scope, filter);
        let mut windows = Windows::of(selection, position, COMPLETE);
        let mut all = Vec::new();
        while let Some(window) = windows.next() {
            all.push(window);
            // Without a bound it would go on for ever.
            if all.len() < 20 {
                windows.stay();
            }
        }
        all
    }

    /// Whatever the filter and the position, every moment lies in exactly one window, and they follow the direction; also when
    /// all but the first are taken together, and when they do not grow.
    #[test]
    fn every_moment_is_in_one_window() {
        let at = |day: i64| DateTime::from_timestamp(1_700_000_000 + day * 86_400, 0);
        let cursor = Cursor { captured_at: at(0).unwrap(), id: Uuid::nil() };
        for position in [Position::Newest, Position::OlderThan(cursor), Position::NewerThan(cursor)] {
            for (from, to) in
                [(None, None), (at(-40), None), (None, at(40)), (at(-400), at(-3)), (at(-5), at(5))]
            {
                let filter = Filter { from, to, ..Filter::default() };
                let all = windows(&filter, position);
                assert!((1..=4).contains(&all.len()), "{all:?}");
                for windows in [all, first_and_rest(&filter, position), narrow(&filter, position)] {
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
