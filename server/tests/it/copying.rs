//! Links to changes and to lists that stay the same, and the links that skip to the changes.

use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::AuditTrail;
use threadline_server::Access;
use threadline_testkit::html::part;

use crate::support::{Result, get, mounted};

const TIMELINE: &str = "/audit/timeline?from=";

/// Seeds tickets, each by a transaction of its own.
async fn seeded(pool: &PgPool, tickets: u32) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, subject text)").execute(pool).await?;
    trail.capture(["tickets"]).await?;
    for id in 0..tickets {
        insert(pool, id).await?;
    }
    Ok(mounted(pool, Access::Allow))
}

async fn insert(pool: &PgPool, id: u32) -> Result {
    sqlx::query("INSERT INTO tickets VALUES ($1, 'x')").bind(i64::from(id)).execute(pool).await?;
    Ok(())
}

fn ids(html: &str) -> Vec<&str> {
    html.split("<section id=\"change-").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn list_link(html: &str) -> Option<String> {
    let link = html.split("<a ").find(|link| link.contains("data-copy-link"))?;
    Some(link.split_once("href=\"")?.1.split('"').next()?.replace("&amp;", "&"))
}

#[sqlx::test(migrations = false)]
async fn link_to_a_list_shows_the_same_changes_later(pool: PgPool) -> Result {
    let app = seeded(&pool, 60).await?;
    for address in [TIMELINE, "/audit/timeline?table=tickets&operation=insert"] {
        let (_, first) = get(&app, address).await?;
        let link = list_link(&first).ok_or_else(|| format!("no link at {address}: {first}"))?;
        let (_, older) = get(&app, link_to_older(&first).ok_or("no older page")?.as_str()).await?;
        let older_link = list_link(&older).ok_or("no link on the older page")?;
        insert(&pool, 1_000 + u32::try_from(address.len())?).await?;
        for (page, link) in [(&first, &link), (&older, &older_link)] {
            let (status, later) = get(&app, link).await?;
            assert_eq!(status, StatusCode::OK, "{link}");
            assert_eq!(ids(&later), ids(page), "{link}");
        }
        let (_, now) = get(&app, address).await?;
        assert_ne!(ids(&now), ids(&first), "{address}");
    }
    let (_, empty) = get(&app, "/audit/timeline?operation=delete").await?;
    assert_eq!(list_link(&empty), None, "{empty}");
    Ok(())
}

fn link_to_older(html: &str) -> Option<String> {
    let link = html.split("<a ").find(|link| link.contains("rel=\"next\""))?;
    Some(link.split_once("href=\"")?.1.split('"').next()?.replace("&amp;", "&"))
}

#[sqlx::test(migrations = false)]
async fn every_opened_line_links_to_its_change_and_costs_few_bytes(pool: PgPool) -> Result {
    let app = seeded(&pool, 50).await?;
    let (_, timeline) = get(&app, TIMELINE).await?;
    let transaction = format!("/audit/transactions/{}", part(&timeline, "href=\"/audit/transactions/", "\""));
    let mut bytes = 0;
    for address in [TIMELINE, "/audit/rows/tickets/id%3D1", &transaction] {
        let (status, html) = get(&app, address).await?;
        assert_eq!(status, StatusCode::OK, "{address}");
        assert!(!ids(&html).is_empty(), "{address}: {html}");
        for id in ids(&html) {
            let link = format!("<a href=\"#change-{id}\">Link</a>");
            assert_eq!(html.matches(&link).count(), 1, "{address}: {html}");
            bytes = link.len();
        }
    }
    assert!(bytes * 50 * 25 < timeline.len(), "{bytes} bytes a line of {}", timeline.len());
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn page_with_a_list_of_changes_has_a_link_that_skips_to_it(pool: PgPool) -> Result {
    let app = seeded(&pool, 2).await?;
    let (_, timeline) = get(&app, TIMELINE).await?;
    let transaction = format!("/audit/transactions/{}", part(&timeline, "href=\"/audit/transactions/", "\""));
    for (address, id) in [
        (TIMELINE, Some("entries")),
        ("/audit/rows/tickets/id%3D1", Some("changes")),
        (&transaction, Some("changes")),
        ("/audit/timeline?operation=delete", None),
        ("/audit/help", None),
        ("/audit/coverage", None),
    ] {
        let (_, html) = get(&app, address).await?;
        let skip =
            |id: &str| html.contains(&format!("<a href=\"#{id}\" class=\"skip\">Skip to the changes</a>"));
        match id {
            Some(id) => {
                assert!(skip(id), "{address}: {html}");
                assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{address}");
            }
            None => assert!(!html.contains("Skip to the changes"), "{address}"),
        }
    }
    Ok(())
}
