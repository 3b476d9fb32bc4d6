//! The components of pages.

mod change_line;
mod command;
mod fields;
mod heading;
mod host;
mod ids;
mod key;
mod line_list;
mod lines;
mod pager;
mod plural;
mod shortened;
mod suggestions;
mod table_options;
mod time;
mod tools;
mod unsearched;
mod value;

pub(crate) use change_line::{LineOptions, change_line};
pub(crate) use command::CommandLine;
pub(crate) use fields::{FieldTable, Sides};
pub(crate) use heading::{TransactionHeading, signed};
pub(crate) use host::open_in_host;
pub(crate) use ids::Identifier;
pub(crate) use key::{key_in_words, key_link};
pub(crate) use line_list::line_list;
pub(crate) use pager::{Pager, search_stopped};
pub(crate) use plural::{counted, counted_to, counted_up_to, grouped, needing_capture, sentence};
pub(crate) use shortened::WholeValue;
pub(crate) use suggestions::{NearValue, did_you_mean, sentence_parts};
pub(crate) use table_options::table_options;
pub(crate) use time::{ShortTimestamp, TIME_EXAMPLE, Time, Timestamp, ago, local, time_in_words};
pub(crate) use tools::{Preferences, Tools};
pub(crate) use unsearched::unsearched_columns;
pub(crate) use value::{Value, isolated, one_line, text};
