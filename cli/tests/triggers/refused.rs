//! What is refused: one sentence with the way out, the exit code 1, and no file.

use std::fs;

use sqlx::PgPool;

use crate::project::Project;
use crate::support::Result;

const TABLES: &str = "CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int PRIMARY KEY, iban text);
                      CREATE TABLE users (id bigint PRIMARY KEY, email text);
                      CREATE VIEW people AS SELECT * FROM users";

/// Acceptance rows 27 and 28.
#[sqlx::test(migrations = false)]
async fn a_mistake_in_the_file_is_told_before_anything_else(pool: PgPool) -> Result {
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
            let refused = project.refused(&format!("users{form}"))?;
            assert!(
                refused.starts_with("threadline: threadline.toml, line ") && refused.contains(words),
                "{refused}"
            );
        }
    }
    assert_eq!(project.capturing().await?, (0, vec![]));
    Ok(())
}

/// Acceptance rows 9, 21 and 29.
#[sqlx::test(migrations = false)]
async fn a_table_that_cannot_be_captured_so_is_refused(pool: PgPool) -> Result {
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
        ("billing.invoices,public.users,users", "table users is there twice: name each table once"),
        ("people --except-columns nothing", "people is not a table"),
    ] {
        for form in ["", " --apply", " --dry-run"] {
            let refused = project.refused(&format!("{arguments}{form}"))?;
            assert!(refused.contains(words), "{refused}");
        }
    }
    assert_eq!(project.capturing().await?, (0, vec![]));
    Ok(())
}

/// Acceptance rows 18 and 19.
#[sqlx::test(migrations = false)]
async fn a_table_without_a_key_is_told_the_line_that_helps(pool: PgPool) -> Result {
    let tables = "CREATE TABLE events (\"Source\" text NOT NULL, number int NOT NULL, note text UNIQUE, UNIQUE (\"Source\", number));
                  CREATE TABLE notes (body text UNIQUE)";
    let project = Project::new(pool, tables).await?;
    let refused = project.refused("notes")?;
    assert!(
        refused.contains("table notes has no primary key") && refused.contains("no unique index"),
        "{refused}"
    );

    let refused = project.refused("events")?;
    let line = refused.trim_end().rsplit_once("at the file's top ").ok_or(refused.clone())?.1;
    assert_eq!(line, "capture.tables.\"events\".primary_key = [\"Source\", \"number\"]");
    project.configure(&format!("{line}\n[capture.tables.notes]\nmask = ['body']\n"))?;
    assert!(project.generated("events")?.contains("threadline_triggers_events.up.sql"));
    project.migrator().await?.run(&project.pool).await?;
    project.sql("INSERT INTO events VALUES ('a', 1)").await?;
    let key = serde_json::json!({"Source": "a", "number": "1"});
    assert_eq!(project.changes("events").await?[0]["table_pk"], key);

    for (key, words) in [
        ("['note']", "primary_key of table events is (note), and no unique index guarantees it"),
        ("['number']", "its columns are others"),
        ("['nothing']", "primary_key of table events names nothing, which the table does not have"),
    ] {
        project.configure(&format!("capture.tables.events.primary_key = {key}"))?;
        let refused = project.refused("events")?;
        assert!(refused.contains(words), "{refused}");
    }
    project.sql("ALTER TABLE events ADD PRIMARY KEY (number)").await?;
    project.configure(&format!("{line}\n"))?;
    let refused = project.refused("events")?;
    assert!(refused.contains("has the primary key (number): remove primary_key"), "{refused}");
    Ok(())
}

/// Acceptance row 20.
#[sqlx::test(migrations = false)]
async fn a_key_without_a_stable_text_is_refused(pool: PgPool) -> Result {
    let project = Project::new(pool, "CREATE TABLE readings (at double precision PRIMARY KEY)").await?;
    let refused = project.refused("readings")?;
    assert!(refused.contains("key column at of table readings has type double precision"), "{refused}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_folder_that_cannot_hold_migrations_is_refused(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    fs::write(project.folder.join("file"), "")?;
    for folder in ["elsewhere", "file"] {
        let refused = project.refused(&format!("users --migrations-path {folder}"))?;
        assert!(refused.contains(&format!("{folder} is not a folder: make it, name another")), "{refused}");
    }
    fs::write(project.folder.join(format!("migrations/{}_last.sql", i64::MAX)), "")?;
    assert!(project.refused("users")?.contains("migrations holds a migration with the highest version"));
    fs::create_dir(project.folder.join("db"))?;
    let said = project.generated("users,billing.invoices --migrations-path db")?;
    assert!(
        said.contains("Written: db/") && said.contains("_threadline_triggers_users_billing_invoices.up.sql")
    );
    Ok(())
}
