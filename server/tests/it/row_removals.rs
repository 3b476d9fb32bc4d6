//! Rows that were removed, or may have been, without a change of their own.

use crate::support::{Result, get, mounted};
use axum::Router;
use sqlx::PgPool;
use threadline::{AuditTrail, Scope};
use threadline_server::Access;
use threadline_testkit::html::{part, words};

/// Seeds a partitioned table and a plain one, each with a row.
async fn seeded(pool: &PgPool) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE m (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
         CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu'); CREATE TABLE m_us PARTITION OF m FOR VALUES IN ('us');
         CREATE TABLE clients (id int PRIMARY KEY, name text);",
    )
    .execute(pool)
    .await?;
    trail.capture(["m", "clients"]).await?;
    for sql in [
        "TRUNCATE m, clients",
        "INSERT INTO m VALUES (1, 'eu', 'a')",
        "INSERT INTO clients VALUES (1, 'Ann')",
    ] {
        sqlx::raw_sql(sql).execute(pool).await?;
    }
    Ok(mounted(pool, Access::Allow))
}

async fn after(pool: &PgPool, sql: &'static str) -> Result<Router> {
    let app = seeded(pool).await?;
    sqlx::raw_sql(sql).execute(pool).await?;
    Ok(app)
}

async fn now(pool: &PgPool) -> Result<String> {
    let now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
    Ok(sqlx::query_scalar(now).fetch_one(pool).await?)
}

const ROW_OF_PARTITION: &str = "/audit/rows/m/id%3D1%26region%3Deu";
const ROW: &str = "/audit/rows/clients/id%3D1";

fn state(body: &str) -> &str {
    part(body, "class=\"row-state ", "</p>")
}

fn panel(body: &str) -> &str {
    part(body, " class=\"panel\"", "</section>")
}

#[sqlx::test(migrations = false)]
async fn truncate_of_the_table_removes_the_row(pool: PgPool) -> Result {
    let app = after(&pool, "TRUNCATE clients").await?;
    let now = now(&pool).await?;
    let (_, body) = get(&app, &format!("{ROW}?as_of={now}")).await?;
    assert!(words(state(&body)).starts_with("Removed when the whole table was emptied, on "), "{body}");
    let then = words(panel(&body));
    assert!(
        then.contains("The record did not exist then. It was removed when the whole table was emptied, on "),
        "{then}"
    );
    let list = words(part(&body, "class=\"entries versions\"", "<nav"));
    assert!(list.contains("The whole table was emptied by TRUNCATE."), "{list}");
    let (_, body) = get(&app, &format!("{ROW}?as_of=2020-01-01T00:00")).await?;
    let then = words(panel(&body));
    assert!(then.contains("It was created on "), "an earlier TRUNCATE is no version: {then}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_of_a_partition_makes_the_row_uncertain(pool: PgPool) -> Result {
    let app = after(&pool, "TRUNCATE m_eu").await?;
    let now = now(&pool).await?;
    let (_, body) = get(&app, &format!("{ROW_OF_PARTITION}?as_of={now}")).await?;
    let state = state(&body);
    let expected = "May have been removed: the partition public.m_eu was truncated at ";
    assert!(words(state).starts_with(expected) && state.contains("uncertain\""), "{state}");
    assert!(words(state).contains(" (transaction). Last changed on "), "{state}");
    assert!(!body.contains("Exists."), "{body}");
    let transaction = part(state, "href=\"", "\"");
    let (_, truncate) = get(&app, transaction).await?;
    let card = words(part(&truncate, "data-entry", "</section>"));
    assert!(card.contains("emptied m partition public.m_eu"), "{card}");
    assert!(card.contains("The partition was emptied by TRUNCATE."), "{card}");

    let then = words(panel(&body));
    assert!(
        then.contains(
            "The record may have been removed by then: the partition public.m_eu was truncated at "
        ),
        "{then}"
    );
    assert!(then.contains("Created on ") && panel(&body).contains(">a<"), "{then}");
    let list = words(part(&body, "class=\"entries versions\"", "<nav"));
    assert!(
        list.contains("emptied m partition public.m_eu") && list.contains("Compare with the last version"),
        "{list}"
    );
    assert!(!list.contains("Compare with now"), "{list}");
    let (_, body) = get(&app, &format!("{ROW_OF_PARTITION}?compare={now}&with={now}")).await?;
    assert!(words(panel(&body)).contains("the record may have been removed: the partition"), "{body}");
    let (_, body) = get(&app, "/audit/timeline?table=m&operation=truncate").await?;
    assert!(words(&body).contains("partition public.m_eu"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn renamed_table_links_to_its_new_name(pool: PgPool) -> Result {
    let app = after(&pool, "ALTER TABLE clients RENAME TO customers").await?;
    let (_, body) = get(&app, ROW).await?;
    let state = state(&body);
    let expected = "May have been removed: the table is called customers since some time after ";
    assert!(words(state).starts_with(expected), "{state}");
    assert!(state.contains("href=\"/audit/rows/customers/id%3D1\""), "{state}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn dropped_table_or_partition_makes_the_row_uncertain(pool: PgPool) -> Result {
    let app = after(&pool, "DROP TABLE clients; ALTER TABLE m DETACH PARTITION m_eu").await?;
    for (row, expected) in [
        (ROW, "May have been removed: the table clients was dropped after "),
        (ROW_OF_PARTITION, "May have been removed: the partition m_eu was detached or dropped after "),
    ] {
        let (_, body) = get(&app, row).await?;
        assert!(words(state(&body)).starts_with(expected), "{body}");
        assert!(!body.contains("Exists."), "{body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_is_shown_within_the_scope_of_the_row(pool: PgPool) -> Result {
    let _ = after(&pool, "TRUNCATE m_eu; TRUNCATE clients").await?;
    let app = mounted(&pool, Access::AllowWithin(Scope::tables(["m"])));
    let (_, body) = get(&app, ROW_OF_PARTITION).await?;
    assert!(words(state(&body)).starts_with("May have been removed: the partition public.m_eu"), "{body}");
    let (status, _) = get(&app, ROW).await?;
    assert_eq!(status, http::StatusCode::NOT_FOUND);
    Ok(())
}

/// The trail assigns times in the order of writing, so the newest may be ahead of the clock.
#[sqlx::test(migrations = false)]
async fn change_ahead_of_the_clock_is_the_present_state(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    sqlx::raw_sql(
        "SELECT setval('threadline.threadline_clock',
                       threadline.threadline_microseconds(clock_timestamp() + interval '1 hour') * 2 + 1);
         UPDATE clients SET name = 'Bob'",
    )
    .execute(&pool)
    .await?;
    let (_, body) = get(&app, ROW).await?;
    assert!(words(state(&body)).starts_with("Exists. Last changed on "), "{body}");
    let clock: String = sqlx::query_scalar(
        "SELECT to_char(clock_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
         FROM threadline.audit_changes WHERE op = 'update'",
    )
    .fetch_one(&pool)
    .await?;
    let note = part(part(&body, "class=\"entries versions\"", "<nav"), "<p class=\"note clock\"", "</p>");
    assert!(
        words(note).starts_with("Recorded ") && words(note).ends_with(" and had been set back."),
        "{note}"
    );
    assert!(
        part(note, "the server’s clock said", "</time>").contains(&format!("title=\"{clock}\"")),
        "{note}"
    );
    sqlx::raw_sql("DELETE FROM clients").execute(&pool).await?;
    let (_, body) = get(&app, ROW).await?;
    assert!(words(state(&body)).starts_with("Deleted on "), "{body}");
    Ok(())
}
