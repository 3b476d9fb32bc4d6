//! The migration, run by sqlx.

use std::fs;

use serde_json::json;
use sqlx::PgPool;

use crate::project::Project;
use crate::support::Result;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text, password_hash text)";

#[sqlx::test(migrations = false)]
async fn up_captures_and_down_leaves_nothing_of_it(pool: PgPool) -> Result {
    let project = Project::new(pool, USERS).await?;
    let said = project.generated("users")?;
    let files = project.files()?;
    let [down, up] = &files[..] else { return Err(format!("{files:?}").into()) };
    assert_eq!(said, format!("Written: migrations/{up}\nWritten: migrations/{down}\n"));
    assert_eq!(up.find("_threadline_triggers_users.up.sql"), Some(14), "{up}");
    assert_eq!(down.find("_threadline_triggers_users.down.sql"), Some(14), "{down}");
    assert_eq!(project.capturing().await?, (0, vec![]));

    let migrator = project.migrator().await?;
    migrator.run(&project.pool).await?;
    project.sql("INSERT INTO users VALUES (1)").await?;
    assert_eq!(project.changes("users").await?.len(), 1);
    assert_eq!(project.capturing().await?.1, ["threadline_capture_changes_users"]);

    migrator.undo(&project.pool, 0).await?;
    project.sql("INSERT INTO users VALUES (2)").await?;
    assert_eq!(project.changes("users").await?.len(), 1);
    assert_eq!(project.capturing().await?, (0, vec![]));
    migrator.run(&project.pool).await?;
    project.sql("INSERT INTO users VALUES (3)").await?;
    assert_eq!(project.changes("users").await?.len(), 2);
    Ok(())
}

/// Acceptance rows 22, 25 and 26.
#[sqlx::test(migrations = false)]
async fn a_rerun_replaces_the_policy_and_its_way_down_brings_the_earlier_one_back(pool: PgPool) -> Result {
    let project = Project::new(pool, USERS).await?;
    project.configure("[capture.tables.users]\nexclude = ['password_hash']\nmask = ['email']")?;
    project.generated("users")?;
    project.migrator().await?.run(&project.pool).await?;
    let (triggers, functions) = project.capturing().await?;
    let first =
        project.migrator().await?.iter().map(|migration| migration.version).max().ok_or("no version")?;

    project.configure(
        "[capture.tables.users]\nmask = ['name', 'email']\nmask_placeholder = '[HIDDEN]'\nmode = 'row'",
    )?;
    project.generated("users")?;
    assert_eq!(project.capturing().await?, (triggers, functions.clone()), "nothing before it is migrated");
    let migrator = project.migrator().await?;
    migrator.run(&project.pool).await?;
    assert_eq!(
        project.capturing().await?,
        (2, functions.clone()),
        "rows and TRUNCATE, and no second function"
    );
    project.sql("INSERT INTO users VALUES (1, 'canary n', 'canary e', 'hash')").await?;
    let image = json!({"id": 1, "name": "[HIDDEN]", "email": "[HIDDEN]", "password_hash": "hash"});
    assert_eq!(project.changes("users").await?[0]["data_after"], image);

    migrator.undo(&project.pool, first).await?;
    assert_eq!(project.capturing().await?, (triggers, functions));
    project.sql("UPDATE users SET name = 'n', email = 'canary f', password_hash = 'canary h'").await?;
    let changes = project.changes("users").await?;
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[1]["data_after"], json!({"id": 1, "name": "n", "email": "[REDACTED]"}));
    assert_eq!(changes[1]["changed_from"], json!({"name": "canary n", "email": "[REDACTED]"}));
    assert_eq!(changes[1]["changed_fields"], json!(["email", "name"]));

    migrator.undo(&project.pool, 0).await?;
    assert_eq!(project.capturing().await?, (0, vec![]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn every_migration_has_its_own_version_and_name(pool: PgPool) -> Result {
    let project = Project::new(pool, USERS).await?;
    let future = project.folder.join("migrations/99991231235959_init.sql");
    fs::write(future, "SELECT 1")?;
    for _ in 0..3 {
        project.generated("users")?;
    }
    let names = project.files()?;
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
    assert_eq!(project.capturing().await?, (0, vec![]));
    Ok(())
}

/// Acceptance row 23.
#[sqlx::test(migrations = false)]
async fn tables_with_like_names_have_their_own_functions_and_redaction(pool: PgPool) -> Result {
    let tables = "CREATE SCHEMA a; CREATE TABLE a.b (id int PRIMARY KEY, secret text);
                  CREATE TABLE a_b (id int PRIMARY KEY, secret text)";
    let project = Project::new(pool, tables).await?;
    project
        .configure("[capture.tables.'a.b']\nexclude = ['secret']\n[capture.tables.a_b]\nmask = ['secret']")?;
    let said = project.generated("a_b,a.b")?;
    assert!(said.contains("_threadline_triggers_a_b_a_b.up.sql"), "{said}");
    project.migrator().await?.run(&project.pool).await?;
    assert_eq!(project.capturing().await?.1.len(), 2);
    project.sql("INSERT INTO a.b VALUES (1, 'x'); INSERT INTO a_b VALUES (1, 'x')").await?;
    assert_eq!(project.changes("a.b").await?[0]["data_after"], json!({"id": 1}));
    assert_eq!(project.changes("a_b").await?[0]["data_after"], json!({"id": 1, "secret": "[REDACTED]"}));
    Ok(())
}

/// Acceptance row 29: what is refused when it is generated is refused when it runs, too.
#[sqlx::test(migrations = false)]
async fn a_column_that_is_gone_by_then_stops_the_migration_before_its_trigger(pool: PgPool) -> Result {
    let project = Project::new(pool, &format!("{USERS}; CREATE TABLE tickets (id int PRIMARY KEY)")).await?;
    project.configure("[capture.tables.users]\nmask = ['email']")?;
    project.generated("tickets,users")?;
    project.sql("ALTER TABLE users DROP COLUMN email").await?;
    let error = project.migrator().await?.run(&project.pool).await.expect_err("the column is gone");
    assert!(format!("{error:?}").contains("users has no column email"), "{error:?}");
    assert_eq!(project.capturing().await?, (0, vec![]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_names_stay_names(pool: PgPool) -> Result {
    let project =
        Project::new(pool, "CREATE TABLE \"x'\n;--$threadline$\" (\"a\n'--\" int PRIMARY KEY)").await?;
    let mut command = crate::support::command(&project.pool)?;
    command.current_dir(&project.folder).args(["gen", "triggers", "--tables", "x'\n;--$threadline$"]);
    let said = crate::support::said(command.output()?)?;
    assert_eq!((said.code, said.out.lines().count()), (Some(0), 2), "{}", said.err);
    assert!(
        project.files()?[0].contains("_threadline_triggers_x______threadline_."),
        "{:?}",
        project.files()?
    );
    let migrator = project.migrator().await?;
    migrator.run(&project.pool).await?;
    project.sql("INSERT INTO \"x'\n;--$threadline$\" VALUES (1)").await?;
    assert_eq!(project.changes("x'\n;--$threadline$").await?.len(), 1);
    migrator.undo(&project.pool, 0).await?;
    assert_eq!(project.capturing().await?, (0, vec![]));
    Ok(())
}
