//! What is asked for: the keys of the filter as options, the same for every command.

use std::fmt::Debug;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use threadline::InvalidParameter;
use threadline::query::{FILTER_KEYS, Filter, FilterKey, Position, Timestamp};

use crate::key;
use crate::timeline::Place;

/// What `--to` cannot promise.
const TO_NOTE: &str =
    ". Times are those of the write: a transaction that is still open may add earlier changes";

/// Which keys a command needs. It takes these as arguments and the others as options.
pub(crate) trait Keys: Debug {
    const ARGUMENTS: &'static [&'static str];
}

/// Nothing in particular.
#[derive(Debug)]
pub(crate) struct Anything;

impl Keys for Anything {
    const ARGUMENTS: &'static [&'static str] = &[];
}

/// One row.
#[derive(Debug)]
pub(crate) struct OneRow;

impl Keys for OneRow {
    const ARGUMENTS: &'static [&'static str] = &["table", "key"];
}

/// What belongs together.
#[derive(Debug)]
pub(crate) struct OneCorrelation;

impl Keys for OneCorrelation {
    const ARGUMENTS: &'static [&'static str] = &["correlation_id"];
}

/// Every key of the filter, as far as it was given.
#[derive(Debug)]
pub(crate) struct Filters<K> {
    given: Vec<(&'static str, String)>,
    needed: PhantomData<K>,
}

impl<K: Keys> Filters<K> {
    pub(crate) fn read(&self, place: &Place) -> Result<(Filter, Position), InvalidParameter> {
        for (key, value) in self.pairs().filter(|(key, _)| K::ARGUMENTS.contains(key)) {
            refuse_blank(key, value)?;
        }
        // A key is read as it stands on the command line, not as in an address.
        let (keys, others): (Vec<_>, Vec<_>) = self.pairs().partition(|(name, _)| *name == "key");
        let (mut filter, position) = Filter::from_pairs(others.into_iter().chain(place.pairs()))?;
        if let Some((_, text)) = keys.first().filter(|(_, text)| !text.trim().is_empty()) {
            if filter.table.is_none() {
                return Err(InvalidParameter::new("key", text, expected("key")));
            }
            filter.key = Some(key::read(text)?);
        }
        Ok((filter, position))
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given.iter().map(|(key, value)| (*key, value.as_str()))
    }
}

impl<K: Keys> Args for Filters<K> {
    fn augment_args(command: Command) -> Command {
        FILTER_KEYS.iter().map(argument::<K>).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<K: Keys> FromArgMatches for Filters<K> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |key: &FilterKey| Some((key.name, matches.get_one::<String>(key.name)?.clone()));
        Ok(Self { given: FILTER_KEYS.iter().filter_map(given).collect(), needed: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument<K: Keys>(key: &FilterKey) -> Arg {
    let argument = Arg::new(key.name).value_name(key.name.to_uppercase());
    if K::ARGUMENTS.contains(&key.name) {
        return argument.required(true).help(sentence(key.expected));
    }
    let note = if key.name == "to" { TO_NOTE } else { "" };
    let help = format!("Only {}: {}{note}", key.meaning, key.expected);
    argument.long(key.name.replace('_', "-")).help(help).help_heading("Which changes")
}

fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// A filter takes a blank value for an absent one; what a command needs cannot be absent.
pub(crate) fn refuse_blank(key: &str, value: &str) -> Result<(), InvalidParameter> {
    if value.trim().is_empty() { Err(InvalidParameter::new(key, value, expected(key))) } else { Ok(()) }
}

/// What may stand in a key of the filter.
pub(crate) fn expected(key: &str) -> &'static str {
    FILTER_KEYS.iter().find(|known| known.name == key).map_or("a value", |key| key.expected)
}

/// A time as the filter reads it, under a name of its own.
pub(crate) fn time(name: &str, value: &str) -> Result<DateTime<Utc>, InvalidParameter> {
    let timestamp: Timestamp = value.trim().parse().map_err(|error: InvalidParameter| error.named(name))?;
    Ok(timestamp.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of a command's options and arguments.
    fn taken<K: Keys>() -> Vec<String> {
        let command = Filters::<K>::augment_args(Command::new("threadline"));
        command.clone().debug_assert();
        let name = |argument: &Arg| match argument.get_long() {
            Some(long) => format!("--{long}"),
            None => argument.get_id().to_string(),
        };
        command.get_arguments().map(name).collect()
    }

    #[test]
    fn every_key_of_the_filter_is_an_option() {
        let options = FILTER_KEYS.iter().map(|key| format!("--{}", key.name.replace('_', "-")));
        assert_eq!(taken::<Anything>(), options.collect::<Vec<_>>());
    }

    #[test]
    fn help_of_to_says_that_late_commits_may_follow() {
        let command = Filters::<Anything>::augment_args(Command::new("threadline"));
        let notes = command.get_arguments().filter(|argument| {
            argument
                .get_help()
                .is_some_and(|help| help.to_string().contains("transaction that is still open"))
        });
        assert_eq!(notes.map(|argument| argument.get_id().as_str()).collect::<Vec<_>>(), ["to"]);
    }

    #[test]
    fn what_a_command_needs_is_an_argument_instead() {
        fn differ<K: Keys>() -> Vec<String> {
            taken::<K>().into_iter().filter(|name| !taken::<Anything>().contains(name)).collect()
        }
        assert_eq!(differ::<OneRow>(), ["table", "key"]);
        assert_eq!(differ::<OneCorrelation>(), ["correlation_id"]);
        assert_eq!(taken::<OneRow>().len(), FILTER_KEYS.len());
    }
}
