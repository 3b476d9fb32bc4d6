//! The handlers behind the route guard: one for all pages, one for all forms of pages, and those of the other endpoints.

mod coverage_status;
mod download;
mod newer_changes;
mod page;
mod preferences;
mod server_function;
mod suggestions;
mod value;

use threadline_app::PageError;

pub(crate) use coverage_status::coverage_status;
pub(crate) use download::download;
pub(crate) use newer_changes::newer_changes;
pub(crate) use page::{form, page};
pub(crate) use preferences::preferences;
pub(crate) use suggestions::suggestions;
pub(crate) use value::value;

pub(crate) async fn unknown_address() -> PageError {
    PageError::page_not_found()
}
