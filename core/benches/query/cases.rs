//! What is measured.

use threadline::TableName;
use threadline::query::{Filter, Position};

use crate::Result;
use crate::call::{Call, Row};
use crate::filters::{self, Filters};
use crate::samples::Samples;

/// Calls of one kind, which take turns.
#[derive(Debug)]
pub(crate) struct Case {
    /// Cases of one group have one target.
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) calls: Vec<Call>,
}

impl Case {
    pub(crate) fn name(&self) -> String {
        format!("{}: {}", self.group, self.name)
    }

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

pub(crate) fn all(samples: &Samples) -> Result<Vec<Case>> {
    let (single, pairs) = (filters::single(samples)?, filters::pairs(samples)?);
    let mut cases = pages(samples);
    cases.extend(rows(samples));
    cases.push(Case::new("transaction", "of 1,000 changes", [Call::Transaction(samples.transaction)]));
    cases.push(Case::pages("worst", &filters::worst(samples)?));
    cases.extend(single.iter().map(|filters| Case::pages("single", filters)));
    cases.push(Case::new("count", "everything", [Call::Count(Filter::default())]));
    cases.extend(single.iter().map(Case::counts));
    cases.extend(pairs.iter().map(|filters| Case::pages("pair", filters)));
    cases.extend(pairs.iter().map(Case::counts));
    cases.retain(|case| !case.calls.is_empty());
    Ok(cases)
}

/// The timeline of everything.
fn pages(samples: &Samples) -> Vec<Case> {
    let page = |position| Call::Page(Filter::default(), position);
    let mut cases = vec![Case::new("page", "first", [page(Position::Newest)])];
    for (depth, cursors) in &samples.cursors {
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

/// Histories of rows, and rows as they were.
fn rows(samples: &Samples) -> Vec<Case> {
    let hot: Row = ("t01".into(), [("id", 1)].into());
    let cold: Vec<Row> =
        samples.changes.iter().filter_map(|change| row(change.get("table")?, change.get("key")?)).collect();
    let depths = samples.cursors.iter().flat_map(|(_, cursors)| cursors.iter().copied());
    let moments: Vec<_> = (0..20).map(|n| samples.moment((f64::from(n) + 0.5) / 20.0)).collect();
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
    Some((TableName::new("public", table), key.parse().ok()?))
}
