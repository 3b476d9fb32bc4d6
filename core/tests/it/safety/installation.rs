//! Installing as a role that may do no more than it must.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::{AuditTrail, Installation};

use threadline_testkit::database::{Result, install};
use threadline_testkit::role::Role;

/// A pool of one connection that works as this role.
async fn connect_as(pool: &PgPool, role: &str) -> Result<PgPool> {
    let become_role = format!("SET SESSION AUTHORIZATION {role}");
    let options = PgPoolOptions::new().max_connections(1).after_connect(move |connection, _| {
        let become_role = AssertSqlSafe(become_role.clone());
        Box::pin(async move { sqlx::raw_sql(become_role).execute(connection).await.map(drop) })
    });
    Ok(options.connect_with((*pool.connect_options()).clone()).await?)
}

#[sqlx::test(migrations = false)]
async fn a_role_without_the_right_to_make_schemas_installs_into_its_own(pool: PgPool) -> Result {
    let role = Role::create(&pool).await?;
    role.prepare("CREATE SCHEMA threadline AUTHORIZATION $role").await?;
    let owner = connect_as(&pool, &role.name).await?;
    AuditTrail::new(owner.clone()).install().await?;
    owner.close().await;
    role.drop().await
}

#[sqlx::test(migrations = false)]
async fn whoever_may_not_read_the_migrations_is_told_that_the_trail_is_there(pool: PgPool) -> Result {
    install(&pool).await?;
    let role = Role::create(&pool).await?;
    let reader = connect_as(&pool, &role.name).await?;
    let trail = AuditTrail::new(reader.clone());
    assert_eq!(trail.installation().await?, Installation::Current);
    // But that is no reason to believe that there is nothing to install.
    assert!(trail.install().await.is_err());
    reader.close().await;
    role.drop().await
}
