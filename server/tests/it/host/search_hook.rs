//! The hook that searches the host.

use std::future::pending;

use axum::Router;
use http::{StatusCode, header};
use sqlx::PgPool;
use threadline::query::RowKey;
use threadline::{ActorError, ActorKind, ActorRef, Config, Scope};
use threadline_server::{Access, Label, RowRef, SearchHit, SearchRequest};

use super::{WORDS, builder, installed, mounted, page, write};
use crate::support::{Result, call, get};

/// Returns Ann, Bob, two tickets and an account to anybody who searches for a part of their names.
fn directory(words: &str) -> std::result::Result<Vec<SearchHit>, ActorError> {
    let person = |id: &str, name: &str| {
        let actor = ActorRef::new(ActorKind::User, id)?;
        Ok((name.to_owned(), SearchHit::Actor(actor, Label::new(name).detail("staff"))))
    };
    let row = |table: &'static str, id: i64, name: &str| {
        let row = RowRef { table: table.into(), key: RowKey::from([("id", id)]) };
        (name.to_owned(), SearchHit::Row(row, Label::new(name)))
    };
    let all = [
        person("ann", "Anna Staff")?,
        person("bob", "Robert Staff")?,
        person("zoe", "Zoe Nobody")?,
        row("tickets", 1, "The case of Anna"),
        row("tickets", 9, "The case of Zoe"),
        row("accounts", 1, "The account of Anna"),
        row("nowhere", 1, "Nowhere"),
    ];
    let words = words.to_lowercase();
    let found = all.into_iter().filter(|(name, _)| name.to_lowercase().contains(&words));
    Ok(found.map(|(_, hit)| hit).collect())
}

async fn seeded(pool: &PgPool, access: Access) -> Result<Router> {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(pool, &config).await?;
    write(&trail, "ann", "ticket.opened", "INSERT INTO tickets VALUES (1, 'Printer'), (2, 'Phone')").await?;
    write(&trail, "bob", "account.opened", "INSERT INTO accounts VALUES (1, 'dora@example.org')").await?;
    let console = builder(trail, config, access)
        .search_fn(|request: SearchRequest| async move { directory(&request.words) });
    mounted(console)
}

async fn leads_to(app: &Router, address: &str) -> Result<String> {
    let response = call(app, &format!("/audit{address}")).await?;
    let location = response.headers().get(header::LOCATION);
    Ok(location.map(|location| location.to_str()).transpose()?.unwrap_or_default().to_owned())
}

#[sqlx::test(migrations = false)]
async fn names_of_the_host_are_found_and_an_exact_one_is_certain(pool: PgPool) -> Result {
    let app = seeded(&pool, Access::Allow).await?;
    let html = page(&app, "/search?q=anna").await?;
    for part in [
        "/audit/actors/user/ann\"",
        "Anna Staff",
        "staff · user:ann",
        "/audit/rows/tickets/id%3D1\"",
        "The case of Anna",
        "/audit/rows/accounts/id%3D1\"",
        "The account of Anna",
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
    assert_eq!(leads_to(&app, "/search?q=robert+staff").await?, "/audit/actors/user/bob");
    assert_eq!(leads_to(&app, "/search?q=the+case+of+anna").await?, "/audit/rows/tickets/id%3D1");
    // A part of one name is not certain, and neither is an id beside somebody else's name.
    for text in ["robert", "ann", "staff"] {
        assert_eq!(leads_to(&app, &format!("/search?q={text}")).await?, "", "{text}");
    }
    // Of the others, the trail has no change.
    for text in ["zoe", "nowhere"] {
        let html = page(&app, &format!("/search?q={text}")).await?;
        assert!(!html.contains("class=\"results\""), "{text}: {html}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hook_shows_nothing_that_the_scope_hides(pool: PgPool) -> Result {
    let app = seeded(&pool, Access::AllowWithin(Scope::tables(["tickets"]))).await?;
    let html = page(&app, "/search?q=anna").await?;
    assert!(html.contains("The case of Anna") && html.contains("Anna Staff"), "{html}");
    assert!(!html.contains("The account of Anna"), "{html}");
    for text in ["robert", "robert+staff"] {
        assert_eq!(leads_to(&app, &format!("/search?q={text}")).await?, "", "{text}");
        for address in ["/search", "/api/suggestions"] {
            let html = page(&app, &format!("{address}?q={text}")).await?;
            assert!(!html.contains("Robert Staff") && !html.contains("user/bob"), "{address}: {html}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn search_without_the_answer_of_the_hook_works_and_warns_without_values(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    write(&trail, "ann", "ticket.opened", "INSERT INTO tickets VALUES (1, 'Printer')").await?;
    for how in ["slow", "error", "panic", "panic at once", "silent"] {
        let console = builder(trail.clone(), config.clone(), Access::Allow).search_fn(move |_| {
            assert_ne!(how, "panic at once", "a hook that panics before it answers");
            async move {
                match how {
                    "slow" => pending().await,
                    "error" => Err(std::io::Error::other("nobody is called secret")),
                    "panic" => panic!("a hook that panics while it answers"),
                    _ => Ok(Vec::new()),
                }
            }
        });
        let app = mounted(console)?;
        let (warnings, _recording) = super::warnings::record();
        let (status, html) = get(&app, "/audit/search?q=secret+words").await?;
        assert_eq!(status, StatusCode::OK, "{how}: {html}");
        assert_eq!(leads_to(&app, "/search?q=ann").await?, "/audit/actors/user/ann", "{how}");
        let (status, json) = get(&app, "/audit/api/suggestions?q=ann").await?;
        assert!(status == StatusCode::OK && json.contains("/audit/actors/user/ann"), "{how}: {json}");
        let warnings = warnings.take();
        assert_eq!(warnings.contains("search_fn gave no results"), how != "silent", "{how}: {warnings}");
        assert!(!warnings.contains("secret") && !warnings.contains("ann"), "{how}: {warnings}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_label_of_a_result_is_visible_text(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    write(&trail, "ann", "ticket.opened", "INSERT INTO tickets VALUES (1, 'Printer')").await?;
    let console = builder(trail, config, Access::Allow).search_fn(|_| async {
        let label = Label::new("<script>alert(1)</script>\u{202e}").link("javascript:alert(2)");
        let row = RowRef { table: "tickets".into(), key: RowKey::from([("id", 1)]) };
        let actor = ActorRef::new(ActorKind::User, "ann").unwrap();
        let hits = vec![SearchHit::Row(row, label.clone()), SearchHit::Actor(actor, label)];
        Ok::<_, std::io::Error>(hits)
    });
    let app = mounted(console)?;
    let html = page(&app, "/search?q=anything").await?;
    assert!(!html.contains("<script>alert") && !html.contains("javascript:"), "{html}");
    let json = page(&app, "/api/suggestions?q=anything").await?;
    for body in [html, json] {
        assert!(!body.contains('\u{202e}') && body.contains("⟨U+202E⟩"), "{body}");
    }
    Ok(())
}
