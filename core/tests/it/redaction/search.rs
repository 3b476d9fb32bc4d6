//! Searches everything that the trail stores.

use sqlx::PgPool;

use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run, value};

/// Returns all rows of all tables of the trail, its functions and their comments, as text.
pub(crate) async fn everything_stored(pool: &PgPool) -> Result<String> {
    let tables: Vec<String> = value(
        pool,
        "SELECT array_agg(oid::regclass::text) FROM pg_class WHERE relnamespace = 'threadline'::regnamespace AND relkind = 'r'",
    )
    .await?;
    let mut texts = vec![
        "SELECT string_agg(concat_ws(' ', p::text, obj_description(p.oid)), ' ') FROM pg_proc AS p
         WHERE pronamespace = 'threadline'::regnamespace"
            .to_owned(),
        "SELECT string_agg(description, ' ') FROM pg_description WHERE objoid >= 16384".to_owned(),
    ];
    texts.extend(tables.iter().map(|table| format!("SELECT string_agg(t::text, ' ') FROM {table} AS t")));
    let texts: Vec<String> = texts.iter().map(|text| format!("coalesce(({text}), '')")).collect();
    value(pool, &format!("SELECT concat_ws(E'\\n', {})", texts.join(", "))).await
}

#[sqlx::test(migrations = false)]
async fn search_finds_unredacted_value(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
    trail.capture(["t"]).await?;
    assert!(!everything_stored(&pool).await?.contains("canary"));
    for write in [
        "INSERT INTO t VALUES (1, 'canary')",
        "BEGIN; SET LOCAL threadline.actor_ref = '{\"id\": \"canary\"}'; INSERT INTO t VALUES (2); COMMIT",
        "COMMENT ON FUNCTION threadline.threadline_capture_changes_t() IS 'canary'",
    ] {
        empty_trail(&pool).await?;
        run(&pool, write).await?;
        assert!(everything_stored(&pool).await?.contains("canary"), "{write}");
    }
    Ok(())
}
