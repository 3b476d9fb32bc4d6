//! Snapshots of whole outputs, which `insta` compares.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test` writes the snapshots anew; review them with `git diff`.

use sqlx::PgPool;

/// Patterns of what differs from one run to the next, with their replacements.
const FILTERS: [(&str, &str); 11] = [
    (r"just now|[0-9]+ (s|min|h|days?) ago", "[age]"),
    (r#""client_address": ("[^"]*"|null)"#, r#""client_address": [address]"#),
    (r#""application_name": "[^"]*""#, r#""application_name": [name]"#),
    (r"[0-9a-f]{6}…[0-9a-f]{8}", "[uuid]"),
    (r"[0-9]{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*( [0-9]{4})?", "[date]"),
    (r"[0-9]{13,17}-[0-9a-f]{32}", "[cursor]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"\b[0-9a-f]{32}\b", "[hex]"),
    (
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}(:|%3A)[0-9]{2}((:|%3A)[0-9]{2}(\.[0-9]+)?)?( UTC|Z|%2B00%3A00)?",
        "[time]",
    ),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "[date]"),
    (r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( UTC)?", "[time of day]"),
];

/// Returns the settings of a snapshot in which ids and times are replaced by their kind, and the role of the tests by `[role]`.
pub fn settings(pool: &PgPool) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let role = pool.connect_options().get_username().to_owned();
    settings.add_filter(&format!(r#"(role |"role": ")({role})\b"#), "${1}[role]");
    for (pattern, replacement) in FILTERS {
        settings.add_filter(pattern, replacement);
    }
    settings
}
