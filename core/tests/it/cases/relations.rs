//! Tests tables and partitions that are detached, dropped, renamed or moved, for which no trigger fires: the trail never reports a
//! row as existing if it may be gone.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::query::{AsOf, Count, Filter, PossibleRemoval};
use threadline::{AuditTrail, Scope};

use crate::cases::{as_of, now, state_now};
use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run, value};

const PARTITIONED: &str = "DROP TABLE IF EXISTS m, m_eu, m_us;
    CREATE TABLE m (id int, r text, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
    CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu'); CREATE TABLE m_us PARTITION OF m FOR VALUES IN ('us')";

/// Creates and captures the partitioned table `m`, and inserts a row into each partition.
async fn create_partitioned(pool: &PgPool, trail: &AuditTrail, mode: CaptureMode) -> Result {
    run(pool, PARTITIONED).await?;
    empty_trail(pool).await?;
    trail.capture([TablePolicy::new("m").mode(mode)]).await?;
    run(pool, "INSERT INTO m VALUES (1, 'eu', 'a'), (1, 'us', 'b')").await
}

/// Records which relations exist, as a check of coverage does.
async fn observe(pool: &PgPool) -> Result {
    run(pool, "SELECT threadline.threadline_observe_relations()").await
}

/// Returns the only reason why a row may be gone.
async fn cause(pool: &PgPool, trail: &AuditTrail, table: &str, row: &str) -> Result<PossibleRemoval> {
    match as_of(trail, table, row, now(pool).await?).await? {
        AsOf::Uncertain { causes, .. } if causes.len() == 1 => Ok(causes[0].clone()),
        other => Err(format!("{table} {row}: {other:?}").into()),
    }
}

async fn is_certain(pool: &PgPool, trail: &AuditTrail, table: &str, row: &str) -> Result<bool> {
    Ok(matches!(as_of(trail, table, row, now(pool).await?).await?, AsOf::Present(_)))
}

#[sqlx::test(migrations = false)]
async fn rows_after_detached_or_dropped_partition_are_uncertain(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for gone in [
            "ALTER TABLE m DETACH PARTITION m_eu",
            "DROP TABLE m_eu",
            "ALTER TABLE m DETACH PARTITION m_eu; DROP TABLE m_eu",
        ] {
            create_partitioned(&pool, &trail, mode).await?;
            assert!(is_certain(&pool, &trail, "m", "id=1&r=eu").await?);
            let before = now(&pool).await?;
            run(&pool, gone).await?;
            for row in ["id=1&r=eu", "id=1&r=us"] {
                let found = cause(&pool, &trail, "m", row).await?;
                assert!(
                    matches!(&found, PossibleRemoval::PartitionGone { partition, last_seen }
                             if *partition == "m_eu".into() && *last_seen < before),
                    "{found:?}"
                );
            }
            // Once a check has recorded that the partition is gone, rows that are written later are certain.
            observe(&pool).await?;
            run(&pool, "UPDATE m SET v = 'c' WHERE r = 'us'; INSERT INTO m VALUES (2, 'us', 'd')").await?;
            for row in ["id=1&r=us", "id=2&r=us"] {
                assert!(is_certain(&pool, &trail, "m", row).await?, "{gone} ({})", mode.as_str());
            }
            assert!(matches!(
                cause(&pool, &trail, "m", "id=1&r=eu").await?,
                PossibleRemoval::PartitionGone { .. }
            ));
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn row_of_reattached_partition_is_uncertain_until_written(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        create_partitioned(&pool, &trail, mode).await?;
        run(&pool, "ALTER TABLE m DETACH PARTITION m_eu").await?;
        observe(&pool).await?;
        run(&pool, "DELETE FROM m_eu; ALTER TABLE m ATTACH PARTITION m_eu FOR VALUES IN ('eu')").await?;
        let found = cause(&pool, &trail, "m", "id=1&r=eu").await?;
        assert!(matches!(found, PossibleRemoval::PartitionGone { .. }), "{found:?}");
        trail.capture([TablePolicy::new("m").mode(mode)]).await?;
        run(&pool, "INSERT INTO m VALUES (1, 'eu', 'new')").await?;
        assert!(is_certain(&pool, &trail, "m", "id=1&r=eu").await?);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn row_of_renamed_partition_is_certain(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        create_partitioned(&pool, &trail, mode).await?;
        run(&pool, "ALTER TABLE m_eu RENAME TO m_europe").await?;
        assert!(is_certain(&pool, &trail, "m", "id=1&r=eu").await?);
        observe(&pool).await?;
        assert!(is_certain(&pool, &trail, "m", "id=1&r=eu").await?);
        run(&pool, "DROP TABLE m_europe").await?;
        assert!(matches!(
            cause(&pool, &trail, "m", "id=1&r=eu").await?,
            PossibleRemoval::PartitionGone { .. }
        ));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn row_of_dropped_table_is_uncertain(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        let policy = || TablePolicy::new("t").mode(mode);
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
        empty_trail(&pool).await?;
        trail.capture([policy()]).await?;
        run(&pool, "INSERT INTO t VALUES (1, 'a'), (2, 'a')").await?;
        run(&pool, "DROP TABLE t").await?;
        assert!(matches!(cause(&pool, &trail, "t", "id=1").await?, PossibleRemoval::TableGone { .. }));

        // A new table of the same name has its own rows.
        run(&pool, "CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
        assert!(matches!(cause(&pool, &trail, "t", "id=1").await?, PossibleRemoval::TableGone { .. }));
        trail.capture([policy()]).await?;
        run(&pool, "INSERT INTO t VALUES (1, 'new')").await?;
        assert!(is_certain(&pool, &trail, "t", "id=1").await?);
        assert!(matches!(cause(&pool, &trail, "t", "id=2").await?, PossibleRemoval::TableGone { .. }));
    }
    Ok(())
}

/// Checks both names: history is stored by table name, so a row is found under the new one once it is written to.
#[sqlx::test(migrations = false)]
async fn row_of_renamed_table_returns_new_name(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE SCHEMA archive").await?;
    for mode in CaptureMode::ALL {
        for (rename, name) in [
            ("ALTER TABLE t RENAME TO renamed", "renamed"),
            ("ALTER TABLE t SET SCHEMA archive", "archive.t"),
            ("ALTER TABLE t RENAME TO renamed; ALTER TABLE renamed SET SCHEMA archive", "archive.renamed"),
        ] {
            run(&pool, "DROP TABLE IF EXISTS t, renamed, archive.t, archive.renamed; CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
            empty_trail(&pool).await?;
            run(&pool, "DELETE FROM threadline.threadline_captured_relations").await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            run(&pool, "INSERT INTO t VALUES (1, 'a'), (2, 'a')").await?;
            run(&pool, rename).await?;
            let renamed = cause(&pool, &trail, "t", "id=1").await?;
            assert!(
                matches!(&renamed, PossibleRemoval::TableRenamed { to, .. } if *to == name.into()),
                "{renamed:?}"
            );
            run(&pool, &format!("DELETE FROM {name} WHERE id = 1; UPDATE {name} SET v = 'b'")).await?;
            assert_eq!(state_now(&pool, &trail, name, "id=1").await?, "was removed by delete");
            assert_eq!(state_now(&pool, &trail, name, "id=2").await?, r#"existed: {id: 2, v: "b"}"#);

            // Capturing the table again must not record each change twice.
            trail.capture([TablePolicy::new(name).mode(mode)]).await?;
            let filter = Filter { table: Some(name.into()), ..Filter::default() };
            let count = async || trail.snapshot().await?.count(&Scope::unscoped(), &filter, 100).await;
            assert_eq!(count().await?, Count::Exact(2));
            run(&pool, &format!("INSERT INTO {name} VALUES (3, 'c')")).await?;
            assert_eq!(count().await?, Count::Exact(3), "{rename} ({})", mode.as_str());
            let triggers: i64 = value(
                &pool,
                &format!(
                    "SELECT count(DISTINCT tgname) FROM pg_trigger WHERE tgrelid = '{name}'::regclass AND tgname LIKE 'threadline%'"
                ),
            )
            .await?;
            assert_eq!(triggers, if mode == CaptureMode::Row { 2 } else { 4 });
            // No table has the old name now, and the answer contains the new one.
            let renamed = cause(&pool, &trail, "t", "id=2").await?;
            assert!(
                matches!(&renamed, PossibleRemoval::TableRenamed { to, .. } if *to == name.into()),
                "{renamed:?}"
            );
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn table_with_name_of_renamed_table_does_not_get_its_rows(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(
            &pool,
            "DROP TABLE IF EXISTS t, t_old; CREATE TABLE t (id int PRIMARY KEY, v text);
             DROP TABLE IF EXISTS t_new; CREATE TABLE t_new (id int PRIMARY KEY, v text)",
        )
        .await?;
        empty_trail(&pool).await?;
        trail.capture(["t", "t_new"].map(|table| TablePolicy::new(table).mode(mode))).await?;
        run(&pool, "INSERT INTO t VALUES (1, 'old'), (2, 'old'); INSERT INTO t_new VALUES (1, 'new')")
            .await?;
        run(&pool, "ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t").await?;
        for row in ["id=1", "id=2"] {
            let renamed = cause(&pool, &trail, "t", row).await?;
            assert!(
                matches!(&renamed, PossibleRemoval::TableRenamed { to, .. } if *to == "t_old".into()),
                "{renamed:?}"
            );
        }
        trail.capture(["t", "t_old"].map(|table| TablePolicy::new(table).mode(mode))).await?;
        run(&pool, "UPDATE t SET v = 'newer'").await?;
        assert_eq!(state_now(&pool, &trail, "t", "id=1").await?, r#"existed: {id: 1, v: "newer"}"#);
        assert!(!is_certain(&pool, &trail, "t", "id=2").await?, "{}", mode.as_str());
    }
    Ok(())
}

/// Renames a table twice: changes under the other name are not in the history of the first one.
#[sqlx::test(migrations = false)]
async fn row_deleted_while_table_was_renamed_is_uncertain(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(&pool, "INSERT INTO t VALUES (1, 'a'), (2, 'a')").await?;
        run(&pool, "ALTER TABLE t RENAME TO other").await?;
        run(&pool, "DELETE FROM other WHERE id = 1").await?;
        run(&pool, "ALTER TABLE other RENAME TO t; UPDATE t SET v = 'b' WHERE id = 2").await?;
        assert!(!is_certain(&pool, &trail, "t", "id=1").await?, "{}", mode.as_str());
        assert!(is_certain(&pool, &trail, "t", "id=2").await?, "{}", mode.as_str());
    }
    Ok(())
}

/// Attaches a captured table, which is recorded under the name of the root table from then on, and under its own name again once
/// it is detached.
#[sqlx::test(migrations = false)]
async fn row_of_attached_table_is_recorded_under_root_table(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        create_partitioned(&pool, &trail, mode).await?;
        run(
            &pool,
            "DROP TABLE IF EXISTS m_as; CREATE TABLE m_as (id int, r text, v text, PRIMARY KEY (id, r))",
        )
        .await?;
        trail.capture([TablePolicy::new("m_as").mode(mode)]).await?;
        run(&pool, "INSERT INTO m_as VALUES (5, 'as', 'alone')").await?;
        assert!(is_certain(&pool, &trail, "m_as", "id=5&r=as").await?);
        run(&pool, "ALTER TABLE m ATTACH PARTITION m_as FOR VALUES IN ('as')").await?;
        trail.capture([TablePolicy::new("m").mode(mode)]).await?;
        run(&pool, "DELETE FROM m WHERE id = 5").await?;
        assert_eq!(
            state_now(&pool, &trail, "m", "id=5&r=as").await?,
            "was removed by delete",
            "{}",
            mode.as_str()
        );
        assert!(!is_certain(&pool, &trail, "m_as", "id=5&r=as").await?, "{}", mode.as_str());
    }
    Ok(())
}

/// Renames a key column, after which rows have other keys.
#[sqlx::test(migrations = false)]
async fn row_with_renamed_key_column_is_uncertain_under_old_key(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(&pool, "INSERT INTO t VALUES (1, 'a'), (2, 'a')").await?;
        let before = now(&pool).await?;
        run(&pool, "ALTER TABLE t RENAME id TO number").await?;
        run(&pool, "DELETE FROM t WHERE number = 1").await?;
        assert_eq!(state_now(&pool, &trail, "t", "number=1").await?, "was removed by delete");
        assert!(matches!(as_of(&trail, "t", "id=1", before).await?, AsOf::Present(_)));
        for row in ["id=1", "id=2"] {
            assert!(!is_certain(&pool, &trail, "t", row).await?, "{row} ({})", mode.as_str());
        }
    }
    Ok(())
}
