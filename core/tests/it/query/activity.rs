//! Tests the numbers of changes over time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use threadline::query::{Activity, ActivityBar, Count, Filter};
use threadline::{ActorKind, AuditTrail, Predicate, Scope};

use super::install_for_made_up_rows;
use threadline_testkit::database::{Result, run};

/// Inserts 1,000 changes of three tables, one each minute up to now, and 300 more within one second.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install_for_made_up_rows(pool).await?;
    run(
        pool,
        "INSERT INTO threadline.audit_transactions (id, txid, occurred_at)
           SELECT gen_random_uuid(), n, now() - least(n, 1000) * interval '1 minute' FROM generate_series(0, 1299) AS n;
         INSERT INTO threadline.audit_changes
             (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, captured_at)
           SELECT gen_random_uuid(), id, occurred_at, 'public', (ARRAY['tickets', 'lines', 'secrets'])[1 + txid % 3],
                  '{}', CASE WHEN txid % 10 = 0 THEN 'delete' ELSE 'insert' END, '{}', occurred_at
           FROM threadline.audit_transactions",
    )
    .await?;
    Ok(trail)
}

/// Counts the changes of each bar with the filter itself.
async fn expected(
    trail: &AuditTrail,
    scope: &Scope,
    filter: &Filter,
    activity: &Activity,
) -> Result<Vec<usize>> {
    let mut counts = Vec::new();
    let [from, to] = activity.window;
    for index in 0..activity.bars.len() {
        let start = activity.start + activity.bar_width * i32::try_from(index)?;
        let last = start + activity.bar_width - TimeDelta::microseconds(1);
        let of_bar = Filter { from: Some(start.max(from)), to: Some(last.min(to)), ..filter.clone() };
        let Count::Exact(count) = trail.snapshot().await?.count(scope, &of_bar, 10_000).await? else {
            return Err("a bar could not be counted".into());
        };
        counts.push(count.min(100));
    }
    Ok(counts)
}

#[sqlx::test(migrations = false)]
async fn activity_counts_what_the_scope_shows(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let now: DateTime<Utc> = Utc::now();
    let three = Scope::tables(["tickets", "lines"]);
    let mut totals = Vec::new();
    for scope in [Scope::unscoped(), three, Scope::tables(["lines"]), Scope::nothing()] {
        for hours in [1, 7, 24, 24 * 30] {
            for table in [None, Some("tickets".into()), Some("secrets".into())] {
                for to in [None, Some(now - TimeDelta::minutes(30))] {
                    let filter = Filter {
                        from: Some(now - TimeDelta::hours(hours)),
                        to,
                        table: table.clone(),
                        ..Filter::default()
                    };
                    let Some(activity) = trail.snapshot().await?.activity(&scope, &filter, now).await? else {
                        assert!(scope.is_limited(), "{filter:?}");
                        continue;
                    };
                    let found: Vec<usize> = activity.bars.iter().map(|bar| bar.count).collect();
                    assert_eq!(
                        found,
                        expected(&trail, &scope, &filter, &activity).await?,
                        "{scope:?} {filter:?}"
                    );
                    let of_segments: usize =
                        activity.segments().iter().map(|segment| segment.total.count).sum();
                    assert_eq!(of_segments, found.iter().sum::<usize>());
                    totals.push(of_segments);
                }
            }
        }
    }
    assert!(totals.len() > 40 && totals.iter().filter(|total| **total > 0).count() > 20, "{totals:?}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn bar_counts_deletes_and_stops_at_its_cap(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let now = Utc::now();
    let filter = Filter { from: Some(now - TimeDelta::hours(24)), ..Filter::default() };
    let activity =
        trail.snapshot().await?.activity(&Scope::unscoped(), &filter, now).await?.ok_or("no bars")?;
    let truncated: Vec<&ActivityBar> = activity.bars.iter().filter(|bar| bar.is_truncated).collect();
    assert_eq!(truncated.iter().map(|bar| bar.count).collect::<Vec<_>>(), [100]);
    let whole = activity.bars.iter().find(|bar| bar.count == 30).ok_or("no bar of 30 minutes")?;
    assert_eq!(whole.deleted, 3);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn activity_is_not_counted_where_other_rows_would_be_read(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let now = Utc::now();
    let day = Filter { from: Some(now - TimeDelta::hours(24)), ..Filter::default() };
    let filters = [
        Filter::default(),
        Filter { actor: Some(ActorKind::User.into()), ..day.clone() },
        Filter { value: Some("=a".parse()?), ..day.clone() },
        Filter { from: Some(now), ..day.clone() },
    ];
    for filter in &filters {
        assert_eq!(
            trail.snapshot().await?.activity(&Scope::unscoped(), filter, now).await?,
            None,
            "{filter:?}"
        );
    }
    let tables = Predicate::tables(["tickets"]);
    let scopes = [
        Predicate::field("customer", "7"),
        Predicate::schema("public"),
        tables.clone().and(Predicate::field("customer", "7")),
        tables.or(Predicate::schema("billing")),
    ];
    for scope in scopes.map(Scope::new) {
        assert_eq!(trail.snapshot().await?.activity(&scope, &day, now).await?, None, "{scope:?}");
    }
    Ok(())
}
