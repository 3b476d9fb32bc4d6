//! Reads the expressions of a body from left to right.

use super::tokens::{Token, tokens};

/// The rest of an expression that has not been read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expression<'a>(pub(super) &'a [Token]);

/// Returns whether these tokens are exactly this text.
pub(super) fn is(given: &[Token], text: &str) -> bool {
    let mut expression = Expression(given);
    expression.accept(text) && expression.0.is_empty()
}

impl<'a> Expression<'a> {
    /// Consumes this text if it comes next.
    pub(super) fn accept(&mut self, text: &str) -> bool {
        let expected = tokens(text).unwrap_or_default();
        let is_next = !expected.is_empty() && self.0.starts_with(&expected);
        if is_next {
            self.0 = &self.0[expected.len()..];
        }
        is_next
    }

    /// Consumes this text, which must come next.
    pub(super) fn expect(&mut self, text: &str) -> Option<()> {
        self.accept(text).then_some(())
    }

    /// Checks that nothing is left.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    /// Reads a literal.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let (Token::Text(text), rest) = self.0.split_first()? else { return None };
        self.0 = rest;
        Some(text)
    }

    /// Reads a table, with its schema if there is one.
    pub(super) fn table(&mut self) -> Option<(Option<&'a str>, &'a str)> {
        let first = self.identifier()?;
        if self.accept(".") { Some((Some(first), self.identifier()?)) } else { Some((None, first)) }
    }

    fn identifier(&mut self) -> Option<&'a str> {
        let (Token::Word(name) | Token::Name(name), rest) = self.0.split_first()? else { return None };
        self.0 = rest;
        Some(name)
    }

    /// Reads a list in parentheses, separated by commas.
    pub(super) fn list(&mut self) -> Option<Vec<&'a [Token]>> {
        self.expect("(")?;
        let (mut items, mut depth, mut begin) = (Vec::new(), 0_usize, 0);
        for (at, token) in self.0.iter().enumerate() {
            match token {
                Token::Symbol("(" | "[") => depth += 1,
                Token::Symbol("]") => depth = depth.checked_sub(1)?,
                Token::Symbol(",") if depth == 0 => {
                    items.push(&self.0[begin..at]);
                    begin = at + 1;
                }
                Token::Symbol(")") if depth == 0 => {
                    items.push(&self.0[begin..at]);
                    self.0 = &self.0[at + 1..];
                    return Some(items);
                }
                Token::Symbol(")") => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// Reads an array of literals: `ARRAY['a', 'b']::text[]`.
    pub(super) fn names(&mut self) -> Option<Vec<String>> {
        self.expect("array[")?;
        let mut names = Vec::new();
        while !self.accept("]") {
            if !names.is_empty() {
                self.expect(",")?;
            }
            names.push(self.text()?.to_owned());
        }
        self.expect("::text[]")?;
        Some(names)
    }

    /// Reads a placeholder: `to_jsonb('[REDACTED]'::text)`.
    pub(super) fn placeholder(&mut self) -> Option<&'a str> {
        self.expect("to_jsonb(")?;
        let text = self.text()?;
        self.expect("::text)")?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_ends_at_its_own_parenthesis() {
        let tokens = tokens("(a, f(b, c), d[e], g) rest").unwrap();
        let mut expression = Expression(&tokens);
        assert_eq!(expression.list().unwrap().len(), 4);
        assert!(is(expression.0, "rest"));
        for open in ["(a", "(a]", "a)", "(a[)"] {
            assert!(Expression(&super::tokens(open).unwrap()).list().is_none(), "{open}");
        }
    }

    #[test]
    fn names_with_other_tokens_than_literals_are_rejected() {
        let names = |text: &str| Expression(&tokens(text).unwrap()).names();
        assert_eq!(names("ARRAY['a', 'b''c']::text[]").unwrap(), ["a", "b'c"]);
        assert_eq!(names("ARRAY[]::text[]").unwrap(), Vec::<String>::new());
        for text in ["ARRAY['a' 'b']::text[]", "ARRAY['a', b]::text[]", "ARRAY['a']", "ARRAY['a',]::text[]"] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
