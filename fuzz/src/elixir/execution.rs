//! Executes a body on two rows, as PL/pgSQL would.
//!
//! Nothing here is shared with the reader that it checks. The types of variables are not modelled: another type than that of the
//! library makes PostgreSQL refuse a value, or keeps it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value as Json, json};

use super::statements::{Body, Statement, parse};
use super::tokens::Token;

/// A call of the trigger function.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) operation: &'static str,
    pub(super) arguments: Vec<String>,
    pub(super) new: Map<String, Json>,
    pub(super) old: Map<String, Json>,
}

/// An SQL value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Number(i64),
    Text(String),
    Json(Json),
    Names(Vec<String>),
    /// The result of `gen_random_uuid()`.
    NewId,
    /// The number of the PostgreSQL transaction.
    TransactionNumber,
    /// The id of the transaction's row in the trail.
    Transaction,
    Moment,
}

/// A row that the function inserted.
#[derive(Debug)]
pub(super) struct Insert {
    /// The schema and the name of the table.
    pub(super) table: (String, String),
    pub(super) values: BTreeMap<String, Value>,
}

/// The reason why a body was not executed to its end.
#[derive(Debug)]
pub(super) enum Error {
    /// PostgreSQL would report an error.
    Raised,
    /// This part of PL/pgSQL is not modelled, because no known body contains it.
    Unknown(&'static str),
}

/// The way in which a list of statements ended.
#[derive(PartialEq)]
enum Flow {
    Next,
    Exit,
    Return,
}

/// Executes a body, and returns the rows that it inserted.
pub(super) fn run(tokens: &[Token], trigger: &Trigger) -> Result<Vec<Insert>, Error> {
    let Body { variables, statements } = parse(tokens)?;
    let variables = variables.into_iter().map(|name| (name.to_owned(), Value::Null)).collect();
    let mut execution = Execution { trigger, variables, loop_number: None, inserts: Vec::new() };
    match execution.statements(&statements)? {
        Flow::Return => Ok(execution.inserts),
        Flow::Next | Flow::Exit => Err(Error::Raised),
    }
}

struct Execution<'a> {
    trigger: &'a Trigger,
    variables: HashMap<String, Value>,
    /// The value of the loop's own variable `i`.
    loop_number: Option<i64>,
    inserts: Vec<Insert>,
}

impl Execution<'_> {
    fn statements(&mut self, statements: &[Statement<'_>]) -> Result<Flow, Error> {
        for statement in statements {
            let flow = self.statement(statement)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Statement<'_>) -> Result<Flow, Error> {
        match statement {
            Statement::Assign(variable, value) => {
                let value = self.value(value)?;
                self.set(variable, value)?;
            }
            Statement::If(branches, otherwise) => {
                for (condition, statements) in branches {
                    if self.value(condition)? == Value::Boolean(true) {
                        return self.statements(statements);
                    }
                }
                return self.statements(otherwise);
            }
            Statement::For(header, statements) => return self.repeat(header, statements),
            Statement::Exit => return Ok(Flow::Exit),
            Statement::Return => return Ok(Flow::Return),
            Statement::Sql(word, rest) => {
                let mut parser = Parser { execution: self, rest, column: None };
                if *word == "insert" {
                    let insert = parser.insert()?;
                    self.inserts.push(insert);
                } else {
                    let (variable, value) = parser.select()?;
                    self.set(&variable, value)?;
                }
            }
        }
        Ok(Flow::Next)
    }

    fn repeat(&mut self, header: &[Token], statements: &[Statement<'_>]) -> Result<Flow, Error> {
        let [Token::Word(variable), Token::Word(word), Token::Number(first), Token::Symbol(dots), last @ ..] =
            header
        else {
            return Err(Error::Unknown("a loop"));
        };
        if (variable.as_str(), word.as_str(), dots.as_str()) != ("i", "in", "..") {
            return Err(Error::Unknown("a loop"));
        }
        let Value::Number(last) = self.value(last)? else { return Err(Error::Raised) };
        let outer = self.loop_number;
        let mut flow = Flow::Next;
        for number in *first..=last {
            self.loop_number = Some(number);
            flow = self.statements(statements)?;
            if flow != Flow::Next {
                break;
            }
        }
        self.loop_number = outer;
        Ok(if flow == Flow::Return { flow } else { Flow::Next })
    }

    fn set(&mut self, variable: &str, value: Value) -> Result<(), Error> {
        // PostgreSQL refuses a function that sets an unknown variable.
        let known = self.variables.get_mut(variable).ok_or(Error::Raised)?;
        *known = value;
        Ok(())
    }

    fn value(&self, tokens: &[Token]) -> Result<Value, Error> {
        let mut parser = Parser { execution: self, rest: tokens, column: None };
        let value = parser.expression()?;
        parser.end()?;
        Ok(value)
    }
}

/// Reads and evaluates expressions from left to right.
struct Parser<'a> {
    execution: &'a Execution<'a>,
    rest: &'a [Token],
    /// The column `u.k` of the row that is aggregated.
    column: Option<&'a str>,
}

const UNKNOWN: Error = Error::Unknown("an expression");

impl<'a> Parser<'a> {
    fn accept(&mut self, text: &str) -> bool {
        let is_next = match self.rest.first() {
            Some(Token::Word(next) | Token::Symbol(next)) => next == text,
            _ => false,
        };
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    fn expect(&mut self, text: &str) -> Result<(), Error> {
        text.split(' ').all(|word| self.accept(word)).then_some(()).ok_or(UNKNOWN)
    }

    fn end(&self) -> Result<(), Error> {
        self.rest.is_empty().then_some(()).ok_or(UNKNOWN)
    }

    fn word(&mut self) -> Result<&'a str, Error> {
        let [Token::Word(word), rest @ ..] = self.rest else { return Err(UNKNOWN) };
        self.rest = rest;
        Ok(word)
    }

    /// Reads an expression with `IS NULL` and `=`, which bind less than the other operators.
    fn expression(&mut self) -> Result<Value, Error> {
        let value = self.operators()?;
        if self.accept("is") {
            self.expect("null")?;
            return Ok(Value::Boolean(value == Value::Null));
        }
        if self.accept("=") {
            if self.accept("any") {
                self.expect("(")?;
                let names = self.expression()?;
                self.expect(")")?;
                return match (value, names) {
                    (Value::Text(text), Value::Names(names)) => Ok(Value::Boolean(names.contains(&text))),
                    _ => Err(UNKNOWN),
                };
            }
            return match (value, self.operators()?) {
                (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
                (Value::Text(one), Value::Text(other)) => Ok(Value::Boolean(one == other)),
                (Value::Number(one), Value::Number(other)) => Ok(Value::Boolean(one == other)),
                _ => Err(UNKNOWN),
            };
        }
        Ok(value)
    }

    /// Reads `||`, `->`, `->>` and `?`, which bind less than `-`.
    fn operators(&mut self) -> Result<Value, Error> {
        let mut left = self.difference()?;
        loop {
            left = if self.accept("||") {
                match (left, self.difference()?) {
                    (Value::Null, Value::Json(_)) | (Value::Json(_), Value::Null) => Value::Null,
                    (Value::Json(Json::Object(mut one)), Value::Json(Json::Object(other))) => {
                        one.extend(other);
                        Value::Json(one.into())
                    }
                    _ => return Err(UNKNOWN),
                }
            } else if self.accept("->>") {
                match self.field(left)? {
                    Value::Json(Json::String(text)) => Value::Text(text),
                    Value::Json(Json::Null) => Value::Null,
                    Value::Json(other) => Value::Text(other.to_string()),
                    other => other,
                }
            } else if self.accept("->") {
                self.field(left)?
            } else if self.accept("?") {
                match (left, self.difference()?) {
                    (Value::Null, _) => Value::Null,
                    (Value::Json(Json::Object(row)), Value::Text(name)) => {
                        Value::Boolean(row.contains_key(&name))
                    }
                    _ => return Err(UNKNOWN),
                }
            } else {
                return Ok(left);
            };
        }
    }

    /// Reads the name of a field, and returns the field of this object.
    fn field(&mut self, object: Value) -> Result<Value, Error> {
        match (object, self.difference()?) {
            (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
            (Value::Json(Json::Object(row)), Value::Text(name)) => {
                Ok(row.get(&name).map_or(Value::Null, |value| Value::Json(value.clone())))
            }
            _ => Err(UNKNOWN),
        }
    }

    fn difference(&mut self) -> Result<Value, Error> {
        let mut left = self.cast()?;
        while self.accept("-") {
            left = match (left, self.cast()?) {
                (Value::Null, _) => Value::Null,
                (Value::Number(one), Value::Number(other)) => Value::Number(one - other),
                (Value::Json(Json::Object(mut row)), Value::Text(column)) => {
                    row.remove(&column);
                    Value::Json(row.into())
                }
                _ => return Err(UNKNOWN),
            };
        }
        Ok(left)
    }

    fn cast(&mut self) -> Result<Value, Error> {
        let mut value = self.primary()?;
        while self.accept("::") {
            let kind = self.word()?;
            if self.accept("[") {
                self.expect("]")?;
                (kind == "text" && matches!(value, Value::Names(_))).then_some(()).ok_or(UNKNOWN)?;
                continue;
            }
            value = match (value, kind) {
                (Value::Null, "jsonb" | "text") => Value::Null,
                (Value::Text(text), "text") => Value::Text(text),
                (Value::Text(text), "jsonb") => {
                    Value::Json(serde_json::from_str(&text).map_err(|_| Error::Raised)?)
                }
                _ => return Err(UNKNOWN),
            };
        }
        Ok(value)
    }

    fn primary(&mut self) -> Result<Value, Error> {
        let [first, rest @ ..] = self.rest else { return Err(UNKNOWN) };
        self.rest = rest;
        match first {
            Token::Text(text) => Ok(Value::Text(text.clone())),
            Token::Number(number) => Ok(Value::Number(*number)),
            Token::Name(name) => self.execution.variables.get(name).cloned().ok_or(Error::Raised),
            Token::Symbol(symbol) if symbol == "(" => {
                let value = self.expression()?;
                self.expect(")")?;
                Ok(value)
            }
            Token::Symbol(_) => Err(UNKNOWN),
            Token::Word(word) => self.named(word),
        }
    }

    fn named(&mut self, word: &'a str) -> Result<Value, Error> {
        let Trigger { operation, arguments, .. } = self.execution.trigger;
        match word {
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Boolean(true)),
            "tg_op" => Ok(Value::Text((*operation).to_owned())),
            "tg_table_schema" => Ok(Value::Text("public".to_owned())),
            "tg_table_name" => Ok(Value::Text("tickets".to_owned())),
            "tg_nargs" => Ok(Value::Number(i64::try_from(arguments.len()).unwrap_or_default())),
            "tg_argv" => {
                self.expect("[")?;
                let number = self.expression()?;
                self.expect("]")?;
                let Value::Number(number) = number else { return Ok(Value::Null) };
                let argument = usize::try_from(number).ok().and_then(|number| arguments.get(number));
                Ok(argument.map_or(Value::Null, |argument| Value::Text(argument.clone())))
            }
            "u" if self.column.is_some() => {
                self.expect(". k")?;
                Ok(Value::Text(self.column.unwrap_or_default().to_owned()))
            }
            "array" => {
                let names = self.arguments("[", "]")?.into_iter().map(|value| match value {
                    Value::Text(text) => Ok(text),
                    _ => Err(UNKNOWN),
                });
                Ok(Value::Names(names.collect::<Result<_, _>>()?))
            }
            "case" => {
                self.expect("when")?;
                let condition = self.expression()?;
                self.expect("then")?;
                let value = self.expression()?;
                self.expect("else")?;
                let otherwise = self.expression()?;
                self.expect("end")?;
                Ok(if condition == Value::Boolean(true) { value } else { otherwise })
            }
            "i" if self.execution.loop_number.is_some() => {
                Ok(self.execution.loop_number.map_or(Value::Null, Value::Number))
            }
            _ if matches!(self.rest.first(), Some(Token::Symbol(symbol)) if symbol == "(") => {
                self.function(word)
            }
            _ => self.execution.variables.get(word).cloned().ok_or(Error::Raised),
        }
    }

    fn arguments(&mut self, open: &str, close: &str) -> Result<Vec<Value>, Error> {
        self.expect(open)?;
        let mut arguments = Vec::new();
        if self.accept(close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.accept(close) {
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }

    fn function(&mut self, name: &str) -> Result<Value, Error> {
        if name == "to_jsonb"
            && let [_, Token::Word(row), Token::Symbol(close), rest @ ..] = self.rest
            && close == ")"
            && (row == "new" || row == "old")
        {
            self.rest = rest;
            let Trigger { operation, new, old, .. } = self.execution.trigger;
            // A row that the operation does not have is NULL.
            return Ok(match (row.as_str(), *operation) {
                ("new", "DELETE") | ("old", "INSERT") => Value::Null,
                ("new", _) => Value::Json(new.clone().into()),
                _ => Value::Json(old.clone().into()),
            });
        }
        match (name, self.arguments("(", ")")?.as_slice()) {
            ("to_jsonb", [Value::Text(text)]) => Ok(Value::Json(text.as_str().into())),
            ("jsonb_build_object", pairs) if pairs.len() % 2 == 0 => {
                let pairs = pairs.chunks(2).map(|pair| match pair {
                    [Value::Text(name), value] => Ok((name.clone(), to_json(value)?)),
                    [Value::Null, _] => Err(Error::Raised),
                    _ => Err(UNKNOWN),
                });
                Ok(Value::Json(Json::Object(pairs.collect::<Result<_, _>>()?)))
            }
            ("coalesce", [first, second]) => {
                Ok(if *first == Value::Null { second.clone() } else { first.clone() })
            }
            ("lower", [Value::Text(text)]) => Ok(Value::Text(text.to_lowercase())),
            ("txid_current", []) => Ok(Value::TransactionNumber),
            ("gen_random_uuid", []) => Ok(Value::NewId),
            ("clock_timestamp", []) => Ok(Value::Moment),
            ("current_setting", [Value::Text(name), Value::Boolean(true)])
                if name == "threadline.actor_ref" =>
            {
                Ok(Value::Text(json!({ "type": "user", "id": "1" }).to_string()))
            }
            ("nullif", [one, other]) => Ok(if one == other { Value::Null } else { one.clone() }),
            _ => Err(UNKNOWN),
        }
    }

    fn table(&mut self) -> Result<(String, String), Error> {
        let mut identifier = || match self.rest {
            [Token::Word(name) | Token::Name(name), rest @ ..] => {
                self.rest = rest;
                Ok(name.clone())
            }
            _ => Err(UNKNOWN),
        };
        let first = identifier()?;
        if !self.accept(".") {
            return Ok(("public".to_owned(), first));
        }
        let [Token::Word(name) | Token::Name(name), rest @ ..] = self.rest else { return Err(UNKNOWN) };
        self.rest = rest;
        Ok((first, name.clone()))
    }

    /// Reads `INTO table (…) VALUES (…)`, and `ON CONFLICT (txid) DO NOTHING` for the transaction.
    fn insert(&mut self) -> Result<Insert, Error> {
        self.expect("into")?;
        let table = self.table()?;
        self.expect("(")?;
        let mut columns = vec![self.word()?.to_owned()];
        while self.accept(",") {
            columns.push(self.word()?.to_owned());
        }
        self.expect(") values")?;
        let values = self.arguments("(", ")")?;
        if values.len() != columns.len() {
            return Err(Error::Raised);
        }
        if self.accept("on") {
            self.expect("conflict ( txid ) do nothing")?;
            (table.1 == "audit_transactions").then_some(()).ok_or(UNKNOWN)?;
        }
        self.end()?;
        let number = columns.len();
        let values: BTreeMap<String, Value> = columns.into_iter().zip(values).collect();
        if values.len() != number {
            return Err(Error::Raised);
        }
        Ok(Insert { table, values })
    }

    /// Reads one of the three `SELECT … INTO` statements, and returns the variable with its value.
    fn select(&mut self) -> Result<(String, Value), Error> {
        if self.accept("id") {
            self.expect("into")?;
            let variable = self.word()?;
            self.expect("from")?;
            let table = self.table()?;
            self.expect("where txid =")?;
            let number = self.expression()?;
            self.end()?;
            let is_found = |insert: &Insert| {
                insert.table == table
                    && table.1 == "audit_transactions"
                    && number == Value::TransactionNumber
                    && insert.values.get("txid") == Some(&number)
            };
            let found = self.execution.inserts.iter().any(is_found);
            return Ok((variable.to_owned(), if found { Value::Transaction } else { Value::Null }));
        }
        if self.accept("array_agg") {
            return self.changed_names();
        }
        self.expect("jsonb_object_agg ( u . k ,")?;
        self.old_values()
    }

    fn changed_names(&mut self) -> Result<(String, Value), Error> {
        self.expect("( n . key order by n . key ) into")?;
        let variable = self.word()?;
        self.expect("from jsonb_each ( to_jsonb ( new ) ) as n join jsonb_each ( to_jsonb ( old ) ) as o")?;
        self.expect("on n . key = o . key where n . value is distinct from o . value")?;
        let mut unnamed = Vec::new();
        if self.accept("and") {
            self.expect("not ( n . key = any (")?;
            let Value::Names(names) = self.expression()? else { return Err(UNKNOWN) };
            self.expect(") )")?;
            unnamed = names;
        }
        self.end()?;
        let Trigger { operation, new, old, .. } = self.execution.trigger;
        let is_update = *operation == "UPDATE";
        let is_changed = |name: &&String| is_update && new.get(*name) != old.get(*name);
        let mut names: Vec<String> =
            new.keys().filter(is_changed).filter(|name| !unnamed.contains(name)).cloned().collect();
        names.sort_unstable();
        let value = if names.is_empty() { Value::Null } else { Value::Names(names) };
        Ok((variable.to_owned(), value))
    }

    fn old_values(&mut self) -> Result<(String, Value), Error> {
        // The expression is evaluated for each name, so its end has to be known first.
        let mut depth = 0_usize;
        let end = self.rest.iter().position(|token| {
            match token {
                Token::Symbol(symbol) if symbol == "(" => depth += 1,
                Token::Symbol(symbol) if symbol == ")" && depth == 0 => return true,
                Token::Symbol(symbol) if symbol == ")" => depth -= 1,
                _ => {}
            }
            false
        });
        let (expression, rest) = self.rest.split_at(end.ok_or(UNKNOWN)?);
        self.rest = rest;
        self.expect(") into")?;
        let variable = self.word()?;
        self.expect("from unnest (")?;
        let names = self.expression()?;
        self.expect(") as u ( k )")?;
        self.end()?;
        let names = match names {
            Value::Names(names) => names,
            Value::Null => Vec::new(),
            _ => return Err(Error::Raised),
        };
        let mut object = Map::new();
        for name in &names {
            let mut parser = Parser { execution: self.execution, rest: expression, column: Some(name) };
            let value = parser.expression()?;
            parser.end()?;
            object.insert(name.clone(), to_json(&value)?);
        }
        let value = if object.is_empty() { Value::Null } else { Value::Json(object.into()) };
        Ok((variable.to_owned(), value))
    }
}

fn to_json(value: &Value) -> Result<Json, Error> {
    match value {
        Value::Null => Ok(Json::Null),
        Value::Text(text) => Ok(text.as_str().into()),
        Value::Json(json) => Ok(json.clone()),
        _ => Err(UNKNOWN),
    }
}
