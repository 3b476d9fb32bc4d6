//! Tests TRUNCATE of a table and of a partition: a row that it may have removed is not reported as existing.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy, TruncatePolicy};
use threadline::query::{AsOf, Filter, Operation, PossibleRemoval};
use threadline::{AuditTrail, Predicate, Scope};

use crate::cases::{as_of, key, now, state_now, steps};
use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run};

const PARTITIONED: &str = "DROP TABLE IF EXISTS m;
    CREATE TABLE m (id int, r text, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
    CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu');
    CREATE TABLE m_us PARTITION OF m FOR VALUES IN ('us') PARTITION BY RANGE (id);
    CREATE TABLE m_us_low PARTITION OF m_us FOR VALUES FROM (0) TO (100)";

/// Creates and captures the partitioned table `m`, and inserts a row into each partition.
async fn create_partitioned(pool: &PgPool, trail: &AuditTrail, policy: TablePolicy) -> Result {
    run(pool, PARTITIONED).await?;
    empty_trail(pool).await?;
    trail.capture([policy]).await?;
    run(pool, "INSERT INTO m VALUES (1, 'eu', 'a'), (1, 'us', 'b')").await
}

#[sqlx::test(migrations = false)]
async fn rows_after_truncate_of_partition_are_uncertain(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        create_partitioned(&pool, &trail, TablePolicy::new("m").mode(mode)).await?;
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
        // The truncate is found by the name of the table, also in a scope that shows the table.
        let truncates = Filter {
            table: Some("m".into()),
            operation: Some(Operation::Truncate.into()),
            ..Filter::default()
        };
        for scope in [Scope::unscoped(), Scope::tables(["m"])] {
            let found = trail.timeline(&scope, &truncates, 10).await?;
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].change.partition.as_deref(), Some("public.m_eu"));
        }
        // A row that is written afterwards is certain again.
        run(&pool, "INSERT INTO m VALUES (1, 'eu', 'new'); UPDATE m SET v = 'c' WHERE r = 'us'").await?;
        for row in ["id=1&r=eu", "id=1&r=us"] {
            assert!(matches!(as_of(&trail, "m", row, now(&pool).await?).await?, AsOf::Present(_)), "{row}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_of_partitioned_table_removes_rows_of_every_partition(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for truncate in
            ["TRUNCATE m", "TRUNCATE m_us; TRUNCATE m; TRUNCATE m_eu", "BEGIN; TRUNCATE m; COMMIT"]
        {
            create_partitioned(&pool, &trail, TablePolicy::new("m").mode(mode)).await?;
            run(&pool, truncate).await?;
            for row in ["id=1&r=eu", "id=1&r=us"] {
                assert_eq!(
                    state_now(&pool, &trail, "m", row).await?,
                    "was removed by truncate",
                    "{truncate}"
                );
            }
        }
        create_partitioned(&pool, &trail, TablePolicy::new("m").mode(mode)).await?;
        run(&pool, "BEGIN; TRUNCATE m; ROLLBACK").await?;
        assert!(state_now(&pool, &trail, "m", "id=1&r=eu").await?.starts_with("existed"));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_cascade_removes_rows_of_referencing_table(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(
            &pool,
            "DROP TABLE IF EXISTS child, parent; CREATE TABLE parent (id int PRIMARY KEY);
             CREATE TABLE child (id int PRIMARY KEY REFERENCES parent)",
        )
        .await?;
        empty_trail(&pool).await?;
        trail.capture(["parent", "child"].map(|table| TablePolicy::new(table).mode(mode))).await?;
        run(&pool, "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)").await?;
        run(&pool, "TRUNCATE parent CASCADE").await?;
        for table in ["parent", "child"] {
            assert_eq!(state_now(&pool, &trail, table, "id=1").await?, "was removed by truncate");
            assert_eq!(steps(&trail, table, "id=1").await?, ["truncate", "insert id=1"]);
        }
    }
    Ok(())
}

/// Checks that the later one of TRUNCATE and the last change of the row determines the result, also within one transaction.
#[sqlx::test(migrations = false)]
async fn rows_written_before_and_after_truncate_are_distinguished(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(
            &pool,
            "INSERT INTO t VALUES (1, 'a'), (2, 'a'); TRUNCATE t; INSERT INTO t VALUES (2, 'b'), (3, 'b')",
        )
        .await?;
        assert_eq!(state_now(&pool, &trail, "t", "id=1").await?, "was removed by truncate");
        assert_eq!(state_now(&pool, &trail, "t", "id=2").await?, r#"existed: {id: 2, v: "b"}"#);
        run(&pool, "UPDATE t SET id = 9 WHERE id = 3; TRUNCATE t").await?;
        assert_eq!(state_now(&pool, &trail, "t", "id=3").await?, "became id=9", "it had lost its key before");
        assert_eq!(state_now(&pool, &trail, "t", "id=9").await?, "was removed by truncate");
        run(&pool, "BEGIN; SAVEPOINT s; TRUNCATE t; ROLLBACK TO s; INSERT INTO t VALUES (4, 'c'); COMMIT")
            .await?;
        assert_eq!(state_now(&pool, &trail, "t", "id=4").await?, r#"existed: {id: 4, v: "c"}"#);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncate_policy_records_rows_or_refuses_truncate(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        let policy = || TablePolicy::new("m").mode(mode).truncate(TruncatePolicy::Rows);
        create_partitioned(&pool, &trail, policy()).await?;
        run(&pool, "TRUNCATE m_eu").await?;
        assert_eq!(
            state_now(&pool, &trail, "m", "id=1&r=eu").await?,
            "was removed by delete",
            "{}",
            mode.as_str()
        );
        assert_eq!(
            steps(&trail, "m", "id=1&r=eu").await?,
            ["truncate public.m_eu", "delete id=1&r=eu", "insert id=1&r=eu"]
        );

        create_partitioned(&pool, &trail, policy()).await?;
        run(&pool, "TRUNCATE m").await?;
        for row in ["id=1&r=eu", "id=1&r=us"] {
            assert_eq!(state_now(&pool, &trail, "m", row).await?, "was removed by delete");
        }
        create_partitioned(&pool, &trail, policy().truncate(TruncatePolicy::Refuse)).await?;
        for truncate in ["TRUNCATE m", "TRUNCATE m_eu", "TRUNCATE m_us_low"] {
            let error = run(&pool, truncate).await.unwrap_err().to_string();
            assert!(error.contains(r#"truncate = "refuse""#), "{error}");
        }
        assert!(state_now(&pool, &trail, "m", "id=1&r=us").await?.starts_with("existed"));
    }
    Ok(())
}

/// Checks that a viewer who may see a row learns that its table was truncated, and nobody else does.
#[sqlx::test(migrations = false)]
async fn truncate_is_visible_only_in_scope_of_row(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, tenant int); CREATE TABLE other (id int PRIMARY KEY)")
        .await?;
    trail.capture(["t", "other"]).await?;
    run(&pool, "INSERT INTO t VALUES (1, 7), (2, 8); TRUNCATE t").await?;
    let at = now(&pool).await?;
    let tenant = Scope::new(Predicate::tables(["t"]).and(Predicate::field("tenant", "7")));
    let visible = trail.as_of(&tenant, "t", key("id=1"), at).await?;
    assert!(
        matches!(&visible, AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate),
        "{visible:?}"
    );
    let hidden = trail.as_of(&tenant, "t", key("id=2"), at).await?;
    assert!(matches!(hidden, AsOf::BeforeHorizon), "{hidden:?}");
    let never = trail.as_of(&tenant, "t", key("id=3"), at).await?;
    assert!(matches!(never, AsOf::BeforeHorizon), "{never:?}");
    Ok(())
}
