//! The properties of the parsers of outside input, for any input. The tests here and the fuzz targets in `fuzz/` check the same
//! ones: no parser panics, and what one accepts is read back from what it prints.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use serde_json::Value;
use threadline::capture::TablePolicy;
use threadline::query::{
    ActorFilter, Cursor, Filter, Operation, Position, RelativeRange, RowKey, SnapshotMark, TimeRange,
    Timestamp, TransactionId,
};
use threadline::{
    ActionStatus, ActorKind, ActorRef, AuditContext, Config, ConsoleWords, LinkTemplate, StorageSchema,
    TableName,
};

/// Checks that a parsed value is equal to what is read from its own text.
fn read_back<T: FromStr + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let printed = value.to_string();
    assert_eq!(printed.parse().ok().as_ref(), Some(&value), "{text:?} is printed as {printed:?}");
    Some(value)
}

/// Checks the texts that name a row, a table, a transaction or a position in addresses and on the command line.
pub(crate) fn check_cursor(text: &str) {
    read_back::<Cursor>(text);
    read_back::<SnapshotMark>(text);
    read_back::<TransactionId>(text);
    read_back::<Operation>(text);
    read_back::<LinkTemplate>(text);
    read_back::<ActionStatus>(text);
    if let Some(key) = read_back::<RowKey>(text) {
        assert!(key.is_complete(), "{text:?}");
        let columns: Vec<String> = key.columns().map(str::to_owned).collect();
        assert_eq!(RowKey::parse(&columns, &key.to_string()), Ok(key), "{text:?}");
    }
    if let Some(table) = read_back::<TableName>(text) {
        let list = format!("{table},{table}");
        assert_eq!(TableName::list(&list), Ok(vec![table.clone(), table]), "{text:?}");
    }
    if let Ok(tables) = TableName::list(text) {
        let printed: Vec<String> = tables.iter().map(ToString::to_string).collect();
        assert_eq!(TableName::list(&printed.join(",")), Ok(tables), "{text:?}");
    }
    // A value alone is the key of a table with one key column.
    let columns = ["id".to_owned()];
    if let Ok(key) = RowKey::parse(&columns, text) {
        assert_eq!(RowKey::parse(&columns, &key.to_string()), Ok(key), "{text:?}");
    }
}

/// Checks moments and ranges of time.
pub(crate) fn check_time(text: &str) {
    read_back::<RelativeRange>(text);
    let (first, second) = text.split_once('\n').unwrap_or((text, text));
    let Some(moment) = read_back::<Timestamp>(first) else { return };
    let iso = moment.to_iso();
    assert_eq!(iso.parse().as_ref(), Ok(&moment), "{text:?} is serialised as {iso}");
    let year = iso.split_once('-').map(|(year, _)| year.len());
    assert_eq!(year, Some(4), "{text:?} is serialised as {iso}");
    for range in RelativeRange::ALL {
        let TimeRange { from, to } = range.before(moment.0);
        assert!(from.is_some_and(|from| from <= moment.0) && to.is_none(), "{range} before {text:?}");
    }
    if let Ok(other) = second.parse::<Timestamp>() {
        let is_range = TimeRange::new(Some(moment.0), Some(other.0)).is_ok();
        assert_eq!(is_range, moment <= other, "{text:?}");
    }
}

/// Checks the query of an address as a filter: decoded, as a page receives it, and as it is.
pub(crate) fn check_filter(query: &str) {
    let decoded: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    check_pairs(decoded.iter().map(|(key, value)| (&**key, &**value)), query);
    check_pairs(query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))), query);
    if let Ok(filter) = serde_json::from_str::<Filter>(query) {
        check_written(&filter, Position::Newest, query);
    }
    read_back::<ActorFilter>(query);
}

fn check_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, input: &str) {
    if let Ok((filter, position)) = Filter::from_pairs(pairs) {
        check_written(&filter, position, input);
    }
}

/// Checks that a filter is read back from a URL and from JSON, and holds only what PostgreSQL can store.
fn check_written(filter: &Filter, position: Position, input: &str) {
    let pairs = filter.to_pairs().into_iter().chain(position.to_pair());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let read = Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)));
    assert_eq!(read.as_ref(), Ok(&(filter.clone(), position)), "{input:?} is written as {query}");
    let json = serde_json::to_string(filter).unwrap_or_default();
    assert_eq!(serde_json::from_str::<Filter>(&json).ok().as_ref(), Some(filter), "{input:?}: {json}");
    assert!(filter.to_pairs().iter().all(|(_, value)| !value.contains('\0')), "{input:?}");
    assert!(filter.key.is_none() || filter.table.is_some(), "{input:?}");
    assert!(TimeRange::new(filter.from, filter.to).is_ok(), "{input:?}");
    if let Some(key) = &filter.key {
        assert!(key.iter().all(|(column, value)| !column.contains('\0') && value.is_some()), "{input:?}");
    }
}

/// Checks the JSON of actors and of audit contexts, as jobs hold it, and the words for actor kinds.
pub(crate) fn check_actor(text: &str) {
    read_back::<ActorKind>(text);
    read_back::<ActorFilter>(text);
    let Ok(json) = serde_json::from_str::<Value>(text) else { return };
    if let Ok(actor) = ActorRef::from_json(&json) {
        check_actor_ref(&actor);
        let printed = serde_json::to_value(&actor).unwrap_or_default();
        assert_eq!(ActorRef::from_json(&printed).as_ref(), Ok(&actor), "{text}");
        assert_eq!(serde_json::from_value(json.clone()).ok(), Some(actor), "{text}");
    }
    if let Ok(context) = AuditContext::from_json(&json) {
        assert_eq!(AuditContext::from_json(&context.to_json()).as_ref(), Ok(&context), "{text}");
        assert_eq!(serde_json::from_value(json).ok().as_ref(), Some(&context), "{text}");
        [context.actor(), context.on_behalf_of()].into_iter().flatten().for_each(check_actor_ref);
        for id in [context.request_id(), context.correlation_id(), context.job_id()].into_iter().flatten() {
            check_id(id);
        }
    }
}

fn check_actor_ref(actor: &ActorRef) {
    assert_eq!(actor.id().is_none(), actor.kind() == ActorKind::Anonymous, "{actor:?}");
    let filter = ActorFilter::from(actor);
    assert_eq!(filter.to_string().parse(), Ok(filter), "{actor:?}");
    if let Some(id) = actor.id() {
        assert_eq!(ActorRef::new(actor.kind(), id).as_ref(), Ok(actor));
        assert!((1..=ActorRef::MAX_ID_BYTES).contains(&id.len()), "{actor:?}");
        assert!(
            !id.contains(|c: char| c.is_control() || "\u{200b}\u{202e}\u{2028}".contains(c)),
            "{actor:?}"
        );
    }
}

/// Checks an id that a request, a job or related work has sent.
pub(crate) fn check_id(id: &str) {
    assert!(!id.trim().is_empty() && id.len() <= AuditContext::MAX_ID_BYTES, "{id:?}");
    assert!(!id.contains(char::is_control), "{id:?}");
}

/// Checks that an accepted `threadline.toml` is read back from its own values, and that an error names a line of it.
pub(crate) fn check_configuration(text: &str) {
    if let Ok(schema) = StorageSchema::new(text) {
        assert_eq!(StorageSchema::new(schema.name()).as_ref(), Ok(&schema), "{text:?}");
    }
    match Config::from_toml(text) {
        Ok(config) => {
            let printed = to_toml(&config);
            let read = Config::from_toml(&printed);
            assert_eq!(read.as_ref(), Ok(&config), "{text:?} is printed as {printed}");
            assert!(config.policies().all(|policy| policy.validate().is_ok()), "{text:?}");
        }
        Err(error) => {
            let lines = text.matches('\n').count() + 1;
            assert!((1..=lines).contains(&error.line), "{text:?}: {error}");
        }
    }
}

/// Writes the words of the console, with each key that is set.
fn write_console(toml: &mut String, console: &ConsoleWords) {
    for (table, words) in &console.tables {
        toml.push_str(&format!(
            "[console.tables.{}]\nprefix = {}\n",
            quoted(&table.to_string()),
            quoted(&words.prefix)
        ));
        if let (Some(one), Some(several)) = (&words.singular, &words.plural) {
            toml.push_str(&format!("name = {}\n", list(&[one.clone(), several.clone()])));
        }
        if let Some(columns) = &words.label {
            toml.push_str(&format!("label = {}\n", list(columns)));
        }
        if let Some(link) = &words.link {
            toml.push_str(&format!("link = {}\n", quoted(&link.to_string())));
        }
    }
    toml.push_str("[console.actions]\n");
    for (action, words) in &console.actions {
        toml.push_str(&format!("{} = {}\n", quoted(action), quoted(words)));
    }
}

/// Writes every key of a configuration.
fn to_toml(config: &Config) -> String {
    let mut toml = String::new();
    if let Some(schema) = &config.storage_schema {
        toml.push_str(&format!("storage_schema = \"{schema}\"\n"));
    }
    let mut write_tables = |key, tables: &[TableName]| {
        let tables: Vec<String> = tables.iter().map(ToString::to_string).collect();
        toml.push_str(&format!("{key} = {}\n", list(&tables)));
    };
    write_tables("health.expected_uncovered_tables", &config.expected_uncovered_tables);
    write_tables("health.audit_anyway", &config.audit_anyway);
    write_tables("verify_coverage.expected_tables", &config.expected_tables);
    write_console(&mut toml, &config.console);
    // A table without a section has the policy of [capture].
    let mut unnamed = "t".to_owned();
    while config.policies().any(|policy| policy.table.name() == unnamed) {
        unnamed.push('t');
    }
    let defaults = config.policy(TableName::new("public", unnamed));
    toml += "[capture]\n";
    write_shared_keys(&mut toml, &defaults);
    for policy in config.policies() {
        toml.push_str(&format!("[capture.tables.{}]\n", quoted(&policy.table.to_string())));
        write_shared_keys(&mut toml, policy);
        let mut write_list = |key, columns: &[String]| toml.push_str(&format!("{key} = {}\n", list(columns)));
        write_list("exclude", &policy.exclude);
        write_list("mask", &policy.mask);
        write_list("except_columns", &policy.except_columns);
        if let Some(columns) = &policy.primary_key {
            write_list("primary_key", columns);
        }
    }
    toml
}

fn write_shared_keys(toml: &mut String, policy: &TablePolicy) {
    if let Some(mode) = policy.mode {
        toml.push_str(&format!("mode = \"{mode}\"\n"));
    }
    for (key, value) in [
        ("always", policy.always),
        ("store_changed_from", policy.store_changed_from),
        ("store_deleted_row", policy.store_deleted_row),
        ("store_unchanged", policy.store_unchanged),
        ("record_session", policy.record_session),
        ("mask_null", policy.mask_null),
    ] {
        toml.push_str(&format!("{key} = {value}\n"));
    }
    toml.push_str(&format!("truncate = \"{}\"\n", policy.truncate));
    toml.push_str(&format!("mask_placeholder = {}\n", quoted(&policy.mask_placeholder)));
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Writes a text for TOML.
fn quoted(text: &str) -> String {
    let escaped: String = text.chars().map(|character| format!("\\U{:08x}", u32::from(character))).collect();
    format!("\"{escaped}\"")
}
