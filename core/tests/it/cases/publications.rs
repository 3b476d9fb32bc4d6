//! Tests a publication FOR ALL TABLES, which contains the trail's tables as well: PostgreSQL then refuses an UPDATE or DELETE of a
//! table whose rows nothing identifies.

use sqlx::PgPool;
use threadline::Config;
use threadline::capture::TablePolicy;
use threadline::health::Schemas;

use threadline_testkit::changes::changes;
use threadline_testkit::database::{Result, install, run, value};

#[sqlx::test(migrations = false)]
async fn publication_for_all_tables_refuses_no_write_of_trail(pool: PgPool) -> Result {
    run(&pool, "CREATE PUBLICATION everything FOR ALL TABLES").await?;
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE TABLE t (id int PRIMARY KEY, note text, secret text);
         CREATE TABLE m (id int, r text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
         CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu')",
    )
    .await?;
    for round in 0..2 {
        trail.capture([TablePolicy::new("t").mask(["secret"]), TablePolicy::new("m")]).await?;
        trail.install().await?;
        run(
            &pool,
            &format!(
                "INSERT INTO t VALUES ({round}, 'a', 's'); UPDATE t SET note = 'b' || {round}; TRUNCATE m"
            ),
        )
        .await?;
        let config = Config::default();
        for _ in 0..2 {
            let (report, redaction) = (
                trail.coverage(&config, &Schemas::All).await?,
                trail.redaction(&config, &Schemas::All).await?,
            );
            trail.record_coverage(&report, &redaction).await?;
        }
        run(&pool, "ALTER TABLE t DISABLE TRIGGER ALL").await?;
        let report = trail.coverage(&config, &Schemas::All).await?;
        let redaction = trail.redaction(&config, &Schemas::All).await?;
        // Each call updates the gaps that the previous one has left open.
        for _ in 0..2 {
            trail.record_coverage(&report, &redaction).await?;
        }
        run(&pool, "ALTER TABLE t ENABLE TRIGGER ALL; DROP TABLE m_eu; CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu')")
            .await?;
        run(
            &pool,
            "UPDATE threadline.threadline_captured_relations SET last_seen = last_seen - interval '2 hours'",
        )
        .await?;
        run(&pool, "SELECT threadline.threadline_observe_relations()").await?;
    }
    // Partitions that are created late take rows out of the default partition.
    run(
        &pool,
        "DO $$ DECLARE name text; BEGIN
           FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits
                       WHERE inhparent = 'threadline.audit_changes'::regclass AND inhrelid::regclass::text ~ '\\d$' LOOP
             EXECUTE 'DROP TABLE ' || name;
           END LOOP;
         END $$; INSERT INTO t VALUES (7, 'late', 's')",
    )
    .await?;
    assert!(trail.ensure_partitions(3).await? >= 4);
    assert_eq!(changes(&pool).await?, ["insert t {id: 7} {id: 7, note: late, secret: [REDACTED]}"]);
    let unidentified: Vec<String> = value(
        &pool,
        "SELECT coalesce(array_agg(c.relname::text), '{}') FROM pg_class AS c
         WHERE c.relnamespace = 'threadline'::regnamespace AND c.relkind IN ('r', 'p')
           AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid)",
    )
    .await?;
    assert_eq!(unidentified, Vec::<String>::new());
    Ok(())
}
