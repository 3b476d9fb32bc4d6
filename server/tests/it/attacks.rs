//! Attacks by a page of another site, or by a client with unusual requests: redirects, calls of server functions, and responses
//! without the headers that protect them.

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use sqlx::PgPool;
use threadline::AuditTrail;
use threadline_app::ROUTES;
use threadline_server::Access;
use tower::ServiceExt;

use crate::support::{Result, mounted};

const SERVER_FUNCTIONS: [&str; 3] =
    ["/audit/api/coverage", "/audit/api/newer_changes?query=&since=", "/audit/api/suggestions?q=1"];

async fn installed(pool: &PgPool) -> Result<Router> {
    AuditTrail::new(pool.clone()).install().await?;
    Ok(mounted(pool, Access::Allow))
}

async fn send(app: &Router, method: &str, address: &str, headers: &[(&str, &str)]) -> Result<Response<Body>> {
    let request = Request::builder().method(method).uri(address).header("host", "audit.example");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Ok(app.clone().oneshot(request.body(Body::empty())?).await?)
}

#[sqlx::test(migrations = false)]
async fn server_function_never_redirects(pool: PgPool) -> Result {
    let app = installed(&pool).await?;
    for address in SERVER_FUNCTIONS {
        for referer in ["https://evil.example/x", "javascript:alert(1)", "/audit"] {
            let headers = [("accept", "text/html"), ("referer", referer)];
            let response = send(&app, "GET", address, &headers).await?;
            assert!(!response.status().is_redirection(), "{address} {referer}: {}", response.status());
            assert_eq!(response.headers().get(header::LOCATION), None, "{address} {referer}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn server_function_refuses_other_sites(pool: PgPool) -> Result {
    let app = installed(&pool).await?;
    for address in SERVER_FUNCTIONS {
        for (headers, is_refused) in [
            (&[("sec-fetch-site", "cross-site")][..], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("origin", "https://evil.example")], true),
            (&[("origin", "null")], true),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("origin", "https://audit.example")], false),
            (&[], false),
        ] {
            let status = send(&app, "GET", address, headers).await?.status();
            assert_eq!(status == StatusCode::FORBIDDEN, is_refused, "{address} {headers:?}: {status}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn server_function_answers_mistakes_with_400_and_head_like_get(pool: PgPool) -> Result {
    let app = installed(&pool).await?;
    for query in [
        "",
        "?query=",
        "?since=",
        "?query=&query=&since=",
        "?query=&since=&since=",
        "?query[]=a&since=b",
        "?query=&since=x",
        "?query=from%3Dsoon&since=",
        "?query=%FF&since=%00",
    ] {
        for method in ["GET", "HEAD"] {
            let status = send(&app, method, &format!("/audit/api/newer_changes{query}"), &[]).await?.status();
            assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {query}");
        }
    }
    let response = send(&app, "HEAD", "/audit/api/coverage", &[]).await?;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.into_body().collect().await?.to_bytes().is_empty());
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn every_response_has_the_protective_headers(pool: PgPool) -> Result {
    let app = installed(&pool).await?;
    let pages = ROUTES
        .iter()
        .map(|route| format!("/audit{}", route.path.replace(['{', '}'], "").trim_end_matches('/')));
    let others = ["/audit/nowhere", "/audit/assets/nothing.js", "/audit/timeline?from=soon", "/audit/rows"];
    for address in pages.chain(others.map(str::to_owned)) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
            let headers = [("sec-fetch-site", "same-origin"), ("content-type", "text/plain")];
            let response = send(&app, method, &address, &headers).await?;
            for (name, expected) in [
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                let value = response.headers().get(name).and_then(|value| value.to_str().ok());
                assert_eq!(value, Some(expected), "{method} {address}: {} {name}", response.status());
            }
        }
    }
    Ok(())
}
