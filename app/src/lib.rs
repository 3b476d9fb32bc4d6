#![doc = include_str!("../README.md")]
#![cfg_attr(
    feature = "ssr",
    expect(clippy::needless_pass_by_value, reason = "a component owns its properties")
)]

pub mod islands;

#[cfg(feature = "ssr")]
mod action;
#[cfg(feature = "ssr")]
mod column_order;
#[cfg(feature = "ssr")]
#[expect(unreachable_pub, reason = "leptos makes a component's properties public")]
mod components;
#[cfg(feature = "ssr")]
mod coverage;
#[cfg(feature = "ssr")]
mod density;
#[cfg(feature = "ssr")]
mod diff;
#[cfg(feature = "ssr")]
mod html;
#[cfg(feature = "ssr")]
mod links;
#[cfg(feature = "ssr")]
mod names;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod page_context;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
pub mod paths;
#[cfg(feature = "ssr")]
mod query_string;
#[cfg(feature = "ssr")]
mod relative_range;
#[cfg(feature = "ssr")]
mod render;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod route;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod table_cache;
#[cfg(feature = "ssr")]
mod theme;
#[cfg(feature = "ssr")]
mod visible_part;
#[cfg(feature = "ssr")]
mod zone;

#[cfg(feature = "ssr")]
pub use self::{
    action::ConsoleAction,
    column_order::ColumnOrder,
    coverage::{CheckFailure, Coverage, CoverageSource, LastCheck},
    density::Density,
    names::{Host, HostLink, HostSearch, HostWords, Label, Labels, Mentions, RowRef, SearchHit},
    page::{FormHandler, LoadedPage, Page, PageForm, PageHandler},
    page_context::{Assets, PageContext},
    pages::{PageError, Problem, ROUTES, Suggestions, TimelinePage, TimelineQuery, explain_database_error},
    request::{PageServices, QueryFailure, RequestContext},
    route::{Endpoint, Route},
    theme::Theme,
    visible_part::VisiblePart,
    zone::Zone,
};
