//! Findings about captured columns whose names suggest that their values should be redacted.

use std::collections::HashSet;

use serde_json::json;

use super::advice::generate_triggers;
use super::catalog::CatalogSnapshot;
use super::finding::Finding;
use super::kinds;
use super::table_group::TableGroup;
use crate::config::toml_snippet;

/// Single words that make a name sensitive.
const SENSITIVE_WORDS: [&str; 23] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "apikey",
    "credential",
    "credentials",
    "ssn",
    "cvv",
    "cvc",
    "pan",
    "iban",
    "passport",
    "pin",
    "otp",
    "totp",
    "salt",
    "jwt",
    "bearer",
    "privatekey",
];

/// Pairs of adjacent words that make a name sensitive.
const SENSITIVE_PAIRS: [(&str, &str); 10] = [
    ("api", "key"),
    ("private", "key"),
    ("access", "key"),
    ("secret", "key"),
    ("encryption", "key"),
    ("social", "security"),
    ("credit", "card"),
    ("card", "number"),
    ("account", "number"),
    ("tax", "id"),
];

/// The last words of names that describe a secret instead of holding it, such as `token_count`.
const DESCRIPTIVE_ENDINGS: [&str; 10] =
    ["count", "at", "on", "length", "type", "expires", "id", "sent", "attempts", "changed"];

/// Returns the column names that look sensitive. Checks each name once, because many tables share their names.
pub(super) fn sensitive_columns(snapshot: &CatalogSnapshot) -> HashSet<&str> {
    let names = snapshot.relations.iter().flat_map(|relation| &relation.row.columns);
    let mut names: HashSet<&str> = names.map(String::as_str).collect();
    names.retain(|name| looks_sensitive(name));
    names
}

/// Adds a finding if the deployed policy of a table records sensitive columns in clear.
pub(super) fn check(group: &TableGroup<'_>, sensitive: &HashSet<&str>, findings: &mut Vec<Finding>) {
    let Some(policy) = group.deployed() else { return };
    let is_recorded = |column: &&String| !policy.exclude.contains(column) && !policy.mask.contains(column);
    let in_clear: Vec<String> = group
        .root
        .row
        .columns
        .iter()
        .filter(is_recorded)
        .filter(|column| sensitive.contains(column.as_str()) && !policy.key.contains(column))
        .cloned()
        .collect();
    if in_clear.is_empty() {
        return;
    }
    let configured = group.context.config.policy(group.table().clone());
    let undecided = in_clear
        .iter()
        .filter(|column| !configured.mask.contains(column) && !configured.exclude.contains(column));
    let exclude: Vec<String> = configured.exclude.iter().chain(undecided).cloned().collect();
    let (section, line) = (toml_snippet::section(group.table()), toml_snippet::list("exclude", &exclude));
    let mut problem =
        format!("{} records columns whose names look sensitive: {}", group.table(), in_clear.join(", "));
    if exclude.len() > configured.exclude.len() {
        problem += &format!("; add {line} to the section [{section}] of threadline.toml");
    }
    let details = json!({ "columns": in_clear, "section": section, "line": line });
    findings.push(Finding::new(
        &kinds::SENSITIVE_COLUMN,
        group.table(),
        &problem,
        generate_triggers(group),
        details,
    ));
}

/// Returns whether a word of the name, or a pair of adjacent words, is sensitive. Compares whole words, so `pins` is not.
fn looks_sensitive(column: &str) -> bool {
    let mut words = String::new();
    let mut before = '_';
    for character in column.chars() {
        if character.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        if character.is_alphanumeric() {
            words.extend(character.to_lowercase());
        } else {
            words.push(' ');
        }
        before = character;
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    let is_pair = |pair: &[&str]| matches!(pair, [one, other] if SENSITIVE_PAIRS.contains(&(one, other)));
    if let [.., before, last] = words.as_slice()
        && DESCRIPTIVE_ENDINGS.contains(last)
    {
        return is_pair(&[before, last]);
    }
    words.iter().any(|word| SENSITIVE_WORDS.contains(word)) || words.windows(2).any(is_pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_decide_whether_name_looks_sensitive() {
        for name in
            ["password_hash", "passwordHash", "API-Key", "reset_token", "cardNumber", "ssn", "tax_id", "iban"]
        {
            assert!(looks_sensitive(name), "{name}");
        }
        for name in
            ["token_count", "password_changed_at", "company", "shipping", "span", "secretary", "tokens_used"]
        {
            assert!(!looks_sensitive(name), "{name}");
        }
    }
}
