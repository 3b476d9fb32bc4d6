//! Suggests known keys for a misspelt one.

use super::keys::KEYS;

/// Returns the known keys that a misspelt one may stand for.
pub(super) fn suggestions<'a>(key: &str, known: &[&'a str]) -> Vec<&'a str> {
    let normalize = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let normalized = normalize(key);
    let is_alias =
        |name: &str| KEYS.iter().any(|key| key.name == name && key.aliases.contains(&normalized.as_str()));
    known.iter().copied().filter(|name| is_alias(name) || distance(&normalized, name) <= 2).collect()
}

/// Returns the Levenshtein distance: the number of characters to insert, remove or replace.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, character) in from.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        row[0] = left;
        for (cell, other) in row[1..].iter_mut().zip(&to) {
            let replaced = diagonal + usize::from(character != *other);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
