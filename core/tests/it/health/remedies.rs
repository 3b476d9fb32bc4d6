//! Tests that remedies work on the database as it is, and that findings without one say what has to be done first.

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::capture::TablePolicy;
use threadline::health::{CoverageReport, Finding, Schemas, TableCoverage};
use threadline::{AuditTrail, Config};

use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::role::Role;

async fn check(trail: &AuditTrail, toml: &str) -> Result<CoverageReport> {
    Ok(trail.coverage(&Config::from_toml(toml)?, &Schemas::All).await?)
}

fn finding<'a>(report: &'a CoverageReport, code: &str) -> Result<&'a Finding> {
    let found = report.findings.iter().find(|finding| finding.kind.code == code);
    found.ok_or_else(|| format!("{code} is not found: {:?}", report.findings).into())
}

fn uncovered<'a>(report: &'a CoverageReport, table: &str) -> Result<&'a TableCoverage> {
    report
        .uncovered()
        .find(|found| found.table.to_string() == table)
        .ok_or_else(|| format!("{table} is covered").into())
}

#[sqlx::test(migrations = false)]
async fn table_without_key_gets_advice_instead_of_remedy(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    trail.capture(["t"]).await?;
    run(&pool, "ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (1), (1)").await?;
    let report = check(&trail, "").await?;
    let lost = finding(&report, "pk_drift")?;
    assert_eq!(lost.remedy, None);
    assert!(lost.message.contains("add one first, after removing duplicate rows"), "{}", lost.message);
    assert_eq!(lost.statement(), lost.message);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn foreign_partition_is_named_as_obstacle_to_key(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE p (id int NOT NULL) PARTITION BY LIST (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
         CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
         CREATE FOREIGN TABLE p_2 PARTITION OF p FOR VALUES IN (2) SERVER far",
    )
    .await?;
    let report = check(&trail, "").await?;
    let p = uncovered(&report, "p")?;
    assert_eq!(p.remedy, None);
    assert!(
        p.obstacle.as_ref().is_some_and(|obstacle| obstacle.contains("foreign table")),
        "{:?}",
        p.obstacle
    );
    Ok(())
}

/// Compares the findings with the errors of capturing the same tables.
#[sqlx::test(migrations = false)]
async fn remedy_that_capturing_would_refuse_is_not_offered(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE keyed (id int PRIMARY KEY, note text); CREATE TABLE bare (id int);
         CREATE TABLE indexed (code int NOT NULL UNIQUE);
         CREATE TABLE computed (id int PRIMARY KEY, name text, shout text GENERATED ALWAYS AS (upper(name)) STORED);
         CREATE DOMAIN span AS interval; CREATE TABLE spans (span span PRIMARY KEY);
         CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN feeling AS mood; CREATE TABLE moods (mood feeling PRIMARY KEY)",
    )
    .await?;
    for (table, toml, expected) in [
        ("keyed", "", None),
        ("moods", "", None),
        ("bare", "", Some("bare has no primary key: add one first")),
        ("indexed", "", Some("add primary_key = [\"code\"] to the section [capture.tables.\"indexed\"]")),
        ("indexed", "[capture.tables.indexed]\nprimary_key = ['code']", None),
        ("bare", "[capture.tables.bare]\nprimary_key = ['id']", Some("no unique index")),
        (
            "keyed",
            "[capture.tables.keyed]\nprimary_key = ['id']",
            Some("remove primary_key from the section"),
        ),
        ("keyed", "[capture.tables.keyed]\nmask = ['id']", Some("remove id from it first")),
        (
            "keyed",
            "[capture.tables.keyed]\nexclude = ['gone']",
            Some("names the column gone, which keyed does not have"),
        ),
        ("keyed", "[capture.tables.keyed]\nexcept_columns = ['gone']", Some("names the column gone")),
        (
            "computed",
            "[capture.tables.computed]\nmask = ['name']",
            Some("shout of computed is generated from name"),
        ),
        ("computed", "[capture.tables.computed]\nmask = ['name', 'shout']", None),
        ("spans", "", Some("the key column span of spans has the type public.span")),
    ] {
        let report = check(&trail, toml).await?;
        let found = uncovered(&report, table)?;
        assert_eq!(found.remedy.is_some(), expected.is_none(), "{table} {toml}: {found:?}");
        let obstacle = found.obstacle.as_deref().unwrap_or_default();
        assert!(obstacle.contains(expected.unwrap_or_default()), "{table} {toml}: {obstacle}");
        let planned = trail.capture_plan([Config::from_toml(toml)?.policy(table)]).await;
        assert_eq!(planned.is_ok(), expected.is_none(), "{table} {toml}: {:?}", planned.err());
    }
    Ok(())
}

/// Renames a table whose section still has the old name, so the command would record values that are masked now.
#[sqlx::test(migrations = false)]
async fn renamed_table_needs_section_under_new_name_first(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE clients (id int PRIMARY KEY, email text)").await?;
    let old = "[capture.tables.clients]\nmask = ['email']";
    trail.capture([Config::from_toml(old)?.policy("clients")]).await?;
    run(&pool, "ALTER TABLE clients RENAME TO customers").await?;
    let report = check(&trail, old).await?;
    let shared = finding(&report, "shared_capture_function")?;
    assert_eq!(shared.remedy, None);
    assert!(shared.message.contains("add [capture.tables.\"customers\"] first"), "{}", shared.message);
    let report = check(&trail, "[capture.tables.customers]\nmask = ['email']").await?;
    assert!(finding(&report, "shared_capture_function")?.remedy.is_some());
    Ok(())
}

/// Uses roles as on a managed server, where the tables of a schema belong to a role of the service.
#[sqlx::test(migrations = false)]
async fn finding_names_roles_that_may_run_remedy(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let (service, application) = (Role::create(&pool).await?, Role::create(&pool).await?);
    service
        .run_as_owner(
            "CREATE SCHEMA auth AUTHORIZATION $role; CREATE TABLE auth.users (id int PRIMARY KEY);
             CREATE TABLE auth.sessions (id int PRIMARY KEY); CREATE TABLE auth.tokens (id int PRIMARY KEY)",
        )
        .await?;
    trail.capture(["auth.users", "auth.tokens"]).await?;
    service
        .run_as_owner(
            "ALTER TABLE auth.users OWNER TO $role; ALTER TABLE auth.sessions OWNER TO $role;
             ALTER TABLE auth.users DISABLE TRIGGER USER; ALTER TABLE auth.tokens ADD note text",
        )
        .await?;
    let name = application.name.clone();
    let sessions = PgPoolOptions::new()
        .after_connect(move |connection, _| {
            let sql = sqlx::AssertSqlSafe(format!("SET SESSION AUTHORIZATION {name}"));
            Box::pin(async move { sqlx::raw_sql(sql).execute(connection).await.map(|_| ()) })
        })
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let trail_owner: String = value(&pool, "SELECT current_user::text").await?;
    let report = check(&threadline_testkit::database::trail(&sessions), "").await?;
    sessions.close().await;
    let who = format!("a superuser or a member of {}", service.name);
    let disabled = finding(&report, "capture_trigger_disabled")?;
    assert_eq!(disabled.run_as.as_deref(), Some(&*who));
    assert!(
        disabled.message.contains(&format!("; {who} must run ALTER TABLE \"auth\".\"users\"")),
        "{}",
        disabled.message
    );
    assert!(
        disabled.statement().ends_with(&format!("; {who} must run the command")),
        "{}",
        disabled.statement()
    );
    // Creating a function needs the trail's owner as well.
    let [mut owners, of_tokens] = [vec![&service.name, &trail_owner], vec![&trail_owner]];
    owners.sort_unstable();
    let owners: Vec<&str> = owners.into_iter().map(String::as_str).collect();
    let sessions = uncovered(&report, "auth.sessions")?;
    assert!(sessions.remedy.is_some());
    assert_eq!(sessions.run_as, Some(format!("a superuser or a member of {}", owners.join(" and "))));
    let added = finding(&report, "column_added")?;
    assert_eq!(added.run_as, Some(format!("a superuser or a member of {}", of_tokens[0])));

    let report = check(&trail, "").await?;
    assert!(report.findings.iter().all(|finding| finding.run_as.is_none()), "{:?}", report.findings);
    service.drop().await?;
    application.drop().await
}

#[sqlx::test(migrations = false)]
async fn transferred_table_stays_writable_for_old_owner(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner(
        "GRANT CREATE ON SCHEMA public TO $role; CREATE TABLE t (id serial PRIMARY KEY, \"N\" serial); ALTER TABLE t OWNER TO $role",
    )
    .await?;
    trail.capture(["t"]).await?;
    let report = check(&trail, "").await?;
    let remedy = finding(&report, "owner_can_switch_capture_off")?.remedy.as_ref().ok_or("no remedy")?;
    run(&pool, &remedy.to_string()).await?;
    run(&mut role.connect().await?, "INSERT INTO t DEFAULT VALUES").await?;
    assert!(check(&trail, "").await?.findings.is_empty());
    role.drop().await
}

/// Checks the grantor, because revoking its privilege would also revoke what it has granted to others.
#[sqlx::test(migrations = false)]
async fn privilege_is_revoked_from_its_grantor(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let (first, second) = (Role::create(&pool).await?, Role::create(&pool).await?);
    first.run_as_owner("GRANT USAGE ON SCHEMA threadline TO $role; GRANT INSERT ON threadline.audit_changes TO $role WITH GRANT OPTION").await?;
    run(&mut first.connect().await?, &format!("GRANT INSERT ON threadline.audit_changes TO {}", second.name))
        .await?;
    let report = check(&trail, "").await?;
    assert_eq!(report.findings.len(), 2);
    let (fixable, blocked): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.remedy.is_some());
    let [fixable, blocked] = [fixable[0], blocked[0]];
    assert!(
        blocked.message.contains(&format!("{} granted the privilege", first.name)),
        "{}",
        blocked.message
    );
    run(&pool, &fixable.remedy.as_ref().ok_or("no remedy")?.to_string()).await?;
    assert!(check(&trail, "").await?.findings.is_empty());
    first.drop().await?;
    second.drop().await
}

#[sqlx::test(migrations = false)]
async fn function_owner_without_privileges_is_reported_and_fixed(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    trail.capture([TablePolicy::new("t")]).await?;
    role.run_as_owner(
        "GRANT CREATE ON SCHEMA threadline TO $role;
         ALTER FUNCTION threadline.threadline_capture_changes_t() OWNER TO $role; REVOKE ALL ON SCHEMA threadline FROM $role",
    )
    .await?;
    let refused = run(&pool, "INSERT INTO t VALUES (1)").await.unwrap_err().to_string();
    assert!(refused.contains("permission denied for schema threadline"), "{refused}");
    let report = check(&trail, "").await?;
    let unprivileged = finding(&report, "capture_function_owner_without_rights")?;
    assert!(unprivileged.message.contains(&role.name), "{}", unprivileged.message);
    run(&pool, &unprivileged.remedy.as_ref().ok_or("no remedy")?.to_string()).await?;
    run(&pool, "INSERT INTO t VALUES (1)").await?;
    assert!(check(&trail, "").await?.findings.is_empty());
    role.drop().await
}

/// Drops two indexes, and creates one of them without those of the partitions, so that it is invalid.
#[sqlx::test(migrations = false)]
async fn missing_and_invalid_indexes_of_the_trail_are_created(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "DROP INDEX threadline.audit_changes_row_idx, threadline.audit_actions_request_id_idx, threadline.audit_changes_late_idx;
         CREATE INDEX audit_changes_row_idx ON ONLY threadline.audit_changes (row_bucket, captured_at)",
    )
    .await?;
    let report = check(&trail, "").await?;
    let expected = [
        "the index audit_actions_request_id_idx of threadline.audit_actions is missing; creating it blocks writes",
        "the index audit_changes_late_idx of threadline.audit_changes is missing; creating it blocks writes",
        "the index audit_changes_row_idx of threadline.audit_changes is invalid; creating it blocks writes",
    ];
    assert_eq!(report.findings.len(), expected.len(), "{:?}", report.findings);
    for (finding, expected) in report.findings.iter().zip(expected) {
        assert!(finding.message.starts_with(expected), "{}", finding.message);
    }
    for finding in &report.findings {
        run(&pool, &finding.remedy.as_ref().ok_or("no remedy")?.to_string()).await?;
    }
    assert!(check(&trail, "").await?.findings.is_empty());
    Ok(())
}

/// Detaches a partition, which keeps the name of its month.
#[sqlx::test(migrations = false)]
async fn rows_of_month_with_detached_partition_are_moved(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let name: String =
        value(&pool, "SELECT 'audit_changes_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").await?;
    run(&pool, &format!("ALTER TABLE threadline.audit_changes DETACH PARTITION threadline.{name}")).await?;
    let report = check(&trail, "").await?;
    let ahead = finding(&report, "partition_not_ahead")?;
    assert_eq!(ahead.remedy, None);
    assert!(ahead.message.contains(&format!("{name} exists but is not attached")), "{}", ahead.message);

    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    trail.capture(["t"]).await?;
    run(&pool, "INSERT INTO t VALUES (1)").await?;
    let report = check(&trail, "").await?;
    let filled = finding(&report, "rows_in_default_partition")?.remedy.as_ref().ok_or("no remedy")?;
    run(&pool, &filled.to_string()).await?;
    let report = check(&trail, "").await?;
    assert!(finding(&report, "rows_in_default_partition").is_err(), "{:?}", report.findings);
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_changes").await?, 1);
    Ok(())
}
