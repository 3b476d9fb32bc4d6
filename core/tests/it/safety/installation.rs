//! Tests installation by roles with few privileges.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::{AuditTrail, Installation};

use threadline_testkit::database::{Result, install};
use threadline_testkit::role::Role;

/// Returns a pool of one connection that uses this role.
async fn connect_as(pool: &PgPool, role: &str) -> Result<PgPool> {
    let become_role = format!("SET SESSION AUTHORIZATION {role}");
    let options = PgPoolOptions::new().max_connections(1).after_connect(move |connection, _| {
        let become_role = AssertSqlSafe(become_role.clone());
        Box::pin(async move { sqlx::raw_sql(become_role).execute(connection).await.map(drop) })
    });
    Ok(options.connect_with((*pool.connect_options()).clone()).await?)
}

#[sqlx::test(migrations = false)]
async fn role_without_create_privilege_installs_into_its_own_schema(pool: PgPool) -> Result {
    let role = Role::create(&pool).await?;
    role.run_as_owner("CREATE SCHEMA threadline AUTHORIZATION $role").await?;
    let owner = connect_as(&pool, &role.name).await?;
    AuditTrail::new(owner.clone()).install().await?;
    owner.close().await;
    role.drop().await
}

#[sqlx::test(migrations = false)]
async fn role_without_access_to_migrations_sees_installed_trail(pool: PgPool) -> Result {
    install(&pool).await?;
    let role = Role::create(&pool).await?;
    let reader = connect_as(&pool, &role.name).await?;
    let trail = AuditTrail::new(reader.clone());
    assert_eq!(trail.installation().await?, Installation::Current);
    // Installation fails nevertheless, because a migration may be missing.
    assert!(trail.install().await.is_err());
    reader.close().await;
    role.drop().await
}
