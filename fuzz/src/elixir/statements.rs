//! Parses the statements of a PL/pgSQL body.

use super::execution::Error;
use super::tokens::Token;

/// A statement.
#[derive(Debug)]
pub(super) enum Statement<'a> {
    Assign(&'a str, &'a [Token]),
    If(Vec<(&'a [Token], Vec<Self>)>, Vec<Self>),
    For(&'a [Token], Vec<Self>),
    Exit,
    Return,
    Sql(&'a str, &'a [Token]),
}

/// The declared variables, and the statements.
pub(super) struct Body<'a> {
    pub(super) variables: Vec<&'a str>,
    pub(super) statements: Vec<Statement<'a>>,
}

/// Parses a body.
pub(super) fn parse(tokens: &[Token]) -> Result<Body<'_>, Error> {
    let mut parser = Parser(tokens);
    let mut variables = Vec::new();
    if parser.accept("declare") {
        while !parser.accept("begin") {
            let [Token::Word(name), ..] = parser.until(";")? else { return Err(Error::Raised) };
            if variables.contains(&name.as_str()) {
                return Err(Error::Raised);
            }
            variables.push(name.as_str());
        }
    } else if !parser.accept("begin") {
        return Err(Error::Raised);
    }
    let statements = parser.statements(0)?;
    match parser.0 {
        [Token::Word(end)] if end == "end" => {}
        [Token::Word(end), Token::Symbol(semicolon)] if end == "end" && semicolon == ";" => {}
        _ => return Err(Error::Raised),
    }
    Ok(Body { variables, statements })
}

struct Parser<'a>(&'a [Token]);

impl<'a> Parser<'a> {
    fn accept(&mut self, word: &str) -> bool {
        match self.0 {
            [Token::Word(next), rest @ ..] if next == word => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// Consumes the tokens up to and including a word or symbol, and returns those before it.
    fn until(&mut self, end: &str) -> Result<&'a [Token], Error> {
        let is_end = |token: &Token| matches!(token, Token::Word(text) | Token::Symbol(text) if text == end);
        let at = self.0.iter().position(is_end).ok_or(Error::Raised)?;
        let before = &self.0[..at];
        self.0 = &self.0[at + 1..];
        Ok(before)
    }

    fn statements(&mut self, depth: usize) -> Result<Vec<Statement<'a>>, Error> {
        if depth > 50 {
            return Err(Error::Unknown("deep nesting"));
        }
        let mut statements = Vec::new();
        loop {
            match self.0 {
                [] => return Err(Error::Raised),
                [Token::Word(word), ..] if ["end", "else", "elsif"].contains(&word.as_str()) => {
                    return Ok(statements);
                }
                _ => statements.push(self.statement(depth)?),
            }
        }
    }

    fn statement(&mut self, depth: usize) -> Result<Statement<'a>, Error> {
        if self.accept("if") {
            let mut branches = vec![(self.until("then")?, self.statements(depth + 1)?)];
            while self.accept("elsif") {
                branches.push((self.until("then")?, self.statements(depth + 1)?));
            }
            let otherwise = if self.accept("else") { self.statements(depth + 1)? } else { Vec::new() };
            self.end("if")?;
            return Ok(Statement::If(branches, otherwise));
        }
        if self.accept("for") {
            let header = self.until("loop")?;
            let statements = self.statements(depth + 1)?;
            self.end("loop")?;
            return Ok(Statement::For(header, statements));
        }
        match self.until(";")? {
            [Token::Word(word)] if word == "exit" => Ok(Statement::Exit),
            [Token::Word(word), Token::Word(row)]
                if word == "return" && ["new", "old", "null"].contains(&row.as_str()) =>
            {
                Ok(Statement::Return)
            }
            [Token::Word(word), rest @ ..] if word == "insert" || word == "select" => {
                Ok(Statement::Sql(word, rest))
            }
            [Token::Word(variable), Token::Symbol(assign), value @ ..] if assign == ":=" => {
                Ok(Statement::Assign(variable, value))
            }
            _ => Err(Error::Unknown("a statement")),
        }
    }

    /// Consumes `END IF;` or `END LOOP;`.
    fn end(&mut self, word: &str) -> Result<(), Error> {
        let is_end = self.accept("end") && self.accept(word) && self.until(";")?.is_empty();
        if is_end { Ok(()) } else { Err(Error::Raised) }
    }
}
