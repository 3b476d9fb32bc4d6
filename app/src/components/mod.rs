//! The parts that pages are made of.

mod change;
mod fields;
mod filter;
mod heading;
mod ids;
mod moment;
mod pager;

pub(crate) use change::ChangeCard;
pub(crate) use filter::FilterForm;
pub(crate) use heading::TransactionHeading;
pub(crate) use ids::Identifier;
pub(crate) use moment::{DateTime, Moment, day_label};
pub(crate) use pager::Pager;
