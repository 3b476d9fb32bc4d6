//! Tests that errors print one line with a solution, exit with status 1, and write no file.

use std::fs;

use sqlx::PgPool;

use crate::support::Result;
use crate::support::project::Project;

const TABLES: &str = "CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int PRIMARY KEY, iban text);
                      CREATE TABLE users (id bigint PRIMARY KEY, email text);
                      CREATE VIEW people AS SELECT * FROM users";

/// Acceptance rows 27 and 28.
#[sqlx::test(migrations = false)]
async fn config_error_is_reported_first(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    let long = "x".repeat(201);
    for (toml, words) in [
        ("a = ", "threadline.toml, line 1: this is not valid TOML"),
        (
            "[capture.tables.users]\nmask = 'email'",
            "line 2: mask of table users is 'email': expected a list such as",
        ),
        (
            "[capture.tables.users]\nprimary_keys = ['id']",
            "line 2: \"primary_keys\" is not a key of table users: did you",
        ),
        (
            "[capture.tables.users]\nmask = ['email']\nexclude = ['email']",
            "email of table users is in both exclude and mask",
        ),
        ("[capture.tables.users]\n[capture.tables.'public.users']", "are the same table users: keep one"),
        ("[capture.tables.users]\nmask_placeholder = ''", "line 2: mask_placeholder of table users is \"\""),
        (
            "[capture.tables.users]\nmask_placeholder = \"\\u001b\"",
            "use 1 to 200 characters without control characters",
        ),
        (&format!("[capture]\nmask_placeholder = '{long}'"), "line 2: mask_placeholder of [capture] is 'xxx"),
        (
            "[capture.tables.other]\nmode = 'rows'",
            "line 2: mode of table other is 'rows': expected \"statement\" or",
        ),
    ] {
        project.configure(toml)?;
        for form in ["", " --apply", " --dry-run"] {
            let refused = project.gen_triggers_error(&format!("users{form}"))?;
            assert!(
                refused.starts_with("threadline: threadline.toml, line ") && refused.contains(words),
                "{refused}"
            );
        }
    }
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    Ok(())
}

/// Acceptance rows 9, 21 and 29.
#[sqlx::test(migrations = false)]
async fn table_that_cannot_be_captured_is_rejected(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure(
        "[capture.tables.users]\nmask = ['id']\n[capture.tables.'billing.invoices']\nexclude = ['bic', 'iban', 'swift']",
    )?;
    for (arguments, words) in [
        ("users", "key column id of table users is in mask"),
        (
            "billing.invoices",
            "exclude of table billing.invoices names bic, swift, which the table does not have: it has id, iban",
        ),
        ("threadline.audit_changes", "threadline.audit_changes belongs to the audit trail"),
        ("people", "people is not a table"),
        ("nowhere", "table nowhere does not exist"),
        ("billing.invoices,public.users,users", "table users is listed twice: name each table once"),
        ("people --except-columns nothing", "people is not a table"),
    ] {
        for form in ["", " --apply", " --dry-run"] {
            let refused = project.gen_triggers_error(&format!("{arguments}{form}"))?;
            assert!(refused.contains(words), "{refused}");
        }
    }
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    Ok(())
}

/// Acceptance rows 18 and 19.
#[sqlx::test(migrations = false)]
async fn table_without_key_error_contains_toml_line(pool: PgPool) -> Result {
    let tables = "CREATE TABLE events (\"Source\" text NOT NULL, number int NOT NULL, note text UNIQUE, UNIQUE (\"Source\", number));
                  CREATE TABLE notes (body text UNIQUE)";
    let project = Project::new(pool, tables).await?;
    let refused = project.gen_triggers_error("notes")?;
    assert!(
        refused.contains("table notes has no primary key") && refused.contains("no unique index"),
        "{refused}"
    );

    let refused = project.gen_triggers_error("events")?;
    let line = refused.trim_end().rsplit_once("at the file's top ").ok_or(refused.clone())?.1;
    assert_eq!(line, "capture.tables.\"events\".primary_key = [\"Source\", \"number\"]");
    project.configure(&format!("{line}\n[capture.tables.notes]\nmask = ['body']\n"))?;
    assert!(project.gen_triggers_stdout("events")?.contains("threadline_triggers_events.up.sql"));
    project.migrator().await?.run(&project.pool).await?;
    project.sql("INSERT INTO events VALUES ('a', 1)").await?;
    let key = serde_json::json!({"Source": "a", "number": "1"});
    assert_eq!(project.changes("events").await?[0]["table_pk"], key);

    for (key, words) in [
        ("['note']", "primary_key of table events is (note), and no unique index guarantees it"),
        ("['number']", "it has other columns"),
        ("['nothing']", "primary_key of table events names nothing, which the table does not have"),
    ] {
        project.configure(&format!("capture.tables.events.primary_key = {key}"))?;
        let refused = project.gen_triggers_error("events")?;
        assert!(refused.contains(words), "{refused}");
    }
    project.sql("ALTER TABLE events ADD PRIMARY KEY (number)").await?;
    project.configure(&format!("{line}\n"))?;
    let refused = project.gen_triggers_error("events")?;
    assert!(refused.contains("has the primary key (number): remove primary_key"), "{refused}");
    Ok(())
}

/// Acceptance row 20.
#[sqlx::test(migrations = false)]
async fn key_without_stable_text_is_rejected(pool: PgPool) -> Result {
    let project = Project::new(pool, "CREATE TABLE readings (at double precision PRIMARY KEY)").await?;
    let refused = project.gen_triggers_error("readings")?;
    assert!(refused.contains("key column at of table readings has type double precision"), "{refused}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_migration_directory_is_rejected(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    fs::write(project.folder.join("file"), "")?;
    for folder in ["elsewhere", "file"] {
        let refused = project.gen_triggers_error(&format!("users --migrations-path {folder}"))?;
        assert!(
            refused.contains(&format!("{folder} is not a directory: create it, name another")),
            "{refused}"
        );
    }
    fs::write(project.folder.join(format!("migrations/{}_last.sql", i64::MAX)), "")?;
    assert!(
        project
            .gen_triggers_error("users")?
            .contains("migrations holds a migration with the highest possible version")
    );
    fs::create_dir(project.folder.join("db"))?;
    let output = project.gen_triggers_stdout("users,billing.invoices --migrations-path db")?;
    assert!(
        output.contains("Written: db/")
            && output.contains("_threadline_triggers_users_billing_invoices.up.sql")
    );
    Ok(())
}
