//! The preferences: each is kept in a cookie, applied to the first paint, and cannot be set by another site.

use axum::Router;
use axum::body::Body;
use http::{HeaderName, Request, Response, StatusCode, header};
use sqlx::PgPool;
use threadline::AuditTrail;
use threadline_server::Access;
use tower::ServiceExt;

use crate::support::{Result, get, mounted};

async fn choose(app: &Router, form: &'static str, headers: &[(&str, &str)]) -> Result<Response<Body>> {
    let request =
        Request::post("/audit/preferences").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Ok(app.clone().oneshot(request.body(Body::from(form))?).await?)
}

fn said(response: &Response<Body>, name: HeaderName) -> &str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

const HERE: &[(&str, &str)] = &[("host", "audit.example"), ("origin", "http://audit.example")];

#[sqlx::test(migrations = false)]
async fn theme_is_kept_in_a_cookie(pool: PgPool) -> Result {
    AuditTrail::new(pool.clone()).install().await?;
    let app = mounted(&pool, Access::Allow);
    let response = choose(&app, "theme=dark&back=%2Faudit%2Ftimeline%3Ftable%3Dtickets", HERE).await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(said(&response, header::LOCATION), "/audit/timeline?table=tickets");
    let cookie = said(&response, header::SET_COOKIE);
    assert_eq!(cookie, "threadline_theme=dark; Path=/audit; Max-Age=31536000; HttpOnly; SameSite=Lax");

    let request = Request::get("/audit/nowhere").header(header::COOKIE, "a=b; threadline_theme=dark");
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    let html = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
    let html = String::from_utf8(html.to_vec())?;
    assert!(html.contains(r#"data-theme="dark""#), "{html}");
    assert!(html.contains(r#"name="back" value="/audit/nowhere""#), "{html}");
    assert!(html.contains(r#"value="dark" aria-pressed="true""#), "{html}");
    let (_, html) = get(&app, "/audit/nowhere").await?;
    assert!(!html.contains("data-theme") && html.contains(r#"value="system" aria-pressed="true""#), "{html}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn density_and_zone_are_kept_in_cookies(pool: PgPool) -> Result {
    AuditTrail::new(pool.clone()).install().await?;
    let response =
        choose(&mounted(&pool, Access::Allow), "density=cards&back=%2Faudit%2Ftimeline", HERE).await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let cookie = said(&response, header::SET_COOKIE);
    assert_eq!(cookie, "threadline_density=cards; Path=/audit; Max-Age=31536000; HttpOnly; SameSite=Lax");
    let response = choose(&mounted(&pool, Access::Allow), "zone=europe%2Fberlin", HERE).await?;
    assert!(said(&response, header::SET_COOKIE).starts_with("threadline_zone=Europe/Berlin; Path=/audit;"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn theme_cookie_is_secure_over_https(pool: PgPool) -> Result {
    let app = mounted(&pool, Access::Allow);
    let https = [("sec-fetch-site", "same-origin"), ("origin", "https://audit.example")];
    let response = choose(&app, "theme=light", &https).await?;
    assert!(said(&response, header::SET_COOKIE).ends_with("; Secure"));
    assert_eq!(said(&response, header::LOCATION), "/audit");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_or_forged_theme_changes_nothing(pool: PgPool) -> Result {
    let app = mounted(&pool, Access::Allow);
    let elsewhere: &[(&str, &str)] = &[("host", "audit.example"), ("origin", "http://evil.example")];
    for (form, headers, status) in [
        ("theme=purple", HERE, StatusCode::BAD_REQUEST),
        ("density=huge", HERE, StatusCode::BAD_REQUEST),
        ("zone=Berlin", HERE, StatusCode::BAD_REQUEST),
        ("theme=dark&density=huge", HERE, StatusCode::BAD_REQUEST),
        ("back=%2Faudit", HERE, StatusCode::BAD_REQUEST),
        ("theme=dark", elsewhere, StatusCode::FORBIDDEN),
        ("theme=dark", &[("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        ("theme=dark", &[], StatusCode::FORBIDDEN),
    ] {
        let response = choose(&app, form, headers).await?;
        assert_eq!(response.status(), status, "{form} {headers:?}");
        assert!(!response.headers().contains_key(header::SET_COOKIE), "{form} {headers:?}");
        assert!(said(&response, header::CONTENT_TYPE).starts_with("text/html"), "{form} {headers:?}");
    }
    let refused = choose(&mounted(&pool, Access::Deny), "theme=dark", HERE).await?;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!refused.headers().contains_key(header::SET_COOKIE));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn theme_form_redirects_within_the_console_only(pool: PgPool) -> Result {
    let app = mounted(&pool, Access::Allow);
    for form in [
        "theme=dark&back=%2F%2Fevil.example",
        "theme=dark&back=https%3A%2F%2Fevil.example%2Faudit",
        "theme=dark&back=%2F%5Cevil.example",
        "theme=dark&back=%2Faudit%0d%0aSet-Cookie%3A%20a%3Db",
        "theme=dark&back=%2Fauditor",
    ] {
        let response = choose(&app, form, HERE).await?;
        assert_eq!(said(&response, header::LOCATION), "/audit", "{form}");
    }
    Ok(())
}
