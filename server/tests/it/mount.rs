//! The mount: hooks, addresses, headers and assets.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_app::ROUTES;
use threadline_server::{Access, AccessRequest, Console, ConsoleAction, redirect_trailing_slash};
use threadline_testkit::database::trail;
use tower::ServiceExt;
use uuid::Uuid;

use crate::support::{Result, comparable, console, get};

const HOSTILE: &str = "</td><script>alert(1)</script> & \"quoted\"";

/// Seeds a captured table with two named changes, and returns the id of the second transaction.
async fn seeded(pool: &PgPool) -> Result<Uuid> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, subject text); CREATE TABLE secrets (id bigint PRIMARY KEY, word text);")
        .execute(pool)
        .await?;
    trail.capture(["tickets", "secrets"]).await?;
    sqlx::query("INSERT INTO secrets VALUES (1, 'open sesame')").execute(pool).await?;
    sqlx::query("INSERT INTO tickets VALUES (1, 'Printer')").execute(pool).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?).with_request_id("req-1")?;
    let mut tx = AuditTrail::new(pool.clone()).write(&context).action("ticket.renamed").begin().await?;
    sqlx::query("UPDATE tickets SET subject = $1").bind(HOSTILE).execute(&mut *tx).await?;
    Ok(tx.commit().await?.transaction_id)
}

fn mounted(pool: &PgPool, access: Access) -> Router {
    let console = console(pool, access);
    Router::new()
        .nest("/audit", console.clone().into_router())
        .route("/audit/", redirect_trailing_slash())
        .nest("/admin/audit", console.into_router())
}

async fn call(app: &Router, method: &str, address: &str) -> Result<Response<Body>> {
    Ok(app.clone().oneshot(Request::builder().method(method).uri(address).body(Body::empty())?).await?)
}

fn header(response: &Response<Body>, name: header::HeaderName) -> &str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Returns every address of the table of routes, and some that are not in it.
fn addresses(transaction: Uuid) -> Vec<String> {
    ROUTES
        .iter()
        .map(|route| {
            let path = route.path.replace("/actors/{kind}/{id}", "/actors/user/42");
            let path = path.replace("{kind}", "anonymous").replace("{id}", &transaction.to_string());
            let path = path.replace("{change}", "1795339267000000-0193c2aa00007000800000000000008d");
            path.replace("{table}", "tickets").replace("{key}", "id%3D1")
        })
        .map(|path| format!("/audit{}", if path == "/" { "" } else { &path }))
        .chain(
            ["/audit/nowhere", "/audit/timeline/x", "/audit/transactions", "/audit/timeline?from=x"]
                .map(String::from),
        )
        .collect()
}

#[sqlx::test(migrations = false)]
async fn denied_hook_returns_403_for_every_route_and_method(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    for how in ["deny", "error", "panic", "panic at once", "time-out"] {
        let console = Console::builder(trail(&pool))
            .hook_timeout(Duration::from_millis(50))
            .authorize_fn(move |_| {
                assert_ne!(how, "panic at once", "a hook that panics before it answers");
                async move {
                    match how {
                        "deny" => Ok(Access::Deny),
                        "error" => Err(std::io::Error::other("no session store")),
                        "panic" => panic!("a hook that panics while it answers"),
                        _ => {
                            tokio::time::sleep(Duration::from_secs(60)).await;
                            Ok(Access::Allow)
                        }
                    }
                }
            })
            .actor_fn(|_| async { None })
            .build()?;
        let app = Router::new().nest("/audit", console.into_router());
        for address in addresses(transaction) {
            let (status, body) = get(&app, &address).await?;
            assert_eq!(status, StatusCode::FORBIDDEN, "{how}: {address}");
            for secret in ["ticket", "Printer", "sesame", "user:42", "req-1", &transaction.to_string()] {
                assert!(!body.contains(secret), "{how}: {address} tells {secret:?}");
            }
            for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"] {
                let response = call(&app, method, &address).await?;
                assert_eq!(response.status(), StatusCode::FORBIDDEN, "{how}: {method} {address}");
            }
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn cross_site_request_with_unsafe_method_is_rejected_on_every_route(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for address in addresses(transaction) {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let request =
                Request::builder().method(method).uri(&address).header("sec-fetch-site", "cross-site");
            let response = app.clone().oneshot(request.body(Body::empty())?).await?;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{method} {address}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn authorize_hook_receives_request_and_action(pool: PgPool) -> Result {
    use ConsoleAction::{EnterConsole, ViewCoverage, ViewPolicy, ViewTimeline};
    seeded(&pool).await?;
    let (seen, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let console = Console::builder(trail(&pool))
        .authorize_fn(move |request: AccessRequest| {
            let staff = request.parts.headers.contains_key("x-staff");
            let _ = seen.send((request.action, staff));
            async move { Ok::<_, std::io::Error>(if staff { Access::Allow } else { Access::Deny }) }
        })
        .actor_fn(|_| async { None })
        .build()?;
    let app = Router::new().nest("/audit", console.into_router());
    for route in ROUTES {
        let address =
            format!("/audit{}", route.path.replace(['{', '}'], "")).trim_end_matches('/').to_owned();
        let refused = call(&app, "GET", &address).await?.status();
        let request = Request::builder().uri(&address).header("x-staff", "1").body(Body::empty())?;
        let allowed = app.clone().oneshot(request).await?.status();
        assert_eq!((refused, allowed == StatusCode::FORBIDDEN), (StatusCode::FORBIDDEN, false), "{address}");
        assert_eq!(asked.recv().await, Some((route.action, false)));
        // The page about a refusal links only to what the operator may open.
        let linked = [EnterConsole, ViewTimeline, ViewCoverage, ViewPolicy];
        for action in linked.into_iter().filter(|_| route.is_page()) {
            assert_eq!(asked.recv().await, Some((action, false)), "{address}");
        }
        assert_eq!(asked.recv().await, Some((route.action, true)));
        // The header and the navigation show which global actions are granted.
        let besides: Vec<_> = std::iter::from_fn(|| asked.try_recv().ok()).collect();
        let expected = if route.is_page() { ConsoleAction::GLOBAL.to_vec() } else { Vec::new() };
        assert_eq!(
            besides,
            expected.into_iter().map(|action| (action, true)).collect::<Vec<_>>(),
            "{address}"
        );
    }
    Ok(())
}

#[test]
fn guide_describes_the_action_of_every_route() {
    let guide = include_str!("../../../docs/mounting.md");
    for route in ROUTES {
        let row = format!("| `{:?}` |", route.action);
        assert!(guide.lines().any(|line| line.starts_with(&row)), "{}", route.path);
    }
}

#[sqlx::test(migrations = false)]
async fn failed_actor_hook_leaves_the_operator_unnamed(pool: PgPool) -> Result {
    seeded(&pool).await?;
    for how in ["none", "panic", "time-out"] {
        let console = Console::builder(trail(&pool))
            .hook_timeout(Duration::from_millis(50))
            .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
            .actor_fn(move |_| async move {
                match how {
                    "none" => None,
                    "panic" => panic!("a hook that panics"),
                    _ => {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                        ActorRef::new(ActorKind::Admin, "too-late").ok()
                    }
                }
            })
            .build()?;
        let app = Router::new().nest("/audit", console.into_router());
        let (status, body) = get(&app, "/audit/timeline?from=").await?;
        assert_eq!(status, StatusCode::OK, "{how}");
        assert!(!body.contains("Signed in as") && !body.contains("too-late"), "{how}: {body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn timeline_shows_actor_time_reason_and_values(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let (status, body) = get(&app, "/audit/timeline?from=").await?;
    assert_eq!(status, StatusCode::OK);
    for expected in [
        "user:42",
        "ticket.renamed",
        "subject",
        "Printer",
        "admin:operator-7",
        "open sesame",
        "not signed by the application",
    ] {
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    assert!(body.contains(&format!("href=\"/audit/transactions/{transaction}\"")));
    let (status, body) = get(&app, &format!("/audit/transactions/{transaction}")).await?;
    assert_eq!(status, StatusCode::OK);
    for expected in ["user:42", "ticket.renamed", "Printer", "req-1"] {
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_values_are_rendered_as_text(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for address in ["/audit/timeline?from=".to_owned(), format!("/audit/transactions/{transaction}")] {
        let (_, body) = get(&app, &address).await?;
        assert!(
            body.contains("&lt;script&gt;alert(1)") && !body.contains("<script>alert"),
            "{address}: {body}"
        );
        assert!(!body.contains(" style=") && !body.contains(" onclick="), "{address}");
    }
    let (_, body) = get(&app, "/audit/timeline?table=%3Cscript%3Ealert(1)%3C/script%3E").await?;
    assert!(!body.contains("<script>alert"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hidden_data_looks_as_if_it_did_not_exist(pool: PgPool) -> Result {
    let visible = seeded(&pool).await?;
    let hidden: Uuid = sqlx::query_scalar(
        "SELECT transaction_id FROM threadline.audit_changes WHERE table_name = 'secrets'",
    )
    .fetch_one(&pool)
    .await?;
    let app = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    for address in ["/audit/timeline?from=", "/audit/timeline?table=secrets"] {
        let (status, body) = get(&app, address).await?;
        assert_eq!(status, StatusCode::OK);
        assert!(!body.contains("sesame") && body.contains("Limited to 1 table"), "{address}: {body}");
    }
    assert_eq!(get(&app, &format!("/audit/transactions/{visible}")).await?.0, StatusCode::OK);
    let of = |id: Uuid| format!("/audit/transactions/{id}");
    let (status, body) = get(&app, &of(hidden)).await?;
    let (_, missing) = get(&app, &of(Uuid::nil())).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // Only the time that is shown for support requests differs.
    let same = |body: &str, id: Uuid| {
        let body = comparable(&body.replace(&id.to_string(), "ID"));
        body.split("class=\"reference\"").next().map(str::to_owned)
    };
    assert_eq!(same(&body, hidden), same(&missing, Uuid::nil()));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_address_returns_400_with_the_field_and_a_link(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (address, status, message) in [
        ("/audit/timeline?from=some+day".to_owned(), 400, "from is &quot;some day&quot;"),
        ("/audit/timeline?to=2026-99-01T00:00".to_owned(), 400, "to is"),
        ("/audit/timeline?older=17".to_owned(), 400, "older is &quot;17&quot;"),
        ("/audit/timeline?tabel=x".to_owned(), 400, "one of the keys"),
        ("/audit/timeline?table=%FF%00".to_owned(), 400, "table is"),
        (
            "/audit/timeline?table=tickets&key=nr%3D1".to_owned(),
            400,
            "records of tickets have the key id, not nr",
        ),
        ("/audit/timeline?table=nowhere&key=id%3D1".to_owned(), 400, "There is no audited table"),
        ("/audit/timeline?from=2026-02-01T00:00&to=2026-01-01T00:00".to_owned(), 400, "not before from"),
        ("/audit/transactions/17".to_owned(), 400, "transaction id is &quot;17&quot;"),
        ("/audit/transactions/%FF".to_owned(), 400, "transaction id"),
        (format!("/audit/transactions/{transaction}?table=tickets"), 400, "table is"),
        (format!("/audit/transactions/{}", Uuid::nil()), 404, "does not exist"),
        ("/audit/nowhere".to_owned(), 404, "no page at this address"),
    ] {
        let (given, body) = get(&app, &address).await?;
        assert_eq!(given.as_u16(), status, "{address}");
        let body = body.replace('"', "&quot;");
        assert!(body.contains(message), "{address}: {body}");
        assert!(body.contains("/audit/timeline"), "{address} offers no way back");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn timeline_without_a_trail_shows_the_install_command(pool: PgPool) -> Result {
    let (status, body) = get(&mounted(&pool, Access::Allow), "/audit/timeline?from=").await?;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        body.contains("This database holds no audit trail") && !body.contains("could not be reached"),
        "{body}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn console_works_at_every_mount_path(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for base in ["/audit", "/admin/audit"] {
        let (status, body) = get(&app, base).await?;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains(&format!("action=\"{base}/timeline\"")), "{body}");
        let (_, body) = get(&app, &format!("{base}/timeline?from=")).await?;
        let link =
            body.split("href=\"").find(|part| part.contains("/assets/console-")).ok_or("no stylesheet")?;
        let style = link.split('"').next().ok_or("no end")?;
        assert!(style.starts_with(&format!("{base}/assets/")), "{style}");
        let response = call(&app, "GET", style).await?;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(header(&response, header::CACHE_CONTROL).contains("immutable"));
    }
    let response = call(&app, "GET", "/audit/?x=1").await?;
    assert_eq!(header(&response, header::LOCATION), "/audit?x=1");
    assert_eq!(get(&app, "/auditor").await?, (StatusCode::NOT_FOUND, String::new()), "the host's own 404");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn page_is_one_body_with_a_strict_content_security_policy(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let mut nonces = Vec::new();
    for address in ["/audit/timeline?from=", "/audit/nowhere", "/audit/timeline?from=x"] {
        let response = call(&app, "GET", address).await?;
        let policy = header(&response, header::CONTENT_SECURITY_POLICY).to_owned();
        assert!(
            policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        let nonce =
            policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).ok_or("no nonce")?;
        nonces.push(nonce.to_owned());
        assert_eq!(header(&response, header::CACHE_CONTROL), "no-store");
        let mut body = response.into_body();
        assert!(
            axum::body::HttpBody::size_hint(&body).exact().is_some_and(|size| size > 500),
            "not one piece"
        );
        let html = String::from_utf8(
            body.frame().await.ok_or("no body")??.into_data().map_err(|_| "no data")?.to_vec(),
        )?;
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"));
        assert!(html.contains(&format!("nonce=\"{nonce}\"")));
    }
    nonces.dedup();
    assert_eq!(nonces.len(), 3);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn assets_are_compressed_as_accepted(pool: PgPool) -> Result {
    let app = mounted(&pool, Access::Deny);
    let (_, body) = get(&app, "/audit/timeline?from=").await?;
    let style =
        body.split('"').find(|part| part.contains("/assets/console-")).ok_or("no stylesheet")?.to_owned();
    for (accepted, coding) in
        [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", ""), ("br;q=0, gzip;q=0.5", "gzip")]
    {
        let request =
            Request::builder().uri(&style).header(header::ACCEPT_ENCODING, accepted).body(Body::empty())?;
        let response = app.clone().oneshot(request).await?;
        assert_eq!(header(&response, header::CONTENT_ENCODING), coding, "{accepted}");
        assert_eq!(header(&response, header::VARY), "accept-encoding");
    }
    assert_eq!(get(&app, "/audit/assets/console.css").await?.0, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn page_without_a_database_returns_503_with_a_retry_link() -> Result {
    let nowhere = std::env::temp_dir().join("no-postgresql-here");
    let options = sqlx::postgres::PgConnectOptions::new().socket(nowhere);
    let pool = PgPoolOptions::new().connect_lazy_with(options);
    let console = Console::builder(trail(&pool))
        .query_timeout(Duration::from_millis(500))
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build()?;
    let app = Router::new().nest("/audit", console.into_router());
    for address in
        ["/audit/timeline?table=tickets", "/audit/transactions/0193c2aa-0000-7000-8000-00000000008d"]
    {
        let response = call(&app, "GET", address).await?;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(header(&response, header::RETRY_AFTER), "5");
        let body = String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?;
        assert!(body.contains(&format!("href=\"{address}\"")), "{body}");
    }
    Ok(())
}
