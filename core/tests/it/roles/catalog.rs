//! Compares the privileges in the catalogue of a database with those that the library lists.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::{AuditTrail, RoleNames, StorageSchema, TrailRole};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::role::GroupRoles;

/// Every privilege in the storage schema of a role other than the owner of the object, including those that PUBLIC has by default.
/// `$schema` is replaced by the name of the schema.
const PRIVILEGES: &str = "
SELECT coalesce(array_agg(line ORDER BY line COLLATE \"C\"), '{}') FROM (
  SELECT format('%s: %s ON %s %s', coalesce(r.rolname, 'PUBLIC'), acl.privilege_type, type, object)
         || CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS line
  FROM (
    SELECT 'SCHEMA' AS type, quote_ident(nspname) AS object, nspowner AS owner,
           coalesce(nspacl, acldefault('n', nspowner)) AS acl, NULL AS columns
    FROM pg_namespace WHERE oid = '$schema'::regnamespace
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%s.%I', '$schema', relname), relowner,
           coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r' END, relowner)), NULL
    FROM pg_class WHERE relnamespace = '$schema'::regnamespace AND relkind NOT IN ('i', 'I', 't')
    UNION ALL
    SELECT 'TABLE', format('%s.%I', '$schema', relname), relowner, attacl, attname
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = '$schema'::regnamespace AND attacl IS NOT NULL
    UNION ALL
    SELECT 'FUNCTION', format('%s.%I(%s)', '$schema', proname, (
             SELECT string_agg(format_type(type, NULL), ', ' ORDER BY position)
             FROM unnest(proargtypes) WITH ORDINALITY AS list (type, position))),
           proowner, coalesce(proacl, acldefault('f', proowner)), NULL
    FROM pg_proc WHERE pronamespace = '$schema'::regnamespace
  ) AS secured
  CROSS JOIN LATERAL (
    SELECT grantee, is_grantable, privilege_type || coalesce(' (' || quote_ident(columns) || ')', '') AS privilege_type
    FROM aclexplode(acl)) AS acl
  LEFT JOIN pg_roles AS r ON r.oid = acl.grantee
  WHERE acl.grantee <> owner
) AS lines";

/// Returns what the roles were granted, in the words of [`PRIVILEGES`].
fn listed(roles: &[TrailRole]) -> Vec<String> {
    let mut lines: Vec<String> = roles
        .iter()
        .flat_map(|role| {
            role.grants.iter().flat_map(move |grant| {
                let line = move |privilege: &&str| {
                    format!("{}: {privilege} ON {} {}", role.name, grant.object_type, grant.object)
                };
                grant.privileges.iter().map(line)
            })
        })
        .collect();
    lines.sort_unstable();
    lines
}

async fn present(pool: &PgPool, schema: &str) -> Result<Vec<String>> {
    value(pool, &PRIVILEGES.replace("$schema", schema)).await
}

/// The transactions that last changed the privileges of an object, and the number of objects.
const VERSIONS: &str = "
SELECT ARRAY[(SELECT concat_ws(' ', count(*), max(xmin::text::bigint)) FROM pg_class WHERE relnamespace = 'threadline'::regnamespace),
             (SELECT concat_ws(' ', count(*), max(xmin::text::bigint)) FROM pg_proc WHERE pronamespace = 'threadline'::regnamespace),
             (SELECT xmin::text FROM pg_namespace WHERE nspname = 'threadline'),
             (SELECT max(xmin::text::bigint)::text FROM pg_attribute WHERE attrelid = 'threadline.audit_changes_default'::regclass)]";

/// Captures a table in each mode, so that all kinds of functions exist.
async fn capture_all_modes(trail: &AuditTrail, pool: &PgPool) -> Result {
    run(pool, "CREATE TABLE by_row (id int PRIMARY KEY, secret text); CREATE TABLE by_statement (id int PRIMARY KEY)").await?;
    let by_row = TablePolicy::new("by_row").mode(CaptureMode::Row).mask(["secret"]);
    trail.capture([by_row, TablePolicy::new("by_statement")]).await?;
    run(pool, "INSERT INTO by_row VALUES (1, 'a'); INSERT INTO by_statement VALUES (1); TRUNCATE by_row")
        .await
}

#[sqlx::test(migrations = false)]
async fn privileges_in_catalogue_are_exactly_those_listed(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    capture_all_modes(&trail, &pool).await?;
    assert_eq!(
        present(&pool, "threadline").await?,
        Vec::<String>::new(),
        "no role has privileges by default"
    );
    let roles = GroupRoles::unused(&pool)?;
    let created = trail.create_roles(&roles.names).await?;
    assert!(created.iter().all(|role| role.is_new), "{created:?}");
    let expected = listed(&created);
    assert!(expected.len() > 30, "{expected:?}");
    assert_eq!(present(&pool, "threadline").await?, expected);

    let before: Vec<String> = value(&pool, VERSIONS).await?;
    let again = trail.create_roles(&roles.names).await?;
    assert_eq!(listed(&again), expected);
    assert!(again.iter().all(|role| !role.is_new), "{again:?}");
    assert_eq!(value::<Vec<String>>(&pool, VERSIONS).await?, before, "the second call changes nothing");
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn changed_privileges_are_restored(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let roles = GroupRoles::unused(&pool)?;
    let expected = listed(&trail.create_roles(&roles.names).await?);
    let (application, console, maintenance) =
        (roles.names.application(), roles.names.console(), roles.names.maintenance());
    run(&pool, "CREATE TABLE threadline.of_the_host (id int)").await?;
    for damage in [
        format!("GRANT ALL ON threadline.audit_changes TO {application} WITH GRANT OPTION"),
        format!("GRANT ALL ON ALL FUNCTIONS IN SCHEMA threadline TO {console}"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA threadline TO {maintenance}"),
        format!("GRANT ALL ON ALL SEQUENCES IN SCHEMA threadline TO {console}"),
        format!(
            "GRANT SELECT (data_after), UPDATE (data_after) ON threadline.audit_changes TO {maintenance}"
        ),
        format!("GRANT ALL ON SCHEMA threadline TO {console}"),
        format!("GRANT SELECT ON threadline.audit_actions TO {console} WITH GRANT OPTION"),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA threadline FROM {console}, {maintenance}"),
        format!("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA threadline FROM {application}"),
        format!("REVOKE ALL ON SCHEMA threadline FROM {application}, {console}, {maintenance}"),
    ] {
        run(&pool, &damage).await?;
        run(&pool, &format!("GRANT SELECT ON threadline.of_the_host TO {application}")).await?;
        assert_ne!(present(&pool, "threadline").await?, expected, "{damage}");
        trail.create_roles(&roles.names).await?;
        let of_the_host = format!("{application}: SELECT ON TABLE threadline.of_the_host");
        let mut found = present(&pool, "threadline").await?;
        assert!(found.contains(&of_the_host), "{damage}: a table of the host was changed");
        found.retain(|line| !line.ends_with(".of_the_host"));
        assert_eq!(found, expected, "{damage}");
        run(
            &pool,
            &format!("REVOKE ALL ON threadline.of_the_host FROM {application}, {console}, {maintenance}"),
        )
        .await?;
    }
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn two_trails_share_roles_or_have_their_own(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let other = AuditTrail::new(pool.clone()).storage_schema(StorageSchema::new("Audit_2")?);
    other.install().await?;
    let (roles, own) = (GroupRoles::unused(&pool)?, GroupRoles::unused(&pool)?);
    let shared = listed(&trail.create_roles(&roles.names).await?);
    let in_other = listed(&other.create_roles(&roles.names).await?);
    assert!(in_other.iter().all(|line| line.contains("\"Audit_2\"")), "{in_other:?}");
    assert_eq!(present(&pool, "threadline").await?, shared);
    assert_eq!(present(&pool, "\"Audit_2\"").await?, in_other);
    let more = listed(&other.create_roles(&own.names).await?);
    let mut both = [in_other, more].concat();
    both.sort_unstable();
    assert_eq!(present(&pool, "\"Audit_2\"").await?, both);
    assert_eq!(present(&pool, "threadline").await?, shared);
    roles.drop().await?;
    own.drop().await
}

/// Checks that one role owns everything, that it is none of the group roles, and which functions run with its rights.
#[sqlx::test(migrations = false)]
async fn owner_owns_all_objects_and_definer_functions_pin_search_path(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    capture_all_modes(&trail, &pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let maintainer = roles.member(&roles.names.maintenance()).await?;
    let maintenance = maintainer.pool().await?;
    assert!(AuditTrail::new(maintenance.clone()).ensure_partitions(5).await? >= 4);
    maintenance.close().await;
    let owners: Vec<String> = value(
        &pool,
        "SELECT array_agg(DISTINCT owner::regrole::text) FROM (
           SELECT relowner AS owner FROM pg_class WHERE relnamespace = 'threadline'::regnamespace
           UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'threadline'::regnamespace
           UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'threadline') AS owned",
    )
    .await?;
    assert_eq!(owners, [value::<String>(&pool, "SELECT current_user::regrole::text").await?]);
    let definers: Vec<String> = value(
        &pool,
        "SELECT array_agg(concat_ws(' ', proname, coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false))
                          ORDER BY proname)
         FROM pg_proc WHERE pronamespace = 'threadline'::regnamespace AND prosecdef",
    )
    .await?;
    let (captures, called): (Vec<String>, Vec<String>) =
        definers.into_iter().partition(|line| line.starts_with("threadline_capture_"));
    assert_eq!(
        called,
        [
            "threadline_declare t",
            "threadline_ensure_partitions t",
            "threadline_is_captured t",
            "threadline_observe_relations t",
            "threadline_record_action t",
        ]
    );
    assert_eq!(captures.len(), 3, "{captures:?}");
    assert!(captures.iter().all(|line| line.ends_with(" t")), "{captures:?}");
    maintainer.drop().await?;
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn group_roles_cannot_log_in_and_are_members_of_nothing(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let rights: Vec<String> = value(
        &pool,
        &format!(
            "SELECT array_agg(rolname::text ORDER BY rolname) FROM pg_roles WHERE starts_with(rolname, '{}_')
               AND NOT rolcanlogin AND NOT rolsuper AND NOT rolcreaterole AND NOT rolcreatedb AND NOT rolreplication
               AND NOT rolbypassrls AND NOT EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid)",
            roles.names
        ),
    )
    .await?;
    assert_eq!(rights, [roles.names.application(), roles.names.console(), roles.names.maintenance()]);
    assert_eq!(RoleNames::default().maintenance(), "threadline_maintenance");
    roles.drop().await
}
