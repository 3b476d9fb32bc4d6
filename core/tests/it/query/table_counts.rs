//! Tests table counts of transactions, and transactions by correlation.

use sqlx::PgPool;
use threadline::query::{Count, Filter, Position, TableCounts, TimeRange, TransactionRecord};
use threadline::{AuditTrail, Scope};
use uuid::Uuid;

use crate::query::desk;
use threadline_testkit::database::{Result, run};

/// Returns every transaction of the desk, oldest first.
async fn transactions(trail: &AuditTrail) -> Result<Vec<TransactionRecord>> {
    let entries = trail.timeline(&Scope::unscoped(), &Filter::default(), 100).await?;
    let mut transactions: Vec<TransactionRecord> =
        entries.into_iter().map(|entry| entry.transaction).collect();
    transactions.dedup();
    transactions.reverse();
    Ok(transactions)
}

/// Returns the tables and counts of each transaction as text.
async fn touched(
    trail: &AuditTrail,
    scope: &Scope,
    transactions: &[TransactionRecord],
    cap: usize,
) -> Result<Vec<String>> {
    let touched = trail.snapshot().await?.table_counts(scope, transactions, cap).await?;
    let word = |touched: &TableCounts| {
        let tables: Vec<String> =
            touched.tables.iter().map(|(table, count)| format!("{table} {count}")).collect();
        let more = if touched.truncated { " or more" } else { "" };
        format!("{}{more}", tables.join(", "))
    };
    Ok(touched.iter().map(word).collect())
}

#[sqlx::test(migrations = false)]
async fn table_counts_list_tables_of_each_transaction(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let all = transactions(&trail).await?;
    let unscoped = Scope::unscoped();
    assert_eq!(
        touched(&trail, &unscoped, &all, 100).await?,
        [
            "accounts 2",
            "lines 1, tickets 1",
            "tickets 1",
            "tickets 1",
            "tickets 1",
            "tickets 1",
            "lines 1",
            "tickets 1",
        ]
    );
    assert!(touched(&trail, &unscoped, &[], 100).await?.is_empty());
    let scope = Scope::tables(["lines"]);
    let seen = touched(&trail, &scope, &all, 100).await?;
    assert_eq!(seen, ["", "lines 1", "", "", "", "", "lines 1", ""]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn table_counts_stop_at_cap(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(&pool, "INSERT INTO tickets SELECT n, 7, 'low' FROM generate_series(100, 149) AS n").await?;
    let all = transactions(&trail).await?;
    let last = all.last().into_iter().cloned().collect::<Vec<_>>();
    let unscoped = Scope::unscoped();
    assert_eq!(touched(&trail, &unscoped, &last, 50).await?, ["tickets 50"]);
    assert_eq!(touched(&trail, &unscoped, &last, 49).await?, ["tickets 49 or more"]);
    let counted = trail.snapshot().await?.table_counts(&unscoped, &last, 49).await?;
    assert_eq!(counted[0].count(), Count::Truncated(49));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transactions_by_correlation_are_newest_first_without_known_one(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let all = transactions(&trail).await?;
    let ids = |indexes: &[usize]| -> Vec<Uuid> { indexes.iter().map(|index| all[*index].id).collect() };
    let unscoped = Scope::unscoped();
    for (scope, correlation, except, limit, expected) in [
        (&unscoped, "case-1", Uuid::nil(), 20, vec![3, 1]),
        (&unscoped, "case-1", all[3].id, 20, vec![1]),
        (&unscoped, "case-1", Uuid::nil(), 1, vec![3]),
        (&unscoped, "case-3", Uuid::nil(), 20, vec![]),
        (&Scope::tables(["lines"]), "case-1", Uuid::nil(), 20, vec![1]),
        (&Scope::nothing(), "case-1", Uuid::nil(), 20, vec![]),
    ] {
        let related =
            trail.snapshot().await?.transactions_by_correlation(scope, correlation, except, limit).await?;
        let related: Vec<Uuid> = related.iter().map(|transaction| transaction.id).collect();
        assert_eq!(related, ids(&expected), "{scope:?} {correlation} {except} {limit}");
    }
    let related =
        trail.snapshot().await?.transactions_by_correlation(&unscoped, "case-1", all[3].id, 20).await?;
    assert_eq!(related.first(), Some(&all[1]));
    // A page of the actor's transactions is the same list of records.
    let ann: threadline::query::ActorFilter = "user:ann".parse()?;
    let page = trail
        .snapshot()
        .await?
        .transactions_by_actor(&unscoped, ann, TimeRange::default(), Position::Newest, 10)
        .await?;
    assert_eq!(page.entries.last(), Some(&all[1]));
    Ok(())
}
