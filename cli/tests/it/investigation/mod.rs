//! Tests of the commands that read the trail, on the data of one help desk.

mod actor;
mod as_of;
mod count;
mod empty_results;
mod filters;
mod guide;
mod history;
mod hostile;
mod incident;
mod key_changes;
mod keys;
mod mistyped;
mod paging;
mod records;
mod removals;
mod search;
mod value_search;
