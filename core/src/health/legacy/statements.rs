//! Parses the statements of a PL/pgSQL body.

use super::tokens::Token;

/// A body without exception handlers, nested blocks and dynamic statements, which no known body has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body {
    /// The variables, which have no initial values.
    pub(super) variables: Vec<String>,
    pub(super) statements: Vec<Statement>,
}

/// A statement of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// `variable := value;`
    Assign(String, Vec<Token>),
    /// `IF … THEN … ELSIF … THEN … ELSE … END IF;`
    If(Vec<Branch>, Vec<Self>),
    /// `FOR header LOOP … END LOOP;`
    For(Vec<Token>, Vec<Self>),
    /// `EXIT;`
    Exit,
    /// `RETURN value;`
    Return(Vec<Token>),
    /// `INSERT …;`
    Insert(Vec<Token>),
    /// `SELECT …;`
    Select(Vec<Token>),
}

/// A condition, and the statements of its branch.
pub(super) type Branch = (Vec<Token>, Vec<Statement>);

/// Parses a body; returns `None` if it has any other statement.
pub(super) fn parse(tokens: &[Token]) -> Option<Body> {
    let mut parser = Parser { tokens, depth: 0 };
    let mut variables = Vec::new();
    if parser.accept("declare") {
        while !parser.is_next("begin") {
            let declaration = parser.until_semicolon()?;
            let (Token::Word(name), kind) = declaration.split_first()? else { return None };
            let (Token::Word(_), dimensions) = kind.split_first()? else { return None };
            let is_array = [Token::Symbol("["), Token::Symbol("]")];
            if !dimensions.is_empty() && dimensions != is_array {
                return None;
            }
            variables.push(name.clone());
        }
    }
    parser.expect("begin")?;
    let statements = parser.statements()?;
    parser.expect("end")?;
    if parser.tokens.first() == Some(&Token::Symbol(";")) {
        parser.tokens = &parser.tokens[1..];
    }
    parser.tokens.is_empty().then_some(Body { variables, statements })
}

/// The maximum depth of nested statements. No known body nests deeper, and no body may exhaust the stack.
const MAX_DEPTH: usize = 8;

struct Parser<'a> {
    tokens: &'a [Token],
    /// The number of open lists of statements.
    depth: usize,
}

impl<'a> Parser<'a> {
    fn is_next(&self, word: &str) -> bool {
        matches!(self.tokens.first(), Some(Token::Word(next)) if next == word)
    }

    fn accept(&mut self, word: &str) -> bool {
        let is_next = self.is_next(word);
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn expect(&mut self, word: &str) -> Option<()> {
        self.accept(word).then_some(())
    }

    /// Consumes the tokens up to and including the next one of this kind, and returns those before it.
    fn until(&mut self, is_end: impl Fn(&Token) -> bool) -> Option<&'a [Token]> {
        let end = self.tokens.iter().position(is_end)?;
        let before = &self.tokens[..end];
        self.tokens = &self.tokens[end + 1..];
        Some(before)
    }

    fn until_semicolon(&mut self) -> Option<&'a [Token]> {
        self.until(|token| *token == Token::Symbol(";"))
    }

    fn until_word(&mut self, word: &str) -> Option<&'a [Token]> {
        self.until(|token| matches!(token, Token::Word(next) if next == word))
    }

    /// Parses statements up to the word that ends their list.
    fn statements(&mut self) -> Option<Vec<Statement>> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let mut statements = Vec::new();
        while !["end", "else", "elsif"].iter().any(|word| self.is_next(word)) {
            statements.push(self.statement()?);
        }
        self.depth -= 1;
        Some(statements)
    }

    fn statement(&mut self) -> Option<Statement> {
        if self.accept("if") {
            return self.branches();
        }
        if self.accept("for") {
            let header = self.until_word("loop")?.to_vec();
            let statements = self.statements()?;
            self.end("loop")?;
            return Some(Statement::For(header, statements));
        }
        let statement = self.until_semicolon()?;
        let (Token::Word(first), rest) = statement.split_first()? else { return None };
        match (first.as_str(), rest) {
            ("insert", _) => Some(Statement::Insert(rest.to_vec())),
            ("select", _) => Some(Statement::Select(rest.to_vec())),
            ("return", _) => Some(Statement::Return(rest.to_vec())),
            ("exit", []) => Some(Statement::Exit),
            (_, [Token::Symbol(":="), value @ ..]) => Some(Statement::Assign(first.clone(), value.to_vec())),
            _ => None,
        }
    }

    fn branches(&mut self) -> Option<Statement> {
        let mut branches = Vec::new();
        loop {
            let condition = self.until_word("then")?.to_vec();
            branches.push((condition, self.statements()?));
            if !self.accept("elsif") {
                break;
            }
        }
        let otherwise = if self.accept("else") { self.statements()? } else { Vec::new() };
        self.end("if")?;
        Some(Statement::If(branches, otherwise))
    }

    /// Consumes `END IF;` or `END LOOP;`.
    fn end(&mut self, word: &str) -> Option<()> {
        self.expect("end")?;
        self.expect(word)?;
        self.until_semicolon()?.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn parsed(body: &str) -> Option<Body> {
        parse(&tokens(body)?)
    }

    #[test]
    fn nested_statements_are_parsed_into_their_blocks() {
        let body = "DECLARE a text[]; i int; BEGIN IF x THEN IF y THEN EXIT; END IF; ELSIF z THEN a := b; ELSE RETURN c; END IF;
                    FOR i IN d LOOP INSERT e; END LOOP; SELECT f; END;";
        let body = parsed(body).unwrap();
        assert_eq!(body.variables, ["a", "i"]);
        let [Statement::If(branches, otherwise), Statement::For(_, inner), Statement::Select(_)] =
            body.statements.as_slice()
        else {
            panic!("{:?}", body.statements)
        };
        assert!(matches!(branches.as_slice(), [(_, first), (_, second)]
            if matches!(first.as_slice(), [Statement::If(..)]) && matches!(second.as_slice(), [Statement::Assign(..)])));
        assert!(matches!(otherwise.as_slice(), [Statement::Return(_)]));
        assert!(matches!(inner.as_slice(), [Statement::Insert(_)]));
    }

    #[test]
    fn body_nested_too_deep_is_rejected() {
        let nested = |depth| format!("BEGIN {}{} END", "IF x THEN ".repeat(depth), "END IF; ".repeat(depth));
        assert!(parsed(&nested(3)).is_some());
        assert_eq!(parsed(&nested(100_000)), None);
    }

    #[test]
    fn unknown_statement_is_rejected() {
        for statement in [
            "PERFORM f();",
            "EXECUTE 'x';",
            "UPDATE t SET a = b;",
            "DELETE FROM t;",
            "RAISE NOTICE 'x';",
            "BEGIN END;",
            "<<label>> a := b;",
            "a = b;",
            "a.b := c;",
            "a[1] := c;",
            "NULL;",
            "EXIT WHEN x;",
            "WITH x AS (y) SELECT z;",
            "LOOP EXIT; END LOOP;",
            "IF x THEN EXIT; END IF",
        ] {
            assert_eq!(parsed(&format!("BEGIN {statement} END")), None, "{statement}");
        }
        for body in [
            "",
            "BEGIN RETURN x; EXCEPTION WHEN others THEN RETURN y; END",
            "DECLARE a jsonb := 'x'; BEGIN RETURN a; END",
            "DECLARE a CONSTANT jsonb; BEGIN RETURN a; END",
            "BEGIN RETURN x; END; BEGIN RETURN y; END",
        ] {
            assert_eq!(parsed(body), None, "{body}");
        }
    }
}
