//! Tests the lock timeout.

use std::fs;

use sqlx::{Connection, PgConnection, PgPool};

use crate::support::project::Project;
use crate::support::{Result, run};

const TABLES: &str = "CREATE TABLE hot (id int PRIMARY KEY, v int); INSERT INTO hot VALUES (1, 1); CREATE TABLE cold (id int PRIMARY KEY)";

#[sqlx::test(migrations = false)]
async fn table_in_use_error_names_session(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    let options = (*project.pool.connect_options()).clone().application_name("shell of ann");
    let mut holder = PgConnection::connect_with(&options).await?;
    sqlx::raw_sql("BEGIN; UPDATE hot SET v = 2").execute(&mut holder).await?;
    let refused = project.gen_triggers_error("hot,cold --apply --lock-timeout 200ms")?;
    assert!(
        refused
            .starts_with("threadline: table hot is in use, and its lock was not free within 200ms: session "),
        "{refused}"
    );
    for words in [
        "(application \"shell of ann\", idle in transaction since 2",
        "query \"BEGIN; UPDATE hot SET v = 2\") holds it",
        "SELECT pg_terminate_backend(",
        "try again, or wait longer with --lock-timeout",
        "; captured: cold; not captured: hot\n",
    ] {
        assert!(refused.contains(words), "{refused}");
    }
    project.sql("SET LOCAL lock_timeout = '10s'; INSERT INTO hot VALUES (2, 2)").await?;
    sqlx::raw_sql("COMMIT").execute(&mut holder).await?;
    assert_eq!(project.gen_triggers_stdout("hot --apply --lock-timeout 0")?, "Captured from now on: hot.\n");
    holder.close().await?;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn migration_sets_lock_timeout(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    for (option, setting) in
        [("", "'5s'"), (" --lock-timeout 1500ms", "'1500ms'"), (" --lock-timeout 0", "'0'")]
    {
        project.gen_triggers_stdout(&format!("hot{option}"))?;
        let files = project.migration_files()?;
        for file in &files[files.len() - 2..] {
            let text = fs::read_to_string(project.folder.join("migrations").join(file))?;
            let first = text.lines().find(|line| !line.is_empty() && !line.starts_with("--"));
            assert_eq!(first, Some(&*format!("SET LOCAL lock_timeout = {setting};")), "{file}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn lock_timeout_without_unit_exits_with_2(pool: PgPool) -> Result {
    for arguments in [&["install"][..], &["gen", "triggers", "--tables", "hot", "--apply"]] {
        for time in ["5", "-1s", "soon", ""] {
            let refused = run(&pool, &[arguments, &["--lock-timeout", time]].concat())?;
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{time}");
        }
        let refused = run(&pool, &[arguments, &["--lock-timeout=5"]].concat())?;
        assert!(
            refused.stderr.contains("a whole number with a unit, such as 500ms, 5s or 2min"),
            "{}",
            refused.stderr
        );
    }
    Ok(())
}
