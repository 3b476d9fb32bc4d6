//! Tests tables that are altered after their triggers were created, for the session that alters them and for another one. Both
//! sessions have written before.

use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run};

/// An alteration and the writes after it, in which `#` stands for 1 in one session and for 2 in the other.
struct Alteration<'a> {
    name: &'a str,
    ddl: &'a str,
    write: &'a str,
    /// The changes without redaction.
    plain: &'a [&'a str],
    /// The changes with `secret` masked and `hidden` excluded.
    redacted: &'a [&'a str],
}

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, note text, secret text, hidden text)";
const ROW: &str = "INSERT INTO t VALUES (#, 'a', 'canary s', 'canary h')";

const CASES: &[Alteration<'_>] = &[
    Alteration {
        name: "a column is added",
        ddl: "ALTER TABLE t ADD COLUMN extra text, ADD COLUMN filled int DEFAULT 7",
        write: "UPDATE t SET extra = 'e' WHERE id = #; DELETE FROM t WHERE id = #; INSERT INTO t VALUES (#0, 'a', 'canary', 'canary', 'e')",
        plain: &[
            "update t {id: #} {id: #, note: a, extra: e, filled: 7, hidden: canary h, secret: canary s} {extra} was {extra: null}",
            "delete t {id: #} was {id: #, note: a, extra: e, filled: 7, hidden: canary h, secret: canary s}",
            "insert t {id: #0} {id: #0, note: a, extra: e, filled: 7, hidden: canary, secret: canary}",
        ],
        redacted: &[
            "update t {id: #} {id: #, note: a, extra: e, filled: 7, secret: [REDACTED]} {extra} was {extra: null}",
            "delete t {id: #} was {id: #, note: a, extra: e, filled: 7, secret: [REDACTED]}",
            "insert t {id: #0} {id: #0, note: a, extra: e, filled: 7, secret: [REDACTED]}",
        ],
    },
    Alteration {
        name: "a plain column is dropped",
        ddl: "ALTER TABLE t DROP COLUMN note",
        write: "UPDATE t SET secret = 'canary 2' WHERE id = #; DELETE FROM t WHERE id = #",
        plain: &[
            "update t {id: #} {id: #, hidden: canary h, secret: canary 2} {secret} was {secret: canary s}",
            "delete t {id: #} was {id: #, hidden: canary h, secret: canary 2}",
        ],
        redacted: &[
            "update t {id: #} {id: #, secret: [REDACTED]} {secret} was {secret: [REDACTED]}",
            "delete t {id: #} was {id: #, secret: [REDACTED]}",
        ],
    },
    Alteration {
        name: "a redacted column is dropped",
        ddl: "ALTER TABLE t DROP COLUMN secret",
        write: "UPDATE t SET note = 'b' WHERE id = #",
        plain: &["update t {id: #} {id: #, note: b, hidden: canary h} {note} was {note: a}"],
        redacted: &["update t {id: #} {id: #, note: b} {note} was {note: a}"],
    },
    Alteration {
        name: "a plain column is renamed",
        ddl: "ALTER TABLE t RENAME note TO remark",
        write: "UPDATE t SET remark = 'b' WHERE id = #",
        plain: &[
            "update t {id: #} {id: #, hidden: canary h, remark: b, secret: canary s} {remark} was {remark: a}",
        ],
        redacted: &["update t {id: #} {id: #, remark: b, secret: [REDACTED]} {remark} was {remark: a}"],
    },
    Alteration {
        name: "a masked column is renamed",
        ddl: "ALTER TABLE t RENAME secret TO hush",
        write: "UPDATE t SET note = 'b', hush = 'canary 2' WHERE id = #; DELETE FROM t WHERE id = #; INSERT INTO t VALUES (#0, 'a', 'canary 3')",
        plain: &[
            "update t {id: #} {id: #, hush: canary 2, note: b, hidden: canary h} {hush,note} was {hush: canary s, note: a}",
            "delete t {id: #} was {id: #, hush: canary 2, note: b, hidden: canary h}",
            "insert t {id: #0} {id: #0, hush: canary 3, note: a, hidden: null}",
        ],
        redacted: &[
            "update t {id: #} {id: #, hush: [REDACTED], note: b} {hush,note} was {hush: [REDACTED], note: a}",
            "delete t {id: #} was {id: #, hush: [REDACTED], note: b}",
            "insert t {id: #0} {id: #0, hush: [REDACTED], note: a}",
        ],
    },
    Alteration {
        name: "an excluded column is renamed",
        ddl: "ALTER TABLE t RENAME hidden TO hush",
        write: "UPDATE t SET note = 'b', hush = 'canary 2' WHERE id = #",
        plain: &[
            "update t {id: #} {id: #, hush: canary 2, note: b, secret: canary s} {hush,note} was {hush: canary h, note: a}",
        ],
        redacted: &[
            "update t {id: #} {id: #, hush: [REDACTED], note: b, secret: [REDACTED]} {hush,note} was {hush: [REDACTED], note: a}",
        ],
    },
    Alteration {
        name: "a masked column is renamed and another one takes its name",
        ddl: "ALTER TABLE t RENAME secret TO hush; ALTER TABLE t ADD COLUMN secret text",
        write: "UPDATE t SET note = 'b', secret = 'canary 2' WHERE id = #",
        plain: &[
            "update t {id: #} {id: #, hush: canary s, note: b, hidden: canary h, secret: canary 2} {note,secret} was {note: a, secret: null}",
        ],
        redacted: &[
            "update t {id: #} {id: #, hush: [REDACTED], note: b, secret: [REDACTED]} {note,secret} was {note: a, secret: null}",
        ],
    },
    Alteration {
        name: "the key column is renamed",
        ddl: "ALTER TABLE t RENAME id TO number",
        write: "UPDATE t SET note = 'b' WHERE number = #; DELETE FROM t WHERE number = #",
        plain: &[
            "update t {number: #} {note: b, hidden: canary h, number: #, secret: canary s} {note} was {note: a}",
            "delete t {number: #} was {note: b, hidden: canary h, number: #, secret: canary s}",
        ],
        redacted: &[
            "update t {number: #} {note: b, number: #, secret: [REDACTED]} {note} was {note: a}",
            "delete t {number: #} was {note: b, number: #, secret: [REDACTED]}",
        ],
    },
    Alteration {
        name: "the key column gets a wider type",
        ddl: "ALTER TABLE t ALTER id TYPE bigint",
        write: "UPDATE t SET id = id + 5000000000 WHERE id = #",
        plain: &[
            "update t {id: 500000000#} {id: 500000000#, note: a, hidden: canary h, secret: canary s} {id} was {id: #}",
        ],
        redacted: &[
            "update t {id: 500000000#} {id: 500000000#, note: a, secret: [REDACTED]} {id} was {id: #}",
        ],
    },
    Alteration {
        name: "a text becomes json",
        ddl: "ALTER TABLE t ALTER note TYPE json USING to_json(note)",
        write: "UPDATE t SET note = '[1]' WHERE id = #",
        plain: &[
            "update t {id: #} {id: #, note: [1], hidden: canary h, secret: canary s} {note} was {note: a}",
        ],
        redacted: &["update t {id: #} {id: #, note: [1], secret: [REDACTED]} {note} was {note: a}"],
    },
    Alteration {
        name: "a text becomes a number",
        ddl: "ALTER TABLE t ALTER note TYPE numeric USING 1.5",
        write: "UPDATE t SET note = 1.50 WHERE id = #",
        plain: &[
            "update t {id: #} {id: #, note: 1.50, hidden: canary h, secret: canary s} {note} was {note: 1.5}",
        ],
        redacted: &["update t {id: #} {id: #, note: 1.50, secret: [REDACTED]} {note} was {note: 1.5}"],
    },
    Alteration {
        name: "a masked text becomes jsonb",
        ddl: "ALTER TABLE t ALTER secret TYPE jsonb USING to_jsonb(secret)",
        write: "UPDATE t SET secret = jsonb_build_object('canary', secret) WHERE id = #",
        plain: &[
            "update t {id: #} {id: #, note: a, hidden: canary h, secret: {canary: canary s}} {secret} was {secret: canary s}",
        ],
        redacted: &[
            "update t {id: #} {id: #, note: a, secret: [REDACTED]} {secret} was {secret: [REDACTED]}",
        ],
    },
    Alteration {
        name: "the table is renamed",
        ddl: "ALTER TABLE t RENAME TO renamed",
        write: "UPDATE renamed SET note = 'b' WHERE id = #; INSERT INTO renamed VALUES (#0, 'a', 'canary', 'canary')",
        plain: &[
            "update renamed {id: #} {id: #, note: b, hidden: canary h, secret: canary s} {note} was {note: a}",
            "insert renamed {id: #0} {id: #0, note: a, hidden: canary, secret: canary}",
        ],
        redacted: &[
            "update renamed {id: #} {id: #, note: b, secret: [REDACTED]} {note} was {note: a}",
            "insert renamed {id: #0} {id: #0, note: a, secret: [REDACTED]}",
        ],
    },
];

/// The alterations after which columns have the names of others in the policy, so the names alone show no alteration.
const REUSED_NAME_CASES: &[Alteration<'_>] = &[
    Alteration {
        name: "a masked and a plain column swap their names",
        ddl: "ALTER TABLE t RENAME note TO x; ALTER TABLE t RENAME secret TO note; ALTER TABLE t RENAME x TO secret",
        write: "UPDATE t SET note = 'canary 2' WHERE id = #; DELETE FROM t WHERE id = #; INSERT INTO t VALUES (#0, 'a', 'canary 3')",
        plain: &[],
        redacted: &[],
    },
    Alteration {
        name: "a masked column takes the name of a dropped one, and another takes its name",
        ddl: "ALTER TABLE t DROP COLUMN note; ALTER TABLE t RENAME secret TO note; ALTER TABLE t ADD COLUMN secret text",
        write: "UPDATE t SET note = 'canary 2' WHERE id = #; DELETE FROM t WHERE id = #; INSERT INTO t VALUES (#0, 'canary 3')",
        plain: &[],
        redacted: &[],
    },
    Alteration {
        name: "all columns have their old names in the old order, and are others",
        ddl: "ALTER TABLE t DROP COLUMN note; ALTER TABLE t RENAME secret TO note; ALTER TABLE t RENAME hidden TO secret; ALTER TABLE t ADD COLUMN hidden text",
        write: "UPDATE t SET note = 'canary 2' WHERE id = #; DELETE FROM t WHERE id = #; INSERT INTO t VALUES (#0, 'canary 3', 'canary 4', 'canary 5')",
        plain: &[],
        redacted: &[],
    },
    Alteration {
        name: "an excluded and a plain column swap their names",
        ddl: "ALTER TABLE t RENAME note TO x; ALTER TABLE t RENAME hidden TO note; ALTER TABLE t RENAME x TO hidden",
        write: "UPDATE t SET note = 'canary 2' WHERE id = #; DELETE FROM t WHERE id = #; INSERT INTO t VALUES (#0, 'a', 'canary', 'canary')",
        plain: &[],
        redacted: &[],
    },
];

fn policy(mode: CaptureMode, is_redacted: bool) -> TablePolicy {
    let policy = TablePolicy::new("t").mode(mode);
    if is_redacted { policy.mask(["secret"]).exclude(["hidden"]) } else { policy }
}

/// Alters the table between the writes of two sessions, and returns the changes of the later writes.
async fn write_after_alteration(
    trail: &AuditTrail,
    pool: &PgPool,
    case: &Alteration<'_>,
    policy: TablePolicy,
) -> Result<Vec<String>> {
    run(pool, &format!("DROP TABLE IF EXISTS t, renamed; {TABLE}")).await?;
    trail.capture([policy]).await?;
    let mut sessions = [pool.acquire().await?, pool.acquire().await?];
    for (session, number) in sessions.iter_mut().zip(["1", "2"]) {
        // Each session writes often enough for PostgreSQL to cache every plan.
        run(&mut **session, &ROW.replace('#', number)).await?;
        for note in ["x", "y", "a"] {
            run(&mut **session, &format!("UPDATE t SET note = '{note}' WHERE id = {number}")).await?;
        }
    }
    empty_trail(pool).await?;
    run(&mut *sessions[0], case.ddl).await?;
    for (session, number) in sessions.iter_mut().zip(["1", "2"]) {
        for statement in case.write.split("; ") {
            run(&mut **session, &statement.replace('#', number)).await?;
        }
    }
    changes(pool).await
}

#[sqlx::test(migrations = false)]
async fn altered_table_is_recorded_with_current_columns(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for case in CASES {
            for (redacted, lines) in [(false, case.plain), (true, case.redacted)] {
                let name = format!("{} ({}, redacted: {redacted})", case.name, mode.as_str());
                let expected: Vec<String> = ["1", "2"]
                    .iter()
                    .flat_map(|number| lines.iter().map(|line| line.replace('#', number)))
                    .collect();
                match write_after_alteration(&trail, &pool, case, policy(mode, redacted)).await {
                    Err(error) => problems.push(format!("{name}: {error}")),
                    Ok(found) if found != expected => {
                        problems.push(format!(
                            "{name}:\n  {}\nexpected\n  {}",
                            found.join("\n  "),
                            expected.join("\n  ")
                        ));
                    }
                    Ok(_) => {}
                }
                problems.extend(violations(&pool).await?);
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn secret_under_another_name_is_not_recorded(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for case in CASES.iter().chain(REUSED_NAME_CASES) {
            let found = write_after_alteration(&trail, &pool, case, policy(mode, true)).await?;
            let leaks: Vec<&String> = found.iter().filter(|line| line.contains("canary")).collect();
            if !leaks.is_empty() || found.is_empty() {
                problems.push(format!("{} ({}): {leaks:#?}", case.name, mode.as_str()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Checks that a column which becomes json after the function was generated is captured like one that was json before. The trail
/// reports that the function is not current.
#[sqlx::test(migrations = false)]
async fn column_changed_to_json_is_compared_as_json(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    const TYPE_UPDATES: &str = r#"UPDATE t SET note = '"1"'; UPDATE t SET note = '1'"#;
    const NUL_UPDATE: &str = r#"UPDATE t SET note = '"\u0000"'"#;
    for mode in CaptureMode::ALL {
        for json in ["json", "jsonb"] {
            run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            run(&pool, "INSERT INTO t VALUES (1, '1')").await?;
            assert!(trail.capture_functions().await?[0].is_current);
            run(&pool, &format!("ALTER TABLE t ALTER note TYPE {json} USING note::{json}")).await?;
            empty_trail(&pool).await?;
            assert!(!trail.capture_functions().await?[0].is_current);
            run(&pool, TYPE_UPDATES).await?;
            assert_eq!(
                changes(&pool).await?,
                ["update t {id: 1} {id: 1, note: 1} {note} was {note: 1}"; 2],
                "{json} ({})",
                mode.as_str()
            );
            assert_eq!(run(&pool, NUL_UPDATE).await.is_ok(), json == "json", "jsonb itself refuses it");

            run(&pool, "UPDATE t SET note = '1'").await?;
            empty_trail(&pool).await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            assert!(trail.capture_functions().await?[0].is_current);
            run(&pool, TYPE_UPDATES).await?;
            assert_eq!(changes(&pool).await?, ["update t {id: 1} {id: 1, note: 1} {note} was {note: 1}"; 2]);
            assert_eq!(run(&pool, NUL_UPDATE).await.is_ok(), json == "json", "jsonb itself refuses it");
        }
    }
    Ok(())
}

/// Tests partitions and children, which number their columns differently, and may be created after their parent was captured.
#[sqlx::test(migrations = false)]
async fn secret_in_partition_or_child_is_not_recorded(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let mut problems = Vec::new();
    for mode in CaptureMode::ALL {
        for (name, tables, later) in [
            (
                "partitions",
                "CREATE TABLE t (id int PRIMARY KEY, note text, secret text, hidden text) PARTITION BY RANGE (id);
                 CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100);
                 CREATE TABLE middle (hidden text, secret text, gone int, note text, id int NOT NULL);
                 ALTER TABLE middle DROP COLUMN gone; ALTER TABLE t ATTACH PARTITION middle FOR VALUES FROM (100) TO (200)",
                "CREATE TABLE high PARTITION OF t FOR VALUES FROM (200) TO (300)",
            ),
            (
                "children",
                "CREATE TABLE t (id int PRIMARY KEY, note text, secret text, hidden text); CREATE TABLE low () INHERITS (t);
                 CREATE TABLE middle (hidden text, secret text, more int, note text, id int) INHERITS (t)",
                "CREATE TABLE high () INHERITS (t)",
            ),
        ] {
            for swap in ["secret", "hidden"] {
                run(&pool, &format!("DROP TABLE IF EXISTS t CASCADE; {tables}")).await?;
                trail.capture([policy(mode, true)]).await?;
                run(&pool, later).await?;
                empty_trail(&pool).await?;
                run(
                    &pool,
                    &format!(
                        "ALTER TABLE t RENAME note TO x; ALTER TABLE t RENAME {swap} TO note; ALTER TABLE t RENAME x TO {swap}"
                    ),
                )
                .await?;
                for table in ["low", "middle", "high"] {
                    let id = match table {
                        "low" => 1,
                        "middle" => 101,
                        _ => 201,
                    };
                    run(&pool, &format!("INSERT INTO {table} (id, note, secret, hidden) VALUES ({id}, 'canary', 'canary', 'canary')"))
                        .await?;
                }
                run(&pool, "UPDATE t SET note = 'canary 2'").await?;
                run(&pool, "DELETE FROM t").await?;
                let found = changes(&pool).await?;
                // Statement mode captures a newer partition through its parent only, and row mode captures no newer child.
                assert!(found.iter().any(|line| line.contains("{id: 201}")) || name == "children", "{found:#?}");
                let leaks: Vec<&String> = found.iter().filter(|line| line.contains("note: canary")).collect();
                if !leaks.is_empty() {
                    problems.push(format!("{name}, {swap} ({}): {leaks:#?}", mode.as_str()));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}
