//! Tests every way to change a key: checks as-of and comparison of every key at every commit against the table.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{empty_trail, violations};
use threadline_testkit::database::{Result, install, run};
use threadline_testkit::table_copies::TableCopies;

/// A table with its key, and the transactions that write to it. The table is copied after each of them.
struct Scenario<'a> {
    name: &'a str,
    table: &'a str,
    key: &'a [&'a str],
    transactions: &'a [&'a str],
}

const PLAIN: &str = "CREATE TABLE t (id int PRIMARY KEY, note text)";
const DEFERRABLE: &str = "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, note text)";
const DEFERRED: &str = "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, note text)";
const PARTITIONED: &str =
    "CREATE TABLE t (id int, r text, note text, PRIMARY KEY (id, r) DEFERRABLE) PARTITION BY LIST (r);
    CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a'); CREATE TABLE t_b PARTITION OF t FOR VALUES IN ('b');
    CREATE TABLE t_c PARTITION OF t FOR VALUES IN ('c') PARTITION BY RANGE (id);
    CREATE TABLE t_c_low PARTITION OF t_c FOR VALUES FROM (0) TO (10);
    CREATE TABLE t_c_high PARTITION OF t_c FOR VALUES FROM (10) TO (20)";

const SCENARIOS: &[Scenario<'_>] = &[
    Scenario {
        name: "swaps and shifts in one statement",
        table: DEFERRABLE,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')",
            "UPDATE t SET id = 3 - id WHERE id < 3",
            "UPDATE t SET id = id + 1",
            "UPDATE t SET id = id - 1, note = note || id",
            "UPDATE t SET id = 1 + id % 4",
            "UPDATE t SET id = 5 - id",
            "UPDATE t SET id = id + 2 WHERE id > 2",
            "UPDATE t SET id = id + 2 WHERE id < 3; UPDATE t SET id = id - 2",
        ],
    },
    Scenario {
        name: "rows with the same values swap their keys",
        table: DEFERRABLE,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'same'), (2, 'same'), (3, 'same')",
            "UPDATE t SET id = 3 - id WHERE id < 3",
            "UPDATE t SET id = 1 + id % 3",
            "DELETE FROM t WHERE id = 2; UPDATE t SET id = 2 WHERE id = 1",
            "UPDATE t SET id = 5 - id",
        ],
    },
    Scenario {
        name: "two rows under one key within a transaction",
        table: DEFERRED,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')",
            "UPDATE t SET id = 2 WHERE id = 1; DELETE FROM t WHERE id = 2 AND note = 'b'",
            "INSERT INTO t VALUES (2, 'second'); DELETE FROM t WHERE id = 2 AND note = 'a'",
            "INSERT INTO t VALUES (2, 'third'); UPDATE t SET note = 'changed' WHERE id = 2 AND note = 'second';
             UPDATE t SET id = 9 WHERE id = 2 AND note = 'changed'",
            "INSERT INTO t VALUES (2, 'fourth'); UPDATE t SET note = 'changed' WHERE id = 2 AND note = 'third';
             DELETE FROM t WHERE id = 2 AND note = 'fourth'",
            "INSERT INTO t VALUES (2, 'fifth'); DELETE FROM t WHERE id = 2",
            "INSERT INTO t VALUES (2, 'x'), (2, 'y'), (2, 'z'); DELETE FROM t WHERE id = 2 AND note = 'x'; UPDATE t SET id = 1 WHERE id = 2 AND note = 'z'",
            "INSERT INTO t VALUES (2, 'same'), (2, 'same'); DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t WHERE note = 'same'); DELETE FROM t WHERE note = 'y'",
        ],
    },
    Scenario {
        name: "composite keys",
        table: "CREATE TABLE t (a int, b text, note text, PRIMARY KEY (b, a) DEFERRABLE)",
        key: &["a", "b"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'x', 'n'), (2, 'x', 'm'), (1, 'y', 'l')",
            "UPDATE t SET a = 3 - a WHERE b = 'x'",
            "UPDATE t SET b = CASE b WHEN 'x' THEN 'y' ELSE 'x' END WHERE a = 1",
            "UPDATE t SET b = b || 'z', a = a + 10",
            "UPDATE t SET b = 'x', a = a - 10 WHERE note = 'n'",
            "INSERT INTO t VALUES (5, 'x', 'new')",
            "DELETE FROM t WHERE b = 'x'",
        ],
    },
    Scenario {
        name: "a key is given up and taken by a new row",
        table: PLAIN,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
            "UPDATE t SET id = 3 WHERE id = 1",
            "INSERT INTO t VALUES (1, 'new')",
            "UPDATE t SET note = 'new 2' WHERE id = 1",
            "UPDATE t SET id = 4 WHERE id = 1; INSERT INTO t VALUES (1, 'newer')",
            "DELETE FROM t WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; INSERT INTO t VALUES (2, 'newest')",
            "DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, 'last')",
            "UPDATE t SET id = 1 WHERE id = 1",
        ],
    },
    Scenario {
        name: "there and back within a transaction",
        table: PLAIN,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a')",
            "UPDATE t SET id = 2; UPDATE t SET id = 1",
            "UPDATE t SET id = 2; UPDATE t SET note = 'b'; UPDATE t SET id = 1",
            "UPDATE t SET id = 2; UPDATE t SET id = 3; DELETE FROM t",
            "INSERT INTO t VALUES (1, 'c'); UPDATE t SET id = 2; INSERT INTO t VALUES (1, 'd'); DELETE FROM t WHERE id = 2",
            "UPDATE t SET id = 2; DELETE FROM t; INSERT INTO t VALUES (2, 'e')",
        ],
    },
    Scenario {
        name: "ten changes of the key, and a deletion",
        table: PLAIN,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a')",
            "UPDATE t SET id = 2",
            "UPDATE t SET id = 3",
            "UPDATE t SET id = 4, note = 'b'",
            "UPDATE t SET id = 5",
            "UPDATE t SET id = 6",
            "UPDATE t SET id = 7; UPDATE t SET id = 8",
            "UPDATE t SET id = 9",
            "UPDATE t SET id = 10",
            "UPDATE t SET id = 1",
            "UPDATE t SET id = 11; DELETE FROM t",
        ],
    },
    Scenario {
        name: "savepoints take a change of the key back",
        table: PLAIN,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
            "BEGIN; SAVEPOINT s; UPDATE t SET id = 9 WHERE id = 1; ROLLBACK TO s; UPDATE t SET note = 'c' WHERE id = 1; COMMIT",
            "BEGIN; UPDATE t SET id = 9 WHERE id = 1; SAVEPOINT s; UPDATE t SET id = 1 WHERE id = 2; ROLLBACK TO s; COMMIT",
            "BEGIN; UPDATE t SET id = id + 20; ROLLBACK",
            "BEGIN; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; UPDATE t SET id = id + 1; COMMIT",
        ],
    },
    Scenario {
        name: "several operations in one statement",
        table: PLAIN,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')",
            "WITH gone AS (DELETE FROM t WHERE id = 2 RETURNING id) UPDATE t SET id = 2 FROM gone WHERE t.id = 1",
            "WITH moved AS (UPDATE t SET id = 7 WHERE id = 2 RETURNING note) INSERT INTO t SELECT 2, note || '!' FROM moved",
            "INSERT INTO t VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET id = 20, note = excluded.note",
            "INSERT INTO t VALUES (20, 'y'), (20, 'z') ON CONFLICT (id) DO UPDATE SET id = 21",
            "MERGE INTO t USING (VALUES (3, 30), (7, 70), (5, 50)) AS s (id, new) ON t.id = s.id
             WHEN MATCHED AND s.id = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET id = s.new
             WHEN NOT MATCHED THEN INSERT VALUES (3, 'merged')",
        ],
    },
    Scenario {
        name: "several operations in one statement, checked at its end",
        table: DEFERRABLE,
        key: &["id"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')",
            "WITH moved AS (UPDATE t SET id = 2 WHERE id = 1 RETURNING id) DELETE FROM t USING moved WHERE t.id = 2",
            "WITH added AS (INSERT INTO t VALUES (3, 'new') RETURNING id) DELETE FROM t USING added WHERE t.id = added.id",
            "WITH gone AS (DELETE FROM t WHERE id = 4), added AS (INSERT INTO t VALUES (4, 'new')) SELECT 1",
            "WITH moved AS (UPDATE t SET id = 9 WHERE id = 4), added AS (INSERT INTO t VALUES (4, 'newer')) SELECT 1",
            "WITH added AS (INSERT INTO t VALUES (4, 'newest')), moved AS (UPDATE t SET id = 10 WHERE id = 4) SELECT 1",
            "MERGE INTO t USING (VALUES (2, 3), (3, 0), (4, 2)) AS s (id, new) ON t.id = s.id
             WHEN MATCHED AND new = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET id = s.new",
        ],
    },
    Scenario {
        name: "rows move between partitions",
        table: PARTITIONED,
        key: &["id", "r"],
        transactions: &[
            "INSERT INTO t VALUES (1, 'a', 'n'), (1, 'b', 'm'), (2, 'a', 'l'), (3, 'c', 'k')",
            "UPDATE t SET r = 'c' WHERE id = 2",
            "UPDATE t SET id = 4, r = 'b' WHERE id = 3",
            "UPDATE t SET r = CASE r WHEN 'a' THEN 'b' ELSE 'a' END WHERE id = 1",
            "UPDATE t SET r = CASE r WHEN 'a' THEN 'b' ELSE 'a' END, note = note || '2' WHERE id = 1",
            "UPDATE t SET r = 'a' WHERE id = 2; UPDATE t SET r = 'c' WHERE id = 2",
            "UPDATE t SET id = id + 10 WHERE r = 'c'",
            "UPDATE t SET id = id + 1",
            "UPDATE t SET r = 'c' WHERE id = 2 AND r = 'a'; UPDATE t SET r = 'a' WHERE id = 2 AND r = 'b'",
            "BEGIN; SET CONSTRAINTS ALL DEFERRED; UPDATE t SET r = 'b' WHERE id = 2; DELETE FROM t WHERE id = 2 AND note = 'n2'; COMMIT",
            "DELETE FROM t WHERE r = 'c'; UPDATE t SET r = 'c'",
        ],
    },
    Scenario {
        name: "rows of a partition change their keys by its own name",
        table: PARTITIONED,
        key: &["id", "r"],
        transactions: &[
            "INSERT INTO t_a VALUES (1, 'a', 'n'), (2, 'a', 'm')",
            "UPDATE t_a SET id = 3 - id",
            "UPDATE t_a SET id = 5 WHERE id = 1",
            "INSERT INTO t_c_low VALUES (1, 'c', 'l')",
            "UPDATE t_c SET id = 11",
            "DELETE FROM t_a; INSERT INTO t VALUES (5, 'a', 'new')",
        ],
    },
    Scenario {
        name: "every row is swapped with its twin in another partition",
        table: PARTITIONED,
        key: &["id", "r"],
        transactions: &[
            "INSERT INTO t SELECT n, r, r || n FROM generate_series(1, 4) AS n, unnest('{a,b}'::text[]) AS r",
            "UPDATE t SET r = CASE r WHEN 'a' THEN 'b' ELSE 'a' END",
            "UPDATE t SET r = CASE r WHEN 'a' THEN 'b' ELSE 'a' END, id = 5 - id",
            "WITH gone AS (DELETE FROM t WHERE r = 'b' RETURNING id) UPDATE t SET r = 'b' FROM gone WHERE t.id = gone.id",
        ],
    },
];

/// Returns a policy that stores everything, and one that stores no old values, with which answers must be right as well.
fn policies(mode: CaptureMode) -> Vec<(String, TablePolicy)> {
    let whole = || TablePolicy::new("t").mode(mode);
    let mut bare = whole();
    bare.store_changed_from = false;
    bare.store_deleted_row = false;
    vec![(mode.as_str().to_owned(), whole()), (format!("{}, no old values", mode.as_str()), bare)]
}

async fn check_scenarios(pool: &PgPool, mode: CaptureMode) -> Result {
    let trail = install(pool).await?;
    let mut problems = Vec::new();
    for (capture, policy) in policies(mode) {
        for scenario in SCENARIOS {
            let name = format!("{} ({capture})", scenario.name);
            run(pool, &format!("DROP TABLE IF EXISTS t; {}", scenario.table)).await?;
            empty_trail(pool).await?;
            trail.capture([policy.clone()]).await?;
            let mut copies = TableCopies::new("t", scenario.key);
            // If two rows share a key within a transaction, a deletion without the deleted row does not say which one it removed.
            copies.may_be_uncertain = !policy.store_deleted_row;
            copies.copy(pool).await?;
            for transaction in scenario.transactions {
                run(pool, transaction).await.map_err(|error| format!("{name}: {error}"))?;
                copies.copy(pool).await?;
            }
            let found = copies.differences(&trail).await?;
            problems.extend(found.iter().map(|problem| format!("{name}: {problem}")));
            problems.extend(violations(pool).await?.iter().map(|violation| format!("{name}: {violation}")));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn key_at_each_commit_matches_table_in_statement_mode(pool: PgPool) -> Result {
    check_scenarios(&pool, CaptureMode::Statement).await
}

#[sqlx::test(migrations = false)]
async fn key_at_each_commit_matches_table_in_row_mode(pool: PgPool) -> Result {
    check_scenarios(&pool, CaptureMode::Row).await
}
