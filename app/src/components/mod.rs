//! The parts that pages are made of.

mod change;
mod command;
mod fields;
mod heading;
mod ids;
mod key;
mod lines;
mod moment;
mod pager;
mod tools;
mod transactions;
mod value;
mod words;

pub(crate) use change::ChangeCard;
pub(crate) use command::CommandLine;
pub(crate) use fields::{FieldTable, Sides};
pub(crate) use heading::TransactionHeading;
pub(crate) use ids::Identifier;
pub(crate) use key::key_link;
pub(crate) use moment::{DateTime, Moment, ShortMoment, ago, day_label};
pub(crate) use pager::Pager;
pub(crate) use tools::{Preferences, Tools};
pub(crate) use transactions::TransactionList;
pub(crate) use value::{Value, isolated};
pub(crate) use words::{counted, counted_to, grouped, needing_capture, sentence};
