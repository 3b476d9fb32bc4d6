//! The hook that gives labels to actors and rows.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, Config, Predicate, Scope};
use threadline_server::{Access, Label, LabelRequest, Labels};
use threadline_testkit::html::{part, visible_text};

use super::{WORDS, builder, heading, installed, mounted, page, write};
use crate::support::{Result, get};

/// Returns labels for everything that the request names.
fn label_all(request: &LabelRequest) -> Labels {
    let mut labels = Labels::default();
    for actor in &request.actors {
        let id = actor.id().unwrap_or_default();
        labels.actor(
            actor,
            Label::new(format!("{id} Staff")).detail(format!("{id}@example.org")).link("/staff/1"),
        );
    }
    for row in &request.rows {
        labels.row(row, Label::new(format!("labelled {}", row.key)).link("/row"));
    }
    labels
}

#[sqlx::test(migrations = false)]
async fn hook_is_asked_once_about_what_the_page_shows(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    let id = write(&trail, "ann", "ticket.opened", "INSERT INTO tickets VALUES (1, 'Printer'), (2, 'Phone')")
        .await?;
    write(&trail, "bob", "ticket.closed", "UPDATE tickets SET priority = 'low' WHERE id = 1").await?;
    write(&trail, "carl", "account.opened", "INSERT INTO accounts VALUES (3, 'dora@example.org')").await?;
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let scope = Access::AllowWithin(Scope::tables(["tickets"]));
    let console = builder(trail, config, scope).labels_fn({
        let asked = asked.clone();
        move |request: LabelRequest| {
            let actors = request.actors.iter().map(ToString::to_string);
            let rows = request.rows.iter().map(|row| format!("{} {}", row.table, row.key));
            let names: BTreeSet<String> = actors.chain(rows).collect();
            let names: Vec<String> = names.into_iter().collect();
            asked.lock().unwrap().push(names.join(", "));
            let labels = label_all(&request);
            async move { Ok::<_, std::io::Error>(labels) }
        }
    });
    let app = mounted(console)?;
    for (address, expected) in [
        ("/help", "admin:operator-7"),
        ("", "admin:operator-7, tickets id=1, tickets id=2, user:ann, user:bob"),
        ("/timeline?from=", "admin:operator-7, tickets id=1, tickets id=2, user:ann, user:bob"),
        ("/rows/tickets/id%3D1", "admin:operator-7, tickets id=1, user:ann, user:bob"),
        ("/rows/tickets/id%3D2", "admin:operator-7, tickets id=2, user:ann"),
        ("/actors/user/bob", "admin:operator-7, tickets id=1, user:bob"),
        // Neither exists, as far as the operator may know.
        ("/rows/tickets/id%3D9", "admin:operator-7"),
        ("/rows/accounts/id%3D3", "admin:operator-7"),
        ("/actors/user/carl", "admin:operator-7"),
        ("/transactions/00000000-0000-0000-0000-000000000000", ""),
    ] {
        let html = page(&app, address).await?;
        assert_eq!(std::mem::take(&mut *asked.lock().unwrap()).join("; "), expected, "{address}");
        assert!(!html.contains("carl Staff"), "{address}: {html}");
    }
    let html = page(&app, &format!("/transactions/{id}")).await?;
    assert!(
        html.contains("title=\"ann@example.org · user:ann\" class=\"who\"><bdi>ann Staff</bdi>"),
        "{html}"
    );
    assert!(
        html.contains("<b title=\"operator-7@example.org · admin:operator-7\"><bdi>operator-7 Staff</bdi>"),
        "{html}"
    );
    let html = page(&app, "/rows/tickets/id%3D1").await?;
    assert_eq!(heading(&html), "Ticket #1 · labelled id=1");
    assert!(part(&html, "class=\"row-state exists\">", "</p>").contains("<a href=\"/row\">"), "{html}");
    let html = page(&app, "/actors/user/ann").await?;
    assert_eq!(heading(&html), "ann Staff");
    let about = part(&html, "</h1>", "</p>");
    assert_eq!(visible_text(&format!("<p{about}")), "ann@example.org · user:ann · Open in the application ↗");
    assert!(about.contains("<a href=\"/staff/1\">"), "{about}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn page_without_labels_shows_ids_and_warns_without_values(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    let id = write(&trail, "ann", "ticket.opened", "INSERT INTO tickets VALUES (1, 'Printer')").await?;
    for how in ["slow", "error", "panic", "panic at once", "silent"] {
        let console = builder(trail.clone(), config.clone(), Access::Allow).labels_fn(move |_| {
            assert_ne!(how, "panic at once", "a hook that panics before it answers");
            async move {
                match how {
                    "slow" => pending().await,
                    "error" => Err(std::io::Error::other("no person is called secret")),
                    "panic" => panic!("a hook that panics while it answers"),
                    _ => Ok(Labels::default()),
                }
            }
        });
        let app = mounted(console)?;
        let (warnings, _recording) = super::warnings::record();
        let (status, html) = get(&app, &format!("/audit/transactions/{id}")).await?;
        assert_eq!(status, StatusCode::OK, "{how}");
        assert!(html.contains("<bdi>user:ann</bdi>"), "{how}: {html}");
        assert_eq!(heading(&page(&app, "/rows/tickets/id%3D1").await?), "Ticket #1 · Printer", "{how}");
        let warnings = warnings.take();
        assert_eq!(warnings.contains("labels_fn gave no labels"), how != "silent", "{how}: {warnings}");
        assert!(!warnings.contains("secret") && !warnings.contains("ann"), "{how}: {warnings}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_label_of_the_hook_is_visible_text(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    write(&trail, "ann", "ticket.opened", "INSERT INTO tickets VALUES (1, 'Printer')").await?;
    let console = builder(trail, config, Access::Allow).labels_fn(|request: LabelRequest| async move {
        let mut labels = Labels::default();
        let label = Label::new("<script>alert(1)</script>\u{202e}\n x").link("javascript:alert(1)");
        let label = label.detail("\"><script>alert(2)</script>\u{202e}");
        request.actors.iter().for_each(|actor| {
            labels.actor(actor, label.clone());
        });
        request.rows.iter().for_each(|row| {
            labels.row(row, Label::new(" \u{a0}\n"));
        });
        Ok::<_, std::io::Error>(labels)
    });
    let app = mounted(console)?;
    for address in ["/rows/tickets/id%3D1", "/actors/user/ann", "/timeline?from="] {
        let html = page(&app, address).await?;
        assert!(!html.contains("<script>alert") && !html.contains("javascript:"), "{address}: {html}");
        assert!(!html.contains('\u{202e}') && html.contains("⟨U+202E⟩"), "{address}: {html}");
    }
    // A blank label is none.
    assert_eq!(heading(&page(&app, "/rows/tickets/id%3D1").await?), "Ticket #1 · Printer");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actor_that_a_scope_hides_has_no_name(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    write(&trail, "ann", "ticket.opened", "INSERT INTO tickets VALUES (1, 'Printer')").await?;
    let hidden = Scope::nothing();
    let only_bob = Scope::new(Predicate::actor(&ActorRef::new(ActorKind::User, "bob")?));
    for scope in [hidden, only_bob] {
        let console = builder(trail.clone(), config.clone(), Access::AllowWithin(scope));
        let console = console
            .labels_fn(|request: LabelRequest| async move { Ok::<_, std::io::Error>(label_all(&request)) });
        let html = page(&mounted(console)?, "/actors/user/ann").await?;
        assert_eq!(heading(&html), "user:ann");
        assert!(!html.contains("ann Staff"), "{html}");
    }
    Ok(())
}
