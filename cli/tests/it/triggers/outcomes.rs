//! Tests the three outcomes of `gen triggers`, as text and as JSON.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::project::Project;
use crate::support::{Result, run, tickets};

const TABLES: &str =
    "CREATE SCHEMA billing; CREATE UNLOGGED TABLE billing.invoices (id int PRIMARY KEY, iban text);
                      CREATE TABLE users (id bigint PRIMARY KEY, email text, password_hash text)";
const CONFIG: &str = "[capture.tables.users]\nexclude = ['password_hash']\nmask = ['email']";

#[sqlx::test(migrations = false)]
async fn dry_run_prints_plan_and_changes_nothing(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure(CONFIG)?;
    std::fs::remove_dir(project.folder.join("migrations"))?;
    let output = project.gen_triggers("users,billing.invoices --capture row --dry-run")?;
    assert_eq!(
        output.stdout,
        "table=users capture=row key=[id] exclude=[password_hash] mask=[email]\n\
         table=billing.invoices capture=row key=[id] exclude=[] mask=[]\n\
         [dry-run] no migration file written\n"
    );
    let warning = "warning: billing.invoices is unlogged: a crash of the server empties it, and no trigger records that\n";
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), warning));
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn warning_is_printed_for_every_outcome(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    for form in ["", " --apply", " --dry-run", " --json"] {
        let output = project.gen_triggers(&format!("billing.invoices{form}"))?;
        assert_eq!((output.code, output.stderr.lines().count()), (Some(0), 1), "{}", output.stderr);
        assert!(output.stderr.starts_with("warning: billing.invoices is unlogged"), "{}", output.stderr);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn every_outcome_prints_json(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure(CONFIG)?;
    let users = json!([{"table_schema": "public", "table_name": "users", "capture": "statement", "key": ["id"],
                        "exclude": ["password_hash"], "mask": ["email"], "warnings": []}]);
    for (form, outcome) in [(" --dry-run", "dry_run"), (" --apply", "applied"), ("", "written")] {
        let output: Value =
            serde_json::from_str(&project.gen_triggers_stdout(&format!("users --json{form}"))?)?;
        let (mut up, mut down) = (Value::Null, Value::Null);
        if let [second, first] = &project.migration_files()?[..] {
            (up, down) = (json!(format!("migrations/{first}")), json!(format!("migrations/{second}")));
        }
        let expected =
            json!({"format_version": 1, "outcome": outcome, "tables": users, "up": up, "down": down});
        assert_eq!(output, expected);
    }
    let warned = project.gen_triggers("billing.invoices --json --dry-run")?;
    let warned: Value = serde_json::from_str(&warned.stdout)?;
    assert!(warned["tables"][0]["warnings"][0].as_str().is_some_and(|words| words.contains("unlogged")));
    let installed = run(&project.pool, &["--json", "install"])?;
    let installed: Value = serde_json::from_str(&installed.stdout)?;
    assert_eq!(installed, json!({"format_version": 1, "storage_schema": "threadline", "months_ahead": 3}));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn conflicting_options_exit_with_2(pool: PgPool) -> Result {
    tickets(&pool).await?;
    for arguments in [
        &["--tables", "tickets", "--apply", "--dry-run"][..],
        &["--tables", "tickets", "--apply", "--migrations-path", "migrations"],
        &["--tables", "tickets", "--store-changed-from", "false"],
        &["--tables", "tickets", "--always=perhaps"],
        &["--tables", "tickets", "--except-columns", "a,,b"],
        &["--tables", "tickets", "--mask", "subject"],
        &["--apply"],
    ] {
        let refused = run(&pool, &[&["gen", "triggers"], arguments].concat())?;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
    Ok(())
}
