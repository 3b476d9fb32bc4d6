//! The keys of the filter as options, the same for every command.

use std::fmt::Debug;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use threadline::InvalidParameter;
use threadline::query::{FILTER_KEYS, Filter, FilterKey, Position, Selection, Timestamp, parse_human_time};

use super::{CommandForm, CursorArgs, row_key};

/// The note in the help of `--to`.
const TO_NOTE: &str =
    ". Changes have the time of their write: a transaction that is still open may add earlier changes";

/// The note in the help of an option that accepts several values.
const LIST_NOTE: &str =
    ". Several values have commas between them, or options of their own; -VALUE excludes a value";

/// The keys that a command requires. It takes these as arguments and the others as options.
pub(crate) trait RequiredKeys: Debug {
    const REQUIRED_KEYS: &'static [&'static str];
}

/// The command requires no key.
#[derive(Debug)]
pub(crate) struct NoRequiredKeys;

impl RequiredKeys for NoRequiredKeys {
    const REQUIRED_KEYS: &'static [&'static str] = &[];
}

/// The command requires the table and the key of a row.
#[derive(Debug)]
pub(crate) struct RequiredRow;

impl RequiredKeys for RequiredRow {
    const REQUIRED_KEYS: &'static [&'static str] = &["table", "key"];
}

/// The command requires a correlation id.
#[derive(Debug)]
pub(crate) struct RequiredCorrelation;

impl RequiredKeys for RequiredCorrelation {
    const REQUIRED_KEYS: &'static [&'static str] = &["correlation_id"];
}

/// A filter, and the key of its row as it was typed.
#[derive(Debug)]
pub(crate) struct TypedFilter {
    /// The filter, without a key if that was typed without its column.
    pub(crate) filter: Filter,
    pub(crate) key_text: Option<String>,
}

/// The keys of the filter that are present on the command line.
#[derive(Debug)]
pub(crate) struct FilterArgs<R> {
    present: Vec<(&'static str, String)>,
    required: PhantomData<R>,
}

impl<R: RequiredKeys> FilterArgs<R> {
    /// Parses the filter together with the position of the page. The key of a row may be its value alone, which the
    /// [result](TypedFilter) contains as it was typed.
    pub(crate) fn parse(&self, cursor: &CursorArgs) -> Result<(TypedFilter, Position), InvalidParameter> {
        for (key, value) in self.pairs().filter(|(key, _)| R::REQUIRED_KEYS.contains(key)) {
            reject_blank(key, value)?;
        }
        // A key on the command line is not form-encoded as in a URL, so it has a parser of its own.
        let (keys, others): (Vec<_>, Vec<_>) = self.pairs().partition(|(name, _)| *name == "key");
        let (mut filter, position) = Filter::from_pairs(others.into_iter().chain(cursor.pairs()))?;
        let mut key_text = None;
        if let Some((_, text)) = keys.first().filter(|(_, text)| !text.trim().is_empty()) {
            if filter.only_table().is_none() {
                return Err(InvalidParameter::new("key", text, expected("key")));
            }
            filter.key = row_key::parse_unless_bare(text)?;
            key_text = Some((*text).to_owned());
        }
        Ok((TypedFilter { filter, key_text }, position))
    }

    /// Returns the conditions that can be read, for suggestions about the others.
    pub(crate) fn readable(&self) -> Filter {
        let (keys, others): (Vec<_>, Vec<_>) = self.pairs().partition(|(name, _)| *name == "key");
        let key = keys.first().and_then(|(_, text)| row_key::parse(text).ok());
        Filter { key, ..Filter::from_readable_pairs(others) }
    }

    /// Returns the form of the command with this name.
    pub(crate) const fn form(command: &'static str) -> CommandForm {
        CommandForm { command, required: R::REQUIRED_KEYS, rest: Vec::new() }
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.present.iter().map(|(key, value)| (*key, value.as_str()))
    }
}

impl<R: RequiredKeys> Args for FilterArgs<R> {
    fn augment_args(command: Command) -> Command {
        FILTER_KEYS.iter().map(argument::<R>).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<R: RequiredKeys> FromArgMatches for FilterArgs<R> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |key: &FilterKey| {
            let values: Vec<&str> = matches.get_many::<String>(key.name)?.map(String::as_str).collect();
            let value = match values[..] {
                // An argument is one value, whatever it contains.
                [value] if key.is_list && R::REQUIRED_KEYS.contains(&key.name) => one_value(value),
                _ => values.join(","),
            };
            Some((key.name, utc_time(key.name, &value).unwrap_or(value)))
        };
        Ok(Self { present: FILTER_KEYS.iter().filter_map(value).collect(), required: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Returns the argument or option for a key of the filter.
fn argument<R: RequiredKeys>(key: &FilterKey) -> Arg {
    let argument = Arg::new(key.name).value_name(key.name.to_uppercase());
    if R::REQUIRED_KEYS.contains(&key.name) {
        return argument.required(true).help(capitalized(key.expected));
    }
    let note = match key.name {
        "to" => TO_NOTE,
        _ if key.is_list => LIST_NOTE,
        _ => "",
    };
    let help = format!("Only {}: {}{note}", key.meaning, key.expected);
    let option = argument.long(key.name.replace('_', "-")).help(help).help_heading("Filter");
    // A value to exclude begins with a hyphen.
    if key.is_list { option.action(ArgAction::Append).allow_hyphen_values(true) } else { option }
}

/// Writes a text as one value of a list.
pub(crate) fn one_value(text: &str) -> String {
    Selection::<String>::from(text.trim()).to_string()
}

fn capitalized(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// Rejects a blank value of a required argument. The filter itself treats blank values as absent.
pub(crate) fn reject_blank(key: &str, value: &str) -> Result<(), InvalidParameter> {
    if value.trim().is_empty() { Err(InvalidParameter::new(key, value, expected(key))) } else { Ok(()) }
}

/// Returns the values that are allowed for a key of the filter.
pub(super) fn expected(key: &str) -> &'static str {
    FILTER_KEYS.iter().find(|known| known.name == key).map_or("a value", |key| key.expected)
}

/// Returns the UTC time of a condition on the time that is written as people do.
fn utc_time(key: &str, value: &str) -> Option<String> {
    let time = if matches!(key, "from" | "to") { parse_human_time(value, &Utc::now()).ok() } else { None };
    time.map(|time| Timestamp(time).to_string())
}

/// Parses a time argument, which may be written as people do. Without a time zone it is in UTC.
pub(crate) fn parse_time(name: &str, value: &str) -> Result<DateTime<Utc>, InvalidParameter> {
    parse_human_time(value, &Utc::now()).map_err(|error| error.named(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the names of a command's options and arguments.
    fn argument_names<R: RequiredKeys>() -> Vec<String> {
        let command = FilterArgs::<R>::augment_args(Command::new("threadline"));
        command.clone().debug_assert();
        let name = |argument: &Arg| match argument.get_long() {
            Some(long) => format!("--{long}"),
            None => argument.get_id().to_string(),
        };
        command.get_arguments().map(name).collect()
    }

    #[test]
    fn every_filter_key_is_an_option() {
        let options = FILTER_KEYS.iter().map(|key| format!("--{}", key.name.replace('_', "-")));
        assert_eq!(argument_names::<NoRequiredKeys>(), options.collect::<Vec<_>>());
    }

    #[test]
    fn help_of_to_mentions_open_transactions() {
        let command = FilterArgs::<NoRequiredKeys>::augment_args(Command::new("threadline"));
        let notes = command.get_arguments().filter(|argument| {
            argument
                .get_help()
                .is_some_and(|help| help.to_string().contains("transaction that is still open"))
        });
        assert_eq!(notes.map(|argument| argument.get_id().as_str()).collect::<Vec<_>>(), ["to"]);
    }

    #[test]
    fn required_keys_are_arguments_instead_of_options() {
        fn arguments<R: RequiredKeys>() -> Vec<String> {
            argument_names::<R>()
                .into_iter()
                .filter(|name| !argument_names::<NoRequiredKeys>().contains(name))
                .collect()
        }
        assert_eq!(arguments::<RequiredRow>(), ["table", "key"]);
        assert_eq!(arguments::<RequiredCorrelation>(), ["correlation_id"]);
        assert_eq!(argument_names::<RequiredRow>().len(), FILTER_KEYS.len());
    }
}
