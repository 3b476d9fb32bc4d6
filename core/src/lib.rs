#![doc = include_str!("../README.md")]
//!
//! # Overview
//!
//! | To | Use |
//! |---|---|
//! | install the trail, and set its schema, pools and timeouts | [`AuditTrail`] |
//! | create database roles for writing, reading and maintaining it | [`AuditTrail::create_roles`] |
//! | capture tables, per statement or per row, with redaction | [`AuditTrail::capture`], [`capture::TablePolicy`], [`Config`] |
//! | name the actor and the request of a write | [`ActorRef`], [`AuditContext`] |
//! | write with an actor and an action | [`AuditTrail::write`], [`AuditedWrite`], [`Action`] |
//! | read the trail | [`AuditTrail::snapshot`], [`query::Snapshot`], [`query::Filter`] |
//! | limit what a reader may see | [`Scope`], [`Predicate`] |
//! | write changes to a file as CSV or JSON | [`export::ExportWriter`] |
//! | check that every table is captured | [`AuditTrail::coverage`], [`health`] |
//! | observe the library with `tracing` and `metrics` | [`event`] |

mod action;
mod actor;
pub mod capture;
mod config;
mod context;
mod database_error;
pub mod event;
pub mod export;
#[cfg(feature = "axum")]
mod extract;
pub mod health;
mod install;
mod installation;
mod invalid_parameter;
mod invisible;
#[cfg(feature = "tower")]
mod layer;
mod link;
mod lock;
mod migrate;
mod pool;
pub mod query;
mod roles;
mod schema;
mod scope;
mod table;
mod trail;
mod transaction;

pub use action::{Action, ActionError, ActionStatus};
pub use actor::{ActorError, ActorKind, ActorRef};
pub use capture::CaptureError;
pub use config::{Config, ConfigError, ConfigProblem, ConsoleWords, TableWords};
pub use context::{AuditContext, ContextError};
pub use database_error::describe_database_error;
#[cfg(feature = "axum")]
pub use extract::MissingAuditContext;
pub use install::InstallError;
pub use installation::Installation;
pub use invalid_parameter::InvalidParameter;
#[cfg(feature = "tower")]
pub use layer::{AuditContextLayer, AuditContextService, ContextOverrides};
pub use link::LinkTemplate;
pub use lock::BlockingSession;
pub use roles::{RoleError, RoleGrant, RoleNames, RolePrefixError, TrailRole};
pub use schema::{StorageSchema, StorageSchemaError};
pub use scope::{Predicate, Scope};
pub use table::TableName;
pub use trail::AuditTrail;
pub use transaction::{Audited, AuditedTransaction, AuditedWrite, TransactionError};

/// Compiles the examples of the guides as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/capturing.md")]
struct CapturingGuide;

#[cfg(doctest)]
#[doc = include_str!("../../docs/investigating.md")]
struct InvestigatingGuide;

#[cfg(doctest)]
#[doc = include_str!("../../docs/health.md")]
struct HealthGuide;
