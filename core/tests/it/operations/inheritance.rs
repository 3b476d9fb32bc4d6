//! Tests capture of tables that use inheritance instead of partitioning.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run};

const FAMILY: &str = "CREATE TABLE parent (id int PRIMARY KEY, note text);
    CREATE TABLE child (extra text) INHERITS (parent); ALTER TABLE child ADD PRIMARY KEY (id);";

#[sqlx::test(migrations = false)]
async fn inherited_rows_keep_columns_of_child_by_default(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, FAMILY).await?;
    let plan = trail.capture(["parent"]).await?;
    assert_eq!(plan.tables[0].mode, CaptureMode::Row);
    assert_eq!(plan.tables[0].warnings, Vec::<String>::new());
    for (write, expected) in [
        ("INSERT INTO parent VALUES (1, 'a')", &["insert parent {id: 1} {id: 1, note: a}"][..]),
        ("INSERT INTO child VALUES (2, 'b', 'x')", &["insert child {id: 2} {id: 2, note: b, extra: x}"]),
        (
            "UPDATE parent SET note = 'c'",
            &[
                "update parent {id: 1} {id: 1, note: c} {note} was {note: a}",
                "update child {id: 2} {id: 2, note: c, extra: x} {note} was {note: b}",
            ],
        ),
        (
            "UPDATE child SET extra = 'y'",
            &["update child {id: 2} {id: 2, note: c, extra: y} {extra} was {extra: x}"],
        ),
        (
            "DELETE FROM parent",
            &[
                "delete parent {id: 1} was {id: 1, note: c}",
                "delete child {id: 2} was {id: 2, note: c, extra: y}",
            ],
        ),
        ("TRUNCATE ONLY parent", &["truncate parent"]),
        ("TRUNCATE child", &["truncate child"]),
    ] {
        empty_trail(&pool).await?;
        run(&pool, write).await?;
        assert_eq!(changes(&pool).await?, expected, "{write}");
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn statement_mode_warns_about_columns_of_children_and_captures_every_row(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        &format!("{FAMILY} INSERT INTO parent VALUES (1, 'a'); INSERT INTO child VALUES (2, 'b', 'x')"),
    )
    .await?;
    let plan = trail.capture([TablePolicy::new("parent").mode(CaptureMode::Statement)]).await?;
    assert!(plan.tables[0].warnings.iter().any(|warning| warning.contains("inherit")));
    run(&pool, "UPDATE parent SET note = 'c'").await?;
    run(&pool, "UPDATE child SET extra = 'y'").await?;
    assert_eq!(
        changes(&pool).await?,
        [
            "update parent {id: 1} {id: 1, note: c} {note} was {note: a}",
            "update parent {id: 2} {id: 2, note: c} {note} was {note: b}",
            "update child {id: 2} {id: 2, note: c, extra: y} {extra} was {extra: x}",
        ]
    );
    assert_eq!(violations(&pool).await?, Vec::<String>::new());
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn child_created_later_is_captured_after_second_capture(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE parent (id int PRIMARY KEY, note text)").await?;
    assert_eq!(trail.capture(["parent"]).await?.tables[0].mode, CaptureMode::Statement);
    run(&pool, "CREATE TABLE child (extra text) INHERITS (parent)").await?;
    assert_eq!(trail.capture(["parent"]).await?.tables[0].mode, CaptureMode::Row);
    run(&pool, "INSERT INTO child VALUES (2, 'b', 'x'); INSERT INTO parent VALUES (1, 'a')").await?;
    assert_eq!(
        changes(&pool).await?,
        ["insert child {id: 2} {id: 2, note: b, extra: x}", "insert parent {id: 1} {id: 1, note: a}"]
    );
    Ok(())
}
