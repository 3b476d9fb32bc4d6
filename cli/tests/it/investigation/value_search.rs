//! Tests the search for a value on the command line.

use serde_json::json;
use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::TablePolicy;

use crate::support::help_desk::{json, words};
use crate::support::{Result, run, stdout, tickets};

const NOT_RECORDED: &str = "password_hash of users is not recorded, so it was not searched, except where an earlier policy recorded it.\n";

#[sqlx::test(migrations = false)]
async fn every_command_with_a_filter_searches_and_names_what_it_did_not_search(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("CREATE TABLE users (id int PRIMARY KEY, email text, password_hash text)")
        .execute(&pool)
        .await?;
    AuditTrail::new(pool.clone()).capture([TablePolicy::new("users").exclude(["password_hash"])]).await?;
    sqlx::raw_sql("INSERT INTO users VALUES (1, '50%_off', 'secret'); UPDATE users SET email = 'b'")
        .execute(&pool)
        .await?;
    for command in [&["timeline"][..], &["count"], &["history", "users", "id=1"]] {
        for (value, found) in [("%_", 2), ("=50%_off", 2), ("=B", 0), ("secret", 0)] {
            let arguments = [command, &["--value", value]].concat();
            let text = stdout(&pool, &arguments)?;
            assert!(text.ends_with(NOT_RECORDED), "{arguments:?}: {text}");
            assert_eq!(found == 0, text.contains("Without it: 2 changes."), "{arguments:?}: {text}");
            let document = json(&pool, &arguments)?;
            let count =
                if command == ["count"] { document["count"].clone() } else { words(&document).len().into() };
            let unsearched = json!([{"table_schema": "public", "table_name": "users", "excluded": ["password_hash"], "masked": []}]);
            assert_eq!((count, &document["not_searched"]), (found.into(), &unsearched), "{arguments:?}");
        }
        let text = stdout(&pool, &[command, &["--value", "b", "--field", "email"]].concat())?;
        assert!(!text.contains("not searched"), "{text}");
        let document = json(&pool, command)?;
        assert!(document.get("not_searched").is_none(), "{document}");
    }
    let long = "x".repeat(10_240);
    let failed = run(&pool, &["timeline", "--value", &long])?;
    assert!(
        failed.code == Some(1) && failed.stderr.contains("value is \"(10240 bytes)\""),
        "{}",
        failed.stderr
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn value_index_is_printed_or_made(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let arguments = ["gen", "value-index", "--table", "tickets", "--column", "subject"];
    let printed = stdout(&pool, &arguments)?;
    let count = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'audit_changes_value_%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await?, 0, "nothing was made");
    // The printed statements work as they are, each by itself.
    let statements = printed.lines().filter(|line| !line.starts_with("--"));
    for statement in statements.clone() {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&pool).await?;
    }
    assert!(statements.clone().any(|line| line.starts_with("CREATE INDEX CONCURRENTLY ")), "{printed}");
    assert!(stdout(&pool, &arguments)?.starts_with("The column is indexed already, by "));
    let remove = printed.lines().find_map(|line| line.strip_prefix("-- To remove the indexes: "));
    sqlx::raw_sql(sqlx::AssertSqlSafe(remove.unwrap_or_default().to_owned())).execute(&pool).await?;
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await?, 0);
    assert!(stdout(&pool, &[&arguments[..], &["--apply"]].concat())?.starts_with("Indexed by "));
    let document = json(&pool, &arguments)?;
    assert_eq!((&document["applied"], &document["statements"]), (&false.into(), &json!([])));
    let failed = run(&pool, &["gen", "value-index", "--table", "tickets", "--column", "Subject"])?;
    assert!(
        failed.stderr.contains("tickets has no column \"Subject\": choose one of id, subject"),
        "{}",
        failed.stderr
    );
    Ok(())
}
