//! Links from the console to its host, and paths for links from the host.

use http::StatusCode;
use sqlx::PgPool;
use threadline::query::TransactionId;
use threadline::{ActorKind, ActorRef, Config, Scope};
use threadline_server::{Access, paths};
use threadline_testkit::database::run;
use threadline_testkit::html::part;

use super::{WORDS, builder, installed, mounted, page, write};
use crate::support::{Result, get};

#[sqlx::test(migrations = false)]
async fn record_that_exists_links_to_its_page_in_the_host(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    run(&pool, "CREATE TABLE words (word text PRIMARY KEY)").await?;
    trail.capture(["words"]).await?;
    run(
        &pool,
        "INSERT INTO tickets VALUES (1), (2); UPDATE tickets SET id = 3 WHERE id = 2; DELETE FROM tickets WHERE id = 3;
         INSERT INTO accounts VALUES (1); INSERT INTO words VALUES ('a/b?c=\"<'), ('..')",
    )
    .await?;
    let console = builder(trail, config, Access::Allow)
        .name("Help desk")
        .row_link("accounts", "https://crm.example/accounts/{number}")
        .row_link("words", "/first/{word}")
        .row_link("words", "/dictionary/{word}#top");
    let app = mounted(console)?;
    for (address, expected) in [
        ("tickets/id%3D1", Some("/tickets/1")),
        // The row has another key now, and no longer exists under that one.
        ("tickets/id%3D2", None),
        ("tickets/id%3D3", None),
        ("tickets/id%3D9", None),
        // The key has no column of that name.
        ("accounts/id%3D1", None),
        ("words/word%3Da%252Fb%253Fc%253D%2522%253C", Some("/dictionary/a%2Fb%3Fc%3D%22%3C#top")),
        ("words/word%3D..", None),
    ] {
        let html = page(&app, &format!("/rows/{address}")).await?;
        let link = html.split("<a href=\"").find(|rest| rest.contains(">Open in Help desk"));
        let href = link.and_then(|rest| rest.split('"').next());
        assert_eq!(href, expected, "{address}: {html}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn home_link_is_beside_the_name_of_the_console(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    let header = async |home: Option<(&str, &str)>| -> Result<String> {
        let console = builder(trail.clone(), config.clone(), Access::Allow).name("Desk");
        let console = match home {
            Some((label, href)) => console.home_link(label, href),
            None => console,
        };
        let html = page(&mounted(console)?, "/help").await?;
        Ok(part(&html, "<header class=\"top\">", "<details").to_owned())
    };
    let plain = header(None).await?;
    assert!(
        plain.starts_with("<a href=\"/audit\" class=\"brand\">Threadline <span>Desk</span></a>"),
        "{plain}"
    );
    assert_eq!(plain.matches("href").count(), 1, "{plain}");
    let linked = header(Some(("Help <desk>", "/?a=1&b=\"2\""))).await?;
    assert!(
        linked.contains(
            "<a href=\"/?a=1&amp;b=&quot;2&quot;\" class=\"brand\"><span>Help &lt;desk&gt;</span></a>"
        ),
        "{linked}"
    );
    assert!(!linked.contains("<span>Desk</span>"), "{linked}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn path_for_the_host_leads_to_the_page(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    let id: TransactionId =
        write(&trail, "a/b", "ticket.opened", "INSERT INTO tickets VALUES (1)").await?.parse()?;
    let app = mounted(builder(trail, config, Access::AllowWithin(Scope::tables(["tickets"]))))?;
    let actor = ActorRef::new(ActorKind::User, "a/b")?;
    for (path, shown) in [
        (paths::row("tickets", [("id", 1)]), "<title>Ticket #1 · Threadline</title>"),
        (paths::actor(&actor), "<title>user:a/b · Threadline</title>"),
        (paths::transaction(id), "opened ticket"),
        (paths::correlation("a&b c"), "name=\"correlation_id\" value=\"a&amp;b c\""),
    ] {
        let (status, html) = get(&app, &format!("/audit{path}")).await?;
        assert_eq!(status, StatusCode::OK, "{path}: {html}");
        assert!(html.contains(shown), "{path}: {html}");
    }
    Ok(())
}
