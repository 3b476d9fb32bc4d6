#![doc = include_str!("../README.md")]

mod action;
mod actor;
pub mod capture;
mod config;
mod context;
mod install;
pub mod query;
mod schema;
mod scope;
mod table;
mod trail;
mod transaction;

pub use action::Action;
pub use actor::{ActorError, ActorKind, ActorRef};
pub use capture::CaptureError;
pub use config::{Config, ConfigError, ConfigProblem};
pub use context::AuditContext;
pub use install::InstallError;
pub use schema::{StorageSchema, StorageSchemaError};
pub use scope::Scope;
pub use table::TableName;
pub use trail::AuditTrail;
pub use transaction::{AuditedTransaction, TransactionError};

/// The snippets of the guide are tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/capturing.md")]
struct CapturingGuide;
