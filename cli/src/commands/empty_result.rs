//! Explains empty results and mistakes, and reads the key of a row.

use chrono::Utc;
use threadline::query::{
    Count, EmptyResult, ExcludingCondition, Filter, QueryError, RowKey, Sentence, SentencePart, Suggestion,
    TypedKey,
};
use threadline::{AuditTrail, InvalidParameter, Scope, TableName};

use crate::args::row_key::has_history;
use crate::args::{CommandForm, RowRef, TypedFilter};
use crate::error::Error;
use crate::escape::{escaped, name, table};
use crate::output::Report;
use crate::session::Session;
use crate::text;

/// The number of newest changes that are searched for an example of a key. A TRUNCATE has none.
const CHANGES_SEARCHED: usize = 5;

/// Explains why nothing was found: the trail is empty, or how the filter was understood, which of its values do not exist, and which
/// condition excludes everything, each with the command that was probably meant.
///
/// # Errors
/// [`Error::Mistake`] if nothing was ever recorded of the filter's table, which is most likely misspelt.
pub(super) async fn explain_empty(
    trail: &AuditTrail,
    filter: &Filter,
    form: &CommandForm,
) -> Result<Report, Error> {
    let scope = Scope::unscoped();
    check_table(trail, filter, form).await?;
    let mut snapshot = trail.snapshot().await?;
    if !snapshot.has_changes(&scope).await? {
        return Ok("No change has been captured yet.\n".to_owned());
    }
    let EmptyResult { unknown, excluding, truncated, .. } = snapshot.explain_empty(&scope, filter).await?;
    drop(snapshot);
    let mut report = line(filter.describe_empty(Utc::now()));
    for unknown in &unknown {
        report += &line(unknown.describe(filter));
        report += &questions(&unknown.suggestions, form);
    }
    if excluding.is_empty() && unknown.is_empty() && !truncated && filter.to_pairs().len() > 1 {
        report += "Leaving out any one of the conditions finds nothing either.\n";
    }
    if truncated {
        report += "The search time ended before every condition was tried.\n";
    }
    for condition in &excluding {
        report += &without(filter, condition, excluding.len() == 1, form);
    }
    let has_suggestion = unknown.iter().any(|unknown| !unknown.suggestions.is_empty());
    if let (Some((table, key)), false) = (filter.row(), has_suggestion) {
        report += &example_key(trail, table, key).await?;
    }
    Ok(report)
}

/// Returns an error if the table of the filter is not audited and has no changes.
async fn check_table(trail: &AuditTrail, filter: &Filter, form: &CommandForm) -> Result<(), Error> {
    let scope = Scope::unscoped();
    let Some(table) = filter.only_table() else { return Ok(()) };
    if trail.snapshot().await?.captured_tables(&scope).await?.contains(table) {
        return Ok(());
    }
    let of_table = Filter { table: Some(table.into()), ..Filter::default() };
    if trail.timeline(&scope, &of_table, 1).await?.is_empty() {
        return Err(unknown_table(trail, filter, None, form).await);
    }
    Ok(())
}

/// Returns the lines of an unread value: what was probably meant, with the commands.
fn questions(near: &[Suggestion], form: &CommandForm) -> String {
    let question = |near: &Suggestion| {
        let count = near.count.map_or_else(String::new, |count| format!(" ({})", counted(count)));
        format!("Did you mean {}{count}?\n{}", name(&near.value), command_line(form, &near.filter))
    };
    near.iter().map(question).collect()
}

/// Returns the lines about a condition: how many changes there are without it, with the command.
fn without(filter: &Filter, condition: &ExcludingCondition, is_only: bool, form: &CommandForm) -> String {
    let named = shown(filter.describe_condition(condition.key, Utc::now()));
    let newest = match condition.key {
        ExcludingCondition::WINDOW => format!(", the newest at {}", text::time(condition.newest)),
        _ => String::new(),
    };
    let count = counted(condition.count);
    let sentence = match is_only {
        true => format!("Only {named} excludes everything. Without it: {count}{newest}."),
        false => format!("Without {named}: {count}{newest}."),
    };
    format!("{sentence}\n{}", command_line(form, &condition.filter))
}

/// Returns the line of a command; an empty text if it cannot be typed in a terminal.
fn command_line(form: &CommandForm, filter: &Filter) -> String {
    form.with(filter).map_or_else(String::new, |command| format!("  {command}\n"))
}

pub(super) fn counted(count: Count) -> String {
    match count {
        Count::Exact(0) => "no changes with the other conditions".to_owned(),
        Count::Exact(1) => "1 change".to_owned(),
        Count::Exact(count) => format!("{count} changes"),
        Count::Truncated(count) => format!("{count}+ changes"),
    }
}

/// Returns a sentence as a line of output.
pub(super) fn line(sentence: Sentence) -> String {
    shown(sentence) + "\n"
}

/// Returns a sentence with values that are safe to print.
fn shown(sentence: Sentence) -> String {
    let part = |part| match part {
        SentencePart::Words(words) => escaped(&words),
        SentencePart::Value(value) => escaped(&value),
        _ => String::new(),
    };
    sentence.into_iter().map(part).collect()
}

/// Returns a sentence as the message of an error: on one line, without a capital letter and a full stop.
fn clause(sentence: &Sentence) -> String {
    let text = sentence.to_string();
    let text = text.strip_suffix('.').unwrap_or(&text);
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

/// Returns the error of a value, with what was probably meant.
fn mistake(sentence: &Sentence, near: &[Suggestion], form: &CommandForm) -> Error {
    let values: Vec<String> = near
        .iter()
        .map(|near| match near.count {
            Some(count) => format!("{} ({})", name(&near.value), counted(count)),
            None => name(&near.value),
        })
        .collect();
    let mut message = clause(sentence);
    if !values.is_empty() {
        message += &format!(": did you mean {}?", values.join(" or "));
    }
    if let Some(command) = near.first().and_then(|near| form.with(&near.filter)) {
        message += &format!(" Run: {command}");
    }
    Error::Mistake(message)
}

/// Returns the error of a parameter that cannot be read, with what was probably meant. Without a connection it is the error alone.
pub(super) async fn explain_mistake(
    session: &Session,
    error: InvalidParameter,
    others: &Filter,
    form: &CommandForm,
) -> Error {
    if !["table", "actor", "action", "field", "operation"].contains(&&*error.name) {
        return error.into();
    }
    let Ok(trail) = session.trail().await else { return error.into() };
    let near = async {
        let mut snapshot = trail.snapshot().await?;
        snapshot.suggest(&Scope::unscoped(), &error.name, error.value.trim(), others).await
    };
    match near.await {
        Ok(near) if !near.suggestions.is_empty() => mistake(&near.describe(others), &near.suggestions, form),
        _ => error.into(),
    }
}

/// Returns the error of a table that is not audited, with the tables that were probably meant. A key that was typed without its column
/// stays in the command.
async fn unknown_table(
    trail: &AuditTrail,
    filter: &Filter,
    bare_key: Option<&str>,
    form: &CommandForm,
) -> Error {
    let Some(table) = filter.only_table() else { return Error::Mistake(String::new()) };
    let near = async {
        let mut snapshot = trail.snapshot().await?;
        let scope = Scope::unscoped();
        let mut near = snapshot.suggest(&scope, "table", &table.to_string(), filter).await?;
        for near in &mut near.suggestions {
            if let (Some(text), Some(table)) = (bare_key, near.filter.only_table().cloned())
                && let TypedKey::Key(key) = snapshot.read_key(&scope, &table, text).await?
            {
                near.filter.key = Some(key);
            }
        }
        Ok::<_, QueryError>(near)
    };
    match near.await {
        Ok(near) if !near.suggestions.is_empty() => mistake(&near.describe(filter), &near.suggestions, form),
        _ => QueryError::NotCaptured { table: table.clone() }.into(),
    }
}

/// Reads the key of a filter by the types of its columns, as the trail records it.
///
/// # Errors
/// [`Error::Mistake`] if the type of a column cannot hold the value, or the table is not audited; [`Error::Parameter`] if a value
/// alone is no key of the table.
pub(super) async fn resolve_key(
    trail: &AuditTrail,
    typed: TypedFilter,
    form: &CommandForm,
) -> Result<Filter, Error> {
    let TypedFilter { filter, key_text } = typed;
    let bare_key = key_text.as_deref().filter(|_| filter.key.is_none());
    let Some(table) = filter.only_table().cloned() else { return Ok(filter) };
    let scope = Scope::unscoped();
    let mut snapshot = trail.snapshot().await?;
    let read = match (&filter.key, &key_text) {
        (Some(key), Some(text)) => match snapshot.read_key_values(&scope, &table, key).await {
            // Several columns may be separated in another way.
            Ok(TypedKey::OtherColumns { .. }) => snapshot.read_key(&scope, &table, text).await,
            read => read,
        },
        (_, Some(text)) => snapshot.read_key(&scope, &table, text).await,
        _ => return Ok(filter),
    };
    drop(snapshot);
    match read {
        Ok(TypedKey::Key(key)) => Ok(Filter { key: Some(key), ..filter }),
        Ok(TypedKey::WrongType { column, value, expected, nearest }) => {
            let sentence = expected.describe_mismatch(&table, &column, &value);
            let mut message = clause(&sentence);
            if let Some(key) = nearest {
                let meant = Filter { key: Some(key.clone()), ..filter };
                message += &format!(": did you mean {}?", text::key(&key));
                message += &form.with(&meant).map_or_else(String::new, |command| format!(" Run: {command}"));
            }
            Err(Error::Mistake(message))
        }
        // The query itself names the columns that are given and those that are expected.
        Ok(_) if bare_key.is_none() => Ok(filter),
        Ok(TypedKey::OtherColumns { columns }) => {
            let example: Vec<String> = columns.iter().map(|column| format!("{column}=…")).collect();
            let expected = match &example[..] {
                [] => "the key column too, as in id=42".to_owned(),
                example => format!("every key column, as in \"{}\"", example.join("&")),
            };
            Err(InvalidParameter::new("key", bare_key.unwrap_or_default(), expected).into())
        }
        Ok(_) => Ok(filter),
        Err(QueryError::NotCaptured { .. }) => Err(unknown_table(trail, &filter, bare_key, form).await),
        Err(error) => Err(error.into()),
    }
}

/// Reads the table and the key of a row, as the trail records it.
pub(super) async fn resolve_row(
    trail: &AuditTrail,
    typed: TypedFilter,
    form: &CommandForm,
) -> Result<RowRef, Error> {
    let filter = resolve_key(trail, typed, form).await?;
    match filter.row() {
        Some((table, key)) => Ok(RowRef { table: table.clone(), key: key.clone() }),
        None => Err(InvalidParameter::new("key", "", "the key of a record").into()),
    }
}

/// Returns lines about a row of which nothing is known: a key that differs in its spelling, or an example of a key of the table. The
/// text is empty if the trail has changes under this key.
pub(super) async fn near_key(
    trail: &AuditTrail,
    row: &RowRef,
    form: &CommandForm,
) -> Result<String, QueryError> {
    let RowRef { table, key } = row;
    if has_history(trail, table, key).await? {
        return Ok(String::new());
    }
    let other = trail.snapshot().await?.other_spelling(&Scope::unscoped(), table, key).await?;
    let Some(other) = other else { return example_key(trail, table, key).await };
    let meant = Filter { table: Some(table.into()), key: Some(other.clone()), ..Filter::default() };
    Ok(format!("Did you mean {}?\n{}", text::key(&other), command_line(form, &meant)))
}

/// Returns a line with an example of a key of the table, or an empty text if the trail has changes under this key.
async fn example_key(trail: &AuditTrail, named: &TableName, key: &RowKey) -> Result<String, QueryError> {
    if has_history(trail, named, key).await? {
        return Ok(String::new());
    }
    let of_table = Filter { table: Some(named.into()), ..Filter::default() };
    let newest = trail.timeline(&Scope::unscoped(), &of_table, CHANGES_SEARCHED).await?;
    let example = newest.iter().map(|entry| &entry.change.key).find(|key| !key.is_empty());
    Ok(example.map_or_else(String::new, |example| {
        let (table, key) = (table(named), text::key(example));
        format!("Keys are matched by their text; the newest change of {table} has the key {key}.\n")
    }))
}
