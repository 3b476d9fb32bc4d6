//! Turns TOML into a configuration.

use toml::de::DeTable;

use super::keys::{KEYS, Key};
use super::source::{Entry, Source, entries};
use super::{Config, ConfigError, ConfigProblem};
use super::{console, table_lists};
use crate::capture::TablePolicy;
use crate::{StorageSchema, TableName};

/// Reads the text of a `threadline.toml`.
pub(super) fn config(text: &str) -> Result<Config, ConfigError> {
    let source = Source(text);
    let root = DeTable::parse(text).map_err(|error| source.syntax(&error))?;
    let mut config = Config::default();
    for entry in entries(root.get_ref()) {
        match entry.key {
            "storage_schema" => {
                let expected = "a name such as \"threadline\"";
                let name =
                    entry.value.as_str().ok_or_else(|| source.value(&entry, "threadline.toml", expected))?;
                let schema = StorageSchema::new(name).map_err(|error| source.at(&entry.value_span, error))?;
                config.storage_schema = Some(schema);
            }
            "capture" => capture(&source, &entry, &mut config)?,
            "console" => config.console = console::read(&source, &entry)?,
            section if table_lists::sections().any(|name| name == section) => {
                table_lists::read(&source, &entry, &mut config)?;
            }
            _ => {
                let own = ["storage_schema", "capture", "console"];
                let known: Vec<&str> = own.into_iter().chain(table_lists::sections()).collect();
                return Err(source.unknown(&entry, "threadline.toml", &known));
            }
        }
    }
    Ok(config)
}

fn capture(source: &Source<'_>, section: &Entry<'_>, config: &mut Config) -> Result<(), ConfigError> {
    let expected = "a section [capture]";
    let table = section.value.as_table().ok_or_else(|| source.value(section, "threadline.toml", expected))?;
    let (tables, defaults): (Vec<_>, Vec<_>) =
        entries(table).into_iter().partition(|entry| entry.key == "tables");
    for entry in &defaults {
        let name = "[capture]";
        let Some(key) = key(entry.key) else {
            let known: Vec<&str> = shared_keys().chain(["tables"]).collect();
            return Err(source.unknown(entry, name, &known));
        };
        if key.names_columns {
            let hint = format!(
                "it names columns, so it belongs to a table, as in [capture.tables.users] {}",
                key.name
            );
            return Err(source.unknown_with(entry, name, hint));
        }
        let applied = (key.apply)(&mut config.defaults, entry.value);
        if applied.is_none() || config.defaults.validate().is_err() {
            return Err(source.value(entry, name, key.expected));
        }
    }
    tables.iter().try_for_each(|entry| self::tables(source, entry, config))
}

fn tables(source: &Source<'_>, section: &Entry<'_>, config: &mut Config) -> Result<(), ConfigError> {
    for_each_table(source, section, "capture", |name, entry| {
        let policy = policy(source, entry, config.policy(name.clone()))?;
        config.tables.insert(name, policy);
        Ok(())
    })
}

/// Reads the sections of a section `tables`, in their order. Two of them may not name the same table.
pub(super) fn for_each_table(
    source: &Source<'_>,
    section: &Entry<'_>,
    parent: &'static str,
    mut read: impl FnMut(TableName, &Entry<'_>) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    let expected = format!("sections such as [{parent}.tables.users]");
    let table = section.value.as_table();
    let table = table.ok_or_else(|| source.value(section, &format!("[{parent}]"), &expected))?;
    let mut seen: Vec<(&str, TableName)> = Vec::new();
    for entry in entries(table) {
        let name: TableName = entry.key.trim().parse().map_err(|_| {
            let key = entry.key.to_owned();
            source.at(&entry.key_span, ConfigProblem::TableName { key, section: parent })
        })?;
        if let Some((earlier, _)) = seen.iter().find(|(_, table)| *table == name) {
            let (earlier, later) = ((*earlier).to_owned(), entry.key.to_owned());
            let problem = ConfigProblem::SameTable { earlier, later, table: name };
            return Err(source.at(&entry.key_span, problem));
        }
        read(name.clone(), &entry)?;
        seen.push((entry.key, name));
    }
    Ok(())
}

/// Applies the keys one by one, so that an error names the line that causes it.
fn policy(
    source: &Source<'_>,
    section: &Entry<'_>,
    defaults: TablePolicy,
) -> Result<TablePolicy, ConfigError> {
    let mut policy = defaults;
    let name = format!("table {}", policy.table);
    let Some(table) = section.value.as_table() else {
        return Err(source.value(
            section,
            "[capture.tables]",
            "a section with its keys, such as mask = [\"email\"]",
        ));
    };
    for entry in entries(table) {
        let Some(key) = key(entry.key) else {
            if entry.value.is_table() {
                let hint = "quote a name with a dot, as in [capture.tables.\"billing.invoices\"]";
                return Err(source.unknown_with(&entry, &name, hint.to_owned()));
            }
            let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
            return Err(source.unknown(&entry, &name, &known));
        };
        (key.apply)(&mut policy, entry.value).ok_or_else(|| source.value(&entry, &name, key.expected))?;
        policy.validate().map_err(|error| source.at(&entry.key_span, error))?;
    }
    Ok(policy)
}

fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

fn shared_keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(|key| !key.names_columns).map(|key| key.name)
}
