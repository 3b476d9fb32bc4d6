//! Values of a list as text.

/// Returns the values of a text that are not blank, each after whether it is excluded.
pub(super) fn items(text: &str) -> Vec<(bool, String)> {
    let mut items = Vec::new();
    // The characters of a value, each with whether a backslash was before it.
    let mut item: Vec<(char, bool)> = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        match characters.next() {
            Some('\\') => match characters.next_if(|next| has_meaning(*next)) {
                Some(next) => item.push((next, true)),
                None => item.push(('\\', false)),
            },
            Some(',') => items.extend(finished(&std::mem::take(&mut item))),
            Some(character) => item.push((character, false)),
            None => break,
        }
    }
    items.extend(finished(&item));
    items
}

fn has_meaning(character: char) -> bool {
    matches!(character, ',' | '\\' | '-') || character.is_whitespace()
}

fn finished(item: &[(char, bool)]) -> Option<(bool, String)> {
    let item = trimmed(item);
    let (is_excluded, value) = match item {
        [] => return None,
        [('-', false), rest @ ..] => (true, trimmed(rest)),
        _ => (false, item),
    };
    Some((is_excluded, value.iter().map(|(character, _)| character).collect()))
}

/// Returns the value without the white space at its ends, unless a backslash is before it.
fn trimmed(item: &[(char, bool)]) -> &[(char, bool)] {
    let is_text = |(character, is_escaped): &(char, bool)| *is_escaped || !character.is_whitespace();
    let start = item.iter().position(is_text).unwrap_or(item.len());
    let end = item.iter().rposition(is_text).map_or(start, |last| last + 1);
    &item[start..end]
}

/// Returns a value as it is written in a list.
pub(super) fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (index, character) in value.chars().enumerate() {
        let is_at_end = index == 0 || index == last;
        let needs_backslash = matches!(character, ',' | '\\')
            || character == '-' && index == 0
            || character.is_whitespace() && is_at_end;
        if needs_backslash {
            text.push('\\');
        }
        text.push(character);
    }
    text
}
