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
mod tables;
mod theme;

pub use access::{Access, AccessRequest};
pub use builder::{Console, ConsoleBuilder, Missing};
pub use hooks::{ActorHook, AuthorizeHook};
pub use mount::redirect_trailing_slash;
pub use threadline_app::ConsoleAction;

/// The snippets of the guides are tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/mounting.md")]
struct MountingGuide;

/// Tested here, because the library itself knows no axum.
#[cfg(doctest)]
#[doc = include_str!("../../docs/recording.md")]
struct RecordingGuide;
