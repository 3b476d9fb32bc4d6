//! Tests the timeline in lines: a large transaction is one line, and nothing is missing between the pages.

use std::collections::HashSet;

use sqlx::PgPool;
use threadline::query::{Count, Cursor, Filter, Operation, Page, Position, TimelineLine};
use threadline::{AuditTrail, Scope};
use uuid::Uuid;

use crate::query::desk;
use threadline_testkit::database::{Result, install, run};

/// Writes transactions of these sizes to `items`, and two whose changes alternate.
async fn written(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install(pool).await?;
    run(pool, "CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)").await?;
    trail.capture(["items"]).await?;
    for size in [1, 3, 12, 10, 11, 1, 2500, 2, 40, 1] {
        run(pool, &format!("INSERT INTO items (name) SELECT 'n' FROM generate_series(1, {size})")).await?;
    }
    let (mut one, mut other) = (pool.begin().await?, pool.begin().await?);
    for _ in 0..14 {
        run(&mut *one, "INSERT INTO items (name) VALUES ('one')").await?;
        run(&mut *other, "INSERT INTO items (name) VALUES ('other'), ('other')").await?;
    }
    run(&mut *one, "UPDATE items SET name = 'two' WHERE name = 'one'").await?;
    one.commit().await?;
    other.commit().await?;
    run(pool, "INSERT INTO items (name) VALUES ('last')").await?;
    Ok(trail)
}

async fn lines(
    trail: &AuditTrail,
    filter: &Filter,
    position: Position,
    size: usize,
) -> Result<Page<TimelineLine>> {
    Ok(trail.snapshot().await?.timeline_lines(&Scope::unscoped(), filter, position, size).await?)
}

/// Returns the pages from one end to the other, in the order of reading.
async fn pages(
    trail: &AuditTrail,
    filter: &Filter,
    size: usize,
    from_oldest: bool,
) -> Result<Vec<Page<TimelineLine>>> {
    let mut position = if from_oldest { Position::NewerThan(Cursor::OLDEST) } else { Position::Newest };
    let mut pages = Vec::new();
    loop {
        let page = lines(trail, filter, position, size).await?;
        let next = if from_oldest {
            page.newer.map(Position::NewerThan)
        } else {
            page.older.map(Position::OlderThan)
        };
        pages.push(page);
        match next {
            Some(next) => position = next,
            None => return Ok(pages),
        }
    }
}

/// Returns the change of a line, or its transaction.
fn id(line: &TimelineLine) -> (Option<Uuid>, Uuid) {
    match line {
        TimelineLine::Change(entry) => (Some(entry.change.id), entry.transaction.id),
        line => (None, line.transaction().id),
    }
}

#[sqlx::test(migrations = false)]
async fn every_change_is_in_a_line_of_some_page(pool: PgPool) -> Result {
    let trail = written(&pool).await?;
    let updates = Filter { operation: Some(Operation::Update.into()), ..Filter::default() };
    for filter in [Filter::default(), updates] {
        let all = trail.timeline(&Scope::unscoped(), &filter, 10_000).await?;
        for size in [1, 2, 3, 7, 50, 1000] {
            for from_oldest in [false, true] {
                let case = format!("{size} lines, from oldest: {from_oldest}");
                let pages = pages(&trail, &filter, size, from_oldest).await?;
                let shown: Vec<_> = pages.iter().flat_map(|page| &page.entries).map(id).collect();
                let changes: HashSet<Uuid> = shown.iter().filter_map(|(change, _)| *change).collect();
                assert_eq!(changes.len(), shown.iter().filter(|line| line.0.is_some()).count(), "{case}");
                let large: HashSet<Uuid> =
                    shown.iter().filter(|line| line.0.is_none()).map(|line| line.1).collect();
                for entry in &all {
                    let is_shown =
                        changes.contains(&entry.change.id) || large.contains(&entry.transaction.id);
                    assert!(is_shown, "{case}: a change of {} is missing", entry.transaction.id);
                }
                for page in &pages {
                    assert!(page.entries.len() <= size && !page.entries.is_empty(), "{case}");
                }
                // A page in the middle knows its neighbours.
                for page in &pages[1..] {
                    let previous = if from_oldest { page.older } else { page.newer };
                    assert!(previous.is_some(), "{case}");
                }
            }
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn large_transaction_costs_one_line(pool: PgPool) -> Result {
    let trail = written(&pool).await?;
    let page = lines(&trail, &Filter::default(), Position::Newest, 50).await?;
    let words: Vec<String> = page
        .entries
        .iter()
        .map(|line| match line {
            TimelineLine::Transaction(large) => {
                let counts: Vec<_> =
                    large.counts.iter().map(|(table, op, n)| format!("{op} {n} {table}")).collect();
                assert!(!large.truncated);
                counts.join(", ")
            }
            _ => "1".to_owned(),
        })
        .collect();
    let mut expected =
        vec!["1", "insert 14 items, update 14 items", "insert 28 items", "1", "insert 40 items"];
    expected.extend(["1", "1", "insert 2500 items", "1", "insert 11 items"]);
    expected.extend(["1"; 10]);
    expected.extend(["insert 12 items", "1", "1", "1", "1"]);
    assert_eq!(words, expected);
    assert_eq!((page.newer, page.older, page.truncated_at), (None, None, None));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn count_of_a_large_transaction_stops_at_its_cap(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE items (id bigint PRIMARY KEY)").await?;
    trail.capture(["items"]).await?;
    run(&pool, "INSERT INTO items SELECT generate_series(1, 10001)").await?;
    let page = lines(&trail, &Filter::default(), Position::Newest, 1).await?;
    let [TimelineLine::Transaction(large)] = page.entries.as_slice() else {
        return Err("not one line".into());
    };
    assert_eq!(large.count(), Count::Truncated(10_000));
    assert_eq!(page.older, None);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn lines_show_what_the_scope_shows(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(&pool, "INSERT INTO tickets SELECT n, 7, 'low' FROM generate_series(100, 149) AS n").await?;
    let scope = Scope::tables(["lines"]);
    let page =
        trail.snapshot().await?.timeline_lines(&scope, &Filter::default(), Position::Newest, 50).await?;
    let tables: Vec<_> = page
        .entries
        .iter()
        .map(|line| match line {
            TimelineLine::Change(entry) => entry.change.table.to_string(),
            line => format!("{line:?}"),
        })
        .collect();
    assert_eq!(tables, ["lines", "lines"]);
    Ok(())
}
