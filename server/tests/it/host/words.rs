//! Words for tables, records, actors and actions.

use sqlx::PgPool;
use threadline::Config;
use threadline_server::Access;
use threadline_testkit::database::run;
use threadline_testkit::html::{part, visible_text};

use super::{WORDS, builder, heading, installed, mounted, page, write};
use crate::support::Result;

#[sqlx::test(migrations = false)]
async fn action_is_shown_in_words_with_its_name_as_title(pool: PgPool) -> Result {
    let config = Config::from_toml(&format!("{WORDS}\n\"ticket.tidied\" = \"tidied up\""))?;
    let trail = installed(&pool, &config).await?;
    run(&pool, "INSERT INTO tickets VALUES (1)").await?;
    for (action, words) in [
        // The words of the configuration need a record behind them, which the heading does not have.
        ("ticket.priority_changed", "changed ticket priority"),
        ("ticket.tidied", "tidied up"),
        ("ticket.assignee_changed", "changed ticket assignee"),
        ("ticket.escalate", "ticket.escalate"),
    ] {
        let id = write(&trail, "ann", action, &format!("UPDATE tickets SET priority = '{action}'")).await?;
        let app = mounted(builder(trail.clone(), config.clone(), Access::Allow))?;
        for address in [format!("/transactions/{id}"), "/rows/tickets/id%3D1".to_owned()] {
            let html = page(&app, &address).await?;
            assert!(html.contains(&format!(">{words}</bdi>")), "{address}: {html}");
            let titled = format!("<bdi title=\"{action}\" class=\"action\">{words}</bdi>");
            assert_eq!(html.contains(&titled), words != action, "{address}: {html}");
        }
        // The line of a version has the action too, although it does not repeat the record.
        let html = page(&app, "/rows/tickets/id%3D1").await?;
        let line =
            part(part(&html, "class=\"entries versions\"", "</summary>"), "class=\"why\"", "</summary>");
        assert!(line.contains(&format!(">{words}</bdi>")), "{line}");
        let html = page(&app, &format!("/transactions/{id}")).await?;
        assert!(html.contains(&format!("<title>{words} · Threadline</title>")), "{html}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn record_is_named_in_the_words_of_the_configuration(pool: PgPool) -> Result {
    let trail = installed(&pool, &Config::default()).await?;
    run(
        &pool,
        "CREATE SCHEMA billing;
         CREATE TABLE billing.lines (\"order\" int, line int, PRIMARY KEY (\"order\", line))",
    )
    .await?;
    trail.capture(["billing.lines"]).await?;
    run(&pool, "INSERT INTO tickets VALUES (5041); INSERT INTO billing.lines VALUES (7, 2)").await?;
    for (config, expected) in [
        ("", ["tickets 5041", "billing.lines, line 2, order 7"]),
        (
            "[console.tables.tickets]\nname = 'ticket'\nprefix = '#'\n[console.tables.'billing.lines']\nname = 'order line'\nprefix = '#'",
            ["Ticket #5041", "Order line, line 2, order 7"],
        ),
    ] {
        let app = mounted(builder(trail.clone(), Config::from_toml(config)?, Access::Allow))?;
        let addresses = ["/rows/tickets/id%3D5041", "/rows/billing.lines/line%3D2%26order%3D7"];
        for (address, expected) in addresses.into_iter().zip(expected) {
            assert_eq!(heading(&page(&app, address).await?), expected);
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn unsigned_change_is_told_in_a_sentence(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    run(&pool, "INSERT INTO tickets VALUES (1)").await?;
    let html = page(&mounted(builder(trail, config, Access::Allow))?, "/rows/tickets/id%3D1").await?;
    let state = visible_text(part(&html, "class=\"row-state exists\">", "</p>"));
    assert!(
        state.contains(" ago), not signed by the application: role ")
            || state.contains("(just now), not signed by the application: role "),
        "{state}"
    );
    assert!(state.contains(" · no action named. See the transaction · See in the timeline"), "{state}");
    Ok(())
}
