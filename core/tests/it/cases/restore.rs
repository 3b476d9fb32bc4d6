//! Tests a dump that is restored into another cluster, where every relation has another OID and dropped columns leave no gap:
//! redacted columns stay redacted, under their own names and under any other.

use sqlx::PgPool;
use threadline::TableName;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail};
use threadline_testkit::cluster::Cluster;
use threadline_testkit::database::{Result, install, run, value};

const TABLE_COUNT: usize = 40;

fn table(n: usize) -> String {
    // The tables are not created in the order of their names, which is the order of a dump.
    format!("table_{:02}", n * 17 % TABLE_COUNT)
}

/// Returns the SQL of forty tables: the position of the secret column varies, and some have a gap where a column was dropped.
fn tables() -> String {
    let table = |n: usize| {
        let mut columns = vec!["amount int", "title text", "owner text", "city text"];
        columns.insert(n * 7 % 5, "secret text");
        let gap = if n.is_multiple_of(3) { "gone int, " } else { "" };
        let drop = if n.is_multiple_of(3) {
            format!("ALTER TABLE {} DROP COLUMN gone;", table(n))
        } else {
            String::new()
        };
        format!("CREATE TABLE {} (id int PRIMARY KEY, {gap}{});{drop}", table(n), columns.join(", "))
    };
    (0..TABLE_COUNT).map(table).collect()
}

fn policies() -> impl Iterator<Item = TablePolicy> {
    (0..TABLE_COUNT).map(|n| {
        TablePolicy::new(TableName::new("public", table(n))).mask(["secret"]).mode(CaptureMode::ALL[n % 2])
    })
}

/// Writes to every table, before and after its secret column is renamed, and returns what leaked and what was lost.
async fn write_everywhere(pool: &PgPool) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for n in 0..TABLE_COUNT {
        let table = table(n);
        empty_trail(pool).await?;
        run(
            pool,
            &format!("INSERT INTO {table} (id, title, amount, secret) VALUES (1, 'clear', 12, 's3cret')"),
        )
        .await?;
        run(pool, &format!("ALTER TABLE {table} RENAME secret TO secret_v1")).await?;
        for write in
            ["UPDATE $ SET secret_v1 = 's3cret 2'", "UPDATE $ SET title = 'clear 2'", "DELETE FROM $"]
        {
            run(pool, &format!("{} WHERE id = 1", write.replace('$', &table))).await?;
        }
        run(pool, &format!("ALTER TABLE {table} RENAME secret_v1 TO secret")).await?;
        let found = changes(pool).await?;
        let of_table = |problem: &str| format!("{table}: {problem}: {found:#?}");
        problems.extend((found.len() != 4).then(|| of_table("not every change is there")));
        let has_plain_values = |line: &String| line.contains("title: clear") && line.contains("amount: 12");
        problems.extend(
            (!found.iter().all(has_plain_values)).then(|| of_table("a value is withheld for no reason")),
        );
        problems.extend(
            found.iter().any(|line| line.contains("s3cret")).then(|| of_table("a secret is recorded")),
        );
    }
    Ok(problems)
}

#[sqlx::test(migrations = false)]
async fn secret_after_restore_into_another_cluster_stays_redacted(pool: PgPool) -> Result {
    let programs = ["pg_dump", "pg_restore"];
    let origin = Cluster::start(&pool, &programs, &[]).await?;
    let first = origin.create_database("app", "").await?;
    // The trail is installed after the tables were created, as in an existing application.
    run(&first, &tables()).await?;
    let trail = install(&first).await?;
    trail.capture(policies()).await?;
    assert_eq!(write_everywhere(&first).await?, Vec::<String>::new());
    empty_trail(&first).await?;
    run(&first, "INSERT INTO table_00 (id, secret) VALUES (7, 's3cret')").await?;

    let file = origin.folder().join("app.dump");
    let file = file.to_str().ok_or("the folder has no text")?;
    origin.run("pg_dump", "app", &["-Fc", "-f", file])?;
    let other = Cluster::start(&pool, &programs, &[]).await?;
    let restored = other.create_database("app", "").await?;
    other.run("pg_restore", "app", &["--exit-on-error", file])?;
    let count: i64 = value(&restored, "SELECT count(*) FROM threadline.audit_changes").await?;
    assert_eq!(count, 1, "the trail comes along");
    assert_eq!(write_everywhere(&restored).await?, Vec::<String>::new());

    // The second capture records the OIDs of this cluster.
    let trail = threadline_testkit::database::trail(&restored);
    trail.install().await?;
    trail.capture(policies()).await?;
    run(&restored, "ALTER TABLE table_01 RENAME secret TO other; ALTER TABLE table_01 ADD COLUMN more text")
        .await?;
    empty_trail(&restored).await?;
    run(&restored, "INSERT INTO table_01 (id, other, more) VALUES (2, 's3cret', 'clear')").await?;
    let found = changes(&restored).await?.join("\n");
    assert!(found.contains("more: clear") && found.contains("other: [REDACTED]"), "{found}");

    // The third cluster is filled by pg_restore in the same way: the trail's own tables get the OIDs that they have here, and two
    // tables that have exchanged their names get each other's OIDs.
    run(&restored, "ALTER TABLE table_01 RENAME other TO secret; ALTER TABLE table_01 DROP COLUMN more")
        .await?;
    run(&restored, "ALTER TABLE table_03 RENAME TO x; ALTER TABLE table_05 RENAME TO table_03; ALTER TABLE x RENAME TO table_05")
        .await?;
    let file = other.folder().join("app.dump");
    let file = file.to_str().ok_or("the folder has no text")?;
    other.run("pg_dump", "app", &["-Fc", "-f", file])?;
    let third = Cluster::start(&pool, &programs, &[]).await?;
    let restored = third.create_database("app", "").await?;
    third.run("pg_restore", "app", &["--exit-on-error", file])?;
    assert_eq!(write_everywhere(&restored).await?, Vec::<String>::new());
    Ok(())
}

/// Checks that the OIDs of the original database are not mistaken for those of the restored one, even on the same server.
#[sqlx::test(migrations = false)]
async fn row_after_restore_is_as_certain_as_before(pool: PgPool) -> Result {
    let programs = ["pg_dump", "pg_restore"];
    let cluster = Cluster::start(&pool, &programs, &[]).await?;
    let first = cluster.create_database("app", "").await?;
    run(
        &first,
        "CREATE TABLE other (id int PRIMARY KEY); CREATE TABLE dropped (id int PRIMARY KEY);
         CREATE TABLE m (id int, r text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
         CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu')",
    )
    .await?;
    let trail = install(&first).await?;
    trail.capture(["other", "dropped", "m"]).await?;
    run(&first, "INSERT INTO other VALUES (1); INSERT INTO dropped VALUES (1); INSERT INTO m VALUES (1, 'eu'); DROP TABLE dropped")
        .await?;
    let file = cluster.folder().join("app.dump");
    let file = file.to_str().ok_or("the folder has no text")?;
    cluster.run("pg_dump", "app", &["-Fc", "-f", file])?;
    let restored = cluster.create_database("restored", "").await?;
    cluster.run("pg_restore", "restored", &["--exit-on-error", file])?;
    for pool in [&first, &restored] {
        let trail = threadline_testkit::database::trail(pool);
        for (table, row, is_certain) in
            [("other", "id=1", true), ("m", "id=1&r=eu", true), ("dropped", "id=1", false)]
        {
            let state = crate::cases::state_now(pool, &trail, table, row).await?;
            assert_eq!(state.starts_with("existed"), is_certain, "{table}: {state}");
        }
    }
    Ok(())
}
