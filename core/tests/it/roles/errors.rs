//! Tests when group roles cannot be created, that the error says what to do, and that nothing changes.

use sqlx::PgPool;
use threadline::{AuditTrail, RoleError};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::role::{GroupRoles, Role};

async fn group_roles(pool: &PgPool, roles: &GroupRoles) -> Result<i64> {
    value(pool, &format!("SELECT count(*) FROM pg_roles WHERE starts_with(rolname, '{}_')", roles.names))
        .await
}

#[sqlx::test(migrations = false)]
async fn missing_privilege_to_create_roles_names_statements(pool: PgPool) -> Result {
    let owner = Role::create(&pool).await?;
    owner
        .run_as_owner(&format!(
            "GRANT CREATE ON DATABASE \"{}\" TO $role",
            pool.connect_options().get_database().ok_or("no database")?
        ))
        .await?;
    let sessions = owner.pool().await?;
    let trail = AuditTrail::new(sessions.clone());
    trail.install().await?;
    let roles = GroupRoles::unused(&pool)?;
    let error = trail.create_roles(&roles.names).await.expect_err("no CREATEROLE");
    assert!(matches!(error, RoleError::MissingCreateRole { .. }), "{error}");
    let text = error.to_string();
    let statements = text.split("run ").nth(1).and_then(|rest| rest.split(", and").next()).ok_or("no SQL")?;
    assert_eq!(group_roles(&pool, &roles).await?, 0);
    run(&pool, statements).await?;
    assert_eq!(group_roles(&pool, &roles).await?, 3);
    let created = trail.create_roles(&roles.names).await?;
    assert!(created.iter().all(|role| !role.is_new && !role.grants.is_empty()), "{created:?}");
    sessions.close().await;
    roles.drop().await?;
    owner.drop().await
}

#[sqlx::test(migrations = false)]
async fn role_that_does_not_own_trail_is_told_to_use_owner(pool: PgPool) -> Result {
    install(&pool).await?;
    let stranger = Role::create(&pool).await?;
    stranger.run_as_owner("ALTER ROLE $role CREATEROLE; GRANT USAGE ON SCHEMA threadline TO $role").await?;
    let sessions = stranger.pool().await?;
    let roles = GroupRoles::unused(&pool)?;
    let error = AuditTrail::new(sessions.clone()).create_roles(&roles.names).await.expect_err("no owner");
    assert!(matches!(error, RoleError::MissingOwnership { .. }), "{error}");
    assert!(error.to_string().contains("the role that owns the trail"), "{error}");
    assert_eq!(group_roles(&pool, &roles).await?, 0);
    sessions.close().await;
    stranger.drop().await
}

#[sqlx::test(migrations = false)]
async fn schema_without_trail_is_refused(pool: PgPool) -> Result {
    let roles = GroupRoles::unused(&pool)?;
    let error = AuditTrail::new(pool.clone()).create_roles(&roles.names).await.expect_err("no trail");
    assert!(matches!(error, RoleError::NotCurrent { .. }), "{error}");
    assert_eq!(group_roles(&pool, &roles).await?, 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn existing_role_with_rights_is_refused(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let owner: String = value(&pool, "SELECT current_user::regrole::text").await?;
    let roles = GroupRoles::unused(&pool)?;
    let console = roles.names.console();
    run(&pool, &format!("CREATE ROLE {console}")).await?;
    for (give, take) in [
        (format!("ALTER ROLE {console} LOGIN"), format!("ALTER ROLE {console} NOLOGIN")),
        (format!("ALTER ROLE {console} SUPERUSER"), format!("ALTER ROLE {console} NOSUPERUSER")),
        (format!("GRANT {owner} TO {console}"), format!("REVOKE {owner} FROM {console}")),
    ] {
        run(&pool, &give).await?;
        let error = trail.create_roles(&roles.names).await.expect_err(&give);
        assert!(matches!(&error, RoleError::NotGroup { role } if *role == console), "{error}");
        assert!(error.to_string().contains("--roles-prefix"), "{error}");
        assert_eq!(group_roles(&pool, &roles).await?, 1);
        run(&pool, &take).await?;
    }
    let created = trail.create_roles(&roles.names).await?;
    assert_eq!(created.iter().map(|role| role.is_new).collect::<Vec<_>>(), [true, false, true]);
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn privilege_of_other_grantor_is_reported(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let grantor = Role::create(&pool).await?;
    grantor
        .run_as_owner(
            "GRANT USAGE ON SCHEMA threadline TO $role; GRANT INSERT ON threadline.audit_changes TO $role WITH GRANT OPTION",
        )
        .await?;
    let mut connection = grantor.connect().await?;
    run(&mut connection, &format!("GRANT INSERT ON threadline.audit_changes TO {}", roles.names.console()))
        .await?;
    let error = trail.create_roles(&roles.names).await.expect_err("another grantor");
    let RoleError::OtherGrantor { statement } = &error else { return Err(error.to_string().into()) };
    assert!(statement.starts_with("REVOKE INSERT ON TABLE threadline.audit_changes"), "{statement}");
    run(&mut connection, statement).await?;
    trail.create_roles(&roles.names).await?;
    drop(connection);
    grantor.drop().await?;
    roles.drop().await
}
