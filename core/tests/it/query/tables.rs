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
