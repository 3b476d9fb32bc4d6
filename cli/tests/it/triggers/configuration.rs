//! Tests that options override `threadline.toml`.

use std::fs;

use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, StoredPolicy};

use crate::support::project::Project;
use crate::support::{CommandOutput, Result, command, stdout};

const TABLES: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text, updated_at timestamptz, seen_at timestamptz);
                      CREATE TABLE tickets (id bigint PRIMARY KEY, updated_at timestamptz, seen_at timestamptz)";

async fn stored_policy(project: &Project, table: &str) -> Result<StoredPolicy> {
    let functions = AuditTrail::new(project.pool.clone()).capture_functions().await?;
    let policies = functions.into_iter().filter_map(|function| function.policy);
    Ok(policies.into_iter().find(|policy| policy.table.to_string() == table).ok_or("no such policy")?)
}

#[sqlx::test(migrations = false)]
async fn options_override_table_section(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure(
        "[capture]\nmode = 'row'\nalways = true\nstore_changed_from = false\n\
         [capture.tables.'public.users']\nmask = ['email']\nmask_placeholder = '-'\nmask_null = true\n\
         except_columns = ['updated_at']\nstore_deleted_row = false",
    )?;
    project.gen_triggers_stdout("users,tickets --apply")?;
    let (users, tickets) =
        (stored_policy(&project, "users").await?, stored_policy(&project, "tickets").await?);
    assert_eq!((users.mode, users.always, users.store_changed_from), (CaptureMode::Row, true, false));
    assert_eq!((users.store_deleted_row, users.store_unchanged), (false, false));
    assert_eq!(
        (users.mask, users.mask_placeholder, users.mask_null),
        (vec!["email".to_owned()], "-".to_owned(), true)
    );
    assert_eq!((tickets.mode, tickets.always, tickets.store_deleted_row), (CaptureMode::Row, true, true));
    assert!(tickets.mask.is_empty() && tickets.except_columns.is_empty());

    project.gen_triggers_stdout(
        "users,tickets --apply --capture statement --always=false --store-changed-from --store-deleted-row=true \
         --store-unchanged --except-columns seen_at,updated_at",
    )?;
    for table in ["users", "tickets"] {
        let policy = stored_policy(&project, table).await?;
        assert_eq!((policy.mode, policy.always), (CaptureMode::Statement, false));
        assert!(policy.store_changed_from && policy.store_deleted_row && policy.store_unchanged);
        let mut except = policy.except_columns;
        except.sort_unstable();
        assert_eq!(except, ["seen_at", "updated_at"], "{table}");
    }
    assert_eq!(stored_policy(&project, "users").await?.mask, ["email"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn only_default_config_file_may_be_missing(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.gen_triggers_stdout("users --dry-run")?;
    fs::write(project.folder.join("other.toml"), "[capture.tables.users]\nmask = ['email']")?;
    assert!(project.gen_triggers_stdout("users --dry-run --config other.toml")?.contains("mask=[email]"));
    assert!(
        project
            .gen_triggers_error("users --config nowhere.toml")?
            .contains("nowhere.toml cannot be read: No such file")
    );
    assert!(project.gen_triggers_error("users --config .")?.contains("threadline: . cannot be read"));
    fs::write(project.folder.join("threadline.toml"), b"# \xff")?;
    assert!(project.gen_triggers_error("users")?.contains("threadline.toml cannot be read"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn option_overrides_configured_storage_schema(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure("storage_schema = 'audit'")?;
    let refused = project.gen_triggers_error("users")?;
    assert!(refused.contains("schema audit of this database holds no audit trail"), "{refused}");
    project.gen_triggers_stdout("users --dry-run --storage-schema threadline")?;

    stdout(&project.pool, &["install", "--storage-schema", "audit"])?;
    project.gen_triggers_stdout("users --apply")?;
    project.sql("INSERT INTO users VALUES (1)").await?;
    let mut timeline = command(&project.pool)?;
    let timeline = CommandOutput::new(timeline.current_dir(&project.folder).arg("timeline").output()?)?;
    assert!(timeline.stdout.contains("insert users id=1"), "{}", timeline.stderr);
    assert_eq!(project.changes("users").await?.len(), 0, "the other schema is still empty");
    Ok(())
}
