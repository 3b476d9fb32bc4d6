//! Characters that a reader does not see.

/// Returns whether a character is a control character, a line or paragraph separator, a format character (general category Cf), or
/// a letter without a shape. Two texts that differ only in such characters look the same.
pub(crate) const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' // Control characters.
            | '\u{2028}' | '\u{2029}' // The line and the paragraph separator.
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // The Hangul fillers, which are letters.
            // Format characters.
            | '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
            | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}'
    )
}

/// Returns the text with an escape such as `\u{200b}` in place of each of these characters, for error messages.
pub(crate) fn escape_invisible(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_invisible(character) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_format_characters_are_invisible() {
        for character in "\0\t\n\u{1b}\u{7f}\u{9b}\u{ad}\u{61c}\u{115f}\u{1160}\u{180e}\u{200b}\u{200d}\u{200f}\u{2028}\u{2029}\
                          \u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{3164}\u{feff}\u{ffa0}\u{fff9}\u{e0041}"
            .chars()
        {
            assert!(is_invisible(character), "{character:?}");
        }
        assert!(('\0'..=char::MAX).filter(|character| character.is_control()).all(is_invisible));
        for character in "aZ0 ~.@-_é\u{301}ßü漢字שלום한글🦀\u{a0}\u{fe0f}".chars() {
            assert!(!is_invisible(character), "{character:?}");
        }
    }

    #[test]
    fn invisible_characters_are_escaped() {
        assert_eq!(escape_invisible("größe 🦀"), "größe 🦀");
        assert_eq!(escape_invisible("a\nb\u{200b}c\u{3164}"), r"a\u{a}b\u{200b}c\u{3164}");
    }
}
