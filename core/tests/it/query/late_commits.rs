//! Tests changes with times from before a page was read that become visible after it, because their transactions committed late.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use threadline::query::{Count, Filter, Position, SnapshotMark, TimelineEntry};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Predicate, Scope, StorageSchema};
use uuid::Uuid;

use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::role::Role;

/// Installs a trail that captures two tables.
async fn captured(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install(pool).await?;
    run(
        pool,
        "CREATE TABLE tickets (id int PRIMARY KEY, tenant int); CREATE TABLE lines (id int PRIMARY KEY)",
    )
    .await?;
    trail.capture(["tickets", "lines"]).await?;
    Ok(trail)
}

/// Reads a page as the console does: everything that matches now, and the mark, through its text.
async fn read_page(
    trail: &AuditTrail,
    scope: &Scope,
    filter: &Filter,
) -> Result<(BTreeSet<Uuid>, SnapshotMark)> {
    let (mut snapshot, mark) = trail.snapshot_with_mark().await?;
    let page = snapshot.timeline_page(scope, filter, Position::Newest, 1_000_000).await?;
    Ok((ids(&page.entries), mark.to_string().parse()?))
}

fn ids(entries: &[TimelineEntry]) -> BTreeSet<Uuid> {
    entries.iter().map(|entry| entry.change.id).collect()
}

/// Returns the count, the late changes among them, and whether the count is truncated.
async fn newer(
    trail: &AuditTrail,
    scope: &Scope,
    filter: &Filter,
    since: &SnapshotMark,
) -> Result<(usize, usize, bool)> {
    let newer = trail.snapshot().await?.count_newer(scope, filter, since, 100).await?;
    let listed = trail.snapshot().await?.newer_changes(scope, filter, since, 100).await?;
    assert_eq!((listed.entries.len(), listed.truncated), (newer.count, newer.truncated));
    assert!(listed.entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry.change.cursor())));
    Ok((newer.count, newer.late, newer.truncated))
}

#[sqlx::test(migrations = false)]
async fn change_of_open_transaction_is_counted_once_it_commits(pool: PgPool) -> Result {
    let trail = captured(&pool).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "ann")?).with_correlation_id("case-1")?;
    let mut older =
        threadline_testkit::database::trail(&pool).write(&context).action("tickets.imported").begin().await?;
    run(&mut *older, "INSERT INTO tickets VALUES (1, 7), (2, 8)").await?;
    run(&pool, "INSERT INTO tickets VALUES (3, 7); INSERT INTO lines VALUES (3)").await?;

    let (everything, any) = (Scope::unscoped(), Filter::default());
    let tenant = Scope::new(Predicate::tables(["tickets"]).and(Predicate::field("tenant", "7")));
    let mut cases = Vec::new();
    for (pairs, expected) in [
        (&[][..], 2),
        (&[("table", "tickets")], 2),
        (&[("table", "tickets"), ("key", "id=2")], 1),
        (&[("table", "lines")], 0),
        (&[("operation", "insert")], 2),
        (&[("operation", "delete")], 0),
        (&[("actor", "user:ann")], 2),
        (&[("actor", "user")], 2),
        (&[("actor", "user:bob")], 0),
        (&[("action", "tickets.imported")], 2),
        (&[("action", "tickets.imported"), ("actor", "user:ann"), ("table", "tickets")], 2),
        (&[("correlation_id", "case-1")], 2),
        (&[("from", "2000-01-01T00:00")], 2),
        (&[("from", "2999-01-01T00:00")], 0),
        (&[("to", "1999-01-01T00:00")], 0),
    ] {
        cases.push((everything.clone(), Filter::from_pairs(pairs.iter().copied())?.0, expected));
    }
    for (scope, expected) in [
        (Scope::tables(["tickets"]), 2),
        (Scope::tables(["lines"]), 0),
        (Scope::nothing(), 0),
        (tenant, 1),
        (Scope::new(Predicate::schema("public")), 2),
        (Scope::new(Predicate::actor(ActorKind::User)), 2),
        (Scope::new(Predicate::actor(ActorKind::Job)), 0),
    ] {
        cases.push((scope, any.clone(), expected));
    }
    let mut marks = Vec::new();
    for (scope, filter, expected) in &cases {
        let (_, mark) = read_page(&trail, scope, filter).await?;
        assert_eq!(newer(&trail, scope, filter, &mark).await?, (0, 0, false), "{scope:?} {filter:?}");
        marks.push((mark, *expected));
    }
    older.commit().await?;
    for ((scope, filter, _), (mark, expected)) in cases.iter().zip(&marks) {
        let found = newer(&trail, scope, filter, mark).await?;
        assert_eq!(found, (*expected, *expected, false), "{scope:?} {filter:?}");
    }
    run(&pool, "INSERT INTO tickets VALUES (4, 7)").await?;
    let (mark, _) = &marks[0];
    assert_eq!(newer(&trail, &everything, &any, mark).await?, (3, 2, false));
    for (cap, expected) in [(0, (0, 0, true)), (1, (1, 1, true)), (2, (2, 2, true)), (3, (3, 2, false))] {
        let newer = trail.snapshot().await?.count_newer(&everything, &any, mark, cap).await?;
        assert_eq!((newer.count, newer.late, newer.truncated), expected, "cap {cap}");
        let listed = trail.snapshot().await?.newer_changes(&everything, &any, mark, cap).await?;
        assert_eq!((listed.entries.len(), listed.truncated), (cap, expected.2), "limit {cap}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn rolled_back_transaction_is_not_counted(pool: PgPool) -> Result {
    let trail = captured(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let mut older = pool.begin().await?;
    run(&mut *older, "INSERT INTO tickets VALUES (1); SAVEPOINT a; INSERT INTO tickets VALUES (2)").await?;
    let mut undone = pool.begin().await?;
    run(&mut *undone, "INSERT INTO tickets VALUES (3)").await?;
    let (_, mark) = read_page(&trail, &scope, &any).await?;
    undone.rollback().await?;
    run(&mut *older, "ROLLBACK TO a; INSERT INTO lines VALUES (1)").await?;
    older.commit().await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (2, 1, false), "one before the page, one after it");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn prepared_transaction_is_counted_once_it_commits(pool: PgPool) -> Result {
    let trail = captured(&pool).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let name = format!("threadline-test-{}", Uuid::now_v7());
    run(&pool, &format!("BEGIN; INSERT INTO tickets VALUES (1); PREPARE TRANSACTION '{name}'")).await?;
    let (_, mark) = read_page(&trail, &scope, &any).await?;
    let before = newer(&trail, &scope, &any, &mark).await;
    run(&pool, &format!("COMMIT PREPARED '{name}'")).await?;
    assert_eq!(before?, (0, 0, false));
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (1, 1, false));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn guide_statement_lists_transactions_that_keep_window_incomplete(pool: PgPool) -> Result {
    let guide = include_str!("../../../../docs/investigating.md");
    let (_, statement) = guide.split_once("```sql\n").ok_or("no SQL")?;
    let (statement, _) = statement.split_once("```").ok_or("no end")?;
    let open_at = async |end: &str| -> Result<i64> {
        let statement = statement.replace("2026-11-22 10:00Z", end);
        value(&pool, &format!("SELECT count(*) FROM ({statement}) AS open")).await
    };
    captured(&pool).await?;
    let mut reading = pool.begin().await?;
    run(&mut *reading, "SELECT * FROM tickets").await?;
    assert_eq!(open_at("2999-01-01 00:00Z").await?, 0, "a session that only reads is not listed");
    let mut older = pool.begin().await?;
    run(&mut *older, "INSERT INTO tickets VALUES (1)").await?;
    assert_eq!([open_at("2999-01-01 00:00Z").await?, open_at("1999-01-01 00:00Z").await?], [1, 0]);
    older.commit().await?;
    assert_eq!(open_at("2999-01-01 00:00Z").await?, 0);
    let name = format!("threadline-test-{}", Uuid::now_v7());
    run(&pool, &format!("BEGIN; INSERT INTO tickets VALUES (2); PREPARE TRANSACTION '{name}'")).await?;
    let prepared = open_at("1999-01-01 00:00Z").await;
    run(&pool, &format!("ROLLBACK PREPARED '{name}'")).await?;
    assert_eq!(prepared?, 1, "the beginning of a prepared transaction is not known");
    Ok(())
}

/// Returns the trail as a role that cannot see the beginnings of other sessions.
async fn as_stranger(pool: &PgPool, role: &Role) -> Result<AuditTrail> {
    role.run_as_owner(
        "GRANT USAGE ON SCHEMA threadline TO $role; GRANT SELECT ON ALL TABLES IN SCHEMA threadline TO $role;
         GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA threadline TO $role",
    )
    .await?;
    let become_role = format!("SET SESSION AUTHORIZATION {}", role.name);
    let strangers = PgPoolOptions::new().max_connections(1).after_connect(move |connection, _| {
        let become_role = become_role.clone();
        Box::pin(async move { sqlx::raw_sql(AssertSqlSafe(become_role)).execute(connection).await.map(drop) })
    });
    let strangers = strangers.connect_with(pool.connect_options().as_ref().clone()).await?;
    Ok(threadline_testkit::database::trail(pool).read_pool(strangers))
}

#[sqlx::test(migrations = false)]
async fn transaction_of_hidden_session_is_searched_within_bounds(pool: PgPool) -> Result {
    captured(&pool).await?;
    let role = Role::create(&pool).await?;
    let trail = as_stranger(&pool, &role).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let (mut older, mut undone, mut bystander) =
        (pool.begin().await?, pool.begin().await?, pool.begin().await?);
    run(&mut *older, "INSERT INTO tickets VALUES (1)").await?;
    run(&mut *undone, "INSERT INTO tickets VALUES (2)").await?;
    run(&mut *bystander, "CREATE TABLE bystander ()").await?;
    let visible_times = "SELECT count(xact_start) FROM pg_stat_activity WHERE backend_xid IS NOT NULL";
    assert_eq!(
        value::<i64>(&mut role.connect().await?, visible_times).await?,
        0,
        "the server hides when others began"
    );
    run(&pool, "INSERT INTO lines VALUES (1)").await?;
    let (_, mark) = read_page(&trail, &scope, &any).await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (0, 0, false));
    undone.rollback().await?;
    bystander.commit().await?;
    assert_eq!(
        newer(&trail, &scope, &any, &mark).await?,
        (0, 0, false),
        "all that there is was looked through"
    );
    older.commit().await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (1, 1, false));
    for (table, late) in [("tickets", 1), ("lines", 0)] {
        let limited = Scope::tables([table]);
        let found = newer(&trail, &limited, &any, &mark).await?;
        assert_eq!(found, (late, late, true), "the searched transactions may be hidden");
    }

    let mut oldest = pool.begin().await?;
    run(&mut *oldest, "INSERT INTO tickets VALUES (3)").await?;
    run(
        &pool,
        "INSERT INTO threadline.audit_transactions (id, txid, occurred_at)
         SELECT overlay(id::text PLACING lpad(to_hex(n), 12, '0') FROM 25)::uuid, -n, now()
         FROM generate_series(1, 10000) AS n CROSS JOIN (SELECT threadline.threadline_uuid_v7(threadline.threadline_microseconds(now())) AS id) AS made",
    )
    .await?;
    let (_, mark) = read_page(&trail, &scope, &any).await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (0, 0, false), "it is still open");
    oldest.commit().await?;
    let found = newer(&trail, &scope, &any, &mark).await?;
    assert_eq!(found, (0, 0, true), "ten thousand others began later, and there may be more");
    role.drop().await
}

#[sqlx::test(migrations = false)]
async fn count_by_role_that_may_not_list_sessions_is_truncated(pool: PgPool) -> Result {
    captured(&pool).await?;
    run(&pool, "REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC").await?;
    let role = Role::create(&pool).await?;
    let trail = as_stranger(&pool, &role).await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let (_, mark) = read_page(&trail, &scope, &any).await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (0, 0, true));
    run(&pool, "INSERT INTO tickets VALUES (1)").await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (1, 0, true));
    role.drop().await
}

#[sqlx::test(migrations = false)]
async fn count_with_late_transaction_too_large_to_search_is_truncated(pool: PgPool) -> Result {
    let trail = captured(&pool).await?.search_time(Duration::ZERO);
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let mut older = pool.begin().await?;
    run(&mut *older, "INSERT INTO tickets SELECT n FROM generate_series(1, 30000) AS n").await?;
    let (_, mark) = read_page(&trail, &scope, &any).await?;
    older.commit().await?;
    run(&pool, "INSERT INTO lines VALUES (1)").await?;
    let (lines, _) = Filter::from_pairs([("table", "lines")])?;
    let mut snapshot = trail.snapshot().await?;
    let found = snapshot.count_newer(&scope, &lines, &mark, 100).await?;
    assert_eq!(
        (found.count, found.late, found.truncated),
        (1, 0, true),
        "30,000 rows take more than a millisecond"
    );
    let listed = snapshot.newer_changes(&scope, &lines, &mark, 100).await?;
    assert_eq!((listed.entries.len(), listed.truncated), (1, true));
    assert_eq!(snapshot.count(&scope, &lines, 100).await?, Count::Exact(1), "the snapshot can still be used");
    drop(snapshot);
    let patient = trail.search_time(Duration::from_secs(5));
    assert_eq!(newer(&patient, &scope, &lines, &mark).await?, (1, 0, false));
    Ok(())
}

/// Writes a transaction of the Elixir library, whose time is that of its first change.
async fn write_as_elixir(connection: &mut PgConnection, name: &str) -> Result {
    run(
        connection,
        &format!(
            "WITH t AS (INSERT INTO audit_transactions (txid, occurred_at) VALUES (txid_current(), clock_timestamp()) RETURNING id)
             INSERT INTO audit_changes (transaction_id, table_schema, table_name, table_pk, op, captured_at)
             SELECT id, 'public', '{name}', '{{}}', 'insert', clock_timestamp() FROM t"
        ),
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn late_commit_into_elixir_trail_is_counted(pool: PgPool) -> Result {
    run(&pool, include_str!("reference.sql")).await?;
    let trail = threadline_testkit::database::trail(&pool).storage_schema(StorageSchema::new("public")?);
    let (scope, any) = (Scope::tables(["orders"]), Filter::default());
    let mut older = pool.begin().await?;
    write_as_elixir(&mut older, "orders").await?;
    write_as_elixir(&mut *pool.acquire().await?, "orders").await?;
    let (_, mark) = read_page(&trail, &scope, &any).await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (0, 0, false));
    older.commit().await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (1, 1, false));
    write_as_elixir(&mut *pool.acquire().await?, "orders").await?;
    assert_eq!(newer(&trail, &scope, &any, &mark).await?, (2, 1, false));
    Ok(())
}

/// Checks that a snapshot and the changes that become visible after it contain every change exactly once, while others write and
/// commit at random.
#[sqlx::test(migrations = false)]
async fn snapshot_and_newer_changes_are_disjoint_and_complete(pool: PgPool) -> Result {
    const WRITERS: i32 = 6;
    const TRANSACTIONS: i32 = 40;
    let trail = captured(&pool).await?;
    let mut oldest = pool.begin().await?;
    run(&mut *oldest, "INSERT INTO lines VALUES (1)").await?;
    let writers = (0..WRITERS).map(|writer| {
        let pool = pool.clone();
        tokio::spawn(async move {
            for number in 0..TRANSACTIONS {
                let id = writer * 1_000 + number;
                let mut transaction = pool.begin().await?;
                let insert = format!("INSERT INTO tickets VALUES ({id}, {writer})");
                sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut *transaction).await?;
                // Some transactions commit long after others that began later.
                tokio::time::sleep(Duration::from_millis(u64::try_from(number % 7 * writer).unwrap_or(0)))
                    .await;
                transaction.commit().await?;
            }
            Ok::<_, sqlx::Error>(())
        })
    });
    let writers: Vec<_> = writers.collect();
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let mut pages = vec![read_page(&trail, &scope, &any).await?];
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        pages.push(read_page(&trail, &scope, &any).await?);
        // Later pages return the same changes, as far as they are visible.
        let (page, mark) = &pages[pages.len() / 2];
        let mut later = trail.snapshot().await?;
        let Count::Exact(count) = later.count(&scope, &any, 1_000).await? else {
            return Err("too many".into());
        };
        let newer = later.count_newer(&scope, &any, mark, 1_000).await?;
        assert_eq!((page.len() + newer.count, newer.truncated), (count, false), "{mark}");
    }
    for writer in writers {
        writer.await??;
    }
    oldest.commit().await?;
    let (all, _) = read_page(&trail, &scope, &any).await?;
    assert_eq!(i32::try_from(all.len())?, WRITERS * TRANSACTIONS + 1);
    for (page, mark) in &pages {
        let newer = trail.snapshot().await?.newer_changes(&scope, &any, mark, 1_000).await?;
        let newer_ids = ids(&newer.entries);
        assert!(newer_ids.is_disjoint(page), "{mark}");
        assert_eq!((newer_ids.len() + page.len(), newer.truncated), (all.len(), false), "{mark}");
        let newer = trail.snapshot().await?.count_newer(&scope, &any, mark, 1_000).await?;
        assert_eq!((newer.count, newer.truncated), (newer_ids.len(), false), "{mark}");
        assert!(newer.late > 0, "the oldest transaction was open when every page was read: {mark}");
    }
    Ok(())
}
