//! Every question of an investigation, asked of the same help desk.

mod actor;
mod count;
mod desk;
mod filters;
mod guide;
mod history;
mod hostile;
mod incident;
mod key_changes;
mod keys;
mod moment;
mod paging;
mod reasons;
mod records;
mod removals;
#[path = "../support/mod.rs"]
mod support;
