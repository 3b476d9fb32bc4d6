//! The values that a change shows.

use crate::support::{Result, get, mounted};
use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::TablePolicy;
use threadline_server::Access;
use threadline_testkit::html::part;

const SCRIPT: &str = "<script>alert(1)</script>";

/// Seeds a captured table with every kind of value and one row, and runs these statements on it.
async fn console(pool: &PgPool, statements: &[&str]) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE specimens (id text PRIMARY KEY, note text, body text, meta jsonb, tags text[], amount numeric,
             flag boolean, email text, \"<script>alert(1)</script>\" text);
         INSERT INTO specimens (id) VALUES ('one')",
    )
    .execute(pool)
    .await?;
    let policy = TablePolicy::new("specimens").mask(["email"]);
    trail.capture([policy]).await?;
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe((*statement).to_owned())).execute(pool).await?;
    }
    Ok(mounted(pool, Access::Allow))
}

async fn timeline(app: &Router) -> Result<String> {
    let (status, body) = get(app, "/audit/timeline?table=specimens").await?;
    assert_eq!(status, StatusCode::OK, "{body}");
    Ok(body)
}

/// Returns the rows of the newest change as a reader sees them, cell by cell, with marked words in brackets.
fn rows(body: &str) -> Vec<Vec<String>> {
    let change = part(body, "class=\"change\"", "</section>");
    change
        .split("<tr><th scope=\"row\">")
        .skip(1)
        .map(|row| {
            let row = row.split("</tr>").next().unwrap_or_default();
            row.split("<td").map(read).collect()
        })
        .collect()
}

/// Returns the text between tags.
fn read(html: &str) -> String {
    let html = html.replace("<mark>", "[").replace("</mark>", "]").replace("<!>", "");
    let html = if html.starts_with([' ', '>']) { format!("<{html}") } else { html };
    let text: String =
        html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[sqlx::test(migrations = false)]
async fn diff_shows_old_and_new_values_side_by_side(pool: PgPool) -> Result {
    let app = console(
        &pool,
        &[
            r#"UPDATE specimens SET note = 'the wrong total', amount = 12345678901234567890.10, flag = true, email = 'a@b.example',
               meta = '{"sla": {"minutes": 480, "pause": 1}, "a.b": 1, "n": 1.0}', tags = '{red,green}'"#,
            r#"UPDATE specimens SET note = 'the right total', amount = 12345678901234567890.100, flag = NULL, email = 'c@d.example',
               meta = '{"sla": {"minutes": 60, "pause": 1}, "a.b": null, "n": 1.00}', tags = '{red,blue,green}', body = ''"#,
        ],
    )
    .await?;
    let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    assert_eq!(
        rows(&timeline(&app).await?),
        [
            row(["note", "the [wrong] total", "the [right] total"]),
            row(["body", "NULL", "empty text"]),
            row(["meta[\"a.b\"]", "1", "null (JSON)"]),
            row(["meta.n", "1.0", "1.00"]),
            row(["meta.sla.minutes", "480", "60"]),
            row(["tags[1]", "not there", "blue"]),
            row(["amount", "12345678901234567890.10", "12345678901234567890.100"]),
            row(["flag", "true", "NULL"]),
            row(["email", "[REDACTED]", "[REDACTED] changed, value masked"]),
        ]
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn multi_line_text_is_shown_as_unified_diff(pool: PgPool) -> Result {
    let lines = |sixth: &str| {
        format!("UPDATE specimens SET body = E'1\\n2\\n3\\n4\\n5\\n{sixth}\\n7\\n8\\n9\\n10\\n11\\n12'")
    };
    let app = console(&pool, &[&lines("room 12"), &lines("room 21")]).await?;
    let body = timeline(&app).await?;
    let diff = part(&body, "<div class=\"lines\">", "</td>");
    let seen: Vec<String> = diff.split("<div").skip(1).map(read).collect();
    assert_eq!(
        seen.join("|"),
        "1\n2\n|3|4|5|Removed: room [12]|Added: room [21]|7|8|9… 3 unchanged lines|10\n11\n12"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_values_keys_and_columns_are_rendered_as_text(pool: PgPool) -> Result {
    let app = console(
        &pool,
        &[
            "INSERT INTO specimens (id) VALUES ('\"><script>alert(1)</script>\u{202E}')",
            "UPDATE specimens SET note = 'pay \u{202E}100\u{202C} to\u{200B} <script>alert(1)</script>  ',
                 body = 'a\u{202E}\n<script>alert(1)</script>', \"<script>alert(1)</script>\" = 'x',
                 meta = '{\"<script>alert(1)</script>\": \"</td><script>alert(1)</script>\"}' WHERE id <> 'one'",
            "UPDATE specimens SET note = 'pay 200 to <script>alert(1)</script>', body = 'b\n<script>alert(1)</script>\u{2066}',
                 meta = '{\"<script>alert(1)</script>\": \"<img src=x onerror=alert(1)>\"}' WHERE id <> 'one'",
        ],
    )
    .await?;
    let body = timeline(&app).await?;
    for forbidden in [SCRIPT, "<img", " style=", "onerror=alert(1)>"] {
        assert!(!body.contains(forbidden), "{forbidden}");
    }
    let invisible = ['\u{202E}', '\u{202C}', '\u{200B}', '\u{2066}'];
    let change = part(&body, "<details data-entry", "</section>");
    assert!(!change.is_empty() && !change.contains(invisible), "a character turns the direction of the page");
    let rows = rows(&body);
    let note: &Vec<String> = rows.iter().find(|row| row[0] == "note").ok_or("no row of the note")?;
    assert_eq!(note[1], format!("pay [⟨U+202E⟩100⟨U+202C⟩] to[⟨U+200B⟩] {SCRIPT}[··]"));
    assert_eq!(note[2], format!("pay [200] to {SCRIPT}"));
    let path = format!("meta[\"{SCRIPT}\"]");
    assert!(rows.iter().any(|row| row[0] == path), "{rows:?}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn long_values_keep_the_page_small(pool: PgPool) -> Result {
    let app = console(
        &pool,
        &[
            "UPDATE specimens SET note = repeat('old words ', 6000), body = repeat(E'a line\\n', 9000),
                 meta = (repeat('[', 1000) || '1' || repeat(']', 1000))::jsonb,
                 tags = (SELECT array_agg(n::text ORDER BY n) FROM generate_series(1, 8000) n)",
            "UPDATE specimens SET note = note || 'and one new', body = repeat(E'another line\\n', 5000),
                 meta = (repeat('[', 1000) || '2' || repeat(']', 1000))::jsonb,
                 tags = (SELECT array_agg(n::text ORDER BY n) FROM generate_series(0, 8000) n)",
        ],
    )
    .await?;
    let body = timeline(&app).await?;
    assert!(body.len() < 500_000, "{} bytes", body.len());
    for expected in
        ["<mark>and one new</mark>", "… 20,000 more characters", "not shown here", "… 8,970 removed lines"]
    {
        assert!(body.contains(expected), "{expected}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn wide_changes_fold_their_less_telling_fields(pool: PgPool) -> Result {
    let columns =
        |what: &str| (1..=200).map(|n| format!("column_{n:03} {what}")).collect::<Vec<_>>().join(", ");
    let wide = format!("CREATE TABLE wide (id int PRIMARY KEY, {})", columns("int DEFAULT 1"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(wide)).execute(&pool).await?;
    let app = console(&pool, &["INSERT INTO specimens (id, note) VALUES ('two', 'only this')"]).await?;
    AuditTrail::new(pool.clone()).capture(["wide"]).await?;
    sqlx::query("INSERT INTO wide VALUES (1)").execute(&pool).await?;
    let update = format!("UPDATE wide SET {}", columns("= 2"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(&pool).await?;

    let (_, body) = get(&app, "/audit/timeline?table=wide").await?;
    let change = part(&body, "class=\"change\"", "</section>");
    let (shown, folded) = change.split_once("<summary>176 more changed values</summary>").ok_or("no fold")?;
    assert!(shown.contains("column_024") && !shown.contains("column_025") && folded.contains("column_200"));

    let body = timeline(&app).await?;
    let change = part(&body, "class=\"change\"", "</section>");
    assert!(change.contains("<summary>8 more fields</summary>"), "{change}");
    assert_eq!(rows(&body)[0], ["note", "only this"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn value_too_large_to_keep_is_described(pool: PgPool) -> Result {
    let app = console(&pool, &["UPDATE specimens SET note = 'small'"]).await?;
    let digest = "ab".repeat(32);
    let large = format!(r#"{{"note": {{"too_large": {{"bytes": 140000000, "sha256": "{digest}"}}}}}}"#);
    sqlx::query("UPDATE threadline.audit_changes SET data_after = data_after || $1::jsonb")
        .bind(&large)
        .execute(&pool)
        .await?;
    let words = format!("too large to keep: 140,000,000 bytes, SHA-256 {digest}");
    assert_eq!(rows(&timeline(&app).await?), [["note", "NULL", &*words]]);
    sqlx::query("UPDATE threadline.audit_changes SET changed_from = $1::jsonb")
        .bind(&large)
        .execute(&pool)
        .await?;
    let changed = format!("{words} changed between values of this size");
    assert_eq!(rows(&timeline(&app).await?), [["note", &*words, &*changed]]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn change_has_an_anchor_and_links_to_its_row(pool: PgPool) -> Result {
    let app = console(&pool, &["INSERT INTO specimens (id) VALUES ('a/b')", "TRUNCATE specimens"]).await?;
    let body = timeline(&app).await?;
    let id: String = sqlx::query_scalar("SELECT id::text FROM threadline.audit_changes WHERE op = 'insert'")
        .fetch_one(&pool)
        .await?;
    let insert = part(&body, &format!("id=\"change-{id}\""), "</section>");
    assert!(insert.contains("href=\"/audit/rows/specimens/id%3Da%252Fb\""), "{insert}");
    assert!(insert.contains(">Record history</a>"), "{insert}");
    let truncate = part(&body, "title=\"truncate\"", "</section>");
    assert!(
        truncate.contains("The whole table was emptied by TRUNCATE.") && !truncate.contains("Record history"),
        "{truncate}"
    );
    Ok(())
}
