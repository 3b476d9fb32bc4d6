//! Tests that coverage gaps are still known after they were fixed.

use sqlx::PgPool;
use threadline::health::{CoverageGap, RecordCoverageError, Schemas};
use threadline::query::AsOf;
use threadline::{AuditTrail, Config, Scope};

use threadline_testkit::database::{Result, install, run};

/// Checks, records the result, and returns every recorded gap as `table code open` or `table code ended`.
async fn recorded_gaps(trail: &AuditTrail, config: &Config) -> Result<Vec<String>> {
    let report = trail.coverage(config, &Schemas::All).await?;
    let redaction = trail.redaction(config, &Schemas::All).await?;
    trail.record_coverage(&report, &redaction).await?;
    let word = |gap: &CoverageGap| if gap.ended_at.is_some() { "ended" } else { "open" };
    let gaps = trail.coverage_gaps(100).await?;
    assert!(gaps.iter().all(|gap| gap.first_seen <= gap.last_seen));
    assert!(gaps.iter().all(|gap| gap.ended_at.is_none_or(|ended| ended > gap.last_seen)));
    let mut lines: Vec<String> =
        gaps.iter().map(|gap| format!("{} {} {}", gap.table, gap.code, word(gap))).collect();
    lines.sort_unstable();
    Ok(lines)
}

#[sqlx::test(migrations = false)]
async fn gap_is_opened_extended_and_closed(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE u (id int PRIMARY KEY)").await?;
    trail.capture(["t", "u"]).await?;
    let none = Config::default();
    assert!(recorded_gaps(&trail, &none).await?.is_empty());

    run(&pool, "ALTER TABLE t DISABLE TRIGGER ALL").await?;
    let disabled = ["t capture_trigger_disabled open", "t uncovered open"];
    assert_eq!(recorded_gaps(&trail, &none).await?, disabled);
    let first = trail.coverage_gaps(1).await?;
    assert_eq!(recorded_gaps(&trail, &none).await?, disabled, "several checks find one gap");
    let later = trail.coverage_gaps(1).await?;
    assert_eq!(later[0].first_seen, first[0].first_seen);
    assert!(later[0].last_seen > first[0].last_seen);

    run(&pool, "ALTER TABLE t ENABLE TRIGGER ALL").await?;
    let ended = ["t capture_trigger_disabled ended", "t uncovered ended"];
    assert_eq!(recorded_gaps(&trail, &none).await?, ended);
    let masked = Config::from_toml("[capture.tables.t]\nmask = ['note']")?;
    assert_eq!(recorded_gaps(&trail, &masked).await?[1], "t drift_detected open");
    run(&pool, "DROP TRIGGER threadline_audit_t_insert ON t; DROP TABLE u").await?;
    assert_eq!(
        recorded_gaps(&trail, &none).await?,
        [
            "t capture_incomplete open",
            "t capture_trigger_disabled ended",
            "t drift_detected ended",
            "t uncovered ended",
            "t uncovered open"
        ]
    );
    run(&pool, "DROP TABLE t").await?;
    assert!(recorded_gaps(&trail, &none).await?.iter().all(|line| line.ends_with("ended")));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn gaps_are_recorded_with_publication_for_all_tables(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION everything FOR ALL TABLES").await?;
    let none = Config::default();
    assert_eq!(recorded_gaps(&trail, &none).await?, ["t uncovered open"]);
    trail.capture(["t"]).await?;
    assert_eq!(recorded_gaps(&trail, &none).await?, ["t uncovered ended"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn recording_error_names_reason_and_remedy(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let report = trail.coverage(&Config::default(), &Schemas::All).await?;
    run(&pool, "CREATE PUBLICATION everything FOR ALL TABLES").await?;
    run(&pool, "ALTER TABLE threadline.threadline_coverage_gaps REPLICA IDENTITY NOTHING").await?;
    let unidentified = trail.record_coverage(&report, &[]).await.unwrap_err();
    assert!(matches!(unidentified, RecordCoverageError::MissingReplicaIdentity { .. }), "{unidentified}");
    assert!(unidentified.to_string().contains("threadline.threadline_coverage_gaps"), "{unidentified}");
    run(&pool, "DROP TABLE threadline.threadline_coverage_gaps").await?;
    let missing = trail.record_coverage(&report, &[]).await.unwrap_err();
    assert!(matches!(missing, RecordCoverageError::MissingTable { .. }), "{missing}");
    Ok(())
}

/// Detaches a partition, for which no trigger fires, so a query has to know that the partition existed.
#[sqlx::test(migrations = false)]
async fn partition_created_after_capture_is_known_after_check(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id)").await?;
    trail.capture(["p"]).await?;
    run(&pool, "CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1)").await?;
    recorded_gaps(&trail, &Config::default()).await?;
    let exists_now = async || trail.snapshot().await?.as_of_now(&Scope::unscoped(), "p", [("id", 1)]).await;
    assert!(matches!(exists_now().await?, AsOf::Present(_)));
    run(&pool, "ALTER TABLE p DETACH PARTITION p_1").await?;
    assert!(matches!(exists_now().await?, AsOf::Uncertain { .. }));
    Ok(())
}
