//! Tests which tables belong to a trail.

use sqlx::PgPool;
use threadline::health::{RequirementStatus, Schemas};
use threadline::{Config, StorageSchema, TableName};

use threadline_testkit::database::{Result, install, run};

#[sqlx::test(migrations = false)]
async fn trail_tables_are_not_checked(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let other = trail.clone().storage_schema(StorageSchema::new("public")?);
    other.install().await?;
    run(
        &pool,
        "ALTER TABLE threadline.audit_changes DETACH PARTITION threadline.audit_changes_default;
         CREATE TABLE threadline.audit_changes_2020_01 (LIKE threadline.audit_changes)",
    )
    .await?;
    for trail in [trail, other] {
        let report = trail.coverage(&Config::default(), &Schemas::All).await?;
        let tables: Vec<String> = report.tables.iter().map(|found| found.table.to_string()).collect();
        assert_eq!(tables, Vec::<String>::new());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn host_table_with_trail_like_name_is_checked(pool: PgPool) -> Result {
    let trail = threadline_testkit::database::trail(&pool).storage_schema(StorageSchema::new("public")?);
    trail.install().await?;
    run(
        &pool,
        "CREATE TABLE threadline_users (id int PRIMARY KEY); CREATE TABLE audit_changes_by_month (id int PRIMARY KEY);
         CREATE SCHEMA books; CREATE TABLE books.audit_changes (id int PRIMARY KEY, transaction_id int)",
    )
    .await?;
    let expected = ["threadline_users", "audit_changes_by_month", "books.audit_changes"].map(TableName::from);
    let report = trail.coverage(&Config::default(), &Schemas::All).await?;
    assert!(
        report.verify(&expected).iter().all(|(_, status)| *status == RequirementStatus::Uncovered),
        "{:?}",
        report.tables
    );
    Ok(())
}
