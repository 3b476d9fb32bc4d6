//! `threadline gen triggers`: a migration, at once, or only said.

mod configured;
mod forms;
mod locks;
mod migrated;
mod project;
mod refused;
#[path = "../support/mod.rs"]
mod support;
