//! Tests rows that were or may have been removed without a change of their own.

use sqlx::PgPool;

use crate::support::help_desk::{entries, json, words};
use crate::support::{Result, stdout, tickets};

async fn seed(pool: &PgPool) -> Result {
    tickets(pool).await?;
    sqlx::raw_sql(
        "CREATE TABLE m (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
         CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu');",
    )
    .execute(pool)
    .await?;
    stdout(pool, &["gen", "triggers", "--tables", "m", "--capture", "row", "--apply"])?;
    sqlx::raw_sql("INSERT INTO m VALUES (1, 'eu', 'a')").execute(pool).await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1, 'Broken')").execute(pool).await?;
    Ok(())
}

async fn now(pool: &PgPool) -> Result<String> {
    let now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
    Ok(sqlx::query_scalar(now).fetch_one(pool).await?)
}

#[sqlx::test(migrations = false)]
async fn history_contains_truncate_that_removed_row(pool: PgPool) -> Result {
    seed(&pool).await?;
    sqlx::raw_sql("TRUNCATE tickets").execute(&pool).await?;
    assert_eq!(
        words(&json(&pool, &["history", "tickets", "id=1"])?),
        ["tickets::truncate", "tickets:1:insert"]
    );
    let text = stdout(&pool, &["as-of", "tickets", "id=1", &now(&pool).await?])?;
    assert!(text.contains(" did not exist: removed by TRUNCATE of the table.\n"), "{text}");
    let inserts = json(&pool, &["history", "tickets", "id=1", "--operation", "insert"])?;
    assert_eq!(words(&inserts), ["tickets:1:insert"]);
    assert!(stdout(&pool, &["history", "tickets", "id=2"])?.starts_with("Nothing changed ticket 2.\n"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_of_partition_makes_row_uncertain(pool: PgPool) -> Result {
    seed(&pool).await?;
    sqlx::raw_sql("TRUNCATE m_eu").execute(&pool).await?;
    let (row, now) = (["m", "id=1&region=eu"], now(&pool).await?);
    let history = stdout(&pool, &["history", row[0], row[1]])?;
    assert!(history.contains(" truncate m partition public.m_eu\n"), "{history}");
    let text = stdout(&pool, &["as-of", row[0], row[1], &now])?;
    let start = "m id=1,region=eu existed, and may have been removed.\n  may have been removed: the partition public.m_eu \
                 was truncated at ";
    assert!(text.starts_with(&format!("{now} {start}")), "{text}");
    assert!(text.ends_with("\n  id: 1\n  region: \"eu\"\n  v: \"a\"\n"), "{text}");
    let document = json(&pool, &["as-of", row[0], row[1], &now])?;
    assert_eq!((&document["state"], &document["row"]["v"]), (&"uncertain".into(), &"a".into()));
    let truncates = json(&pool, &["timeline", "--operation", "truncate"])?;
    let removal = &document["possible_removals"][0];
    assert_eq!(removal["transaction_id"], entries(&truncates)[0]["transaction_id"]);
    assert!(removal["cause"].as_str().is_some_and(|cause| cause.starts_with("the partition public.m_eu")));
    let compared = stdout(&pool, &["compare", row[0], row[1], &now, &now])?;
    assert_eq!(compared.matches("may have been removed: ").count(), 2, "{compared}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn renamed_or_dropped_table_makes_row_uncertain(pool: PgPool) -> Result {
    seed(&pool).await?;
    sqlx::raw_sql("ALTER TABLE tickets RENAME TO requests; DROP TABLE m").execute(&pool).await?;
    let now = now(&pool).await?;
    let renamed = json(&pool, &["as-of", "tickets", "id=1", &now])?;
    assert_eq!(renamed["possible_removals"][0]["table_name_now"], "requests");
    let text = stdout(&pool, &["as-of", "tickets", "id=1", &now])?;
    assert!(
        text.contains("\n  may have been removed: the table is called requests since some time after "),
        "{text}"
    );
    let text = stdout(&pool, &["as-of", "m", "id=1&region=eu", &now])?;
    assert!(text.contains("\n  may have been removed: the table m was dropped after "), "{text}");
    Ok(())
}
