//! The islands: the parts of a page that are hydrated in the browser.
//!
//! There are three: the tools of every page, which listen at the window for the whole page, the coverage pill in the header,
//! and the live part of the timeline. Nothing that a list repeats is an island.

#[expect(missing_docs, reason = "leptos makes a public struct of an island's properties")]
mod live;
mod newer_changes;
mod page_tools;
#[expect(missing_docs, reason = "leptos makes a public struct of an island's properties")]
mod pill;
mod shortcuts;
#[cfg(feature = "hydrate")]
mod suggest;
mod suggestions;

#[cfg(feature = "hydrate")]
mod ages;
#[cfg(feature = "hydrate")]
mod announce;
#[cfg(feature = "hydrate")]
mod change_link;
#[cfg(feature = "hydrate")]
mod copy;
#[cfg(feature = "hydrate")]
mod coverage_refresh;
#[cfg(feature = "hydrate")]
mod dom;
#[cfg(feature = "hydrate")]
mod entries;
#[cfg(feature = "hydrate")]
mod fetch;
#[cfg(feature = "hydrate")]
mod infinite_scroll;
#[cfg(feature = "hydrate")]
mod keyboard;
#[cfg(feature = "hydrate")]
mod local_times;
#[cfg(feature = "hydrate")]
mod narrow;
#[cfg(feature = "hydrate")]
mod panel_text;
#[cfg(feature = "hydrate")]
mod poll;
#[cfg(feature = "hydrate")]
mod recent;
#[cfg(feature = "hydrate")]
mod scroll_position;
#[cfg(feature = "hydrate")]
mod themes;
#[cfg(feature = "hydrate")]
mod zone;

pub use live::*;
pub use newer_changes::*;
pub use page_tools::*;
pub use pill::*;
#[cfg(feature = "ssr")]
pub(crate) use shortcuts::SHORTCUTS;
pub use suggestions::*;

/// Sets the base address of server functions from the document, which contains the path of the mount.
#[cfg(feature = "hydrate")]
pub fn find_mount() {
    if let Some(base) = dom::root().and_then(|root| root.get_attribute("data-base")) {
        // It is set once, for the lifetime of the page.
        let _ = leptos::server_fn::client::try_set_server_url(base.leak());
    }
}
