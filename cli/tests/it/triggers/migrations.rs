//! Tests the generated migrations with sqlx.

use std::fs;

use serde_json::json;
use sqlx::PgPool;

use crate::support::Result;
use crate::support::project::Project;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text, password_hash text)";

#[sqlx::test(migrations = false)]
async fn migration_captures_and_its_undo_removes_everything(pool: PgPool) -> Result {
    let project = Project::new(pool, USERS).await?;
    let output = project.gen_triggers_stdout("users")?;
    let files = project.migration_files()?;
    let [down, up] = &files[..] else { return Err(format!("{files:?}").into()) };
    assert_eq!(output, format!("Written: migrations/{up}\nWritten: migrations/{down}\n"));
    assert_eq!(up.find("_threadline_triggers_users.up.sql"), Some(14), "{up}");
    assert_eq!(down.find("_threadline_triggers_users.down.sql"), Some(14), "{down}");
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));

    let migrator = project.migrator().await?;
    migrator.run(&project.pool).await?;
    project.sql("INSERT INTO users VALUES (1)").await?;
    assert_eq!(project.changes("users").await?.len(), 1);
    assert_eq!(project.triggers_and_functions().await?.1, ["threadline_capture_changes_users"]);

    migrator.undo(&project.pool, 0).await?;
    project.sql("INSERT INTO users VALUES (2)").await?;
    assert_eq!(project.changes("users").await?.len(), 1);
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    migrator.run(&project.pool).await?;
    project.sql("INSERT INTO users VALUES (3)").await?;
    assert_eq!(project.changes("users").await?.len(), 2);
    Ok(())
}

/// Acceptance rows 22, 25 and 26.
#[sqlx::test(migrations = false)]
async fn second_migration_replaces_policy_and_its_undo_restores_it(pool: PgPool) -> Result {
    let project = Project::new(pool, USERS).await?;
    project.configure("[capture.tables.users]\nexclude = ['password_hash']\nmask = ['email']")?;
    project.gen_triggers_stdout("users")?;
    project.migrator().await?.run(&project.pool).await?;
    let (triggers, functions) = project.triggers_and_functions().await?;
    let first =
        project.migrator().await?.iter().map(|migration| migration.version).max().ok_or("no version")?;

    project.configure(
        "[capture.tables.users]\nmask = ['name', 'email']\nmask_placeholder = '[HIDDEN]'\nmode = 'row'",
    )?;
    project.gen_triggers_stdout("users")?;
    assert_eq!(
        project.triggers_and_functions().await?,
        (triggers, functions.clone()),
        "generating changes nothing"
    );
    let migrator = project.migrator().await?;
    migrator.run(&project.pool).await?;
    assert_eq!(
        project.triggers_and_functions().await?,
        (2, functions.clone()),
        "two triggers and one function"
    );
    project.sql("INSERT INTO users VALUES (1, 'canary n', 'canary e', 'hash')").await?;
    let image = json!({"id": 1, "name": "[HIDDEN]", "email": "[HIDDEN]", "password_hash": "hash"});
    assert_eq!(project.changes("users").await?[0]["data_after"], image);

    migrator.undo(&project.pool, first).await?;
    assert_eq!(project.triggers_and_functions().await?, (triggers, functions));
    project.sql("UPDATE users SET name = 'n', email = 'canary f', password_hash = 'canary h'").await?;
    let changes = project.changes("users").await?;
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[1]["data_after"], json!({"id": 1, "name": "n", "email": "[REDACTED]"}));
    assert_eq!(changes[1]["changed_from"], json!({"name": "canary n", "email": "[REDACTED]"}));
    assert_eq!(changes[1]["changed_fields"], json!(["email", "name"]));

    migrator.undo(&project.pool, 0).await?;
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn migrations_have_unique_versions_and_names(pool: PgPool) -> Result {
    let project = Project::new(pool, USERS).await?;
    let future = project.folder.join("migrations/99991231235959_init.sql");
    fs::write(future, "SELECT 1")?;
    for _ in 0..3 {
        project.gen_triggers_stdout("users")?;
    }
    let names = project.migration_files()?;
    assert_eq!(names.len(), 7);
    for name in [
        "99991231235960_threadline_triggers_users.up.sql",
        "99991231235961_threadline_triggers_users_2.down.sql",
        "99991231235962_threadline_triggers_users_3.up.sql",
    ] {
        assert!(names.iter().any(|file| file == name), "{names:?}");
    }
    let migrator = project.migrator().await?;
    migrator.run(&project.pool).await?;
    migrator.undo(&project.pool, 0).await?;
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    Ok(())
}

/// Acceptance row 23.
#[sqlx::test(migrations = false)]
async fn tables_with_similar_names_have_separate_redaction(pool: PgPool) -> Result {
    let tables = "CREATE SCHEMA a; CREATE TABLE a.b (id int PRIMARY KEY, secret text);
                  CREATE TABLE a_b (id int PRIMARY KEY, secret text)";
    let project = Project::new(pool, tables).await?;
    project
        .configure("[capture.tables.'a.b']\nexclude = ['secret']\n[capture.tables.a_b]\nmask = ['secret']")?;
    let output = project.gen_triggers_stdout("a_b,a.b")?;
    assert!(output.contains("_threadline_triggers_a_b_a_b.up.sql"), "{output}");
    project.migrator().await?.run(&project.pool).await?;
    assert_eq!(project.triggers_and_functions().await?.1.len(), 2);
    project.sql("INSERT INTO a.b VALUES (1, 'x'); INSERT INTO a_b VALUES (1, 'x')").await?;
    assert_eq!(project.changes("a.b").await?[0]["data_after"], json!({"id": 1}));
    assert_eq!(project.changes("a_b").await?[0]["data_after"], json!({"id": 1, "secret": "[REDACTED]"}));
    Ok(())
}

/// Acceptance row 29: a migration checks the columns again when it runs.
#[sqlx::test(migrations = false)]
async fn migration_fails_if_column_was_dropped(pool: PgPool) -> Result {
    let project = Project::new(pool, &format!("{USERS}; CREATE TABLE tickets (id int PRIMARY KEY)")).await?;
    project.configure("[capture.tables.users]\nmask = ['email']")?;
    project.gen_triggers_stdout("tickets,users")?;
    project.sql("ALTER TABLE users DROP COLUMN email").await?;
    let error = project.migrator().await?.run(&project.pool).await.expect_err("the column was dropped");
    assert!(format!("{error:?}").contains("users has no column email"), "{error:?}");
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_table_name_is_captured(pool: PgPool) -> Result {
    let project =
        Project::new(pool, "CREATE TABLE \"x'\n;--$threadline$\" (\"a\n'--\" int PRIMARY KEY)").await?;
    let mut command = crate::support::command(&project.pool)?;
    command.current_dir(&project.folder).args(["gen", "triggers", "--tables", "x'\n;--$threadline$"]);
    let output = crate::support::CommandOutput::new(command.output()?)?;
    assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 2), "{}", output.stderr);
    assert!(
        project.migration_files()?[0].contains("_threadline_triggers_x______threadline_."),
        "{:?}",
        project.migration_files()?
    );
    let migrator = project.migrator().await?;
    migrator.run(&project.pool).await?;
    project.sql("INSERT INTO \"x'\n;--$threadline$\" VALUES (1)").await?;
    assert_eq!(project.changes("x'\n;--$threadline$").await?.len(), 1);
    migrator.undo(&project.pool, 0).await?;
    assert_eq!(project.triggers_and_functions().await?, (0, vec![]));
    Ok(())
}
