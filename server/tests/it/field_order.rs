//! The order of the fields of a change: that of the columns of its table.

use crate::support::{Result, get, mounted};
use axum::Router;
use sqlx::PgPool;
use threadline::{AuditTrail, Predicate, Scope};
use threadline_server::Access;
use threadline_testkit::html::part;

/// Seeds a table whose columns are not in alphabetical order, with one row that was changed and another that was not.
async fn seeded(pool: &PgPool) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE calls (id int PRIMARY KEY, zone text, created_at timestamptz DEFAULT now(), topic text, agent text,
           opened_on timestamptz);",
    )
    .execute(pool)
    .await?;
    trail.capture(["calls"]).await?;
    for sql in [
        "INSERT INTO calls VALUES (1, 'north', DEFAULT, 'billing', 'ann', '2020-02-03T04:05:06Z')",
        "UPDATE calls SET zone = 'south', topic = 'delivery', agent = 'bob' WHERE id = 1",
        "INSERT INTO calls VALUES (2, 'west', DEFAULT, NULL, 'cleo', NULL)",
    ] {
        sqlx::raw_sql(sql).execute(pool).await?;
    }
    Ok(mounted(pool, Access::Allow))
}

/// Returns the names in the cells or in the line of a part of a page.
fn names(html: &str, before: &str) -> Vec<String> {
    html.split(before).skip(1).map(|rest| part(rest, "", "</").to_owned()).collect()
}

/// Returns the line of the change, and the card that it opens.
fn entry(body: &str, number: usize) -> (&str, &str) {
    let entry = body.split("<details data-entry").nth(number).unwrap_or_default();
    entry.split_once("</summary>").unwrap_or_default()
}

const CELL: &str = "<th scope=\"row\"><bdi>";
const FIELD: &str = "<bdi class=\"field\">";

#[sqlx::test(migrations = false)]
async fn fields_are_listed_in_the_order_of_the_columns(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    for address in ["/audit/timeline?from=", "/audit/rows/calls/id%3D1"] {
        let (_, body) = get(&app, address).await?;
        let first = if address.contains("rows") { 1 } else { 2 };
        let (line, card) = entry(&body, first);
        assert_eq!(names(line, FIELD), ["zone", "topic"], "{line}");
        assert_eq!(names(card, CELL), ["zone", "topic", "agent"], "{card}");
        let (line, card) = entry(&body, first + 1);
        assert_eq!(names(line, FIELD), ["zone", "topic"], "{line}");
        let whole = ["zone", "created_at", "topic", "agent", "opened_on", "id"];
        assert_eq!(names(card, CELL), whole, "the key, which the line contains, comes last: {card}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn time_of_the_change_itself_comes_last_in_a_line(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (_, body) = get(&app, "/audit/timeline?from=").await?;
    let (line, _) = entry(&body, 1);
    assert_eq!(names(line, FIELD), ["zone", "agent"], "{line}");
    // A time in the past tells something.
    sqlx::raw_sql("INSERT INTO calls (id, created_at, opened_on) VALUES (3, '2020-01-01T00:00:00Z', now())")
        .execute(&pool)
        .await?;
    let (_, body) = get(&app, "/audit/timeline?from=").await?;
    let (line, _) = entry(&body, 1);
    assert_eq!(names(line, FIELD), ["created_at", "opened_on"], "{line}");
    sqlx::raw_sql("INSERT INTO calls (id, opened_on) VALUES (4, '2020-01-01T00:00:00Z')")
        .execute(&pool)
        .await?;
    let (_, body) = get(&app, "/audit/timeline?from=").await?;
    let (line, _) = entry(&body, 1);
    assert_eq!(names(line, FIELD), ["opened_on", "created_at"], "{line}");
    sqlx::raw_sql(
        "UPDATE calls SET created_at = clock_timestamp(), topic = 'billing', agent = 'bob' WHERE id = 4",
    )
    .execute(&pool)
    .await?;
    let (_, body) = get(&app, "/audit/timeline?from=").await?;
    let (line, card) = entry(&body, 1);
    assert_eq!(names(line, FIELD), ["topic", "agent"], "{line}");
    assert_eq!(names(card, CELL), ["created_at", "topic", "agent"], "{card}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn blank_before_a_changed_word_is_not_marked_in_a_line(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    sqlx::raw_sql(
        "UPDATE calls SET topic = 'is late' WHERE id = 2; UPDATE calls SET topic = 'is wrong' WHERE id = 2;
                   UPDATE calls SET topic = 'is wrong ' WHERE id = 2",
    )
    .execute(&pool)
    .await?;
    let (_, body) = get(&app, "/audit/rows/calls/id%3D2").await?;
    let (line, _) = entry(&body, 2);
    assert!(line.contains("<del><bdi>is <mark>late</mark></bdi></del>"), "{line}");
    let (line, _) = entry(&body, 1);
    assert!(
        line.contains("title=\"space at the end\"") && line.contains("·</span>"),
        "a blank at the end is: {line}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn columns_and_tables_that_are_gone_keep_their_fields(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    sqlx::raw_sql("ALTER TABLE calls DROP COLUMN zone").execute(&pool).await?;
    let (_, body) = get(&app, "/audit/rows/calls/id%3D1").await?;
    assert_eq!(names(entry(&body, 1).1, CELL), ["topic", "agent", "zone"], "{body}");
    sqlx::raw_sql("DROP TABLE calls").execute(&pool).await?;
    drop(app);
    let (_, body) = get(&mounted(&pool, Access::Allow), "/audit/rows/calls/id%3D1").await?;
    assert_eq!(names(entry(&body, 1).1, CELL), ["agent", "topic", "zone"], "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn limited_scope_has_the_same_order_and_learns_no_column(pool: PgPool) -> Result {
    let _ = seeded(&pool).await?;
    sqlx::raw_sql("CREATE TABLE secrets (id int PRIMARY KEY, hidden_column text)").execute(&pool).await?;
    AuditTrail::new(pool.clone()).capture(["secrets"]).await?;
    sqlx::raw_sql("INSERT INTO secrets VALUES (1, 'x')").execute(&pool).await?;
    for scope in
        [Scope::tables(["calls"]), Scope::new(Predicate::tables(["calls"]).and(Predicate::field("id", "1")))]
    {
        let app = mounted(&pool, Access::AllowWithin(scope));
        for address in ["/audit/rows/calls/id%3D1", "/audit/timeline?from=", "/audit/rows/secrets/id%3D1"] {
            let (_, body) = get(&app, address).await?;
            assert!(!body.contains("hidden_column"), "{address}: {body}");
        }
        let (_, body) = get(&app, "/audit/rows/calls/id%3D1").await?;
        assert_eq!(names(entry(&body, 1).1, CELL), ["zone", "topic", "agent"], "{body}");
    }
    Ok(())
}
