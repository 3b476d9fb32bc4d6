//! The server function that the live timeline polls.

use std::time::Duration;

use http::{StatusCode, header};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::query::{Filter, Position};
use threadline::{AuditTrail, Scope};
use threadline_server::{Access, Console};
use threadline_testkit::database::trail;
use url::form_urlencoded;

use crate::support::{Result, call, finished, get, mounted};

/// Seeds two captured tables with one change each.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY); CREATE TABLE secrets (id bigint PRIMARY KEY)",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "secrets"]).await?;
    insert(pool, "secrets", 1).await?;
    insert(pool, "tickets", 1).await?;
    Ok(trail)
}

/// Inserts more rows.
async fn insert(pool: &PgPool, table: &'static str, rows: i64) -> Result {
    let statement = format!(
        "INSERT INTO {table} SELECT n + 1000 * (SELECT count(*) FROM {table}) FROM generate_series(1, $1) n"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement)).bind(rows).execute(pool).await?;
    Ok(())
}

/// Returns the mark of a page that would be read now.
async fn mark(trail: &AuditTrail) -> Result<String> {
    Ok(trail.snapshot_with_mark().await?.1.to_string())
}

/// Returns the mark that a timeline page contains for its live part.
fn mark_in(page: &str) -> Result<String> {
    let page = page.replace("&quot;", "\"");
    let (_, mark) = page.split_once(r#""since":""#).ok_or("no mark")?;
    Ok(mark.split_once('"').ok_or("no end")?.0.to_owned())
}

fn answer(count: u16, late: u16, truncated: bool) -> String {
    serde_json::json!({ "count": count, "late": late, "truncated": truncated }).to_string()
}

fn address(query: &str, since: &str) -> String {
    let pairs = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", query)
        .append_pair("since", since)
        .finish();
    format!("/audit/api/newer_changes?{pairs}")
}

#[sqlx::test(migrations = false)]
async fn newer_changes_are_counted_up_to_100(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let since = mark(&trail).await?;
    let app = mounted(&pool, Access::Allow);
    assert_eq!(get(&app, &address("", &since)).await?, (StatusCode::OK, answer(0, 0, false)));

    insert(&pool, "tickets", 3).await?;
    insert(&pool, "secrets", 2).await?;
    assert_eq!(get(&app, &address("", &since)).await?.1, answer(5, 0, false));
    assert_eq!(get(&app, &address("table=tickets", &since)).await?.1, answer(3, 0, false));
    assert_eq!(
        get(&app, &address("table=tickets&from=2020-01-01T00%3A00", &since)).await?.1,
        answer(3, 0, false)
    );
    assert_eq!(get(&app, &address("", &mark(&trail).await?)).await?.1, answer(0, 0, false));

    insert(&pool, "tickets", 200).await?;
    assert_eq!(get(&app, &address("", &since)).await?.1, answer(100, 0, true));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn late_change_is_counted_as_newer(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let mut older = pool.begin().await?;
    let actor = r#"{"type":"user","id":"42"}"#;
    sqlx::query("SELECT set_config('threadline.actor_ref', $1, true)")
        .bind(actor)
        .execute(&mut *older)
        .await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (42)").execute(&mut *older).await?;
    insert(&pool, "tickets", 1).await?;
    let all = mounted(&pool, Access::Allow);
    let tickets = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    let secrets = mounted(&pool, Access::AllowWithin(Scope::tables(["secrets"])));
    let mut pages = Vec::new();
    for (app, query, late) in [
        (&all, "from=", 1),
        (&all, "from=2020-01-01T00%3A00", 1),
        (&all, "table=tickets", 1),
        (&all, "table=secrets", 0),
        (&all, "actor=user%3A42", 1),
        (&all, "actor=user%3A41", 0),
        (&tickets, "from=", 1),
        (&secrets, "from=", 0),
    ] {
        let (status, page) = get(app, &format!("/audit/timeline?{query}")).await?;
        assert_eq!(status, StatusCode::OK, "{query}");
        let poll = address(query, &mark_in(&page)?);
        assert_eq!(get(app, &poll).await?.1, answer(0, 0, false), "{query}");
        pages.push((app, poll, late));
    }
    older.commit().await?;
    for (app, poll, late) in pages {
        assert_eq!(get(app, &poll).await?.1, answer(late, late, false), "{poll}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn page_that_cannot_grow_has_no_live_part(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let page = trail.timeline_page(&Scope::unscoped(), &Filter::default(), Position::Newest, 1).await?;
    let cursor = page.entries.first().ok_or("nothing recorded")?.change.cursor();
    let app = mounted(&pool, Access::Allow);
    for (query, asks) in [
        ("from=".to_owned(), true),
        (format!("newer={cursor}"), true),
        (format!("older={cursor}"), false),
        ("to=2999-01-01T00%3A00".to_owned(), false),
    ] {
        let (_, page) = get(&app, &format!("/audit/timeline?{query}")).await?;
        assert_eq!(mark_in(&page).is_ok(), asks, "{query}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn newer_changes_obey_scope_and_denial(pool: PgPool) -> Result {
    let since = mark(&seeded(&pool).await?).await?;
    insert(&pool, "tickets", 3).await?;
    insert(&pool, "secrets", 2).await?;
    let scoped = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    assert_eq!(get(&scoped, &address("", &since)).await?.1, answer(3, 0, false));
    assert_eq!(get(&scoped, &address("table=secrets", &since)).await?.1, answer(0, 0, false));
    let (status, body) = get(&mounted(&pool, Access::Deny), &address("", &since)).await?;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.starts_with("<!DOCTYPE html>"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn newer_changes_work_at_every_mount_path_and_are_not_cached(pool: PgPool) -> Result {
    let since = mark(&seeded(&pool).await?).await?;
    let console = || {
        let console = Console::builder(trail(&pool))
            .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
            .actor_fn(|_| async { None });
        finished(console).into_router()
    };
    let app = axum::Router::new().nest("/audit", console()).nest("/admin/audit", console());
    insert(&pool, "tickets", 1).await?;
    for base in ["", "/admin"] {
        let response = call(&app, &format!("{base}{}", address("", &since))).await?;
        assert_eq!(response.status(), StatusCode::OK, "{base}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let body = axum::body::to_bytes(response.into_body(), 100).await?;
        assert_eq!(body, answer(1, 0, false), "{base}");
    }
    Ok(())
}

/// Server functions register themselves with the process, so a host that is a Leptos application finds this one among its
/// own.
#[sqlx::test(migrations = false)]
async fn newer_changes_outside_of_the_console_fail(pool: PgPool) -> Result {
    let since = mark(&seeded(&pool).await?).await?;
    let host = axum::Router::new().route("/api/{*name}", axum::routing::get(leptos_axum::handle_server_fns));
    let app = mounted(&pool, Access::Allow).merge(host);
    let (status, body) = get(&app, address("", &since).trim_start_matches("/audit")).await?;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("by the console only"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn newer_changes_with_invalid_parameters_return_400(pool: PgPool) -> Result {
    let since = mark(&seeded(&pool).await?).await?;
    let app = mounted(&pool, Access::Allow);
    let cursor = "1795339267000000-0193c2aa00007000800000000000008d";
    let long = format!("{since}_{}", "7_".repeat(5_000));
    for (query, since) in [
        ("from=yesterday", since.as_str()),
        ("tabel=x", &since),
        ("", "17"),
        ("", ""),
        ("", cursor),
        ("", &long),
    ] {
        let (status, body) = get(&app, &address(query, since)).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query} {since}: {body}");
        assert!(body.len() < 500, "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn newer_changes_without_a_database_return_503() -> Result {
    let nowhere = std::env::temp_dir().join("no-postgresql-here");
    let options = sqlx::postgres::PgConnectOptions::new().socket(nowhere);
    let console = Console::builder(AuditTrail::new(PgPoolOptions::new().connect_lazy_with(options)))
        .query_timeout(Duration::from_millis(500))
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build()?;
    let app = axum::Router::new().nest("/audit", console.into_router());
    let (status, body) = get(&app, &address("", "1795339267000000-850-733-")).await?;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!body.contains("no-postgresql-here"), "{body}");
    Ok(())
}
