#![doc = include_str!("../README.md")]

mod access;
mod assets;
mod builder;
mod csrf;
mod decision;
mod guard;
mod handlers;
mod hooks;
mod host;
mod labels;
mod limits;
mod monitor;
mod mount;
pub mod paths;
mod preferences;
mod respond;
mod router;
mod search;
mod state;

pub use access::{Access, AccessRequest};
#[doc(hidden)]
pub use builder::Missing;
pub use builder::{Console, ConsoleBuilder};
#[doc(hidden)]
pub use hooks::{ActorHook, AuthorizeHook};
pub use labels::LabelRequest;
pub use mount::redirect_trailing_slash;
pub use search::SearchRequest;
pub use threadline_app::{ConsoleAction, Label, Labels, RowRef, SearchHit};

/// Compiles the examples of the guide as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/mounting.md")]
struct MountingGuide;

/// Compiles the examples of the guide as doctests here, because they use axum, which is an optional feature of the library.
#[cfg(doctest)]
#[doc = include_str!("../../docs/recording.md")]
struct RecordingGuide;
