//! Splits a PL/pgSQL body into tokens, by the rules of PostgreSQL's `scan.l`.

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A key word or an identifier, in lower case.
    Word(String),
    /// A quoted identifier.
    Name(String),
    /// A literal in single quotes.
    Text(String),
    /// A whole number.
    Number(i64),
    /// An operator or a punctuation mark.
    Symbol(String),
}

/// Splits a body. Returns `None` for what is invalid, or means different things in different settings.
pub(super) fn tokens(body: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' | '\t' | '\n' | '\r' | '\u{c}' => 1,
            '-' if rest.starts_with("--") => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '\'' | '"' => {
                let length = quoted_length(rest, first)?;
                let content = &rest[1..length - 1];
                let content = content.replace(&format!("{first}{first}"), &first.to_string());
                let is_plain = first == '"' || !content.contains('\\');
                is_plain.then_some(())?;
                tokens.push(if first == '"' { Token::Name(content) } else { Token::Text(content) });
                length
            }
            _ if is_identifier_start(first) => {
                let is_part = |c: char| is_identifier_start(c) || c.is_ascii_digit() || c == '$';
                let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                // A prefix of a literal, such as E'…' or U&'…'.
                (!rest[length..].starts_with(['\'', '"', '&'])).then_some(())?;
                tokens.push(Token::Word(rest[..length].to_ascii_lowercase()));
                length
            }
            '0'..='9' => {
                let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                tokens.push(Token::Number(rest[..length].parse().ok()?));
                length
            }
            ',' | '(' | ')' | '[' | ']' | ';' | '.' | ':' => {
                let pair = ["..", "::", ":="].iter().find(|pair| rest.starts_with(**pair));
                let length = pair.map_or(1, |pair| pair.len());
                tokens.push(Token::Symbol(rest[..length].to_owned()));
                length
            }
            _ => {
                let operator = operator(rest)?;
                tokens.push(Token::Symbol(operator.to_owned()));
                operator.len()
            }
        };
        rest = &rest[length..];
    }
    Some(tokens)
}

fn is_identifier_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

/// Returns the length of a quoted text with its quotes. Quotes inside are doubled.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find(quote)? + 1;
        if !text[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// Returns the operator at the beginning of a text: as long as possible, but without a comment, and not ending with a sign unless
/// another character of it permits that.
fn operator(text: &str) -> Option<&str> {
    let end = text.find(|c| !"~!@#^&|`?+-*/%<>=".contains(c)).unwrap_or(text.len());
    let comment = ["--", "/*"].iter().filter_map(|comment| text[..end].find(comment)).min();
    let mut operator = &text[..comment.unwrap_or(end)];
    while operator.len() > 1
        && operator.ends_with(['+', '-'])
        && !operator[..operator.len() - 1].contains(|c| "~!@#^&|`?%".contains(c))
    {
        operator = &operator[..operator.len() - 1];
    }
    (!operator.is_empty()).then_some(operator)
}
