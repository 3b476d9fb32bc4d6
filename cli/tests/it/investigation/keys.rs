//! Tests the key of a record on the command line.

use sqlx::PgPool;

use crate::support::help_desk::{json, words};
use crate::support::{Result, run, stdout};

const TABLES: &str = "CREATE TABLE users (email text PRIMARY KEY, v int); CREATE TABLE things (id uuid PRIMARY KEY, v int);
                      CREATE TABLE labels (id text PRIMARY KEY, v int); CREATE TABLE \"odd lines\" (\"a b\" text, line int, PRIMARY KEY (\"a b\", line))";
const LONG_AGO: &str = "2000-01-01T00:00";

async fn create_tables(pool: &PgPool) -> Result {
    stdout(pool, &["install"])?;
    sqlx::raw_sql(TABLES).execute(pool).await?;
    stdout(pool, &["gen", "triggers", "--tables", "users,things,labels,odd lines", "--apply"])?;
    Ok(())
}

/// Runs every command that takes one row.
fn outputs_for_row(pool: &PgPool, table: &str, key: &str) -> Result<[String; 4]> {
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    Ok([
        stdout(pool, &["history", table, key])?,
        stdout(pool, &["timeline", "--table", table, "--key", key])?,
        stdout(pool, &["as-of", table, key, &now])?,
        stdout(pool, &["compare", table, key, LONG_AGO, &now])?,
    ])
}

#[sqlx::test(migrations = false)]
async fn printed_key_finds_its_row(pool: PgPool) -> Result {
    create_tables(&pool).await?;
    let values = [
        "ann+news@example.org",
        "ann news@example.org",
        "tail ",
        " head",
        "a,b=c&d",
        "100%",
        "%41",
        "\"q\\",
        "\n\u{202e}",
        "NULL",
        "",
    ];
    for (at, value) in (0_i32..).zip(values) {
        sqlx::query("INSERT INTO users VALUES ($1, $2)").bind(value).bind(at).execute(&pool).await?;
        sqlx::query("INSERT INTO \"odd lines\" VALUES ($1, $2)").bind(value).bind(at).execute(&pool).await?;
    }
    let timeline = stdout(&pool, &["timeline", "--limit", "1000"])?;
    for (table, shown) in [("users", "users"), ("odd lines", "\"odd lines\"")] {
        let insert = format!(" insert {shown} ");
        let keys: Vec<&str> = timeline.lines().filter_map(|line| Some(line.split_once(&insert)?.1)).collect();
        assert_eq!(keys.len(), values.len(), "{timeline}");
        for (at, key) in keys.iter().rev().enumerate() {
            let [history, timeline, as_of, compare] = outputs_for_row(&pool, table, key)?;
            assert!(history.contains(&format!("{insert}{key}\n")), "{history}");
            assert_eq!((history.matches("\n  transaction ").count(), &timeline), (1, &history), "{key}");
            assert!(as_of.contains(&format!("{shown} {key} existed.\n")), "{as_of}");
            let column = if table == "users" { "v" } else { "line" };
            assert!(as_of.contains(&format!("  {column}: {at}\n")), "{as_of}");
            assert!(
                compare.contains(&format!("  {column}: -> {at}\n")) || compare.contains(" existed.\n"),
                "{compare}"
            );
            assert_eq!(stdout(&pool, &["count", "--table", table, "--key", key])?, "1 change\n");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn plus_and_white_space_in_key_are_literal(pool: PgPool) -> Result {
    create_tables(&pool).await?;
    sqlx::raw_sql(
        "INSERT INTO users VALUES ('ann+news@example.org', 1), ('ann news@example.org', 2), ('tail ', 3)",
    )
    .execute(&pool)
    .await?;
    for (key, value) in [
        ("email=ann+news@example.org", 1),
        ("email=ann%2Bnews@example.org", 1),
        ("email=ann news@example.org", 2),
        ("email=ann%20news@example.org", 2),
        ("email=tail ", 3),
        ("email=\"tail \"", 3),
    ] {
        let history = stdout(&pool, &["history", "users", key])?;
        assert!(history.contains(&format!("  v: -> {value}\n")), "{key}: {history}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn unknown_key_prints_example_key(pool: PgPool) -> Result {
    create_tables(&pool).await?;
    sqlx::raw_sql("INSERT INTO users VALUES ('old', 1), ('new user', 2); TRUNCATE users")
        .execute(&pool)
        .await?;
    let hint = "Keys are matched by their text; the newest change of users has the key email=\"new user\".\n";
    for output in outputs_for_row(&pool, "users", "email=New")? {
        assert!(output.ends_with(hint), "{output}");
    }
    let counted = stdout(&pool, &["count", "--table", "users", "--key", "email=New"])?;
    assert!(counted.starts_with("Nothing changed user New.\n") && counted.ends_with(hint), "{counted}");
    assert_eq!(words(&json(&pool, &["history", "users", "email=New"])?), Vec::<String>::new());
    // The row has changes, but none matches the filter.
    let narrow = stdout(&pool, &["history", "users", "email=old", "--action", "x"])?;
    assert!(narrow.starts_with("Nothing changed user old under the action x.\n"), "{narrow}");
    assert!(
        narrow.contains("\n  threadline history users email=old\n") && !narrow.contains("Keys are"),
        "{narrow}"
    );
    let before = stdout(&pool, &["as-of", "users", "email=old", LONG_AGO])?;
    assert!(before.contains("is not known") && !before.contains("Keys are"), "{before}");
    // The table has no changes, so there is no example.
    let id = "id=0193c2aa-0000-7000-8000-00000000008d";
    let nothing = stdout(&pool, &["history", "things", id])?;
    assert!(
        nothing.starts_with("Nothing changed thing 0193c2aa") && !nothing.contains("Keys are"),
        "{nothing}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn upper_case_uuid_finds_lower_case_row(pool: PgPool) -> Result {
    create_tables(&pool).await?;
    let lower = "0193c2aa-0000-7000-8000-00000000008d";
    let upper = lower.to_uppercase();
    let statement = format!(
        "INSERT INTO things VALUES ('{upper}', 1); INSERT INTO labels VALUES ('{upper}', 2), ('{lower}', 3)"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await?;
    for key in [lower, &upper] {
        for output in outputs_for_row(&pool, "things", &format!("id={key}"))? {
            assert!(output.contains(&format!(" things id={lower}")), "{output}");
        }
        assert_eq!(
            stdout(&pool, &["count", "--table", "things", "--key", &format!("id={key}")])?,
            "1 change\n"
        );
    }
    // A text column keeps upper case.
    for (key, value) in [(lower, 3), (&upper, 2)] {
        let history = stdout(&pool, &["history", "labels", &format!("id={key}")])?;
        assert!(history.contains(&format!("  v: -> {value}\n")), "{history}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn null_in_key_is_rejected(pool: PgPool) -> Result {
    create_tables(&pool).await?;
    let refused = run(&pool, &["history", "users", "email=NULL"])?;
    assert_eq!((refused.code, refused.stdout.as_str(), refused.stderr.lines().count()), (Some(1), "", 1));
    assert!(refused.stderr.contains("write email=\"NULL\" for the text NULL"), "{}", refused.stderr);
    Ok(())
}
