//! Tests a trail that the Elixir library filled.

use sqlx::PgPool;
use threadline::health::{
    CoverageReport, CoverageStatus, DriftState, RequirementStatus, Schemas, Severity, TableRedaction,
};
use threadline::{AuditTrail, Config, StorageSchema, TableName};

use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::elixir::ElixirCapture;

const USERS: ElixirCapture<'_> = ElixirCapture {
    schema: Some("public"),
    has_key_arguments: true,
    exclude: &["pin"],
    mask: &["email"],
    placeholder: "[X]",
    has_old_values: true,
};
const POSTS: ElixirCapture<'_> = ElixirCapture { exclude: &[], mask: &[], has_key_arguments: false, ..USERS };
const SAME: &str = "[capture.tables.users]\nmask = ['email']\nexclude = ['pin']\nmask_placeholder = '[X]'";

/// Creates the tables `users` and `posts`, which the Elixir library captures in schema public.
async fn elixir(pool: &PgPool) -> Result<AuditTrail> {
    run(pool, include_str!("../query/reference.sql")).await?;
    for (table, capture, arguments) in [("users", USERS, "'id'"), ("posts", POSTS, "")] {
        run(
            pool,
            &format!(
                "CREATE TABLE {table} (id int PRIMARY KEY, email text, pin text);
                 CREATE FUNCTION threadline_capture_changes_{table}() RETURNS trigger LANGUAGE plpgsql AS $elixir${}$elixir$;
                 CREATE TRIGGER threadline_audit_{table} AFTER INSERT OR UPDATE OR DELETE ON {table}
                 FOR EACH ROW EXECUTE FUNCTION threadline_capture_changes_{table}({arguments})",
                capture.body()
            ),
        )
        .await?;
    }
    Ok(threadline_testkit::database::trail(pool).storage_schema(StorageSchema::new("public")?))
}

/// Returns the warnings and errors as lines of table and code.
fn codes(report: &CoverageReport) -> Vec<String> {
    let findings = report.findings.iter().filter(|finding| finding.severity() > Severity::Hint);
    findings.map(|finding| format!("{} {}", finding.table, finding.kind.code)).collect()
}

async fn redaction(trail: &AuditTrail, toml: &str) -> Result<Vec<TableRedaction>> {
    Ok(trail.redaction(&Config::from_toml(toml)?, &Schemas::All).await?)
}

#[sqlx::test(migrations = false)]
async fn generated_functions_are_compared_with_file(pool: PgPool) -> Result {
    let trail = elixir(&pool).await?;
    run(&pool, "INSERT INTO users VALUES (1, 'a@b', '1234'); UPDATE users SET email = 'c@d', pin = '5678'")
        .await?;
    let recorded: String =
        value(&pool, "SELECT string_agg(concat(data_after, changed_from), '') FROM audit_changes WHERE table_name = 'users'")
            .await?;
    assert!(
        recorded.contains("[X]") && !recorded.contains("a@b") && !recorded.contains("1234"),
        "{recorded}"
    );
    let found = redaction(&trail, SAME).await?;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|table| table.state == DriftState::ConfigMatchesDeployed), "{found:?}");
    let found = redaction(&trail, "[capture.tables.users]\nmask = ['email', 'pin']").await?;
    assert_eq!((found[0].table.name(), found[0].state), ("users", DriftState::DriftDetected));
    assert!(found[0].diff.placeholder_mismatch);
    Ok(())
}

/// Makes edits that record secrets in clear, record nothing, or change the meaning of the body from outside.
#[sqlx::test(migrations = false)]
async fn edited_function_is_reported_as_unknown(pool: PgPool) -> Result {
    let trail = elixir(&pool).await?;
    let body = USERS.body();
    let replace = |body: String| {
        format!(
            "CREATE OR REPLACE FUNCTION threadline_capture_changes_users() RETURNS trigger LANGUAGE plpgsql AS $elixir${body}$elixir$"
        )
    };
    for harm in [
        replace(body.replace(
            "INSERT INTO \"public\".\"audit_changes\"",
            "INSERT INTO leak VALUES (NEW.pin);\nINSERT INTO \"public\".\"audit_changes\"",
        )),
        replace(body.replace("v_table_pk, v_data_after,", "v_table_pk, to_jsonb(NEW),")),
        replace(body.replace("v_changed_fields, v_changed_from,", "v_changed_fields, to_jsonb(OLD),")),
        replace(body.replace(
            "INSERT INTO \"public\".\"audit_changes\"",
            "RETURN NEW;\nINSERT INTO \"public\".\"audit_changes\"",
        )),
        "ALTER FUNCTION threadline_capture_changes_users() SET search_path = evil, pg_catalog".to_owned(),
    ] {
        run(&pool, &replace(body.clone())).await?;
        assert_eq!(redaction(&trail, SAME).await?[1].state, DriftState::ConfigMatchesDeployed);
        run(&pool, &harm).await?;
        let found = redaction(&trail, SAME).await?;
        assert_eq!(
            (found[0].table.name(), found[0].state),
            ("users", DriftState::CouldNotIntrospect),
            "{harm}"
        );
        let report = trail.coverage(&Config::default(), &Schemas::All).await?;
        assert!(codes(&report).contains(&"users capture_function_unknown".to_owned()), "{harm}");
        run(&pool, "ALTER FUNCTION threadline_capture_changes_users() RESET ALL").await?;
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn tables_without_truncate_trigger_satisfy_requirement(pool: PgPool) -> Result {
    let trail = elixir(&pool).await?;
    let report = trail.coverage(&Config::default(), &Schemas::All).await?;
    assert_eq!(
        codes(&report),
        [
            "posts legacy_trigger_no_pk_args",
            "posts legacy_truncate_not_captured",
            "users legacy_truncate_not_captured"
        ]
    );
    assert_eq!(report.count(Severity::Error), 0);
    let expected = [TableName::from("users"), TableName::from("posts")];
    assert!(report.verify(&expected).iter().all(|(_, status)| *status == RequirementStatus::Covered));
    // This library cannot capture tables for that trail.
    assert!(report.findings.iter().all(|finding| finding.remedy.is_none()), "{:?}", report.findings);
    assert!(
        report.findings[0].message.contains("mix threadline.gen.triggers"),
        "{}",
        report.findings[0].message
    );

    run(&pool, "CREATE TABLE comments (id int PRIMARY KEY)").await?;
    let report = trail.coverage(&Config::default(), &Schemas::All).await?;
    let comments = report.uncovered().next().ok_or("no uncovered table")?;
    assert_eq!((comments.table.name(), &comments.remedy), ("comments", &None));
    assert!(comments.obstacle.as_ref().is_some_and(|obstacle| obstacle.contains("Elixir library")));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn partitions_without_truncate_trigger_are_covered(pool: PgPool) -> Result {
    let trail = elixir(&pool).await?;
    run(
        &pool,
        "CREATE TABLE events (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
         CREATE TRIGGER threadline_audit_events AFTER INSERT OR UPDATE OR DELETE ON events
         FOR EACH ROW EXECUTE FUNCTION threadline_capture_changes_users('id')",
    )
    .await?;
    let report = trail.coverage(&Config::default(), &Schemas::All).await?;
    assert!(report.covered().any(|found| found.table.name() == "events"), "{:?}", report.findings);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn second_trail_reports_tables_captured_by_first(pool: PgPool) -> Result {
    let first = elixir(&pool).await?;
    let second = install(&pool).await?;
    let none = Config::default();
    let report = second.coverage(&none, &Schemas::All).await?;
    let tables: Vec<&str> = report.tables.iter().map(|found| found.table.name()).collect();
    assert_eq!(tables, ["posts", "users"]);
    assert_eq!(codes(&report), ["posts captured_for_other_trail", "users captured_for_other_trail"]);
    assert!(
        report.tables.iter().all(|found| found.status == CoverageStatus::Uncovered && found.remedy.is_some())
    );
    let report = first.coverage(&none, &Schemas::All).await?;
    assert_eq!(report.covered().count(), 2);
    assert!(report.uncovered().next().is_none(), "{:?}", report.tables);

    let expected = Config::from_toml("[health]\nexpected_uncovered_tables = ['posts']")?;
    assert_eq!(codes(&second.coverage(&expected, &Schemas::All).await?), ["users captured_for_other_trail"]);
    second.capture(["posts", "users"]).await?;
    let report = second.coverage(&none, &Schemas::All).await?;
    assert_eq!((report.covered().count(), codes(&report)), (2, Vec::new()));
    let report = first.coverage(&none, &Schemas::All).await?;
    assert_eq!(codes(&report), ["posts captured_for_other_trail", "users captured_for_other_trail"]);
    Ok(())
}
