//! The key of a row on the command line: what is printed can be pasted, and a character is what it is.

use sqlx::PgPool;

use crate::desk::{json, words};
use crate::support::{Result, output, run};

const TABLES: &str = "CREATE TABLE users (email text PRIMARY KEY, v int); CREATE TABLE things (id uuid PRIMARY KEY, v int);
                      CREATE TABLE labels (id text PRIMARY KEY, v int); CREATE TABLE \"odd lines\" (\"a b\" text, line int, PRIMARY KEY (\"a b\", line))";
const FUTURE: &str = "2000-01-01T00:00";

async fn users(pool: &PgPool) -> Result {
    output(pool, &["install"])?;
    sqlx::raw_sql(TABLES).execute(pool).await?;
    output(pool, &["gen", "triggers", "--tables", "users,things,labels,odd lines", "--apply"])?;
    Ok(())
}

/// Whatever asks for one row answers this.
fn asked(pool: &PgPool, table: &str, key: &str) -> Result<[String; 4]> {
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    Ok([
        output(pool, &["history", table, key])?,
        output(pool, &["timeline", "--table", table, "--key", key])?,
        output(pool, &["as-of", table, key, &now])?,
        output(pool, &["compare", table, key, FUTURE, &now])?,
    ])
}

#[sqlx::test(migrations = false)]
async fn every_printed_key_is_the_key_of_its_row(pool: PgPool) -> Result {
    users(&pool).await?;
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
    let timeline = output(&pool, &["timeline", "--limit", "1000"])?;
    for (table, shown) in [("users", "users"), ("odd lines", "\"odd lines\"")] {
        let insert = format!(" insert {shown} ");
        let keys: Vec<&str> = timeline.lines().filter_map(|line| Some(line.split_once(&insert)?.1)).collect();
        assert_eq!(keys.len(), values.len(), "{timeline}");
        for (at, key) in keys.iter().rev().enumerate() {
            let [history, timeline, as_of, compare] = asked(&pool, table, key)?;
            assert!(history.contains(&format!("{insert}{key}\n")), "{history}");
            assert_eq!((history.matches("\n  transaction ").count(), &timeline), (1, &history), "{key}");
            assert!(as_of.contains(&format!("{shown} {key} existed.\n")), "{as_of}");
            let column = if table == "users" { "v" } else { "line" };
            assert!(as_of.contains(&format!("  {column}: {at}\n")), "{as_of}");
            assert!(
                compare.contains(&format!("  {column}: -> {at}\n")) || compare.contains(" existed.\n"),
                "{compare}"
            );
            assert_eq!(output(&pool, &["count", "--table", table, "--key", key])?, "1 change\n");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_plus_and_white_space_are_taken_as_they_are(pool: PgPool) -> Result {
    users(&pool).await?;
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
        let history = output(&pool, &["history", "users", key])?;
        assert!(history.contains(&format!("  v: -> {value}\n")), "{key}: {history}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_key_that_no_row_has_is_answered_with_an_example_of_one(pool: PgPool) -> Result {
    users(&pool).await?;
    sqlx::raw_sql("INSERT INTO users VALUES ('old', 1), ('new user', 2); TRUNCATE users")
        .execute(&pool)
        .await?;
    let hint = "Keys are matched by their text; the newest change of users has the key email=\"new user\".\n";
    for answer in asked(&pool, "users", "email=New")? {
        assert!(answer.ends_with(hint), "{answer}");
    }
    assert_eq!(
        output(&pool, &["count", "--table", "users", "--key", "email=New"])?,
        format!("No change matches.\n{hint}")
    );
    assert_eq!(words(&json(&pool, &["history", "users", "email=New"])?), Vec::<String>::new());
    // The row is known, and something else does not match.
    assert_eq!(output(&pool, &["history", "users", "email=old", "--action", "x"])?, "No change matches.\n");
    let before = output(&pool, &["as-of", "users", "email=old", FUTURE])?;
    assert!(before.contains("is not known") && !before.contains("Keys are"), "{before}");
    // No change of the table could be an example.
    assert_eq!(output(&pool, &["history", "things", "id=1"])?, "No change matches.\n");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn an_upper_case_uuid_is_the_row_that_postgresql_writes_in_lower_case(pool: PgPool) -> Result {
    users(&pool).await?;
    let lower = "0193c2aa-0000-7000-8000-00000000008d";
    let upper = lower.to_uppercase();
    let statement = format!(
        "INSERT INTO things VALUES ('{upper}', 1); INSERT INTO labels VALUES ('{upper}', 2), ('{lower}', 3)"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await?;
    for key in [lower, &upper] {
        for answer in asked(&pool, "things", &format!("id={key}"))? {
            assert!(answer.contains(&format!(" things id={lower}")), "{answer}");
        }
        assert_eq!(
            output(&pool, &["count", "--table", "things", "--key", &format!("id={key}")])?,
            "1 change\n"
        );
    }
    // A text is what it is.
    for (key, value) in [(lower, 3), (&upper, 2)] {
        let history = output(&pool, &["history", "labels", &format!("id={key}")])?;
        assert!(history.contains(&format!("  v: -> {value}\n")), "{history}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_key_without_a_value_is_told_apart_from_the_text_null(pool: PgPool) -> Result {
    users(&pool).await?;
    let refused = run(&pool, &["history", "users", "email=NULL"])?;
    assert_eq!((refused.code, refused.out.as_str(), refused.err.lines().count()), (Some(1), "", 1));
    assert!(refused.err.contains("write email=\"NULL\" where that is a text"), "{}", refused.err);
    Ok(())
}
