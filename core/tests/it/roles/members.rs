//! Tests what members of the group roles can do, on connections of their own.

use sqlx::{PgConnection, PgPool};
use threadline::capture::CaptureMode;
use threadline::health::Schemas;
use threadline::query::{Filter, Position};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Config, Installation, Scope};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::role::GroupRoles;

use crate::query::desk;
use crate::query::every_query::run_every_query;

/// Checks that a statement fails because of a missing privilege.
async fn is_denied(connection: &mut PgConnection, sql: &str) -> Result {
    let Err(error) = run(connection, sql).await else { return Err(format!("{sql} was allowed").into()) };
    let error = error.to_string();
    assert!(error.contains("permission denied") || error.contains("must be owner"), "{error}");
    Ok(())
}

/// Returns every table of the trail, with partitions.
async fn tables(pool: &PgPool) -> Result<Vec<String>> {
    let sql = "SELECT array_agg(oid::regclass::text ORDER BY oid) FROM pg_class
               WHERE relnamespace = 'threadline'::regnamespace AND relkind IN ('r', 'p')";
    value(pool, sql).await
}

#[sqlx::test(migrations = false)]
async fn application_writes_with_action_and_reads_nothing(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE tickets (id int PRIMARY KEY)").await?;
    trail.capture(["tickets"]).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let role = roles.member(&roles.names.application()).await?;
    role.run_as_owner("GRANT SELECT, INSERT ON tickets TO $role").await?;
    let sessions = role.pool().await?;
    let trail = AuditTrail::new(sessions.clone());
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?);
    let mut tx = trail.write(&context).action("ticket.opened").begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1)").await?;
    let first = tx.commit().await?;
    let mut tx = trail.write(&context).under_action(first.action_id.ok_or("no action")?).begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (2)").await?;
    tx.commit().await?;
    let mut tx = trail.write(&context).adopt(sessions.begin().await?).await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (3)").await?;
    tx.commit().await?;
    trail.record_action(&context, "logged.in").await?;
    sessions.close().await;
    let recorded: Vec<String> = value(
        &pool,
        "SELECT array_agg(concat_ws(' ', c.table_pk ->> 'id', t.actor_key, t.action_name) ORDER BY c.captured_at)
         FROM threadline.audit_changes AS c JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id",
    )
    .await?;
    assert_eq!(recorded, ["1 user:42 ticket.opened", "2 user:42 ticket.opened", "3 user:42"]);

    let mut connection = role.connect().await?;
    for table in tables(&pool).await? {
        for sql in [
            format!("SELECT FROM {table}"),
            format!("INSERT INTO {table} DEFAULT VALUES"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            is_denied(&mut connection, &sql).await?;
        }
    }
    for sql in [
        "SELECT threadline.threadline_ensure_partitions(0)",
        "SELECT threadline.threadline_observe_relations()",
        "SELECT threadline.threadline_table_hash('a', 'b')",
        "SELECT last_value FROM threadline.threadline_clock",
        "CREATE TABLE threadline.mine ()",
    ] {
        is_denied(&mut connection, sql).await?;
    }
    drop(connection);
    role.drop().await?;
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn console_runs_every_query_and_check(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    // The console has no privilege on the schemas of the host.
    run(&pool, "CREATE SCHEMA closed; CREATE TABLE closed.t (id int PRIMARY KEY); REVOKE ALL ON SCHEMA public FROM PUBLIC").await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let role = roles.member(&roles.names.console()).await?;
    let sessions = role.pool().await?;
    let console = threadline_testkit::database::trail(&sessions);
    assert_eq!(console.installation().await?, Installation::Current);
    run_every_query(&console).await?;
    let recorded = "SELECT count(*) FROM threadline.threadline_coverage_gaps WHERE table_schema = 'closed' AND ended_at IS NULL";
    assert_eq!(value::<i64>(&pool, recorded).await?, 1);
    // A check of one schema decides about gaps of others by whether their tables exist.
    let report = console.health(&Config::default(), &Schemas::one("public")).await?;
    console.record_coverage(&report.coverage, &report.redaction).await?;
    assert_eq!(value::<i64>(&pool, recorded).await?, 1);
    run(&pool, "DROP TABLE closed.t").await?;
    let report = console.health(&Config::default(), &Schemas::one("public")).await?;
    console.record_coverage(&report.coverage, &report.redaction).await?;
    assert_eq!(value::<i64>(&pool, recorded).await?, 0);
    sessions.close().await;
    role.drop().await?;
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn console_observes_names_of_captured_tables(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let role = roles.member(&roles.names.console()).await?;
    let sessions = role.pool().await?;
    let console = AuditTrail::new(sessions.clone());
    run(&pool, "ALTER TABLE tickets RENAME TO cases").await?;
    let report = console.health(&Config::default(), &Schemas::All).await?;
    console.record_coverage(&report.coverage, &report.redaction).await?;
    let names: Vec<String> = value(
        &pool,
        "SELECT array_agg(concat_ws(' ', table_name, gone_at IS NOT NULL) ORDER BY id) FROM threadline.threadline_captured_relations
         WHERE table_name IN ('tickets', 'cases')",
    )
    .await?;
    assert_eq!(names, ["tickets t", "cases f"]);
    sessions.close().await;
    role.drop().await?;
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn console_cannot_change_trail(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let role = roles.member(&roles.names.console()).await?;
    let mut connection = role.connect().await?;
    for table in tables(&pool).await? {
        let is_own = table.ends_with(".threadline_coverage_gaps");
        let column = format!(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum = 1"
        );
        let column: String = value(&pool, &column).await?;
        for (sql, is_allowed) in [
            (format!("INSERT INTO {table} DEFAULT VALUES"), is_own),
            (format!("UPDATE {table} SET {column} = DEFAULT"), is_own),
            (format!("DELETE FROM {table}"), false),
            (format!("TRUNCATE {table}"), false),
            (format!("ALTER TABLE {table} ADD COLUMN x int"), false),
            (
                format!(
                    "CREATE TRIGGER x AFTER INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()"
                ),
                false,
            ),
        ] {
            if !is_allowed {
                is_denied(&mut connection, &sql).await?;
            }
        }
    }
    for sql in [
        "CREATE TABLE threadline.mine ()",
        "CREATE FUNCTION threadline.mine() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE OR REPLACE FUNCTION threadline.threadline_table_hash(table_schema text, table_name text) RETURNS integer
         LANGUAGE sql RETURN 1",
        "SELECT setval('threadline.threadline_clock', 1)",
        "SELECT nextval('threadline.threadline_clock_steps')",
        "SELECT threadline.threadline_record_action('{}')",
        "SELECT threadline.threadline_declare('{}', NULL)",
        "SELECT threadline.threadline_ensure_partitions(0)",
        "SELECT threadline.threadline_remember_redacted('tickets', '{}')",
        "SELECT threadline.threadline_drop_triggers('tickets', '{}')",
        "SELECT * FROM threadline.threadline_redacted_columns",
        "SELECT * FROM tickets",
    ] {
        is_denied(&mut connection, sql).await?;
    }
    drop(connection);
    role.drop().await?;
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn new_partitions_are_read_without_privileges_of_their_own(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let (reader, maintainer) =
        (roles.member(&roles.names.console()).await?, roles.member(&roles.names.maintenance()).await?);
    run(
        &pool,
        "INSERT INTO threadline.audit_changes (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, captured_at)
         SELECT gen_random_uuid(), id, occurred_at, 'public', 'later', '{}', 'delete', now() + interval '8 months'
         FROM threadline.audit_transactions LIMIT 1",
    )
    .await?;
    let (reading, maintaining) = (reader.pool().await?, maintainer.pool().await?);
    let created = AuditTrail::new(maintaining.clone()).ensure_partitions(9).await?;
    assert_eq!(created, 12, "six months of two tables");
    let page = threadline_testkit::database::trail(&reading)
        .timeline_page(&Scope::unscoped(), &Filter::default(), Position::Newest, 1)
        .await?;
    assert_eq!(page.entries[0].change.table.name(), "later");
    let partition: String = value(
        &pool,
        "SELECT tableoid::regclass::text FROM threadline.audit_changes WHERE table_name = 'later'",
    )
    .await?;
    assert!(!partition.ends_with("_default"), "{partition}");
    is_denied(&mut reader.connect().await?, &format!("SELECT FROM {partition}")).await?;
    is_denied(&mut maintainer.connect().await?, &format!("SELECT FROM {partition}")).await?;
    reading.close().await;
    maintaining.close().await;
    reader.drop().await?;
    maintainer.drop().await?;
    roles.drop().await
}

/// Checks bounds of partitions that a session with unusual settings creates.
#[sqlx::test(migrations = false)]
async fn settings_of_session_do_not_change_partitions(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let role = roles.member(&roles.names.maintenance()).await?;
    let mut connection = role.connect().await?;
    run(
        &mut connection,
        "SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY'; SET search_path = pg_temp;
         CREATE TEMP TABLE audit_changes (); SELECT threadline.threadline_ensure_partitions(5)",
    )
    .await?;
    drop(connection);
    let bounds: i64 = value(
        &pool,
        "SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid,
           LATERAL (SELECT to_timestamp(right(c.relname, 7) || '-01 +00', 'YYYY_MM-DD TZH') AS month) AS m
         WHERE c.relnamespace = 'threadline'::regnamespace AND c.relname ~ '[0-9]$'
           AND pg_get_expr(c.relpartbound, c.oid)
               = format('FOR VALUES FROM (%L) TO (%L)', m.month, m.month + interval '1 month')",
    )
    .await?;
    assert_eq!(bounds, 12, "six months of two tables");
    role.drop().await?;
    roles.drop().await
}

#[sqlx::test(migrations = false)]
async fn maintenance_checks_coverage_and_reads_no_change(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let role = roles.member(&roles.names.maintenance()).await?;
    run(
        &pool,
        "INSERT INTO threadline.audit_changes (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, captured_at)
         VALUES (gen_random_uuid(), gen_random_uuid(), now(), 'public', 'earlier', '{}', 'delete', now() - interval '8 months');
         DO $$ BEGIN
           EXECUTE format('DROP TABLE threadline.audit_changes_%s', to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM'));
         END $$",
    )
    .await?;
    let sessions = role.pool().await?;
    let maintenance = AuditTrail::new(sessions.clone());
    assert_eq!(maintenance.installation().await?, Installation::Current);
    let config = Config::default();
    let (seen, expected) =
        (maintenance.health(&config, &Schemas::All).await?, trail.health(&config, &Schemas::All).await?);
    let codes = |report: &threadline::health::HealthReport| {
        report.coverage.findings.iter().map(|finding| finding.kind.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&seen), codes(&expected));
    let ahead = seen.coverage.findings.iter().find(|finding| finding.kind.code == "partition_not_ahead");
    let ahead = ahead.ok_or("no partition is missing")?;
    assert_eq!(ahead.run_as, None, "the role may create partitions itself");
    let remedy = ahead.remedy.as_ref().ok_or("no remedy")?.to_string();
    run(&mut role.connect().await?, &remedy).await?;
    assert!(codes(&seen).contains(&"rows_in_default_partition"), "{:?}", codes(&seen));
    maintenance.record_coverage(&seen.coverage, &seen.redaction).await?;
    assert!(!maintenance.coverage_gaps(10).await?.is_empty());
    sessions.close().await;
    let mut connection = role.connect().await?;
    for table in tables(&pool).await? {
        if ["coverage_gaps", "migrations"].iter().all(|own| !table.ends_with(own)) {
            is_denied(&mut connection, &format!("SELECT * FROM {table}")).await?;
            is_denied(&mut connection, &format!("INSERT INTO {table} DEFAULT VALUES")).await?;
        }
        is_denied(&mut connection, &format!("DELETE FROM {table}")).await?;
        is_denied(&mut connection, &format!("DROP TABLE {table}")).await?;
    }
    drop(connection);
    role.drop().await?;
    roles.drop().await
}

/// Checks that writers need no privilege, with functions that PUBLIC may not execute.
#[sqlx::test(migrations = false)]
async fn writes_of_members_and_strangers_are_captured(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, note json); GRANT ALL ON t TO PUBLIC").await?;
    let roles = GroupRoles::create(&trail, &pool).await?;
    let names = [roles.names.application(), roles.names.console(), roles.names.maintenance()];
    let mut writers = vec![threadline_testkit::role::Role::create(&pool).await?];
    for name in &names {
        writers.push(roles.member(name).await?);
    }
    for mode in CaptureMode::ALL {
        trail.capture([threadline::capture::TablePolicy::new("t").mode(mode)]).await?;
        for writer in &writers {
            let mut connection = writer.connect().await?;
            run(
                &mut connection,
                "INSERT INTO t VALUES (1, '{}'); UPDATE t SET note = '[]'; DELETE FROM t; TRUNCATE t",
            )
            .await?;
        }
    }
    let recorded = "SELECT count(*) FROM threadline.audit_changes";
    assert_eq!(value::<i64>(&pool, recorded).await?, 4 * 4 * i64::try_from(CaptureMode::ALL.len())?);
    for writer in writers {
        writer.drop().await?;
    }
    roles.drop().await
}
