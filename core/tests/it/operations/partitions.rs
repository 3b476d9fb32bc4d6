//! Tests capture of partitioned tables, whose changes are recorded under the root table.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::cases::{case, check_cases};
use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run};

/// A partitioned table: `p_b` has its columns in another order, and `p_c` is partitioned itself.
const PARTITIONED: &str = "
    CREATE TABLE p (id int, region text, note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
    CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a');
    CREATE TABLE p_b (gone int, note text, region text NOT NULL, id int NOT NULL);
    ALTER TABLE p_b DROP COLUMN gone;
    ALTER TABLE p ATTACH PARTITION p_b FOR VALUES IN ('b');
    CREATE TABLE p_c PARTITION OF p FOR VALUES IN ('c') PARTITION BY RANGE (id);
    CREATE TABLE p_c_low PARTITION OF p_c FOR VALUES FROM (0) TO (100);
    INSERT INTO p VALUES (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z');";

#[sqlx::test(migrations = false)]
async fn partition_rows_are_recorded_under_root_table(pool: PgPool) -> Result {
    check_cases(
        &pool,
        PARTITIONED,
        &["p"],
        &[
            case(
                "INSERT through the parent",
                "INSERT INTO p VALUES (4, 'a', 'n'), (5, 'b', 'n'), (6, 'c', 'n')",
                &[
                    "insert p {id: 4, region: a} {id: 4, note: n, region: a}",
                    "insert p {id: 5, region: b} {id: 5, note: n, region: b}",
                    "insert p {id: 6, region: c} {id: 6, note: n, region: c}",
                ],
            ),
            case(
                "INSERT straight into a leaf",
                "INSERT INTO p_b (id, region, note) VALUES (4, 'b', 'n')",
                &["insert p {id: 4, region: b} {id: 4, note: n, region: b}"],
            ),
            case(
                "INSERT into the middle and below",
                "INSERT INTO p_c VALUES (4, 'c', 'n'); INSERT INTO p_c_low VALUES (5, 'c', 'n')",
                &[
                    "insert p {id: 4, region: c} {id: 4, note: n, region: c}",
                    "insert p {id: 5, region: c} {id: 5, note: n, region: c}",
                ],
            ),
            case(
                "UPDATE through the parent",
                "UPDATE p SET note = note || id",
                &[
                    "update p {id: 1, region: a} {id: 1, note: x1, region: a} {note} was {note: x}",
                    "update p {id: 2, region: b} {id: 2, note: y2, region: b} {note} was {note: y}",
                    "update p {id: 3, region: c} {id: 3, note: z3, region: c} {note} was {note: z}",
                ],
            )
            .in_any_order(),
            case(
                "UPDATE straight in a leaf",
                "UPDATE p_b SET note = 'n'",
                &["update p {id: 2, region: b} {id: 2, note: n, region: b} {note} was {note: y}"],
            ),
            case(
                "DELETE through the parent",
                "DELETE FROM p WHERE id > 1",
                &[
                    "delete p {id: 2, region: b} was {id: 2, note: y, region: b}",
                    "delete p {id: 3, region: c} was {id: 3, note: z, region: c}",
                ],
            )
            .in_any_order(),
            case(
                "DELETE straight from a leaf",
                "DELETE FROM p_c_low",
                &["delete p {id: 3, region: c} was {id: 3, note: z, region: c}"],
            ),
            case(
                "upsert through the parent",
                "INSERT INTO p VALUES (2, 'b', 'n'), (4, 'a', 'n') ON CONFLICT (id, region) DO UPDATE SET note = excluded.note",
                &[
                    "update p {id: 2, region: b} {id: 2, note: n, region: b} {note} was {note: y}",
                    "insert p {id: 4, region: a} {id: 4, note: n, region: a}",
                ],
            )
            .in_any_order(),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn row_moved_to_other_partition_is_recorded(pool: PgPool) -> Result {
    check_cases(
        &pool,
        PARTITIONED,
        &["p"],
        &[
            case(
                "alone",
                "UPDATE p SET region = 'b', note = 'n' WHERE id = 1",
                &["update p {id: 1, region: b} {id: 1, note: n, region: b} {note,region} was {note: x, region: a}"],
            )
            .in_row_mode(&[
                "delete p {id: 1, region: a} was {id: 1, note: x, region: a}",
                "insert p {id: 1, region: b} {id: 1, note: n, region: b}",
            ])
            .in_any_order(),
            case(
                "among others that stay",
                "UPDATE p SET region = CASE id WHEN 3 THEN 'a' ELSE region END, note = 'n'",
                &[
                    "update p {id: 1, region: a} {id: 1, note: n, region: a} {note} was {note: x}",
                    "update p {id: 2, region: b} {id: 2, note: n, region: b} {note} was {note: y}",
                    "update p {id: 3, region: a} {id: 3, note: n, region: a} {note,region} was {note: z, region: c}",
                ],
            )
            .in_row_mode(&[
                "update p {id: 1, region: a} {id: 1, note: n, region: a} {note} was {note: x}",
                "update p {id: 2, region: b} {id: 2, note: n, region: b} {note} was {note: y}",
                "delete p {id: 3, region: c} was {id: 3, note: z, region: c}",
                "insert p {id: 3, region: a} {id: 3, note: n, region: a}",
            ])
            .in_any_order(),
        ],
    )
    .await
}

/// Rejects the new row in a trigger, so the statement has fewer new rows than old rows, and they cannot be matched.
#[sqlx::test(migrations = false)]
async fn row_rejected_by_trigger_of_new_partition_is_recorded_as_deleted(pool: PgPool) -> Result {
    let setup = format!(
        "{PARTITIONED}
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON p_b FOR EACH ROW EXECUTE FUNCTION refuse();
         INSERT INTO p VALUES (7, 'a', 'u'), (8, 'a', 'v')"
    );
    let cases = [
        case(
            "the only row",
            "UPDATE p SET region = 'b' WHERE id = 7",
            &["delete p {id: 7, region: a} was {id: 7, note: u, region: a}"],
        ),
        case(
            "one of three",
            "UPDATE p SET region = CASE id WHEN 1 THEN 'b' ELSE region END, note = 'n' WHERE region = 'a'",
            &[
                "delete p {id: 1, region: a} was {id: 1, note: x, region: a}",
                "delete p {id: 7, region: a} was {id: 7, note: u, region: a}",
                "delete p {id: 8, region: a} was {id: 8, note: v, region: a}",
                "insert p {id: 7, region: a} {id: 7, note: n, region: a}",
                "insert p {id: 8, region: a} {id: 8, note: n, region: a}",
            ],
        )
        .in_row_mode(&[
            "delete p {id: 1, region: a} was {id: 1, note: x, region: a}",
            "update p {id: 7, region: a} {id: 7, note: n, region: a} {note} was {note: u}",
            "update p {id: 8, region: a} {id: 8, note: n, region: a} {note} was {note: v}",
        ]),
    ];
    check_cases(&pool, &setup, &["p"], &cases).await
}

#[sqlx::test(migrations = false)]
async fn truncate_records_names_of_partitions(pool: PgPool) -> Result {
    check_cases(
        &pool,
        PARTITIONED,
        &["p"],
        &[
            case("a leaf", "TRUNCATE p_b", &["truncate p (public.p_b)"]),
            case(
                "the whole table",
                "TRUNCATE p",
                &[
                    "truncate p",
                    "truncate p (public.p_a)",
                    "truncate p (public.p_b)",
                    "truncate p (public.p_c)",
                    "truncate p (public.p_c_low)",
                ],
            )
            .in_any_order(),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn new_and_detached_partitions_are_captured_as_documented(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        run(&pool, &format!("DROP TABLE IF EXISTS p, p_a; {PARTITIONED}")).await?;
        let policy = TablePolicy::new("p").mode(mode);
        let plan = trail.capture([policy.clone()]).await?;
        let warned = plan.tables[0].warnings.iter().any(|warning| warning.contains("partition made later"));
        assert_eq!(warned, mode == CaptureMode::Statement, "{:?}", plan.tables[0].warnings);

        run(&pool, "CREATE TABLE p_d PARTITION OF p FOR VALUES IN ('d')").await?;
        run(&pool, "INSERT INTO p VALUES (1, 'd', 'parent')").await?;
        let mut expected = vec!["insert p {id: 1, region: d} {id: 1, note: parent, region: d}".to_owned()];
        assert_eq!(changes(&pool).await?, expected);

        run(&pool, "INSERT INTO p_d VALUES (2, 'd', 'leaf')").await?;
        if mode == CaptureMode::Row {
            expected.push("insert p {id: 2, region: d} {id: 2, note: leaf, region: d}".to_owned());
        }
        assert_eq!(changes(&pool).await?, expected, "statement mode warns about this");

        trail.capture([policy]).await?;
        run(&pool, "UPDATE p_d SET note = 'again' WHERE id = 2; TRUNCATE p_d").await?;
        expected.push(
            "update p {id: 2, region: d} {id: 2, note: again, region: d} {note} was {note: leaf}".to_owned(),
        );
        expected.push("truncate p (public.p_d)".to_owned());
        assert_eq!(changes(&pool).await?, expected);

        // The triggers that PostgreSQL keeps differ by mode, but no write may fail.
        run(&pool, "ALTER TABLE p DETACH PARTITION p_a; INSERT INTO p_a VALUES (9, 'a', 'alone')").await?;
        let alone = changes(&pool).await?.split_off(expected.len());
        let by_its_name = "insert p_a {id: 9, region: a} {id: 9, note: alone, region: a}";
        assert_eq!(alone, if mode == CaptureMode::Statement { vec![by_its_name] } else { vec![] });
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}
