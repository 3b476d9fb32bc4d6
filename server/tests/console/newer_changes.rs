//! The question that the live timeline asks every few seconds.

use std::time::Duration;

use http::{StatusCode, header};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::query::{Filter, Position};
use threadline::{AuditTrail, Scope};
use threadline_server::{Access, Console};
use url::form_urlencoded;

use crate::support::{Result, call, get, mounted};

/// Two captured tables, with one change each.
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

/// So many rows more.
async fn insert(pool: &PgPool, table: &'static str, rows: i64) -> Result {
    let statement = format!(
        "INSERT INTO {table} SELECT n + 1000 * (SELECT count(*) FROM {table}) FROM generate_series(1, $1) n"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement)).bind(rows).execute(pool).await?;
    Ok(())
}

async fn newest(trail: &AuditTrail) -> Result<String> {
    let page = trail.timeline_page(&Scope::unscoped(), &Filter::default(), Position::Newest, 1).await?;
    Ok(page.entries.first().ok_or("nothing recorded")?.change.cursor().to_string())
}

fn address(query: &str, since: &str) -> String {
    let pairs = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", query)
        .append_pair("since", since)
        .finish();
    format!("/audit/api/newer_changes?{pairs}")
}

#[sqlx::test(migrations = false)]
async fn it_counts_what_is_newer_and_matches_up_to_a_hundred(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let since = newest(&trail).await?;
    let app = mounted(&pool, Access::Allow);
    assert_eq!(get(&app, &address("", &since)).await?, (StatusCode::OK, "0".to_owned()));

    insert(&pool, "tickets", 3).await?;
    insert(&pool, "secrets", 2).await?;
    assert_eq!(get(&app, &address("", &since)).await?.1, "5");
    assert_eq!(get(&app, &address("table=tickets", &since)).await?.1, "3");
    assert_eq!(get(&app, &address("table=tickets&from=2020-01-01T00%3A00", &since)).await?.1, "3");
    assert_eq!(get(&app, &address("", &newest(&trail).await?)).await?.1, "0");
    assert_eq!(get(&app, &address("table=secrets", "")).await?.1, "3", "without a cursor everything is new");

    insert(&pool, "tickets", 200).await?;
    assert_eq!(get(&app, &address("", &since)).await?.1, "100");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_scope_and_a_refusal_hold_here_too(pool: PgPool) -> Result {
    let since = newest(&seeded(&pool).await?).await?;
    insert(&pool, "tickets", 3).await?;
    insert(&pool, "secrets", 2).await?;
    let scoped = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    assert_eq!(get(&scoped, &address("", &since)).await?.1, "3");
    assert_eq!(get(&scoped, &address("table=secrets", &since)).await?.1, "0");
    let (status, body) = get(&mounted(&pool, Access::Deny), &address("", &since)).await?;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.starts_with("<!DOCTYPE html>"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn it_lives_wherever_the_console_is_nested_and_is_never_stored(pool: PgPool) -> Result {
    let since = newest(&seeded(&pool).await?).await?;
    let console = || {
        Console::builder(pool.clone())
            .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
            .actor_fn(|_| async { None })
            .build()
            .into_router()
    };
    let app = axum::Router::new().nest("/audit", console()).nest("/admin/audit", console());
    insert(&pool, "tickets", 1).await?;
    for base in ["", "/admin"] {
        let response = call(&app, &format!("{base}{}", address("", &since))).await?;
        assert_eq!(response.status(), StatusCode::OK, "{base}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let body = axum::body::to_bytes(response.into_body(), 100).await?;
        assert_eq!(body, "1", "{base}");
    }
    Ok(())
}

/// Server functions register themselves with the process: a host that is a Leptos application finds this one among its own.
#[sqlx::test(migrations = false)]
async fn outside_of_the_console_nothing_is_counted(pool: PgPool) -> Result {
    let since = newest(&seeded(&pool).await?).await?;
    let host = axum::Router::new().route("/api/{*name}", axum::routing::get(leptos_axum::handle_server_fns));
    let app = mounted(&pool, Access::Allow).merge(host);
    let (status, body) = get(&app, address("", &since).trim_start_matches("/audit")).await?;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("by the console only"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_read_is_a_mistake(pool: PgPool) -> Result {
    let since = newest(&seeded(&pool).await?).await?;
    let app = mounted(&pool, Access::Allow);
    for (query, since) in [("from=yesterday", since.as_str()), ("tabel=x", &since), ("", "17")] {
        let (status, body) = get(&app, &address(query, since)).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query} {since}: {body}");
    }
    Ok(())
}

#[tokio::test]
async fn without_the_database_it_says_so() -> Result {
    let nowhere = std::env::temp_dir().join("no-postgresql-here");
    let options = sqlx::postgres::PgConnectOptions::new().socket(nowhere);
    let console = Console::builder(PgPoolOptions::new().connect_lazy_with(options))
        .query_timeout(Duration::from_millis(500))
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build();
    let app = axum::Router::new().nest("/audit", console.into_router());
    let (status, body) = get(&app, &address("", "")).await?;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!body.contains("no-postgresql-here"), "{body}");
    Ok(())
}
