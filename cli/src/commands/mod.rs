//! The commands: one module for each, with its arguments and a function `run`.

pub(crate) mod actor;
pub(crate) mod actors;
pub(crate) mod as_of;
pub(crate) mod compare;
pub(crate) mod count;
mod empty_result;
pub(crate) mod gen_triggers;
pub(crate) mod gen_value_index;
pub(crate) mod health_coverage;
pub(crate) mod history;
pub(crate) mod incident;
pub(crate) mod install;
mod missed_changes;
pub(crate) mod policy_show;
pub(crate) mod search;
pub(crate) mod timeline;
pub(crate) mod transaction;
mod unsearched;
pub(crate) mod verify_coverage;
