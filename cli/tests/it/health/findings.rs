//! Tests that the remedy of every finding fixes it.

use serde_json::Value;
use sqlx::PgPool;
use threadline::health::FINDINGS;

use crate::support::Result;
use crate::support::project::Project;
use threadline_testkit::elixir::ElixirCapture;

/// A damage that causes a finding.
struct Case {
    code: &'static str,
    damage: &'static str,
    /// The statements that clean up after the case.
    cleanup: &'static str,
}

const fn case(code: &'static str, damage: &'static str) -> Case {
    Case { code, damage, cleanup: "" }
}

const CASES: [Case; 27] = [
    case("capture_trigger_disabled", "ALTER TABLE t DISABLE TRIGGER threadline_audit_t_insert, DISABLE TRIGGER threadline_audit_t_truncate"),
    case("capture_trigger_disabled", "ALTER TABLE t ENABLE REPLICA TRIGGER threadline_audit_t_delete"),
    case("capture_incomplete", "DROP TRIGGER threadline_audit_t_update ON t"),
    case("truncate_not_captured", "DROP TRIGGER threadline_audit_t_truncate ON t"),
    case("partition_not_captured", "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)"),
    Case {
        code: "replicated_writes_not_captured",
        damage: "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false);
               INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) SELECT oid, 't'::regclass, 'r' FROM pg_subscription
               WHERE subname = 's' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
        cleanup: "DELETE FROM pg_subscription_rel; DROP SUBSCRIPTION s",
    },
    case("pk_drift", "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, note)"),
    case("pk_drift", "ALTER TABLE t RENAME id TO number"),
    case(
        "shared_capture_function",
        "CREATE OR REPLACE TRIGGER threadline_audit_t_insert AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows
         FOR EACH STATEMENT EXECUTE FUNCTION threadline.threadline_capture_changes_tickets()",
    ),
    case(
        "duplicate_capture_trigger",
        "CREATE TRIGGER \"again \"\"\" AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows
         FOR EACH STATEMENT EXECUTE FUNCTION threadline.threadline_capture_changes_t()",
    ),
    case(
        "capture_function_altered",
        "CREATE OR REPLACE FUNCTION threadline.threadline_capture_changes_t() RETURNS trigger LANGUAGE plpgsql
         SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'",
    ),
    case("capture_function_altered", "ALTER FUNCTION threadline.threadline_capture_changes_t() SECURITY INVOKER"),
    case("capture_function_unknown", "COMMENT ON FUNCTION threadline.threadline_capture_changes_t() IS NULL"),
    case(
        "capture_function_unknown",
        "CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER threadline_audit_more AFTER INSERT ON t EXECUTE FUNCTION record()",
    ),
    Case {
        code: "capture_function_owner_without_rights",
        damage: "CREATE ROLE $role; GRANT CREATE ON SCHEMA threadline TO $role;
               ALTER FUNCTION threadline.threadline_capture_changes_t() OWNER TO $role; REVOKE ALL ON SCHEMA threadline FROM $role",
        cleanup: "DROP OWNED BY $role; DROP ROLE $role",
    },
    case(
        "captured_for_other_trail",
        "DROP TRIGGER threadline_audit_t_insert ON t; DROP TRIGGER threadline_audit_t_update ON t;
         DROP TRIGGER threadline_audit_t_delete ON t; DROP TRIGGER threadline_audit_t_truncate ON t; CREATE SCHEMA older;
         CREATE TABLE older.audit_changes (transaction_id uuid, table_pk jsonb, data_after jsonb, changed_fields text[]);
         CREATE TABLE older.audit_transactions (txid bigint, occurred_at timestamptz, actor_ref jsonb, action_id uuid);
         CREATE FUNCTION older.threadline_capture_changes_t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER threadline_audit_t AFTER INSERT OR UPDATE OR DELETE ON t
         FOR EACH ROW EXECUTE FUNCTION older.threadline_capture_changes_t()",
    ),
    case("legacy_trigger_no_pk_args", "$elixir"),
    case("legacy_truncate_not_captured", "$elixir"),
    case("table_changed", "ALTER TABLE t RENAME note TO remark"),
    case("column_added", "ALTER TABLE t ADD phone text"),
    case("role_can_change_trail", "GRANT SELECT, UPDATE (data_after), DELETE ON threadline.audit_changes TO PUBLIC"),
    case(
        "role_can_switch_capture_off",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database()); END $$",
    ),
    case(
        "partition_not_ahead",
        "DO $$ BEGIN EXECUTE 'DROP TABLE threadline.audit_changes_'
           || to_char((now() AT TIME ZONE 'UTC') + interval '1 month', 'YYYY_MM'); END $$",
    ),
    case(
        "rows_in_default_partition",
        "INSERT INTO threadline.audit_changes (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, captured_at,
           row_bucket, table_hash)
         SELECT gen_random_uuid(), gen_random_uuid(), day, 'public', 't', '{}', 'truncate', day, 0, 0
         FROM unnest(ARRAY['2020-01-31 23:59Z', '2020-02-01 00:00Z', '2021-12-31 12:00Z']::timestamptz[]) AS day",
    ),
    case("trail_index_missing", "DROP INDEX threadline.audit_changes_row_idx"),
    case("sensitive_column", "ALTER TABLE t ADD password_hash text"),
    Case {
        code: "owner_can_switch_capture_off",
        damage: "CREATE ROLE $role; GRANT CREATE ON SCHEMA public TO $role; ALTER TABLE t OWNER TO $role",
        cleanup: "DROP OWNED BY $role; DROP ROLE $role",
    },
];

/// This case changes the owner of the trail, so it needs a database of its own.
const TRAIL_OWNER_CASE: Case = Case {
    code: "trail_owner_can_log_in",
    damage: "CREATE ROLE $role LOGIN; ALTER TABLE threadline.audit_changes OWNER TO $role",
    cleanup: "REASSIGN OWNED BY $role TO CURRENT_USER; DROP OWNED BY $role; DROP ROLE $role",
};

const TABLES: &str = "DROP TABLE IF EXISTS t, p; DROP SCHEMA IF EXISTS older CASCADE; DROP FUNCTION IF EXISTS record();
    CREATE TABLE t (id int PRIMARY KEY, note text NOT NULL);
    CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)";

/// Returns the findings and the uncovered tables.
fn check(project: &Project) -> Result<(Vec<Value>, Value)> {
    let report = project.json("health coverage")?;
    let findings = report["findings"].as_array().ok_or("no findings")?.clone();
    Ok((findings, report["uncovered"].clone()))
}

/// Runs the command of a finding. First adds the line from its details to the configuration.
async fn run_remedy(project: &Project, finding: &Value) -> Result {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("no text");
    let command = text(&finding["command"]["text"])?;
    assert!(text(&finding["message"])?.contains(&command), "{finding}");
    if let (Ok(section), Ok(line)) = (text(&finding["details"]["section"]), text(&finding["details"]["line"]))
    {
        project.configure(&format!("[{section}]\n{line}"))?;
    }
    match finding["command"]["language"].as_str() {
        Some("shell") => project.shell(&command),
        Some("sql") => project.sql(&command).await,
        _ => Err(format!("no language: {finding}").into()),
    }
}

/// Replaces the triggers of table `t` by those of the Elixir library.
fn elixir_capture() -> String {
    let capture = ElixirCapture { schema: Some("threadline"), ..ElixirCapture::default() };
    format!(
        "DROP TRIGGER threadline_audit_t_insert ON t; DROP TRIGGER threadline_audit_t_update ON t;
         DROP TRIGGER threadline_audit_t_delete ON t; DROP TRIGGER threadline_audit_t_truncate ON t;
         CREATE OR REPLACE FUNCTION threadline.threadline_capture_changes() RETURNS trigger LANGUAGE plpgsql AS $elixir${}$elixir$;
         CREATE TRIGGER threadline_audit_t AFTER INSERT OR UPDATE OR DELETE ON t
         FOR EACH ROW EXECUTE FUNCTION threadline.threadline_capture_changes()",
        capture.body()
    )
}

async fn run_case(project: &Project, case: &Case) -> Result {
    let role = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    let sql = |text: &str| text.replace("$role", &role).replace("$elixir", &elixir_capture());
    project.configure("")?;
    project.sql(TABLES).await?;
    project.capture("t,p")?;
    let (before, _) = check(project)?;
    assert!(before.is_empty(), "{}: {before:?}", case.code);
    project.sql(&sql(case.damage)).await?;
    let (findings, uncovered) = check(project)?;
    let Some(finding) = findings.iter().find(|finding| finding["code"] == case.code) else {
        return Err(format!("{} is not found: {findings:?}", case.code).into());
    };
    let is_error = finding["severity"] == "error";
    assert_eq!(is_error, uncovered != Value::from(Vec::<Value>::new()), "{}: {uncovered}", case.code);
    let strict = project.run("health coverage --strict")?;
    let expected: i32 = findings.iter().any(|finding| finding["severity"] == "error").into();
    assert_eq!(strict.code, Some(expected), "{}", strict.stderr);
    run_remedy(project, finding).await?;
    let (after, _) = check(project)?;
    let still = after.iter().any(|finding| finding["code"] == case.code);
    assert!(!still, "{} is still found after {}: {after:?}", case.code, finding["command"]["text"]);
    project.sql(&sql(case.cleanup)).await
}

#[sqlx::test(migrations = false)]
async fn remedy_of_every_finding_fixes_it(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    for case in &CASES {
        run_case(&project, case).await.map_err(|error| format!("{}: {error}", case.code))?;
    }
    let moved: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM threadline.audit_changes WHERE captured_at < '2022-01-01'
         AND tableoid::regclass::text ~ 'audit_changes_202[01]_[0-9]{2}$'",
    )
    .fetch_one(&project.pool)
    .await?;
    assert_eq!(moved, 3);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn remedy_for_trail_owner_fixes_it(pool: PgPool) -> Result {
    run_case(&Project::with_tickets(pool).await?, &TRAIL_OWNER_CASE).await
}

#[test]
fn every_finding_kind_has_a_case() {
    for kind in FINDINGS {
        assert!(CASES.iter().chain([&TRAIL_OWNER_CASE]).any(|case| case.code == kind.code), "{}", kind.code);
    }
}
