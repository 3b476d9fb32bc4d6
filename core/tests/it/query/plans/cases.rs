//! The queries, and the rows that each may read.
//!
//! A change is read once for each row that is returned, and so are its transaction and its action: three rows of the trail for
//! one row of the result. The second number is what a query reads besides:
//! four times as many changes if one change in four meets the condition; a lookup in each partition; a page of each of the eight
//! buckets of a row, in the index of its key and in that of the changes that took the key away.

use sqlx::PgPool;
use threadline::Scope;

use super::positions::{Positions, TimelinePosition};
use super::query::Query;
use super::scopes;
use threadline_testkit::database::Result;

/// A query, and the number of rows that it may read: `per_row` for each row of the result, and `beside` for the whole query.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) query: Query,
    pub(super) scope: Scope,
    pub(super) per_row: usize,
    pub(super) beside: usize,
}

/// The two numbers of a case: rows per row of the result, and rows besides.
pub(super) type Bound = (usize, usize);

/// Filters of one key, each with common and rare values: the bounds of a page and of a count.
const ONE_KEY: [(&str, Bound, Bound); 25] = [
    ("", (3, 30), (1, 30)),
    // These tables have one change in four, one in two hundred, and 29 altogether.
    ("table=t01", (8, 50), (5, 50)),
    ("table=t14", (6, 60), (2, 60)),
    ("table=t20", (3, 60), (2, 60)),
    ("table=t01&key=id%3D1", (11, 50), (8, 50)),
    ("table=t01&key=id%3D900", (11, 550), (8, 550)),
    ("table=t01&key=id%3D99999", (0, 600), (0, 550)),
    ("operation=update", (4, 50), (3, 50)),
    ("operation=delete", (16, 50), (13, 50)),
    ("operation=truncate", (3, 60), (2, 60)),
    ("field=updated_at", (4, 50), (3, 50)),
    ("field=amount", (7, 50), (6, 50)),
    // A hundred transactions are listed first, and the changes of some are read.
    ("actor=service_account:sync", (9, 200), (3, 200)),
    ("actor=user:1", (9, 200), (3, 200)),
    // The changes of few transactions are read from every partition after their beginning.
    ("actor=user:99", (9, 600), (9, 600)),
    ("actor=user:rare", (3, 200), (2, 200)),
    ("actor=user", (9, 200), (3, 200)),
    ("actor=admin", (9, 200), (3, 200)),
    ("action=action.1", (9, 200), (3, 200)),
    ("action=action.30", (9, 200), (3, 200)),
    ("action=rare.action", (3, 250), (2, 250)),
    // Every partition after the beginning of each transaction is read: its end is not known.
    ("correlation_id=case-200", (3, 250), (2, 250)),
    ("correlation_id=nothing", (0, 10), (0, 10)),
    ("request_id=request-1600", (3, 80), (2, 80)),
    ("request_id=nothing", (0, 10), (0, 10)),
];

/// Filters of two keys.
const TWO_KEYS: [(&str, Bound, Bound); 33] = [
    ("table=t01,t02", (8, 60), (8, 60)),
    ("table=t01,t20&operation=insert,delete", (8, 60), (8, 60)),
    ("operation=-update", (8, 60), (8, 60)),
    // The end of the first chunk is read from an index.
    ("actor=-user:1", (9, 1_100), (9, 1_100)),
    ("actor=user,job", (9, 1_100), (9, 1_100)),
    ("action=-action.1&table=t01", (9, 3_800), (9, 3_800)),
    ("actor=user:1&action=action.1,action.2", (30, 200), (30, 200)),
    ("table=t01&operation=update", (9, 50), (7, 50)),
    ("table=t01&operation=truncate", (3, 60), (2, 60)),
    ("table=t20&operation=update", (3, 60), (2, 60)),
    ("table=t01&field=amount", (18, 50), (16, 50)),
    ("table=t20&field=amount", (3, 60), (2, 60)),
    ("operation=update&field=amount", (7, 50), (6, 50)),
    ("table=t01&key=id%3D1&operation=update", (11, 50), (8, 50)),
    ("table=t01&key=id%3D1&field=amount", (11, 50), (8, 50)),
    ("table=t01&key=id%3D900&field=amount", (11, 550), (8, 550)),
    ("table=t01&actor=user:1", (9, 200), (12, 200)),
    ("table=t01&actor=user:rare", (3, 200), (2, 200)),
    ("table=t20&actor=user:rare", (3, 200), (2, 200)),
    ("operation=update&actor=user:1", (9, 200), (12, 200)),
    ("operation=truncate&actor=user:rare", (3, 200), (2, 200)),
    ("field=amount&actor=user:1", (9, 200), (12, 200)),
    ("field=legacy_code&actor=user:rare", (3, 200), (2, 200)),
    ("actor=user:1&action=action.1", (30, 200), (30, 200)),
    ("actor=user:rare&action=action.1", (3, 300), (2, 300)),
    ("actor=user:1&action=rare.action", (3, 300), (2, 300)),
    ("table=t01&action=action.1", (9, 300), (9, 300)),
    ("table=t20&action=rare.action", (3, 250), (2, 250)),
    ("operation=update&action=action.1", (13, 300), (13, 300)),
    ("field=amount&action=rare.action", (3, 250), (2, 250)),
    ("correlation_id=case-200&request_id=request-1600", (3, 80), (2, 80)),
    ("table=t01&key=id%3D900&actor=user:1", (11, 600), (8, 600)),
    ("table=t01&key=id%3D1&actor=user:1", (50, 50), (30, 50)),
];

/// Filters that match rarely and have no index of their own. For a rare field everything is read, up to the search time; with a common
/// key beside it, everything that meets that one: here, three thousand transactions or four thousand changes.
const FULL_READS: [(&str, usize); 15] = [
    ("field=legacy_code", 95_000),
    ("table=t01&field=legacy_code", 95_000),
    ("operation=update&field=legacy_code", 95_000),
    // A search for a value reads each change twice, for the size of a chunk and for its values.
    ("value=nothing+like+it", 190_000),
    ("value=%3Dnothing&table=t01", 190_000),
    ("value=nothing&table=t01&field=amount", 190_000),
    ("value=nothing&actor=user:rare", 500),
    ("table=t20&actor=user:1", 22_000),
    ("operation=truncate&actor=user:1", 22_000),
    ("field=legacy_code&actor=user:1", 22_000),
    ("table=t01&key=id%3D1&actor=user:rare", 9_500),
    ("table=t01&key=id%3D1&field=legacy_code", 5_000),
    ("table=t01&key=id%3D1&action=rare.action", 9_500),
    ("table=t01&key=id%3D1&correlation_id=case-200", 9_500),
    ("table=t01&key=id%3D1&request_id=request-1600", 14_000),
];

pub(super) async fn all(pool: &PgPool) -> Result<Vec<Case>> {
    let positions = Positions::read(pool).await?;
    let mut cases = Vec::new();
    let mut add = |query, (per_row, beside): Bound| {
        cases.push(Case { query, scope: Scope::unscoped(), per_row, beside });
    };
    for (text, page, count) in ONE_KEY.into_iter().chain(TWO_KEYS) {
        add(Query::Timeline(text.to_owned()), page);
        add(Query::Count(text.to_owned()), count);
    }
    for few in ["correlation_id=case-200", "request_id=request-1600"] {
        for other in
            ["table=t01", "operation=update", "field=amount", "actor=user:rare", "action=rare.action"]
        {
            add(Query::Timeline(format!("{other}&{few}")), (3, 250));
            add(Query::Count(format!("{other}&{few}")), (2, 250));
        }
    }
    for (text, beside) in FULL_READS {
        add(Query::Timeline(text.to_owned()), (3, beside));
        add(Query::Count(text.to_owned()), (3, beside));
    }
    for (id, beside) in [(1, 50), (900, 600), (99_999, 600)] {
        add(Query::FieldCounts(id, String::new()), (16, beside));
    }
    add(Query::ActiveActors(String::new()), (4, 60));
    add(Query::HasChanges, (0, 10));
    add(Query::CapturedTables, (0, 0));
    for TimelinePosition { cursor, from, to } in positions.all() {
        add(Query::Timeline(format!("older={cursor}")), (3, 60));
        add(Query::Timeline(format!("newer={cursor}")), (3, 60));
        for text in [format!("from={from}"), format!("to={to}"), format!("from={from}&to={to}")] {
            add(Query::Timeline(text.clone()), (3, 50));
            add(Query::Count(text.clone()), (1, 50));
            add(Query::Timeline(format!("table=t01&{text}")), (8, 50));
            add(Query::Timeline(format!("actor=user:1&{text}")), (9, 200));
            add(Query::RowHistory(1, text.clone()), (11, 100));
            add(Query::RowHistory(900, text.clone()), (11, 600));
            add(Query::FieldCounts(1, text.clone()), (16, 100));
            add(Query::FieldCounts(900, text.clone()), (16, 600));
            add(Query::ActiveActors(text.clone()), (4, 60));
            add(Query::ActorHistory("user:1", text.clone()), (3, 80));
            add(Query::ActorHistory("user", text), (3, 80));
        }
        let week = format!("from={from}&to={to}");
        for (text, bound) in [
            ("operation=update", (4, 50)),
            ("field=amount", (7, 50)),
            ("action=action.1", (9, 200)),
            ("correlation_id=case-200", (3, 60)),
            ("request_id=request-1600", (3, 60)),
        ] {
            add(Query::Timeline(format!("{text}&{week}")), bound);
        }
        add(Query::RowHistory(1, format!("older={cursor}")), (22, 100));
        add(Query::ActorHistory("user:1", format!("older={cursor}")), (3, 80));
        add(Query::ActorHistory("user:rare", format!("newer={cursor}")), (3, 80));
        add(Query::ActorWindow("user:1", format!("older={cursor}")), (18, 300));
        add(Query::ActorWindow("user", format!("newer={cursor}")), (18, 300));
        add(Query::ActorWindow("user:rare", format!("older={cursor}")), (6, 300));
        for (id, beside) in [(1, 120), (900, 160), (99_999, 600)] {
            add(Query::AsOf(id, to.parse()?), (0, beside));
            add(Query::Compare(id, [from.parse()?, to.parse()?]), (0, 2 * beside));
        }
    }
    // Every change of a transaction that was open is read, up to the cap. Transactions of another actor or action are not
    // read.
    for (text, bound) in [
        ("", (1, 60)),
        ("table=t02", (1, 60)),
        ("table=t20", (3, 700)),
        ("operation=truncate", (3, 700)),
        ("actor=user:1", (9, 200)),
        ("action=action.1", (9, 200)),
        ("correlation_id=case-200", (3, 250)),
    ] {
        add(Query::CountNewer(text, positions.mark.clone()), bound);
    }
    // The transactions of a month are searched.
    add(Query::CountNewer("table=t20", positions.mark_of_stranger.clone()), (3, 1_500));
    add(Query::CorrelationBundle("case-200"), (3, 250));
    add(Query::Transaction(positions.small, String::new()), (3, 30));
    // A page of a transaction reads the whole transaction, which has six hundred changes, and so does the check for a previous page.
    for position in
        [String::new(), format!("older={}", positions.inside), format!("newer={}", positions.inside)]
    {
        add(Query::Transaction(positions.large, position), (3, 1_300));
    }
    // Candidates are the fields of 200 changes, 200 transactions and the names of 30 actions with a lookup in each partition; each
    // suggestion and each condition is counted up to 100.
    for (text, beside) in [
        ("table=T01", 1_000),
        ("table=t01&key=id%3D99999", 2_000),
        ("action=Action.1", 4_000),
        ("actor=user:One", 2_000),
        ("request_id=nothing&table=t01", 2_000),
        ("table=t01&field=amount&operation=insert", 5_000),
        // The search for a field that no change has reads everything, up to the search time.
        ("field=Amount", 100_000),
    ] {
        add(Query::ExplainEmpty(text), (0, beside));
    }
    add(Query::TransactionWithOldValues(positions.small), (60, 100));
    add(Query::TransactionWithOldValues(positions.large), (60, 100));
    cases.extend(scopes::all(&positions));
    Ok(cases)
}
