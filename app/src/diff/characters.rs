//! Characters that are invisible, or that change the direction of the text around them.

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph<'a> {
    /// Characters that are shown as they are.
    Plain(&'a str),
    /// A character that needs a visible substitute, its name, and the number of its repetitions.
    Special(char, &'static str, usize),
}

impl Glyph<'_> {
    /// Returns the part as text, with the substitute for a special character.
    pub(crate) fn accessible_text(self) -> String {
        match self {
            Self::Plain(text) => text.to_owned(),
            Self::Special(character, _, count) => visible_glyph(character, count),
        }
    }
}

/// Splits a text at its special characters. Spaces are special at the end of a line, and at the end of the text if `at_end`
/// says that nothing follows it.
pub(crate) fn glyphs(text: &str, at_end: bool) -> impl Iterator<Item = Glyph<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        if let Some(name) = special(first, rest, at_end) {
            let count = rest.chars().take_while(|character| *character == first).count();
            rest = &rest[count * first.len_utf8()..];
            return Some(Glyph::Special(first, name, count));
        }
        let plain = plain(rest, at_end);
        let (head, tail) = rest.split_at(plain);
        rest = tail;
        Some(Glyph::Plain(head))
    })
}

/// Splits a text on one line, such as a name, at its special characters. A line break is special there.
pub(crate) fn line_glyphs(text: &str) -> impl Iterator<Item = Glyph<'_>> {
    glyphs(text, true).flat_map(|glyph| {
        let (plain, special) = match glyph {
            Glyph::Plain(plain) => (plain, None),
            special => ("", Some(special)),
        };
        let lines = plain.split_inclusive('\n').flat_map(|line| match line.strip_suffix('\n') {
            None => [Some(Glyph::Plain(line)), None],
            Some(line) => [
                (!line.is_empty()).then_some(Glyph::Plain(line)),
                Some(Glyph::Special('\n', "line break", 1)),
            ],
        });
        lines.flatten().chain(special)
    })
}

/// Returns the visible substitute for a special character.
pub(crate) fn visible_glyph(character: char, count: usize) -> String {
    let code = u32::from(character);
    match (character, count) {
        (' ', _) => "·".repeat(count),
        ('\t', _) => "⇥\t".repeat(count),
        (_, 1) => format!("⟨U+{code:04X}⟩"),
        _ => format!("⟨U+{code:04X} × {count}⟩"),
    }
}

/// Returns a text on one line, such as a name, with substitutes for its special characters and its line breaks.
pub(crate) fn accessible_line(text: &str) -> String {
    line_glyphs(text).map(Glyph::accessible_text).collect()
}

/// Returns the number of bytes before the next special character.
fn plain(text: &str, at_end: bool) -> usize {
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        let emoji =
            matches!(character, '\u{FE0E}' | '\u{FE0F}') && !before.is_ascii() && !before.is_alphanumeric();
        // A space after a space is as special as the first one. Letters and digits come first, because they are the
        // most frequent.
        let known = character.is_ascii_alphanumeric() || emoji || character == ' ' && before == ' ' && at > 0;
        if !known && special(character, &text[at..], at_end).is_some() {
            return at;
        }
        before = character;
    }
    text.len()
}

/// Returns the name of the character at the start of `rest`, if it is special.
fn special(character: char, rest: &str, at_end: bool) -> Option<&'static str> {
    if character != ' ' {
        return name(character);
    }
    let after = rest.trim_start_matches(' ').chars().next();
    (after == Some('\n') || after.is_none() && at_end).then_some("space at the end")
}

fn name(character: char) -> Option<&'static str> {
    Some(match character {
        '\t' => "tab",
        '\r' => "carriage return",
        '\n' | ' '..='~' => return None,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => "control character",
        '\u{A0}' => "no-break space",
        '\u{AD}' => "soft hyphen",
        '\u{34F}' => "combining grapheme joiner",
        '\u{61C}' => "Arabic letter mark",
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => "Hangul filler",
        '\u{17B4}' | '\u{17B5}' => "invisible Khmer vowel",
        '\u{180B}'..='\u{180F}' => "invisible Mongolian sign",
        '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{205F}' => "unusual space",
        '\u{200B}' => "zero width space",
        '\u{200C}' => "zero width non-joiner",
        '\u{200D}' => "zero width joiner",
        '\u{200E}' => "left-to-right mark",
        '\u{200F}' => "right-to-left mark",
        '\u{2028}' => "line separator",
        '\u{2029}' => "paragraph separator",
        '\u{202A}' => "left-to-right embedding",
        '\u{202B}' => "right-to-left embedding",
        '\u{202C}' => "end of direction change",
        '\u{202D}' => "left-to-right override",
        '\u{202E}' => "right-to-left override",
        '\u{202F}' => "narrow no-break space",
        '\u{2060}' => "word joiner",
        '\u{2061}'..='\u{2065}' | '\u{206A}'..='\u{206F}' => "invisible operator",
        '\u{2066}' => "left-to-right isolate",
        '\u{2067}' => "right-to-left isolate",
        '\u{2068}' => "first strong isolate",
        '\u{2069}' => "end of isolate",
        '\u{2800}' => "blank braille pattern",
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => "variation selector",
        '\u{FEFF}' => "byte order mark",
        '\u{FFF9}'..='\u{FFFB}' => "invisible annotation",
        '\u{1D173}'..='\u{1D17A}' => "invisible musical sign",
        '\u{E0000}'..='\u{E007F}' => "invisible tag",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_character_gets_a_visible_glyph() {
        for (text, expected) in [
            ("plain, with\nlines and  spaces", "plain, with\nlines and  spaces"),
            ("a\u{202E}b\u{2066}", "a⟨U+202E⟩b⟨U+2066⟩"),
            ("\u{FEFF}a\u{200B}\u{200B}\u{200B}b\tc\r\n", "⟨U+FEFF⟩a⟨U+200B × 3⟩b⇥\tc⟨U+000D⟩\n"),
            ("end  \nend ", "end··\nend·"),
            ("   ", "···"),
            ("❤\u{FE0F} and a\u{FE0F}", "❤\u{FE0F} and a⟨U+FE0F⟩"),
            ("Größe Łódź שלום 日本語", "Größe Łódź שלום 日本語"),
        ] {
            let accessible: String = glyphs(text, true).map(Glyph::accessible_text).collect();
            assert_eq!(accessible, expected, "{text:?}");
        }
    }

    #[test]
    fn line_break_in_a_name_gets_a_visible_glyph() {
        for (name, expected) in [
            ("", ""),
            ("user:größe 42", "user:größe 42"),
            ("a\nb", "a⟨U+000A⟩b"),
            ("\n\nad\u{200B}min \n", "⟨U+000A⟩⟨U+000A⟩ad⟨U+200B⟩min·⟨U+000A⟩"),
        ] {
            assert_eq!(accessible_line(name), expected, "{name:?}");
        }
    }

    #[test]
    fn glyphs_contain_every_character_once() {
        for code in (0..=0x2FFF).chain(0xFE00..=0xFFFF).chain(0xE0000..=0xE01EF) {
            let Some(character) = char::from_u32(code) else { continue };
            let text = format!("a{character}{character} {character}");
            let joined: String = glyphs(&text, true)
                .map(|segment| match segment {
                    Glyph::Plain(text) => text.to_owned(),
                    Glyph::Special(character, _, count) => character.to_string().repeat(count),
                })
                .collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn control_and_format_characters_are_special() {
        let hidden = |code: &u32| {
            char::from_u32(*code).is_some_and(|character| character.is_control() && character != '\n')
        };
        for code in (0..0x3000).filter(hidden) {
            assert!(char::from_u32(code).and_then(name).is_some(), "U+{code:04X}");
        }
    }
}
