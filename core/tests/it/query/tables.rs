//! Tests the key columns of tables.

use sqlx::PgPool;
use threadline::{Predicate, Scope};

use crate::query::desk;
use threadline_testkit::database::{Result, run};

#[sqlx::test(migrations = false)]
async fn key_columns_are_those_of_newest_change(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let everything = Scope::unscoped();
    for (table, columns) in [("tickets", vec!["id"]), ("lines", vec!["line", "ticket"])] {
        let known = trail.snapshot().await?.key_columns(&everything, &table.into()).await?;
        assert_eq!(known, Some(columns.into_iter().map(str::to_owned).collect()), "{table}");
    }
    run(&pool, "DROP TABLE tickets").await?;
    assert_eq!(
        trail.snapshot().await?.key_columns(&everything, &"tickets".into()).await?,
        Some(vec!["id".to_owned()])
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn key_columns_before_first_change_are_primary_key(pool: PgPool) -> Result {
    let trail = threadline_testkit::database::install(&pool).await?;
    run(
        &pool,
        r#"CREATE TABLE orders ("order" int, line int, note text, PRIMARY KEY ("order", line) INCLUDE (note));
           CREATE TABLE uncaptured (id int PRIMARY KEY);"#,
    )
    .await?;
    trail.capture(["orders"]).await?;
    let (orders, columns) = ("orders".into(), Some(vec!["line".to_owned(), "order".to_owned()]));
    assert_eq!(trail.snapshot().await?.key_columns(&Scope::unscoped(), &orders).await?, columns);
    run(&pool, "TRUNCATE orders").await?;
    assert_eq!(trail.snapshot().await?.key_columns(&Scope::tables(["orders"]), &orders).await?, columns);
    for table in ["uncaptured", "nowhere"] {
        assert_eq!(
            trail.snapshot().await?.key_columns(&Scope::unscoped(), &table.into()).await?,
            None,
            "{table}"
        );
    }
    for scope in [Scope::nothing(), Scope::tables(["other"]), Scope::new(Predicate::field("line", "7"))] {
        assert_eq!(trail.snapshot().await?.key_columns(&scope, &orders).await?, None, "{scope:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn captured_columns_follow_the_table_and_the_scope(pool: PgPool) -> Result {
    let trail = threadline_testkit::database::install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE calls (zone text, id int PRIMARY KEY, gone text, \"Topic\" text); CREATE TABLE uncaptured (id int);
         CREATE TABLE parts (region text, id int, PRIMARY KEY (region, id)) PARTITION BY LIST (region);",
    )
    .await?;
    trail.capture(["calls", "parts"]).await?;
    run(&pool, "ALTER TABLE calls DROP COLUMN gone; ALTER TABLE calls ADD COLUMN agent text").await?;
    let columns = async |scope: Scope| {
        let tables = trail.snapshot().await?.captured_columns(&scope).await?;
        Ok::<_, threadline::query::QueryError>(
            tables
                .into_iter()
                .map(|table| format!("{}: {}", table.name, table.columns.join(" ")))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(columns(Scope::unscoped()).await?, ["calls: zone id Topic agent", "parts: region id"]);
    assert_eq!(columns(Scope::tables(["parts"])).await?, ["parts: region id"]);
    let by_value = Scope::new(Predicate::field("zone", "north"));
    assert!(columns(by_value).await?.is_empty() && columns(Scope::nothing()).await?.is_empty());
    Ok(())
}
