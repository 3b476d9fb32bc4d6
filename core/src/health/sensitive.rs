//! A hint at columns whose names look as if their values should not be recorded.

use std::collections::HashSet;

use serde_json::json;

use super::catalog::Snapshot;
use super::finding::Finding;
use super::kinds;
use super::remedy::generate;
use super::unit::Unit;
use crate::config::paste;

/// Words of a name.
const WORDS: [&str; 23] = [
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

/// Two words in a row.
const PAIRS: [(&str, &str); 10] = [
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

/// What a name ends with that says something about a secret instead of holding it.
const ABOUT: [&str; 10] =
    ["count", "at", "on", "length", "type", "expires", "id", "sent", "attempts", "changed"];

/// The names of columns that look sensitive, each looked at once: many tables share them.
pub(super) fn columns(snapshot: &Snapshot) -> HashSet<&str> {
    let names = snapshot.relations.iter().flat_map(|relation| &relation.row.columns);
    let mut names: HashSet<&str> = names.map(String::as_str).collect();
    names.retain(|name| looks_sensitive(name));
    names
}

pub(super) fn check(unit: &Unit<'_>, sensitive: &HashSet<&str>, findings: &mut Vec<Finding>) {
    let Some(policy) = unit.deployed() else { return };
    let redacted = |column: &&String| !policy.exclude.contains(column) && !policy.mask.contains(column);
    let in_clear: Vec<String> = unit
        .root
        .row
        .columns
        .iter()
        .filter(redacted)
        .filter(|column| sensitive.contains(column.as_str()) && !policy.key.contains(column))
        .cloned()
        .collect();
    if in_clear.is_empty() {
        return;
    }
    let configured = unit.around.config.policy(unit.table().clone());
    let undecided = in_clear
        .iter()
        .filter(|column| !configured.mask.contains(column) && !configured.exclude.contains(column));
    let exclude: Vec<String> = configured.exclude.iter().chain(undecided).cloned().collect();
    let (section, line) = (paste::section(unit.table()), paste::list("exclude", &exclude));
    let mut what =
        format!("{} records columns whose names look sensitive: {}", unit.table(), in_clear.join(", "));
    if exclude.len() > configured.exclude.len() {
        what += &format!("; write {line} into the section [{section}] of threadline.toml");
    }
    let details = json!({ "columns": in_clear, "section": section, "line": line });
    findings.push(Finding::new(&kinds::SENSITIVE_COLUMN, unit.table(), &what, generate(unit), details));
}

/// A word of the name, or two in a row, is one of those; `token_count` and `pins` are not.
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
    let is_pair = |pair: &[&str]| matches!(pair, [one, other] if PAIRS.contains(&(one, other)));
    if let [.., before, last] = words.as_slice()
        && ABOUT.contains(last)
    {
        return is_pair(&[before, last]);
    }
    words.iter().any(|word| WORDS.contains(word)) || words.windows(2).any(is_pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_and_not_letters() {
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
