//! Compares the guides with the tables of keys.

use super::console::{WORD_KEYS, WordKey};
use super::keys::{KEYS, Key};
use super::table_lists::{LISTS, ListKey};
use super::*;

const GUIDE: &str = include_str!("../../../docs/capturing.md");

#[test]
fn truncated_text_never_panics() {
    for (start, _) in GUIDE.char_indices() {
        let piece: String = GUIDE[start..].chars().take(300).collect();
        let _outcome = Config::from_toml(&piece.replace('|', "\n"));
    }
    for text in blocks("toml") {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let _outcome = Config::from_toml(&text[..end]);
        }
    }
}

/// Returns the snippets of the guide in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    GUIDE.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn guide_snippets_are_valid_and_set_every_key() {
    let snippets = blocks("toml");
    for snippet in &snippets {
        let config = Config::from_toml(snippet).unwrap();
        assert_ne!(config, Config::default(), "{snippet}");
    }
    for name in KEYS.iter().map(|key| key.name).chain(["storage_schema"]) {
        let assigned = |snippet: &&str| snippet.lines().any(|line| line.starts_with(&format!("{name} = ")));
        assert!(snippets.iter().any(assigned), "{name}");
    }
}

#[test]
fn guide_lists_every_key() {
    let row = |key: &Key| {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let level = if key.names_columns { "table" } else { "both" };
        format!("| `{}` | {level} | {} | {default} | {} |\n", key.name, key.expected, key.meaning)
    };
    let rows: String = KEYS.iter().map(row).collect();
    assert!(GUIDE.contains(&rows), "docs/capturing.md should hold these rows:\n{rows}");
}

#[test]
fn documented_defaults_are_actual_defaults() {
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        let text = format!("[capture.tables.users]\n{} = {}", key.name, key.default);
        assert_eq!(Config::from_toml(&text).unwrap().policy("users"), TablePolicy::new("users"), "{text}");
    }
    for key in &KEYS {
        assert!(
            key.aliases.iter().all(|alias| KEYS.iter().all(|other| other.name != *alias)),
            "{}",
            key.name
        );
    }
}

#[test]
fn health_guide_lists_and_sets_every_list_key() {
    let guide = include_str!("../../../docs/health.md");
    let row = |key: &ListKey| format!("| `{}` | `{}` | {} |\n", key.section, key.name, key.meaning);
    let rows: String = LISTS.iter().map(row).collect();
    assert!(guide.contains(&rows), "docs/health.md should hold these rows:\n{rows}");
    let snippet = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = Config::from_toml(snippet).unwrap();
    for list in [config.expected_uncovered_tables, config.audit_anyway, config.expected_tables] {
        assert!(!list.is_empty());
    }
}

#[test]
fn console_guide_lists_and_sets_every_key() {
    let guide = include_str!("../../../docs/mounting.md");
    let row = |key: &WordKey| format!("| `{}` | {} | {} |\n", key.name, key.expected, key.meaning);
    let rows: String = WORD_KEYS.iter().map(row).collect();
    assert!(guide.contains(&rows), "docs/mounting.md should hold these rows:\n{rows}");
    let snippet = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let console = Config::from_toml(snippet).unwrap().console;
    let words = console.tables.values().next().unwrap();
    assert!(words.singular.is_some() && words.label.is_some() && words.link.is_some());
    assert!(!words.prefix.is_empty() && !console.actions.is_empty());
}
