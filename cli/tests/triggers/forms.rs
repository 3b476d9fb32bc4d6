//! Written, applied, or only said; as text and as JSON.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::project::Project;
use crate::support::{Result, run, tickets};

const TABLES: &str =
    "CREATE SCHEMA billing; CREATE UNLOGGED TABLE billing.invoices (id int PRIMARY KEY, iban text);
                      CREATE TABLE users (id bigint PRIMARY KEY, email text, password_hash text)";
const CONFIG: &str = "[capture.tables.users]\nexclude = ['password_hash']\nmask = ['email']";

#[sqlx::test(migrations = false)]
async fn a_dry_run_says_what_it_would_do_and_does_nothing(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure(CONFIG)?;
    std::fs::remove_dir(project.folder.join("migrations"))?;
    let said = project.generate("users,billing.invoices --capture row --dry-run")?;
    assert_eq!(
        said.out,
        "table=users capture=row key=[id] exclude=[password_hash] mask=[email]\n\
         table=billing.invoices capture=row key=[id] exclude=[] mask=[]\n\
         [dry-run] no migration file written\n"
    );
    let warning =
        "warning: billing.invoices is unlogged: a crash empties it, and the trail will not say so\n";
    assert_eq!((said.code, said.err.as_str()), (Some(0), warning));
    assert_eq!(project.capturing().await?, (0, vec![]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn what_is_to_be_known_is_said_in_every_form(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    for form in ["", " --apply", " --dry-run", " --json"] {
        let said = project.generate(&format!("billing.invoices{form}"))?;
        assert_eq!((said.code, said.err.lines().count()), (Some(0), 1), "{}", said.err);
        assert!(said.err.starts_with("warning: billing.invoices is unlogged"), "{}", said.err);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn each_form_answers_programs(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure(CONFIG)?;
    let users = json!([{"table_schema": "public", "table_name": "users", "capture": "statement", "key": ["id"],
                        "exclude": ["password_hash"], "mask": ["email"], "warnings": []}]);
    for (form, outcome) in [(" --dry-run", "dry_run"), (" --apply", "applied"), ("", "written")] {
        let said: Value = serde_json::from_str(&project.generated(&format!("users --json{form}"))?)?;
        let (mut up, mut down) = (Value::Null, Value::Null);
        if let [second, first] = &project.files()?[..] {
            (up, down) = (json!(format!("migrations/{first}")), json!(format!("migrations/{second}")));
        }
        let expected =
            json!({"format_version": 1, "outcome": outcome, "tables": users, "up": up, "down": down});
        assert_eq!(said, expected);
    }
    let warned = project.generate("billing.invoices --json --dry-run")?;
    let warned: Value = serde_json::from_str(&warned.out)?;
    assert!(warned["tables"][0]["warnings"][0].as_str().is_some_and(|words| words.contains("unlogged")));
    let installed = run(&project.pool, &["--json", "install"])?;
    let installed: Value = serde_json::from_str(&installed.out)?;
    assert_eq!(installed, json!({"format_version": 1, "storage_schema": "threadline", "months_ahead": 3}));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn only_one_form_at_a_time(pool: PgPool) -> Result {
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
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{arguments:?}");
    }
    Ok(())
}
