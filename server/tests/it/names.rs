//! Names with characters that a reader does not see: every page shows them.

use axum::Router;
use http::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use threadline::Config;
use threadline_server::Access;
use threadline_testkit::database::{install, run, trail};
use threadline_testkit::html::visible_text;

use crate::support::{Result, checked, get, without_timeouts};

const ACTOR: &str = "ad\u{200B}min";
const SUBJECT: &str = "cust\u{2066}omer";
const ACTION: &str = "ticket.\u{202E}desolc";
const TABLE: &str = "tick\u{200B}ets";
const KEY: &str = "i\u{200B}d";
const COLUMN: &str = "sub\u{200B}ject";
const REDACTED: &str = "sec\u{200B}ret";
/// A table that is not captured, in a schema of its own.
const OTHER: [&str; 2] = ["bill\u{200B}ing", "inv\u{200B}oices"];
const INVISIBLE: [char; 3] = ['\u{200B}', '\u{202E}', '\u{2066}'];

/// Returns the text with the visible glyphs of its characters.
fn shown(text: &str) -> String {
    let glyph =
        |text: String, character: char| text.replace(character, &format!("⟨U+{:04X}⟩", u32::from(character)));
    INVISIBLE.into_iter().fold(text.to_owned(), glyph)
}

/// Encodes every byte for an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn config(redaction: &str) -> Result<Config> {
    Ok(Config::from_toml(&format!("[capture.tables.\"{TABLE}\"]\n{redaction} = [\"{REDACTED}\"]"))?)
}

/// Creates the tables, and writes two versions of a row with an actor that only SQL can set.
async fn seeded(pool: &PgPool) -> Result<Router> {
    install(pool).await?;
    let [schema, table] = OTHER;
    run(
        pool,
        &format!(
            "CREATE TABLE \"{TABLE}\" (\"{KEY}\" int PRIMARY KEY, \"{COLUMN}\" text, \"{REDACTED}\" text);
             CREATE SCHEMA \"{schema}\"; CREATE TABLE \"{schema}\".\"{table}\" (id int PRIMARY KEY)"
        ),
    )
    .await?;
    trail(pool).capture(config("exclude")?.policies().cloned()).await?;
    let actor = json!({ "type": "admin", "id": ACTOR, "on_behalf_of": { "type": "user", "id": SUBJECT } });
    let action = json!({
        "name": ACTION, "status": "ok", "actor_ref": actor, "verb": "clo\u{200B}se", "reason": "Call\u{200B}ed",
        "correlation_id": "case\u{200B}1", "request_id": "req\u{200B}1", "job_id": "job\u{200B}1",
    });
    let metadata = json!({ "no\u{200B}te": "va\u{200B}lue" });
    for statement in [
        format!("INSERT INTO \"{TABLE}\" VALUES (1, 'old', 'x')"),
        format!("UPDATE \"{TABLE}\" SET \"{COLUMN}\" = 'new'"),
    ] {
        run(
            pool,
            &format!(
                "SELECT set_config('threadline.actor_ref', '{actor}', true);
                 SELECT threadline.threadline_declare('{action}', '{metadata}'); {statement}"
            ),
        )
        .await?;
    }
    let console = without_timeouts(trail(pool))
        .config(config("mask")?)
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build()?;
    checked(Router::new().nest("/audit", console.into_router())).await
}

/// Returns the page without the attributes that have to hold a name exactly.
fn without_exact_attributes(html: &str) -> String {
    [" value=\"", " data-copy=\"", " data-copy-id=\""].into_iter().fold(html.to_owned(), |html, attribute| {
        let mut parts = html.split(attribute);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |kept, part| kept + part.split_once('"').map_or("", |(_, rest)| rest))
    })
}

/// Returns the first address on the page that contains a text.
fn link(html: &str, part: &str) -> Result<String> {
    let addresses = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let address = addresses.into_iter().find(|address| address.contains(part));
    Ok(address.ok_or_else(|| format!("no link with {part} in {html}"))?.replace("&amp;", "&"))
}

/// Reads a page, and checks that it shows these names with visible glyphs and holds no invisible character.
async fn read(app: &Router, address: &str, expected: StatusCode, names: &[&str]) -> Result<String> {
    let (status, html) = get(app, address).await?;
    assert_eq!(status, expected, "{address}: {html}");
    let text = visible_text(&html);
    assert!(!text.contains(INVISIBLE), "{address}: {text:?}");
    assert!(!without_exact_attributes(&html).contains(INVISIBLE), "{address}: {html:?}");
    for name in names {
        assert!(text.contains(&shown(name)), "{address} does not show {}: {text}", shown(name));
    }
    Ok(html)
}

#[sqlx::test(migrations = false)]
async fn pages_show_invisible_characters_of_names(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (ok, bad, missing) = (StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND);
    let (actor, subject) = (format!("admin:{ACTOR}"), format!("user:{SUBJECT}"));
    let other = OTHER.join(".");
    let row_names: [&str; 8] =
        [&actor, &subject, ACTION, TABLE, KEY, COLUMN, "case\u{200B}1", "Call\u{200B}ed"];

    read(&app, "/audit", ok, &[&actor, ACTION, TABLE, &other]).await?;
    let timeline = read(&app, "/audit/timeline?from=", ok, &row_names).await?;
    let row = link(&timeline, "/rows/")?;
    let history = read(&app, &row, ok, &row_names).await?;
    read(&app, &link(&history, "as_of=")?, ok, &row_names).await?;
    read(&app, &link(&history, "compare=")?, ok, &row_names).await?;
    let transaction = link(&timeline, "/transactions/")?;
    read(&app, &transaction, ok, &row_names.map(|name| if name == KEY { TABLE } else { name })).await?;
    let facts = ["clo\u{200B}se", "req\u{200B}1", "job\u{200B}1", "no\u{200B}te", "va\u{200B}lue"];
    read(&app, &transaction, ok, &facts).await?;
    let actor_page = read(&app, &link(&timeline, "/actors/admin/")?, ok, &[&actor, ACTION, TABLE]).await?;
    assert_eq!(actor_page.matches("data-entry").count(), 2, "{actor_page}");
    let nobody = format!("/audit/actors/admin/{}", encoded("no\u{200B}body"));
    read(&app, &nobody, ok, &["admin:no\u{200B}body"]).await?;
    read(&app, "/audit/coverage", ok, &[TABLE, &other, REDACTED, "--tables"]).await?;
    read(&app, &format!("/audit/coverage?schema={}", encoded(OTHER[0])), ok, &[&other]).await?;
    read(&app, "/audit/policy/redaction", ok, &[TABLE, REDACTED]).await?;

    let table = encoded(TABLE);
    for (address, status, name) in [
        (format!("/audit/rows/{table}/{}%3D9", encoded(KEY)), missing, TABLE),
        (format!("/audit/rows?table={table}&record=a%3D1"), bad, KEY),
        (format!("/audit/rows?table={}&record=1", encoded("no\u{200B}pe")), bad, "no\u{200B}pe"),
        (format!("/audit/timeline?table={table}&key=a%3D1"), bad, KEY),
        (format!("/audit/timeline?operation={}", encoded("ins\u{200B}ert")), bad, "ins\u{200B}ert"),
        (format!("/audit/coverage?schema={}", encoded("no\u{200B}pe")), bad, OTHER[0]),
    ] {
        read(&app, &address, status, &[name]).await?;
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn filter_with_invisible_characters_is_exact(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let actor = format!("admin:{ACTOR}");
    for (key, name, plain) in [
        ("actor", actor.as_str(), "admin:admin"),
        ("action", ACTION, "ticket.desolc"),
        ("table", TABLE, "tickets"),
        ("field", COLUMN, "subject"),
        ("correlation_id", "case\u{200B}1", "case1"),
        ("request_id", "req\u{200B}1", "req1"),
    ] {
        let address = |name: &str| format!("/audit/timeline?{key}={}", encoded(name));
        let html = read(&app, &address(name), StatusCode::OK, &[name]).await?;
        assert!(html.contains(&format!("value=\"{name}\"")), "{key}: {html:?}");
        assert!(html.contains("<details data-entry"), "{key}: {html}");
        let (_, html) = get(&app, &address(plain)).await?;
        assert!(!html.contains("<details data-entry"), "{key}: {html}");
    }
    Ok(())
}
