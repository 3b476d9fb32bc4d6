//! Splits a PL/pgSQL body into tokens.

/// The smallest meaningful part of a body. Comments and white space are skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A key word or an identifier, in lower case as PostgreSQL reads it.
    Word(String),
    /// A quoted identifier, which is never a key word.
    Name(String),
    /// A literal in single quotes.
    Text(String),
    /// A whole number.
    Number(String),
    /// An operator or a punctuation mark.
    Symbol(&'static str),
}

/// The symbols of the known bodies. Of two with the same beginning, the longer one comes first.
const SYMBOLS: [&str; 16] =
    [":=", "::", "->>", "->", "||", "..", "?", "=", "-", "(", ")", "[", "]", ",", ";", "."];

/// The white space of PostgreSQL. Any other character that is no ASCII is a part of a name.
const WHITE_SPACE: [char; 5] = [' ', '\t', '\n', '\r', '\u{c}'];

/// Splits a body into tokens. Returns `None` for anything that no known body has, such as a literal whose meaning depends on a
/// setting.
pub(super) fn tokens(body: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = body.trim_start_matches(WHITE_SPACE);
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once(['\n', '\r']).map_or("", |(_, after)| after);
        } else if first == '\'' {
            let (text, after) = quoted(rest, '\'')?;
            // The meaning of a backslash depends on standard_conforming_strings.
            if text.contains('\\') {
                return None;
            }
            tokens.push(Token::Text(text));
            rest = after;
        } else if first == '"' {
            let (name, after) = quoted(rest, '"')?;
            tokens.push(Token::Name(name));
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (word, after) = split(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            // These literals are E'…', U&'…' and B'…'.
            if after.starts_with(['\'', '"', '&', '$']) {
                return None;
            }
            tokens.push(Token::Word(word.to_ascii_lowercase()));
            rest = after;
        } else if first.is_ascii_digit() {
            let (number, after) = split(rest, |c| c.is_ascii_digit());
            tokens.push(Token::Number(number.to_owned()));
            rest = after;
        } else {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol))?;
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        }
        rest = rest.trim_start_matches(WHITE_SPACE);
    }
    Some(tokens)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// Reads a quoted text, in which quotes are doubled, and returns it with the rest.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix(quote)?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once(quote)?;
        value += part;
        match after.strip_prefix(quote) {
            Some(more) => {
                value.push(quote);
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_split_as_postgresql_splits_it() {
        let word = |word: &str| Token::Word(word.to_owned());
        let text = |text: &str| Token::Text(text.to_owned());
        for (body, expected) in [
            (" A -- b 'c\n d ", vec![word("a"), word("d")]),
            ("a--b\rc\u{c}--d\r\n", vec![word("a"), word("c")]),
            ("x:=y->>'it''s';", {
                use Token::Symbol;
                vec![word("x"), Symbol(":="), word("y"), Symbol("->>"), text("it's"), Symbol(";")]
            }),
            ("\"Odd \"\"name\".t", vec![Token::Name("Odd \"name".to_owned()), Token::Symbol("."), word("t")]),
            ("0..9", vec![Token::Number("0".to_owned()), Token::Symbol(".."), Token::Number("9".to_owned())]),
        ] {
            assert_eq!(tokens(body), Some(expected), "{body}");
        }
    }

    #[test]
    fn token_of_no_known_body_is_rejected() {
        for body in [
            "E'a'", "U&'a'", "'a\\b'", "$$a$$", "'open", "\"open", "/* a */", "a <> b", "a@b", "#option",
            "ä", "a\u{a0}b", "a\u{b}",
        ] {
            assert_eq!(tokens(body), None, "{body}");
        }
    }
}
