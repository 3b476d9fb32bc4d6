//! The page that says why a request is not answered, and what to do.

mod database;
mod error;
mod narrower_window;
mod view;

use http::StatusCode;

pub use self::database::explain_database_error;
pub use error::PageError;

use crate::PageContext;
use crate::render::render;

/// A problem: what happened, and where to go from here.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Problem {
    /// The status of the response.
    pub status: StatusCode,
    /// The title, in a few words.
    pub title: &'static str,
    /// A sentence that says what happened.
    pub explanation: String,
    /// A sentence or two that say what to do.
    pub advice: Option<&'static str>,
    /// The command that the administrator of the application can run.
    pub command: Option<&'static str>,
    /// Links to the same page within a smaller time window.
    pub offer_narrower_window: bool,
    /// Links to the same address again.
    pub offer_retry: bool,
    /// Links to other pages: the text, and the path below the mount.
    pub links: Vec<(&'static str, &'static str)>,
    /// Links to the overview, because it can be expected to work.
    pub offer_home_link: bool,
    /// Links to the page where the operator signs in, if the host has set one.
    pub offer_sign_in: bool,
    /// Adds the note of the host for those whom it refuses.
    pub mention_refusal_note: bool,
    /// Mentions that a scope limits the view, because hidden records look the same as missing ones.
    pub mention_scope: bool,
    /// A note for the developer of the application, in debug builds.
    pub developer_note: Option<&'static str>,
}

impl Problem {
    const fn new(status: StatusCode, title: &'static str) -> Self {
        Self {
            status,
            title,
            explanation: String::new(),
            advice: None,
            command: None,
            offer_narrower_window: false,
            offer_retry: false,
            links: Vec::new(),
            offer_home_link: false,
            offer_sign_in: false,
            mention_refusal_note: false,
            mention_scope: false,
            developer_note: None,
        }
    }

    /// Renders the page about the problem.
    #[must_use]
    pub fn render(self, context: PageContext) -> String {
        render(context.clone(), self.title.to_owned(), || view::view(self, context))
    }
}
