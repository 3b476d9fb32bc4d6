//! Findings whose command could not work offer none, and say what has to be done first or who has to run it.

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::capture::TablePolicy;
use threadline::health::{CoverageReport, Finding, Schemas, TableCoverage};
use threadline::{AuditTrail, Config};

use crate::database::{Result, install, run, value};
use crate::role::Role;

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
async fn table_with_duplicate_keys_is_not_told_to_add_a_primary_key_by_command(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    trail.capture(["t"]).await?;
    run(&pool, "ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (1), (1)").await?;
    let report = check(&trail, "").await?;
    let lost = finding(&report, "pk_drift")?;
    assert_eq!(lost.command, None);
    assert!(lost.message.contains("add one first, once no two rows share their values"), "{}", lost.message);
    assert_eq!(lost.statement(), lost.message);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn partitioned_table_with_a_foreign_partition_is_told_why_it_can_have_no_key(pool: PgPool) -> Result {
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
    assert_eq!(p.command, None);
    assert!(
        p.obstacle.as_ref().is_some_and(|obstacle| obstacle.contains("foreign table")),
        "{:?}",
        p.obstacle
    );
    Ok(())
}

/// What the file or the table has to have first. The same is refused by capturing.
#[sqlx::test(migrations = false)]
async fn command_that_capturing_would_refuse_is_not_offered(pool: PgPool) -> Result {
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
        ("indexed", "", Some("write primary_key = [\"code\"] into the section [capture.tables.\"indexed\"]")),
        ("indexed", "[capture.tables.indexed]\nprimary_key = ['code']", None),
        ("bare", "[capture.tables.bare]\nprimary_key = ['id']", Some("no unique index")),
        (
            "keyed",
            "[capture.tables.keyed]\nprimary_key = ['id']",
            Some("take primary_key out of the section"),
        ),
        ("keyed", "[capture.tables.keyed]\nmask = ['id']", Some("take id out first")),
        (
            "keyed",
            "[capture.tables.keyed]\nexclude = ['gone']",
            Some("names gone, which keyed does not have"),
        ),
        ("keyed", "[capture.tables.keyed]\nexcept_columns = ['gone']", Some("names gone")),
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
        assert_eq!(found.command.is_some(), expected.is_none(), "{table} {toml}: {found:?}");
        let obstacle = found.obstacle.as_deref().unwrap_or_default();
        assert!(obstacle.contains(expected.unwrap_or_default()), "{table} {toml}: {obstacle}");
        let planned = trail.capture_plan([Config::from_toml(toml)?.policy(table)]).await;
        assert_eq!(planned.is_ok(), expected.is_none(), "{table} {toml}: {:?}", planned.err());
    }
    Ok(())
}

/// The section still has the old name: as it stands, the command would record what is masked now.
#[sqlx::test(migrations = false)]
async fn renamed_table_is_not_captured_without_the_redaction_of_its_old_name(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE clients (id int PRIMARY KEY, email text)").await?;
    let old = "[capture.tables.clients]\nmask = ['email']";
    trail.capture([Config::from_toml(old)?.policy("clients")]).await?;
    run(&pool, "ALTER TABLE clients RENAME TO customers").await?;
    let report = check(&trail, old).await?;
    let shared = finding(&report, "shared_capture_function")?;
    assert_eq!(shared.command, None);
    assert!(shared.message.contains("write [capture.tables.\"customers\"] first"), "{}", shared.message);
    let report = check(&trail, "[capture.tables.customers]\nmask = ['email']").await?;
    assert!(finding(&report, "shared_capture_function")?.command.is_some());
    Ok(())
}

/// As on a managed server, where the tables of a schema belong to a role of the service.
#[sqlx::test(migrations = false)]
async fn role_that_may_not_run_the_command_is_told_who_may(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let (service, application) = (Role::create(&pool).await?, Role::create(&pool).await?);
    service
        .prepare(
            "CREATE SCHEMA auth AUTHORIZATION $role; CREATE TABLE auth.users (id int PRIMARY KEY);
             CREATE TABLE auth.sessions (id int PRIMARY KEY); CREATE TABLE auth.tokens (id int PRIMARY KEY)",
        )
        .await?;
    trail.capture(["auth.users", "auth.tokens"]).await?;
    service
        .prepare(
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
    let report = check(&AuditTrail::new(sessions.clone()), "").await?;
    sessions.close().await;
    let who = format!("a superuser or a member of {}", service.name);
    let disabled = finding(&report, "capture_trigger_disabled")?;
    assert_eq!(disabled.run_as.as_deref(), Some(&*who));
    assert!(
        disabled.message.contains(&format!("; {who} has to run ALTER TABLE \"auth\".\"users\"")),
        "{}",
        disabled.message
    );
    assert!(
        disabled.statement().ends_with(&format!("; {who} has to run the command")),
        "{}",
        disabled.statement()
    );
    // To make a function, the trail's owner is needed as well.
    let [mut owners, of_tokens] = [vec![&service.name, &trail_owner], vec![&trail_owner]];
    owners.sort_unstable();
    let owners: Vec<&str> = owners.into_iter().map(String::as_str).collect();
    let sessions = uncovered(&report, "auth.sessions")?;
    assert!(sessions.command.is_some());
    assert_eq!(sessions.run_as, Some(format!("a superuser or a member of {}", owners.join(" and "))));
    let added = finding(&report, "column_added")?;
    assert_eq!(added.run_as, Some(format!("a superuser or a member of {}", of_tokens[0])));

    let report = check(&trail, "").await?;
    assert!(report.findings.iter().all(|finding| finding.run_as.is_none()), "{:?}", report.findings);
    service.drop().await?;
    application.drop().await
}

#[sqlx::test(migrations = false)]
async fn table_given_to_another_owner_can_still_be_written_by_the_old_one(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.prepare(
        "GRANT CREATE ON SCHEMA public TO $role; CREATE TABLE t (id serial PRIMARY KEY, \"N\" serial); ALTER TABLE t OWNER TO $role",
    )
    .await?;
    trail.capture(["t"]).await?;
    let report = check(&trail, "").await?;
    let command = finding(&report, "owner_can_switch_capture_off")?.command.as_ref().ok_or("no command")?;
    run(&pool, command.text()).await?;
    run(&mut role.connect().await?, "INSERT INTO t DEFAULT VALUES").await?;
    assert!(check(&trail, "").await?.findings.is_empty());
    role.drop().await
}

/// Rights that were granted on go with those of the role that granted them.
#[sqlx::test(migrations = false)]
async fn right_that_was_granted_on_is_revoked_from_the_role_that_granted_it(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let (first, second) = (Role::create(&pool).await?, Role::create(&pool).await?);
    first.prepare("GRANT USAGE ON SCHEMA threadline TO $role; GRANT INSERT ON threadline.audit_changes TO $role WITH GRANT OPTION").await?;
    run(&mut first.connect().await?, &format!("GRANT INSERT ON threadline.audit_changes TO {}", second.name))
        .await?;
    let report = check(&trail, "").await?;
    assert_eq!(report.findings.len(), 2);
    let (mended, waiting): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.command.is_some());
    let [mended, waiting] = [mended[0], waiting[0]];
    assert!(waiting.message.contains(&format!("{} granted it", first.name)), "{}", waiting.message);
    run(&pool, mended.command.as_ref().ok_or("no command")?.text()).await?;
    assert!(check(&trail, "").await?.findings.is_empty());
    first.drop().await?;
    second.drop().await
}

/// A function of a role that may not use the storage schema makes every write fail.
#[sqlx::test(migrations = false)]
async fn function_of_a_role_without_rights_is_found_and_mended(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    trail.capture([TablePolicy::new("t")]).await?;
    role.prepare(
        "GRANT CREATE ON SCHEMA threadline TO $role;
         ALTER FUNCTION threadline.threadline_capture_changes_t() OWNER TO $role; REVOKE ALL ON SCHEMA threadline FROM $role",
    )
    .await?;
    let refused = run(&pool, "INSERT INTO t VALUES (1)").await.unwrap_err().to_string();
    assert!(refused.contains("permission denied for schema threadline"), "{refused}");
    let report = check(&trail, "").await?;
    let powerless = finding(&report, "capture_function_owner_without_rights")?;
    assert!(powerless.message.contains(&role.name), "{}", powerless.message);
    run(&pool, powerless.command.as_ref().ok_or("no command")?.text()).await?;
    run(&pool, "INSERT INTO t VALUES (1)").await?;
    assert!(check(&trail, "").await?.findings.is_empty());
    role.drop().await
}

/// A partition that was taken off keeps the name of its month.
#[sqlx::test(migrations = false)]
async fn month_whose_partition_was_detached_is_told_so_and_its_rows_can_be_moved(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let name: String =
        value(&pool, "SELECT 'audit_changes_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").await?;
    run(&pool, &format!("ALTER TABLE threadline.audit_changes DETACH PARTITION threadline.{name}")).await?;
    let report = check(&trail, "").await?;
    let ahead = finding(&report, "partition_not_ahead")?;
    assert_eq!(ahead.command, None);
    assert!(ahead.message.contains(&format!("{name} is there and belongs to no table")), "{}", ahead.message);

    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    trail.capture(["t"]).await?;
    run(&pool, "INSERT INTO t VALUES (1)").await?;
    let report = check(&trail, "").await?;
    let filled = finding(&report, "rows_in_default_partition")?.command.as_ref().ok_or("no command")?;
    run(&pool, filled.text()).await?;
    let report = check(&trail, "").await?;
    assert!(finding(&report, "rows_in_default_partition").is_err(), "{:?}", report.findings);
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_changes").await?, 1);
    Ok(())
}
