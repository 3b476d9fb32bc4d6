#![doc = include_str!("../README.md")]
#![cfg_attr(
    feature = "ssr",
    expect(clippy::needless_pass_by_value, reason = "a component owns its properties")
)]

pub mod islands;

#[cfg(feature = "ssr")]
#[expect(unreachable_pub, reason = "leptos makes a component's properties public")]
mod components;
#[cfg(feature = "ssr")]
mod coverage;
#[cfg(feature = "ssr")]
mod diff;
#[cfg(feature = "ssr")]
mod html;
#[cfg(feature = "ssr")]
mod links;
#[cfg(feature = "ssr")]
mod page_context;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
mod render;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(feature = "ssr")]
pub use coverage::{CheckFailure, Coverage, LastCheck};
#[cfg(feature = "ssr")]
pub use page_context::{Assets, PageContext, Theme};
#[cfg(feature = "ssr")]
pub use render::render;
#[cfg(feature = "ssr")]
pub use routes::{ConsoleAction, ROUTES, Route, RoutePage};
