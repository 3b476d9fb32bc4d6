//! Tests capture of rows whose key changes.

use sqlx::PgPool;

use threadline_testkit::cases::{case, check_cases};
use threadline_testkit::database::Result;

#[sqlx::test(migrations = false)]
async fn changed_key_is_recorded_with_old_key(pool: PgPool) -> Result {
    check_cases(
        &pool,
        "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, note text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
         CREATE TABLE pair (a int, b text, note text, PRIMARY KEY (b, a)); INSERT INTO pair VALUES (1, 'x', 'n')",
        &["t", "pair"],
        &[
            case(
                "one row",
                "UPDATE t SET id = 9, note = 'z' WHERE id = 1",
                &["update t {id: 9} {id: 9, note: z} {id,note} was {id: 1, note: a}"],
            ),
            case(
                "two rows swap their keys",
                "UPDATE t SET id = 3 - id WHERE id < 3",
                &[
                    "update t {id: 2} {id: 2, note: a} {id} was {id: 1}",
                    "update t {id: 1} {id: 1, note: b} {id} was {id: 2}",
                ],
            ),
            case(
                "every key moves up",
                "UPDATE t SET id = id + 1",
                &[
                    "update t {id: 2} {id: 2, note: a} {id} was {id: 1}",
                    "update t {id: 3} {id: 3, note: b} {id} was {id: 2}",
                    "update t {id: 4} {id: 4, note: c} {id} was {id: 3}",
                ],
            ),
            case(
                "a key given up and taken again",
                "DELETE FROM t WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; INSERT INTO t VALUES (2, 'new')",
                &[
                    "delete t {id: 1} was {id: 1, note: a}",
                    "update t {id: 1} {id: 1, note: b} {id} was {id: 2}",
                    "insert t {id: 2} {id: 2, note: new}",
                ],
            ),
            case(
                "one column of two",
                "UPDATE pair SET a = 2",
                &["update pair {a: 2, b: x} {a: 2, b: x, note: n} {a} was {a: 1}"],
            ),
            case(
                "through ON CONFLICT",
                "INSERT INTO pair VALUES (1, 'x', 'late') ON CONFLICT (a, b) DO UPDATE SET b = 'y', note = excluded.note",
                &["update pair {a: 1, b: y} {a: 1, b: y, note: late} {b,note} was {b: x, note: n}"],
            ),
        ],
    )
    .await
}
