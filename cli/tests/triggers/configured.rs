//! `threadline.toml`, and what the command line says over it.

use std::fs;

use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, StoredPolicy};

use crate::project::Project;
use crate::support::{Result, command, output, said};

const TABLES: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text, updated_at timestamptz, seen_at timestamptz);
                      CREATE TABLE tickets (id bigint PRIMARY KEY, updated_at timestamptz, seen_at timestamptz)";

async fn stored(project: &Project, table: &str) -> Result<StoredPolicy> {
    let functions = AuditTrail::new(project.pool.clone()).capture_functions().await?;
    let policies = functions.into_iter().filter_map(|function| function.policy);
    Ok(policies.into_iter().find(|policy| policy.table.to_string() == table).ok_or("no such policy")?)
}

#[sqlx::test(migrations = false)]
async fn a_table_has_its_entry_and_the_options_go_before_it(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure(
        "[capture]\nmode = 'row'\nalways = true\nstore_changed_from = false\n\
         [capture.tables.'public.users']\nmask = ['email']\nmask_placeholder = '-'\nmask_null = true\n\
         except_columns = ['updated_at']\nstore_deleted_row = false",
    )?;
    project.generated("users,tickets --apply")?;
    let (users, tickets) = (stored(&project, "users").await?, stored(&project, "tickets").await?);
    assert_eq!((users.mode, users.always, users.store_changed_from), (CaptureMode::Row, true, false));
    assert_eq!((users.store_deleted_row, users.store_unchanged), (false, false));
    assert_eq!(
        (users.mask, users.mask_placeholder, users.mask_null),
        (vec!["email".to_owned()], "-".to_owned(), true)
    );
    assert_eq!((tickets.mode, tickets.always, tickets.store_deleted_row), (CaptureMode::Row, true, true));
    assert!(tickets.mask.is_empty() && tickets.except_columns.is_empty());

    project.generated(
        "users,tickets --apply --capture statement --always=false --store-changed-from --store-deleted-row=true \
         --store-unchanged --except-columns seen_at,updated_at",
    )?;
    for table in ["users", "tickets"] {
        let policy = stored(&project, table).await?;
        assert_eq!((policy.mode, policy.always), (CaptureMode::Statement, false));
        assert!(policy.store_changed_from && policy.store_deleted_row && policy.store_unchanged);
        let mut except = policy.except_columns;
        except.sort_unstable();
        assert_eq!(except, ["seen_at", "updated_at"], "{table}");
    }
    assert_eq!(stored(&project, "users").await?.mask, ["email"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn the_file_is_optional_unless_it_is_named(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.generated("users --dry-run")?;
    fs::write(project.folder.join("other.toml"), "[capture.tables.users]\nmask = ['email']")?;
    assert!(project.generated("users --dry-run --config other.toml")?.contains("mask=[email]"));
    assert!(
        project.refused("users --config nowhere.toml")?.contains("nowhere.toml cannot be read: No such file")
    );
    assert!(project.refused("users --config .")?.contains("threadline: . cannot be read"));
    fs::write(project.folder.join("threadline.toml"), b"# \xff")?;
    assert!(project.refused("users")?.contains("threadline.toml cannot be read"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn the_file_names_the_storage_schema_and_the_option_goes_before_it(pool: PgPool) -> Result {
    let project = Project::new(pool, TABLES).await?;
    project.configure("storage_schema = 'audit'")?;
    let refused = project.refused("users")?;
    assert!(refused.contains("schema audit of this database holds no audit trail"), "{refused}");
    project.generated("users --dry-run --storage-schema threadline")?;

    output(&project.pool, &["install", "--storage-schema", "audit"])?;
    project.generated("users --apply")?;
    project.sql("INSERT INTO users VALUES (1)").await?;
    let mut timeline = command(&project.pool)?;
    let timeline = said(timeline.current_dir(&project.folder).arg("timeline").output()?)?;
    assert!(timeline.out.contains("insert users id=1"), "{}", timeline.err);
    assert_eq!(project.changes("users").await?.len(), 0, "the other schema stays empty");
    Ok(())
}
