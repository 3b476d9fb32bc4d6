//! What the variables of a body hold, and what it has recorded.

use std::collections::HashMap;

use super::expressions::{Expression, is};
use super::statements::{Body, Statement};
use super::tokens::Token;
use crate::StorageSchema;
use crate::health::drift::Redaction;

/// The variables of all known bodies. Another one could stand for a column or hide a key word.
const VARIABLES: [&str; 8] =
    ["v_txid", "v_tx_id", "v_row", "v_data_after", "v_table_pk", "v_changed_fields", "v_changed_from", "i"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    New,
    Old,
}

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    /// The number of the database's transaction.
    Number,
    /// The id of its row in the trail.
    Transaction,
    /// The key of the row, as text values.
    Key,
    /// A row without what is redacted.
    Image(Row, Redaction),
    /// The names of the columns that an update changed, but of these.
    Names(Vec<String>),
    /// The old values of the named columns; those of some columns replaced by a placeholder.
    OldValues(Vec<String>, Option<String>),
}

/// What a change is recorded with: the row after it, the changed columns, and their old values.
pub(super) type Recorded = [Value; 3];

#[derive(Debug, Clone, PartialEq)]
pub(super) struct State<'a> {
    pub(super) storage: &'a StorageSchema,
    pub(super) operation: &'static str,
    /// The row that the key is of.
    row: Row,
    pub(super) variables: HashMap<String, Value>,
    pub(super) has_transaction: bool,
    pub(super) recorded: Option<Recorded>,
    has_returned: bool,
}

/// Which way an `IF` goes.
enum Condition {
    Always(bool),
    /// It depends on the row or the trigger, so that both ways have to end alike.
    Depends,
}

impl<'a> State<'a> {
    /// Follows a body for one operation, whose key is that of `row`.
    pub(super) fn run(
        body: &Body,
        storage: &'a StorageSchema,
        operation: &'static str,
        row: Row,
    ) -> Option<Self> {
        if body.variables.iter().any(|name| !VARIABLES.contains(&name.as_str())) {
            return None;
        }
        let variables = HashMap::new();
        let mut state = Self {
            storage,
            operation,
            row,
            variables,
            has_transaction: false,
            recorded: None,
            has_returned: false,
        };
        state.follow(&body.statements)?;
        Some(state)
    }

    /// What was recorded; `None` unless it was exactly one change, and the function came to its end.
    pub(super) fn recorded(self) -> Option<Recorded> {
        self.recorded.filter(|_| self.has_returned)
    }

    fn follow(&mut self, statements: &[Statement]) -> Option<()> {
        for statement in statements {
            if self.has_returned {
                break;
            }
            match statement {
                Statement::Assign(variable, value) => self.assign(variable, value)?,
                Statement::If(branches, otherwise) => self.branch(branches, otherwise)?,
                // It runs any number of times, also never.
                Statement::For(header, body) => {
                    is(header, "i in 0 .. tg_nargs - 1").then_some(())?;
                    let mut once = self.clone();
                    once.follow(body)?;
                    self.merge(once)?;
                }
                Statement::Exit => {}
                Statement::Return(value) => {
                    ["old", "new", "null"].iter().any(|row| is(value, row)).then_some(())?;
                    self.has_returned = true;
                }
                Statement::Insert(rest) => self.insert(Expression(rest))?,
                Statement::Select(rest) => self.select(Expression(rest))?,
            }
        }
        Some(())
    }

    fn branch(&mut self, branches: &[(Vec<Token>, Vec<Statement>)], otherwise: &[Statement]) -> Option<()> {
        let Some(((condition, statements), rest)) = branches.split_first() else {
            return self.follow(otherwise);
        };
        match self.condition(condition)? {
            Condition::Always(true) => self.follow(statements),
            Condition::Always(false) => self.branch(rest, otherwise),
            Condition::Depends => {
                let mut other = self.clone();
                other.branch(rest, otherwise)?;
                self.follow(statements)?;
                self.merge(other)
            }
        }
    }

    fn condition(&self, condition: &[Token]) -> Option<Condition> {
        let mut asked = Expression(condition);
        if asked.accept("tg_op =") {
            let is_asked = asked.text()? == self.operation;
            asked.end()?;
            return Some(Condition::Always(is_asked));
        }
        let known =
            ["tg_nargs = 0", "v_row ? 'id'", "(v_row ->> tg_argv[i]) is null", "v_changed_fields is null"];
        known.iter().any(|known| is(condition, known)).then_some(Condition::Depends)
    }

    /// Both ways have to end alike. One of them may leave old values out, and then there may be some.
    fn merge(&mut self, mut other: Self) -> Option<()> {
        for (name, value) in &mut self.variables {
            match (&value, other.variables.get_mut(name)?) {
                (Value::Null, others @ Value::OldValues(..)) => *value = others.clone(),
                (Value::OldValues(..), others @ Value::Null) => *others = value.clone(),
                _ => {}
            }
        }
        (*self == other).then_some(())
    }

    fn assign(&mut self, variable: &str, value: &[Token]) -> Option<()> {
        let value = match variable {
            "v_table_pk" => self.key(value)?,
            "v_txid" if is(value, "txid_current()") => Value::Number,
            "v_row" | "v_data_after" | "v_changed_fields" | "v_changed_from" => self.value(value)?,
            _ => return None,
        };
        self.variables.insert(variable.to_owned(), value);
        Some(())
    }

    pub(super) fn value(&self, value: &[Token]) -> Option<Value> {
        match value {
            _ if is(value, "null") || is(value, "null::jsonb") => Some(Value::Null),
            _ if is(value, "to_jsonb(new)") => Some(Value::Image(Row::New, Redaction::none())),
            _ if is(value, "to_jsonb(old)") => Some(Value::Image(Row::Old, Redaction::none())),
            [Token::Word(variable), change @ ..] => match self.variables.get(variable)? {
                value if change.is_empty() => Some(value.clone()),
                Value::Image(row, redaction) => {
                    Some(Value::Image(*row, redact(redaction, Expression(change))?))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The key under which a change is recorded: of the whole row, before anything of it is redacted.
    fn key(&self, value: &[Token]) -> Option<Value> {
        let row = if self.row == Row::New { "new" } else { "old" };
        let whole = Value::Image(self.row, Redaction::none());
        let of_arguments =
            "coalesce(v_table_pk, '{}'::jsonb) || jsonb_build_object(tg_argv[i], v_row ->> tg_argv[i])";
        let is_of_row = is(value, &format!("jsonb_build_object('id', (to_jsonb({row}) ->> 'id'))"));
        let is_of_variable = is(value, "jsonb_build_object('id', v_row ->> 'id')") || is(value, of_arguments);
        let is_empty = is(value, "'{}'::jsonb") || is(value, "coalesce(v_table_pk, '{}'::jsonb)");
        let is_known = is_of_row || is_empty || is_of_variable && self.variables.get("v_row") == Some(&whole);
        is_known.then_some(Value::Key)
    }
}

/// One step of a redaction: `- 'column'`, or `|| jsonb_build_object('column', to_jsonb('placeholder'::text), …)`.
fn redact(redaction: &Redaction, mut change: Expression<'_>) -> Option<Redaction> {
    let mut redaction = redaction.clone();
    if change.accept("-") {
        let column = change.text()?;
        redaction.mask.retain(|masked| masked != column);
        redaction.exclude.push(column.to_owned());
        change.end()?;
        return Some(redaction);
    }
    change.expect("|| jsonb_build_object")?;
    let pairs = change.list()?;
    change.end()?;
    for pair in pairs.chunks(2) {
        let [[Token::Text(column)], masked] = pair else { return None };
        let mut masked = Expression(masked);
        let placeholder = masked.placeholder()?;
        masked.end()?;
        if !redaction.mask.is_empty() && redaction.mask_placeholder != placeholder {
            return None;
        }
        redaction.exclude.retain(|excluded| excluded != column);
        redaction.mask.push(column.clone());
        placeholder.clone_into(&mut redaction.mask_placeholder);
        redaction.mask_null = true;
    }
    Some(redaction)
}
