//! TRUNCATE of a table and of a partition: no row is said to exist that it may have removed.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy, TruncatePolicy};
use threadline::query::{AsOf, Filter, Operation, PossibleRemoval};
use threadline::{AuditTrail, Predicate, Scope};

use crate::cases::{as_of, key, now, steps, told_now};
use threadline_testkit::changes::forget;
use threadline_testkit::database::{Result, install, run};

const PARTITIONED: &str = "DROP TABLE IF EXISTS m;
    CREATE TABLE m (id int, r text, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
    CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu');
    CREATE TABLE m_us PARTITION OF m FOR VALUES IN ('us') PARTITION BY RANGE (id);
    CREATE TABLE m_us_low PARTITION OF m_us FOR VALUES FROM (0) TO (100)";

async fn partitioned(pool: &PgPool, trail: &AuditTrail, policy: TablePolicy) -> Result {
    run(pool, PARTITIONED).await?;
    forget(pool).await?;
    trail.capture([policy]).await?;
    run(pool, "INSERT INTO m VALUES (1, 'eu', 'a'), (1, 'us', 'b')").await
}

#[sqlx::test(migrations = false)]
async fn truncate_of_a_partition_makes_the_rows_of_the_table_uncertain(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        partitioned(&pool, &trail, TablePolicy::new("m").mode(mode)).await?;
        let before = now(&pool).await?;
        run(&pool, "TRUNCATE m_eu").await?;
        let after = now(&pool).await?;
        for row in ["id=1&r=eu", "id=1&r=us"] {
            assert!(matches!(as_of(&trail, "m", row, before).await?, AsOf::Present(_)), "{row}");
            let AsOf::Uncertain { entry, causes } = as_of(&trail, "m", row, after).await? else {
                return Err(format!("{row} is certain ({})", mode.as_str()).into());
            };
            assert_eq!(entry.change.operation, Operation::Insert);
            assert!(
                matches!(&causes[..], [PossibleRemoval::PartitionTruncated { partition, .. }] if partition == "public.m_eu"),
                "{causes:?}"
            );
            assert_eq!(steps(&trail, "m", row).await?, ["truncate public.m_eu", &format!("insert {row}")]);
        }
        // The table's own name finds the truncate, and so does a scope that shows the table.
        let truncates =
            Filter { table: Some("m".into()), operation: Some(Operation::Truncate), ..Filter::default() };
        for scope in [Scope::unscoped(), Scope::tables(["m"])] {
            let found = trail.timeline(&scope, &truncates, 10).await?;
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].change.partition.as_deref(), Some("public.m_eu"));
        }
        // A row that was written since is certain again.
        run(&pool, "INSERT INTO m VALUES (1, 'eu', 'new'); UPDATE m SET v = 'c' WHERE r = 'us'").await?;
        for row in ["id=1&r=eu", "id=1&r=us"] {
            assert!(matches!(as_of(&trail, "m", row, now(&pool).await?).await?, AsOf::Present(_)), "{row}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_of_a_table_removes_the_rows_of_every_partition(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for truncate in
            ["TRUNCATE m", "TRUNCATE m_us; TRUNCATE m; TRUNCATE m_eu", "BEGIN; TRUNCATE m; COMMIT"]
        {
            partitioned(&pool, &trail, TablePolicy::new("m").mode(mode)).await?;
            run(&pool, truncate).await?;
            for row in ["id=1&r=eu", "id=1&r=us"] {
                assert_eq!(told_now(&pool, &trail, "m", row).await?, "was removed by truncate", "{truncate}");
            }
        }
        partitioned(&pool, &trail, TablePolicy::new("m").mode(mode)).await?;
        run(&pool, "BEGIN; TRUNCATE m; ROLLBACK").await?;
        assert!(told_now(&pool, &trail, "m", "id=1&r=eu").await?.starts_with("existed"));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_that_reaches_a_table_by_a_foreign_key_removes_its_rows(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(
            &pool,
            "DROP TABLE IF EXISTS child, parent; CREATE TABLE parent (id int PRIMARY KEY);
             CREATE TABLE child (id int PRIMARY KEY REFERENCES parent)",
        )
        .await?;
        forget(&pool).await?;
        trail.capture(["parent", "child"].map(|table| TablePolicy::new(table).mode(mode))).await?;
        run(&pool, "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)").await?;
        run(&pool, "TRUNCATE parent CASCADE").await?;
        for table in ["parent", "child"] {
            assert_eq!(told_now(&pool, &trail, table, "id=1").await?, "was removed by truncate");
            assert_eq!(steps(&trail, table, "id=1").await?, ["truncate", "insert id=1"]);
        }
    }
    Ok(())
}

/// The last change of the row is on the near side of the TRUNCATE, whichever of them the transaction did first.
#[sqlx::test(migrations = false)]
async fn rows_written_around_a_truncate_are_told_apart(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
        forget(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(
            &pool,
            "INSERT INTO t VALUES (1, 'a'), (2, 'a'); TRUNCATE t; INSERT INTO t VALUES (2, 'b'), (3, 'b')",
        )
        .await?;
        assert_eq!(told_now(&pool, &trail, "t", "id=1").await?, "was removed by truncate");
        assert_eq!(told_now(&pool, &trail, "t", "id=2").await?, r#"existed: {id: 2, v: "b"}"#);
        run(&pool, "UPDATE t SET id = 9 WHERE id = 3; TRUNCATE t").await?;
        assert_eq!(told_now(&pool, &trail, "t", "id=3").await?, "became id=9", "it had lost its key before");
        assert_eq!(told_now(&pool, &trail, "t", "id=9").await?, "was removed by truncate");
        run(&pool, "BEGIN; SAVEPOINT s; TRUNCATE t; ROLLBACK TO s; INSERT INTO t VALUES (4, 'c'); COMMIT")
            .await?;
        assert_eq!(told_now(&pool, &trail, "t", "id=4").await?, r#"existed: {id: 4, v: "c"}"#);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncated_rows_are_deletions_where_the_policy_records_them(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        let policy = || TablePolicy::new("m").mode(mode).truncate(TruncatePolicy::Rows);
        partitioned(&pool, &trail, policy()).await?;
        run(&pool, "TRUNCATE m_eu").await?;
        assert_eq!(
            told_now(&pool, &trail, "m", "id=1&r=eu").await?,
            "was removed by delete",
            "{}",
            mode.as_str()
        );
        assert_eq!(
            steps(&trail, "m", "id=1&r=eu").await?,
            ["truncate public.m_eu", "delete id=1&r=eu", "insert id=1&r=eu"]
        );

        partitioned(&pool, &trail, policy()).await?;
        run(&pool, "TRUNCATE m").await?;
        for row in ["id=1&r=eu", "id=1&r=us"] {
            assert_eq!(told_now(&pool, &trail, "m", row).await?, "was removed by delete");
        }
        partitioned(&pool, &trail, policy().truncate(TruncatePolicy::Refuse)).await?;
        for truncate in ["TRUNCATE m", "TRUNCATE m_eu", "TRUNCATE m_us_low"] {
            let error = run(&pool, truncate).await.unwrap_err().to_string();
            assert!(error.contains(r#"truncate = "refuse""#), "{error}");
        }
        assert!(told_now(&pool, &trail, "m", "id=1&r=us").await?.starts_with("existed"));
    }
    Ok(())
}

/// Whoever may see a row may learn that its table was emptied, and nobody else.
#[sqlx::test(migrations = false)]
async fn limited_scope_sees_the_truncate_of_a_row_that_it_shows(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, tenant int); CREATE TABLE other (id int PRIMARY KEY)")
        .await?;
    trail.capture(["t", "other"]).await?;
    run(&pool, "INSERT INTO t VALUES (1, 7), (2, 8); TRUNCATE t").await?;
    let at = now(&pool).await?;
    let tenant = Scope::new(Predicate::tables(["t"]).and(Predicate::field("tenant", "7")));
    let shown = trail.as_of(&tenant, "t", key("id=1"), at).await?;
    assert!(
        matches!(&shown, AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate),
        "{shown:?}"
    );
    let hidden = trail.as_of(&tenant, "t", key("id=2"), at).await?;
    assert!(matches!(hidden, AsOf::BeforeHorizon), "{hidden:?}");
    let never = trail.as_of(&tenant, "t", key("id=3"), at).await?;
    assert!(matches!(never, AsOf::BeforeHorizon), "{never:?}");
    Ok(())
}
