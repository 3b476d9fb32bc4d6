//! The page about a refusal: signing in and coming back, the note of the host, and the navigation.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, Scope};
use threadline_server::{Access, AccessRequest, ConsoleAction};
use threadline_testkit::database::install;
use threadline_testkit::html::{outline, part};
use tower::ServiceExt;

use super::{Builder, heading};
use crate::support::{Result, get, without_timeouts};

/// Returns the builder of a console that allows these actions alone, to an operator or to nobody.
async fn allowing(pool: &PgPool, allowed: &'static [ConsoleAction], is_signed_in: bool) -> Result<Builder> {
    let console = without_timeouts(install(pool).await?)
        .authorize_fn(move |request: AccessRequest| {
            let is_allowed = allowed.contains(&request.action);
            async move { Ok::<_, Infallible>(if is_allowed { Access::Allow } else { Access::Deny }) }
        })
        .actor_fn(
            move |_| async move { ActorRef::new(ActorKind::User, "ann").ok().filter(|_| is_signed_in) },
        );
    Ok(console.name("Help desk").refusal_note("Ask <Ken> for the role \u{202e}auditor."))
}

fn mounted_at(path: &str, console: Builder) -> Result<Router> {
    let console = console.build()?.into_router();
    Ok(if path.is_empty() { Router::new().merge(console) } else { Router::new().nest(path, console) })
}

/// Returns the header and the content of a page as a reader sees them.
fn parts(html: &str) -> [String; 2] {
    let header = part(html, "<header class=\"top\">", "</header>");
    [outline(header), outline(part(html, "<main id=\"main\" tabindex=\"-1\">", "</main>"))]
}

#[sqlx::test(migrations = false)]
async fn nobody_is_asked_to_sign_in_and_comes_back(pool: PgPool) -> Result {
    let console = allowing(&pool, &[], false).await?.sign_in_link("/login?next={return_to}&from=audit");
    let app = mounted_at("/audit", console)?;
    for (method, address, return_to) in [
        (Method::GET, "/audit", "%2Faudit"),
        (
            Method::GET,
            "/audit/timeline?table=tickets&key=id%3D1",
            "%2Faudit%2Ftimeline%3Ftable%3Dtickets%26key%3Did%253D1",
        ),
        (Method::GET, "/audit/nowhere?x=//evil.example", "%2Faudit%2Fnowhere%3Fx%3D%2F%2Fevil.example"),
        (
            Method::GET,
            "/audit/rows/tickets/%22%3E%3Cscript%3E",
            "%2Faudit%2Frows%2Ftickets%2F%2522%253E%253Cscript%253E",
        ),
        // A form cannot be sent again by a link.
        (Method::POST, "/audit/preferences", "%2Faudit"),
    ] {
        let request = Request::builder().method(method).uri(address).body(Body::empty())?;
        let response = app.clone().oneshot(request).await?;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{address}");
        let html = String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?;
        assert_eq!(heading(&html), "Sign in to see this page", "{address}");
        let link = format!(
            "href=\"/login?next={return_to}&amp;from=audit\" class=\"button primary\">Sign in to Help desk</a>"
        );
        assert!(html.contains(&link), "{address}: {html}");
    }
    let (_, html) = get(&app, "/audit/timeline").await?;
    let [header, main] = parts(&html);
    assert_eq!(header, "Threadline Help desk\n");
    assert!(!main.contains("Ken") && !main.contains("Go to"), "{main}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn address_to_return_to_stays_on_the_host(pool: PgPool) -> Result {
    let console = allowing(&pool, &[], false).await?.sign_in_link("/login?next={return_to}");
    let app = mounted_at("", console)?;
    for address in ["//evil.example/", "//evil.example/audit?x", "/\\evil.example"] {
        let uri = http::Uri::builder().path_and_query(address).build();
        let Ok(uri) = uri else { continue };
        let response = app.clone().oneshot(Request::builder().uri(uri).body(Body::empty())?).await?;
        let html = String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?;
        assert!(html.contains("href=\"/login?next=%2F\""), "{address}: {html}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn sign_in_link_is_only_for_nobody(pool: PgPool) -> Result {
    // Without the link, the page says in words what to do.
    let app = mounted_at("/audit", allowing(&pool, &[], false).await?)?;
    let [_, main] = parts(&get(&app, "/audit").await?.1);
    assert!(
        main.contains("# Sign in to see this page") && main.contains("Sign in to the application, and open"),
        "{main}"
    );

    let console = allowing(&pool, &[], true).await?.sign_in_link("/login?next={return_to}");
    let (status, html) = get(&mounted_at("/audit", console)?, "/audit/timeline").await?;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let [header, main] = parts(&html);
    assert_eq!(header, "Threadline Help desk\nSigned in as user:ann\n");
    assert!(main.contains("# You may not open this page"), "{main}");
    assert!(main.contains("Ask <Ken> for the role ⟨U+202E⟩auditor.") && !main.contains("/login"), "{main}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn refused_page_links_only_to_what_may_be_opened(pool: PgPool) -> Result {
    use ConsoleAction::{EnterConsole, ViewCoverage, ViewTimeline};
    let all: &[(ConsoleAction, &str)] = &[
        (EnterConsole, "[Overview](/audit)"),
        (ViewTimeline, "[Timeline](/audit/timeline)"),
        (ViewCoverage, "[Coverage](/audit/coverage)"),
    ];
    for allowed in [&[][..], &[EnterConsole], &[ViewTimeline], &[ViewTimeline, ViewCoverage]] {
        let app = mounted_at("/audit", allowing(&pool, allowed, true).await?)?;
        let (status, html) = get(&app, "/audit/policy/redaction").await?;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let [header, main] = parts(&html);
        for (action, link) in all {
            assert_eq!(header.contains(link), allowed.contains(action), "{allowed:?}: {header}");
        }
        let may_enter = allowed.contains(&EnterConsole);
        assert_eq!(header.contains("Threadline Help desk](/audit)"), may_enter, "{header}");
        assert_eq!(html.contains("action=\"/audit/preferences\""), may_enter, "{html}");
        assert_eq!(main.contains("[Go to the overview](/audit)"), may_enter, "{main}");
        assert!(main.contains("# You may not see the redaction policy"), "{main}");
        // The note of the host does not replace the command with the same answer.
        assert!(
            main.contains("threadline policy show --all-schemas") && main.contains("Ask <Ken>"),
            "{main}"
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn visitor_without_a_name_who_may_open_other_pages_can_sign_in(pool: PgPool) -> Result {
    let allowed = &[ConsoleAction::EnterConsole];
    let console = allowing(&pool, allowed, false).await?.sign_in_link("/login?next={return_to}");
    let [_, main] = parts(&get(&mounted_at("/audit", console)?, "/audit/coverage").await?.1);
    assert!(main.contains("# You may not see coverage"), "{main}");
    assert!(main.contains("[Sign in to Help desk](/login?next=%2Faudit%2Fcoverage)"), "{main}");
    assert!(main.contains("threadline health coverage --all-schemas"), "{main}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn scoped_visitor_without_a_name_is_not_asked_to_sign_in(pool: PgPool) -> Result {
    let console = without_timeouts(install(&pool).await?)
        .authorize_fn(|_| async { Ok::<_, Infallible>(Access::AllowWithin(Scope::tables(["tickets"]))) })
        .actor_fn(|_| async { None })
        .sign_in_link("/login?next={return_to}");
    let (status, html) = get(&mounted_at("/audit", console)?, "/audit/coverage").await?;
    assert_eq!((status, heading(&html)), (StatusCode::FORBIDDEN, "You may not see coverage".to_owned()));
    assert!(!html.contains("/login") && html.contains("href=\"/audit/timeline\""), "{html}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn setting_that_cannot_be_used_is_an_error_of_build(pool: PgPool) -> Result {
    let console = || async { allowing(&pool, &[], true).await };
    let begins = "expected an address that begins with /, http:// or https://";
    for (console, message) in [
        (console().await?.home_link("Help desk", "javascript:x"), format!("the address of home_link is \"javascript:x\": {begins}")),
        (console().await?.home_link("\t", "/"), "the label of home_link is \"\\t\": expected a text that is not blank".to_owned()),
        (console().await?.row_link("tickets", "tickets/{id}"), format!("row_link of tickets is \"tickets/{{id}}\": {begins}")),
        (console().await?.sign_in_link("//login"), format!("sign_in_link is \"//login\": {begins}")),
        (
            console().await?.sign_in_link("/login?next={path}"),
            "sign_in_link is \"/login?next={path}\": expected {return_to} as the only placeholder, as in /login?next={return_to}".to_owned(),
        ),
        (console().await?.refusal_note(" "), "refusal_note is \" \": expected a text that is not blank".to_owned()),
    ] {
        assert_eq!(console.build().unwrap_err().to_string(), message);
    }
    Ok(())
}
