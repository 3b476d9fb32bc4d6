//! The symbolic state of a body: the values of its variables, and the change that it has recorded.

use std::collections::HashMap;

use super::expressions::{Expression, is};
use super::statements::{Body, Statement};
use super::tokens::Token;
use crate::StorageSchema;
use crate::health::drift::Redaction;

/// The variables of all known bodies. Any other one could shadow a column or a function.
const VARIABLES: [&str; 8] =
    ["v_txid", "v_tx_id", "v_row", "v_data_after", "v_table_pk", "v_changed_fields", "v_changed_from", "i"];

/// One of the two rows that a trigger sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    New,
    Old,
}

/// The symbolic value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    /// The id of the PostgreSQL transaction.
    Number,
    /// The id of the transaction's row in the trail.
    Transaction,
    /// The key of the row, as text values.
    Key,
    /// A row without what is redacted.
    Image(Row, Redaction),
    /// The names of the columns that an update changed, without these.
    Names(Vec<String>),
    /// The old values of the columns that an update changed.
    OldValues(OldValues),
}

/// The old values of the columns that an update changed, redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OldValues {
    /// The columns without an old value, because they are not named.
    pub(super) unnamed: Vec<String>,
    /// The columns whose values are replaced.
    pub(super) mask: Vec<String>,
    /// The text that replaces a value, if any is replaced.
    pub(super) placeholder: Option<String>,
}

/// A recorded change: the row after it, the changed columns, and their old values.
pub(super) type Recorded = [Value; 3];

/// The state of one symbolic execution.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State<'a> {
    pub(super) storage: &'a StorageSchema,
    pub(super) operation: &'static str,
    /// The row that the key is read from.
    row: Row,
    pub(super) variables: HashMap<String, Value>,
    pub(super) has_transaction: bool,
    pub(super) recorded: Option<Recorded>,
    has_returned: bool,
    /// The state before the innermost loop.
    before_loop: Option<Box<Self>>,
}

/// The outcome of a condition.
enum Condition {
    Always(bool),
    /// It depends on the row or the trigger, so both branches have to lead to the same state.
    Depends,
}

impl<'a> State<'a> {
    /// Executes a body for one operation, whose key is read from `row`.
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
            before_loop: None,
        };
        state.execute(&body.statements)?;
        Some(state)
    }

    /// Returns the recorded change; `None` unless it is exactly one, and the function has returned.
    pub(super) fn recorded(self) -> Option<Recorded> {
        self.recorded.filter(|_| self.has_returned)
    }

    fn execute(&mut self, statements: &[Statement]) -> Option<()> {
        for statement in statements {
            if self.has_returned {
                break;
            }
            match statement {
                Statement::Assign(variable, value) => self.assign(variable, value)?,
                Statement::If(branches, otherwise) => self.branch(branches, otherwise)?,
                // The loop may run any number of times, or not at all.
                Statement::For(header, body) => {
                    is(header, "i in 0 .. tg_nargs - 1").then_some(())?;
                    let mut once = Self { before_loop: Some(Box::new(self.clone())), ..self.clone() };
                    once.execute(body)?;
                    once.before_loop.clone_from(&self.before_loop);
                    self.merge(once)?;
                }
                // What follows may not run, so the loop must not have changed anything until here.
                Statement::Exit => {
                    let before = self.before_loop.as_deref()?;
                    let here = Self { before_loop: before.before_loop.clone(), ..self.clone() };
                    (here == *before).then_some(())?;
                }
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
            return self.execute(otherwise);
        };
        match self.evaluate(condition)? {
            Condition::Always(true) => self.execute(statements),
            Condition::Always(false) => self.branch(rest, otherwise),
            Condition::Depends => {
                let mut other = self.clone();
                other.branch(rest, otherwise)?;
                self.execute(statements)?;
                self.merge(other)
            }
        }
    }

    fn evaluate(&self, condition: &[Token]) -> Option<Condition> {
        let mut rest = Expression(condition);
        if rest.accept("tg_op =") {
            let is_operation = rest.text()? == self.operation;
            rest.end()?;
            return Some(Condition::Always(is_operation));
        }
        let known =
            ["tg_nargs = 0", "v_row ? 'id'", "(v_row ->> tg_argv[i]) is null", "v_changed_fields is null"];
        known.iter().any(|known| is(condition, known)).then_some(Condition::Depends)
    }

    /// Merges the state of another branch. Both must be the same, except that one may lack the old values of the other.
    fn merge(&mut self, mut other: Self) -> Option<()> {
        for (name, value) in &mut self.variables {
            match (&value, other.variables.get_mut(name)?) {
                (Value::Null, others @ Value::OldValues(_)) => *value = others.clone(),
                (Value::OldValues(_), others @ Value::Null) => *others = value.clone(),
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

    /// Recognises the expressions for the key of a change, which must read the whole row before anything of it is redacted.
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

/// Applies one step of a redaction: `- 'column'`, or `|| jsonb_build_object('column', to_jsonb('placeholder'::text), …)`.
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
