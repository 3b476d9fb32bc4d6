//! Tests of `threadline install` and of the first capture, with their errors.

use std::process::Command;

use crate::support::help_desk::json;
use crate::support::{CommandOutput, Result, command, run, stdout, tickets};
use sqlx::{AssertSqlSafe, PgPool};

#[sqlx::test(migrations = false)]
async fn second_install_prints_same_output(pool: PgPool) -> Result {
    let first = stdout(&pool, &["install"])?;
    assert!(first.starts_with("Schema threadline is up to date"), "{first}");
    assert_eq!(stdout(&pool, &["install"])?, first);
    let other = stdout(&pool, &["install", "--storage-schema", "audit"])?;
    assert!(other.contains("Schema audit is"), "{other}");
    let empty = stdout(&pool, &["--storage-schema", "audit", "timeline"])?;
    assert_eq!(empty, "No change has been captured yet.\n");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn gen_triggers_captures_all_tables_or_none(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int PRIMARY KEY)")
        .execute(&pool)
        .await?;
    let failed = run(&pool, &["gen", "triggers", "--tables", "billing.invoices,nowhere", "--apply"])?;
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains("table nowhere does not exist"), "{}", failed.stderr);
    sqlx::query("INSERT INTO billing.invoices VALUES (1)").execute(&pool).await?;

    let done = stdout(&pool, &["gen", "triggers", "--tables", "tickets, billing.invoices", "--apply"])?;
    assert_eq!(done, "Captured from now on: tickets, billing.invoices.\n");
    sqlx::query("INSERT INTO billing.invoices VALUES (2)").execute(&pool).await?;
    let timeline = stdout(&pool, &["timeline"])?;
    assert!(timeline.contains("insert billing.invoices id=2") && !timeline.contains("id=1"), "{timeline}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn capture_option_sets_mode(pool: PgPool) -> Result {
    tickets(&pool).await?;
    for (mode, per_row) in [("row", true), ("statement", false)] {
        stdout(&pool, &["gen", "triggers", "--tables", "tickets", "--capture", mode, "--apply"])?;
        let found: bool = sqlx::query_scalar(
            "SELECT bool_or(tgtype & 1 = 1) FROM pg_trigger WHERE tgrelid = 'tickets'::regclass AND NOT tgisinternal",
        )
        .fetch_one(&pool)
        .await?;
        assert_eq!(found, per_row, "{mode}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_trail_error_names_install_command(pool: PgPool) -> Result {
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY)").execute(&pool).await?;
    let nil = uuid::Uuid::nil().to_string();
    for schema in ["threadline", "public"] {
        for arguments in [
            &["gen", "triggers", "--tables", "tickets", "--apply"][..],
            &["timeline"],
            &["transaction", &nil],
        ] {
            let failed = run(&pool, &[arguments, &["--storage-schema", schema]].concat())?;
            assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{arguments:?}");
            assert!(failed.stderr.contains(&format!("schema {schema} of this")), "{}", failed.stderr);
            assert!(failed.stderr.contains("`threadline install`"), "{}", failed.stderr);
        }
    }
    sqlx::query("INSERT INTO tickets VALUES (1)").execute(&pool).await?;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_or_invalid_database_url_prints_one_line(pool: PgPool) -> Result {
    for (url, words) in [
        (None, "pass --database-url or set DATABASE_URL"),
        (Some(" "), "pass --database-url or set DATABASE_URL"),
        (Some("tickets.db"), "the database URL is not of the form postgres://"),
        (Some("postgres://nobody:secret@127.0.0.1:1/x"), "the database cannot be reached"),
    ] {
        let mut threadline = Command::new(env!("CARGO_BIN_EXE_threadline"));
        threadline.env_remove("DATABASE_URL").arg("timeline");
        if let Some(url) = url {
            threadline.args(["--database-url", url]);
        }
        let failed = CommandOutput::new(threadline.output()?)?;
        assert_eq!((failed.code, failed.stderr.lines().count()), (Some(1), 1), "{}", failed.stderr);
        assert!(failed.stderr.contains(words) && !failed.stderr.contains("secret"), "{}", failed.stderr);
    }
    let help = CommandOutput::new(command(&pool)?.args(["timeline", "--help"]).output()?)?;
    assert!(!help.stdout.contains("postgres://auditor"), "{}", help.stdout);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_command_line_exits_with_2(pool: PgPool) -> Result {
    for (arguments, words) in [
        (&["gen", "triggers"][..], "--tables"),
        (
            &["gen", "triggers", "--tables", "tickets,", "--apply"],
            "expected a table such as tickets or billing.invoices",
        ),
        (&["gen", "triggers", "--tables", "tickets", "--capture", "rows", "--apply"], "statement, row"),
        (&["timeline", "--limit", "0"], "1..=1000"),
        (&["timeline", "--limit", "1001"], "1..=1000"),
        (&["timeline", "--storage-schema", "a b"], "letters, digits and underscores"),
        (&["transaction"], "<ID>"),
        (&["install", "--roles", "--roles-prefix", "my role"], "lower-case letters, digits and underscores"),
        (&["install", "--roles", "--roles-prefix", "pg_audit"], "not starting with a digit or with pg_"),
        (&["install", "--roles-prefix", "audit"], "--roles"),
    ] {
        let refused = run(&pool, arguments)?;
        assert_eq!(refused.code, Some(2), "{arguments:?}");
        assert!(refused.stderr.contains(words), "{arguments:?}: {}", refused.stderr);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn roles_option_creates_roles_and_prints_privileges_and_next_step(pool: PgPool) -> Result {
    let prefix = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    let arguments = ["install", "--roles", "--roles-prefix", &prefix];
    let first = stdout(&pool, &arguments)?;
    for line in [
        format!("Role {prefix}_application was created, for audited writes. It has these privileges:"),
        "  EXECUTE ON FUNCTION threadline.threadline_declare(jsonb, jsonb)".to_owned(),
        format!(
            "Role {prefix}_console was created, for reading the trail and recording coverage gaps. It has these privileges:"
        ),
        "  USAGE ON SCHEMA threadline".to_owned(),
        "  SELECT, INSERT, UPDATE ON TABLE threadline.threadline_coverage_gaps".to_owned(),
        format!("Next: make login roles members, for example with GRANT {prefix}_console TO my_login_role;"),
    ] {
        assert!(first.lines().any(|printed| printed == line), "{line} is missing in\n{first}");
    }
    assert_eq!(stdout(&pool, &arguments)?, first.replace(" was created, ", " exists, "));
    let document = json(&pool, &arguments)?;
    assert_eq!(document["roles"][2]["name"], format!("{prefix}_maintenance"));
    assert_eq!(document["roles"][2]["is_new"], false);
    assert_eq!(document["roles"][2]["grants"][0], "USAGE ON SCHEMA threadline");
    assert!(json(&pool, &["install"])?.get("roles").is_none());

    let login = format!("ALTER ROLE {prefix}_application LOGIN");
    sqlx::raw_sql(AssertSqlSafe(login)).execute(&pool).await?;
    let refused = run(&pool, &arguments)?;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("choose other names with --roles-prefix"), "{}", refused.stderr);
    for role in ["application", "console", "maintenance"] {
        let sql = format!("DROP OWNED BY {prefix}_{role}; DROP ROLE {prefix}_{role}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await?;
    }
    Ok(())
}

/// Checks the error of a role that owns the database and the trail, and may not create roles.
#[sqlx::test(migrations = false)]
async fn missing_privilege_to_create_roles_names_remedy(pool: PgPool) -> Result {
    let prefix = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    let database = pool.connect_options().get_database().ok_or("a test without a database")?.to_owned();
    let sql = format!("CREATE ROLE {prefix}; GRANT CREATE ON DATABASE \"{database}\" TO {prefix}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await?;
    let mut install = command(&pool)?;
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL")?)?;
    url.set_path(&database);
    url.query_pairs_mut().append_pair("options[role]", &prefix);
    install.env("DATABASE_URL", url.as_str()).args(["install", "--roles", "--roles-prefix", &prefix]);
    let refused = CommandOutput::new(install.output()?)?;
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(1), 1), "{}", refused.stderr);
    for words in ["let a role with CREATEROLE run", &format!("CREATE ROLE {prefix}_console NOLOGIN;")] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    let sql = format!("DROP OWNED BY {prefix} CASCADE; DROP ROLE {prefix}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await?;
    Ok(())
}
