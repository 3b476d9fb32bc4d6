#![doc = include_str!("../README.md")]

mod access;
mod assets;
mod builder;
mod csrf;
mod decision;
mod guard;
mod handlers;
mod hooks;
mod monitor;
mod mount;
mod respond;
mod router;
mod state;
mod theme;

pub use access::{Access, AccessRequest};
#[doc(hidden)]
pub use builder::Missing;
pub use builder::{Console, ConsoleBuilder};
#[doc(hidden)]
pub use hooks::{ActorHook, AuthorizeHook};
pub use mount::redirect_trailing_slash;
pub use threadline_app::ConsoleAction;

/// The examples of the guides are tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/mounting.md")]
struct MountingGuide;

/// Its examples use axum, which the library has only as an optional feature.
#[cfg(doctest)]
#[doc = include_str!("../../docs/recording.md")]
struct RecordingGuide;
