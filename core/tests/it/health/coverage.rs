//! Tests that coverage puts every table of the host into one of three buckets.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::health::{CoverageReport, CoverageStatus, ExemptionSource, HealthError, Schemas};
use threadline::{AuditTrail, Config, StorageSchema};

use threadline_testkit::database::{Result, install, run};
use threadline_testkit::role::Role;

/// Returns one line per table, such as `covered tickets`.
fn lines(report: &CoverageReport) -> Vec<String> {
    let word = |status| match status {
        CoverageStatus::Covered => "covered",
        CoverageStatus::Uncovered => "uncovered",
        CoverageStatus::ExpectedUncovered(ExemptionSource::Baseline) => "baseline",
        CoverageStatus::ExpectedUncovered(ExemptionSource::Config) => "config",
    };
    report.tables.iter().map(|found| format!("{} {}", word(found.status), found.table)).collect()
}

async fn check_all(trail: &AuditTrail, toml: &str) -> Result<Vec<String>> {
    Ok(lines(&trail.coverage(&Config::from_toml(toml)?, &Schemas::All).await?))
}

fn codes(report: &CoverageReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.kind.code).collect()
}

#[sqlx::test(migrations = false)]
async fn host_tables_are_each_in_one_bucket(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE tickets (id int PRIMARY KEY); CREATE TABLE invoices (id int PRIMARY KEY); CREATE TABLE jobs (id int);
         CREATE TABLE _sqlx_migrations (version int); CREATE SCHEMA billing; CREATE SCHEMA empty;
         CREATE TABLE billing.schema_migrations (version int); CREATE TABLE billing.lines (id int PRIMARY KEY);
         CREATE VIEW seen AS SELECT 1; CREATE TEMP TABLE passing (id int)",
    )
    .await?;
    trail.capture(["tickets", "billing.lines"]).await?;
    let expected = "[health]\nexpected_uncovered_tables = ['jobs']\n";
    assert_eq!(
        check_all(&trail, expected).await?,
        [
            "covered billing.lines",
            "baseline billing.schema_migrations",
            "baseline _sqlx_migrations",
            "uncovered invoices",
            "config jobs",
            "covered tickets"
        ]
    );
    let anyway = format!("{expected}audit_anyway = ['jobs', 'billing.schema_migrations']");
    let flipped = check_all(&trail, &anyway).await?;
    assert!(flipped.contains(&"uncovered jobs".to_owned()), "{flipped:?}");
    assert!(flipped.contains(&"uncovered billing.schema_migrations".to_owned()), "{flipped:?}");

    let config = Config::default();
    let billing = trail.coverage(&config, &Schemas::one("billing")).await?;
    assert_eq!(lines(&billing), ["covered billing.lines", "baseline billing.schema_migrations"]);
    assert_eq!(trail.coverage(&config, &Schemas::one("empty")).await?.schemas, ["empty"]);
    let wrong = trail.coverage(&config, &Schemas::one("biling")).await.unwrap_err();
    assert!(matches!(&wrong, HealthError::NoSuchSchema { schema } if schema == "biling"), "{wrong}");
    let other = trail.clone().storage_schema(StorageSchema::new("audit")?);
    let missing = other.coverage(&config, &Schemas::All).await.unwrap_err();
    assert!(matches!(missing, HealthError::NotInstalled { .. }), "{missing}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn newly_captured_tables_have_no_findings(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN short AS text;
         CREATE TABLE plain (id int PRIMARY KEY, \"Odd name\" mood, note short, price numeric(10, 2));
         CREATE TABLE keyed (a int NOT NULL, b int NOT NULL, UNIQUE (b, a));
         CREATE TABLE parted (id int PRIMARY KEY, body json) PARTITION BY LIST (id);
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (id);
         CREATE TABLE parted_1_1 PARTITION OF parted_1 FOR VALUES IN (1);
         CREATE TABLE above (id int PRIMARY KEY); CREATE TABLE below (PRIMARY KEY (id)) INHERITS (above);
         CREATE TABLE \"O'Brien; --\" (\"a\"\"b\" int PRIMARY KEY)",
    )
    .await?;
    let tables = ["plain", "parted", "above", "O'Brien; --"];
    for mode in CaptureMode::ALL {
        let policies = tables.map(|table| TablePolicy::new(table).mode(mode).always());
        trail
            .capture(policies.into_iter().chain([TablePolicy::new("keyed").primary_key(["a", "b"])]))
            .await?;
        let report = trail.coverage(&Config::default(), &Schemas::All).await?;
        assert_eq!(
            lines(&report),
            ["O'Brien; --", "above", "below", "keyed", "parted", "plain"]
                .map(|table| format!("covered {table}"))
        );
        assert!(report.findings.is_empty(), "{:?}", report.findings);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_or_altered_triggers_uncover_table(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for (mode, harm, code) in [
        (CaptureMode::Statement, "ALTER TABLE t DISABLE TRIGGER threadline_audit_t_update", "capture_trigger_disabled"),
        (CaptureMode::Row, "ALTER TABLE t ENABLE REPLICA TRIGGER threadline_audit_t", "capture_trigger_disabled"),
        (CaptureMode::Statement, "DROP TRIGGER threadline_audit_t_delete ON t", "capture_incomplete"),
        (
            CaptureMode::Row,
            "CREATE OR REPLACE TRIGGER threadline_audit_t AFTER INSERT OR DELETE OR UPDATE OF note ON t FOR EACH ROW
             EXECUTE FUNCTION threadline.threadline_capture_changes_t()",
            "capture_incomplete",
        ),
        (
            CaptureMode::Row,
            "CREATE OR REPLACE TRIGGER threadline_audit_t AFTER INSERT OR DELETE OR UPDATE ON t FOR EACH ROW WHEN (false)
             EXECUTE FUNCTION threadline.threadline_capture_changes_t()",
            "capture_incomplete",
        ),
        (CaptureMode::Row, "DROP TRIGGER threadline_audit_t_truncate ON t", "truncate_not_captured"),
        (CaptureMode::Statement, "ALTER FUNCTION threadline.threadline_capture_changes_t() RESET ALL", "capture_function_altered"),
    ] {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        assert_eq!(check_all(&trail, "").await?, ["covered t"]);
        run(&pool, harm).await?;
        let report = trail.coverage(&Config::default(), &Schemas::All).await?;
        assert_eq!((lines(&report), codes(&report)), (vec!["uncovered t".to_owned()], vec![code]), "{harm}");
        let remedy = report.findings[0].remedy.as_ref().ok_or("no remedy")?;
        assert!(report.findings[0].message.contains(&remedy.to_string()));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn partitioned_table_is_covered_only_with_all_partitions(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id)").await?;
    run(&pool, "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)").await?;
    assert_eq!(check_all(&trail, "").await?, ["uncovered p"]);
    trail.capture(["p"]).await?;
    assert_eq!(check_all(&trail, "").await?, ["covered p"]);
    run(&pool, "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)").await?;
    let report = trail.coverage(&Config::default(), &Schemas::All).await?;
    assert_eq!(
        (lines(&report), codes(&report)),
        (vec!["uncovered p".to_owned()], vec!["partition_not_captured"])
    );
    assert_eq!(report.findings[0].details["partitions"], serde_json::json!(["p2"]));
    trail.capture(["p"]).await?;
    run(&pool, "ALTER TABLE p DETACH PARTITION p1").await?;
    assert_eq!(check_all(&trail, "").await?, ["covered p", "uncovered p1"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn role_without_privileges_can_check_locked_table(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let role = Role::create(&pool).await?;
    role.run_as_owner("CREATE TABLE t (id int PRIMARY KEY)").await?;
    trail.capture(["t"]).await?;
    let refused = run(&mut role.connect().await?, "SELECT FROM t").await.unwrap_err().to_string();
    assert!(refused.contains("permission denied"), "{refused}");
    let mut locked = pool.begin().await?;
    run(&mut *locked, "LOCK TABLE t IN ACCESS EXCLUSIVE MODE").await?;
    let name = role.name.clone();
    let unprivileged = sqlx::postgres::PgPoolOptions::new()
        .after_connect(move |connection, _| {
            let sql = format!("SET SESSION AUTHORIZATION {name}");
            Box::pin(
                async move { sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.map(|_| ()) },
            )
        })
        .connect_with((*pool.connect_options()).clone())
        .await?;
    // This would wait for ever if the check locked the table.
    let report = threadline_testkit::database::trail(&unprivileged)
        .coverage(&Config::default(), &Schemas::All)
        .await?;
    assert_eq!(lines(&report), ["covered t"]);
    unprivileged.close().await;
    locked.rollback().await?;
    role.drop().await
}
