//! The cases that are measured.

use threadline::query::{Filter, Position};

use super::call::{Call, Row};
use super::filters::{self, Filters};
use super::values::Values;

/// Calls of one kind, which are made in turn.
#[derive(Debug)]
pub(super) struct Case {
    /// The kind of call, on which the target depends.
    pub(super) group: &'static str,
    pub(super) name: String,
    pub(super) calls: Vec<Call>,
}

impl Case {
    fn new(group: &'static str, name: impl Into<String>, calls: impl IntoIterator<Item = Call>) -> Self {
        Self { group, name: name.into(), calls: calls.into_iter().collect() }
    }

    fn pages(group: &'static str, filters: &Filters) -> Self {
        let page = |filter: &Filter| Call::Page(filter.clone(), Position::Newest);
        Self::new(group, &filters.name, filters.filters.iter().map(page))
    }

    fn counts(filters: &Filters) -> Self {
        Self::new("count", &filters.name, filters.filters.iter().cloned().map(Call::Count))
    }
}

pub(super) fn all(values: &Values) -> Vec<Case> {
    let (single, pairs) = (filters::single(values), filters::pairs(values));
    let mut cases = pages(values);
    cases.extend(rows(values));
    cases.push(Case::new("transaction", "of 1,000 changes", [Call::Transaction(values.transaction)]));
    cases.push(Case::pages("worst", &filters::worst(values)));
    cases.extend(single.iter().map(|filters| Case::pages("single", filters)));
    cases.push(Case::new("count", "everything", [Call::Count(Filter::default())]));
    cases.extend(single.iter().map(Case::counts));
    cases.extend(pairs.iter().map(|filters| Case::pages("pair", filters)));
    cases.extend(pairs.iter().map(Case::counts));
    cases.retain(|case| !case.calls.is_empty());
    cases
}

/// Returns pages of the timeline of everything.
fn pages(values: &Values) -> Vec<Case> {
    let page = |position| Call::Page(Filter::default(), position);
    let mut cases = vec![Case::new("page", "first", [page(Position::Newest)])];
    for (depth, cursors) in &values.cursors {
        let depth = f64::from(*depth) / 10.0;
        let (older, newer) = (Position::OlderThan, Position::NewerThan);
        cases.push(Case::new(
            "page",
            format!("{depth} % deep"),
            cursors.iter().copied().map(older).map(page),
        ));
        cases.push(Case::new(
            "page",
            format!("{depth} % deep, back"),
            cursors.iter().copied().map(newer).map(page),
        ));
    }
    cases
}

/// Returns histories of rows, and rows as of a moment.
fn rows(values: &Values) -> Vec<Case> {
    let hot: Row = ("t01".into(), [("id", 1)].into());
    let cold: Vec<Row> =
        values.changes.iter().filter_map(|change| row(change.get("table")?, change.get("key")?)).collect();
    let depths = values.cursors.iter().flat_map(|(_, cursors)| cursors.iter().copied());
    let moments: Vec<_> = (0..20).map(|n| values.moment((f64::from(n) + 0.5) / 20.0)).collect();
    let at = |row: &Row| moments.iter().map(|at| Call::AsOf(row.clone(), *at)).collect::<Vec<_>>();
    vec![
        Case::new("row", "history of the hot row", [Call::History(hot.clone(), Position::Newest)]),
        Case::new(
            "row",
            "history of the hot row, at any depth",
            depths.map(|cursor| Call::History(hot.clone(), Position::OlderThan(cursor))),
        ),
        Case::new(
            "row",
            "history of cold rows",
            cold.iter().map(|row| Call::History(row.clone(), Position::Newest)),
        ),
        Case::new("row", "as of, hot row", at(&hot)),
        Case::new("row", "as of, cold rows", cold.iter().flat_map(at)),
    ]
}

fn row(table: &str, key: &str) -> Option<Row> {
    Some((table.parse().ok()?, key.parse().ok()?))
}
