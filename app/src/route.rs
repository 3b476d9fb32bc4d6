//! The type of a row in the table of routes.

use threadline::export::Format;

use crate::ConsoleAction;
use crate::page::{FormHandler, Page, PageForm, PageHandler};

/// The endpoint of an address. The router matches on it without a wildcard, so an endpoint without a handler does not compile.
#[derive(Debug, Clone, Copy)]
pub enum Endpoint {
    /// A page, and the form that is posted to the same address if there is one.
    Page(PageHandler, Option<FormHandler>),
    /// Changes as a file.
    Download(Format),
    /// One whole value of a change.
    Value,
    /// The server function that counts newer changes, for the live part of the timeline.
    NewerChanges,
    /// The server function that reads the coverage status, for the pill in the header.
    CoverageStatus,
    /// The server function that suggests what a text in the search field names.
    Suggestions,
    /// The forms that set the preferences of an operator.
    Preferences,
}

/// One address of the console.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Route {
    /// The path below the mount, in axum's notation.
    pub path: &'static str,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The action that the hook has to allow.
    pub action: ConsoleAction,
    /// The name of the page in the navigation, if it has an entry there.
    pub navigation: Option<&'static str>,
    /// True if the page is about the coverage check, and should wait for one that is running.
    pub needs_coverage: bool,
}

impl Route {
    pub(crate) const fn new(path: &'static str, endpoint: Endpoint, action: ConsoleAction) -> Self {
        Self { path, endpoint, action, navigation: None, needs_coverage: false }
    }

    pub(crate) const fn page<P: Page>(path: &'static str, action: ConsoleAction) -> Self {
        Self::new(path, Endpoint::Page(PageHandler::new::<P>(), None), action)
    }

    /// Adds the form that the page posts to its own address.
    pub(crate) const fn form<F: PageForm>(mut self) -> Self {
        if let Endpoint::Page(_, form) = &mut self.endpoint {
            *form = Some(FormHandler::new::<F>());
        }
        self
    }

    pub(crate) const fn navigation(self, label: &'static str) -> Self {
        Self { navigation: Some(label), ..self }
    }

    pub(crate) const fn needs_coverage(self) -> Self {
        Self { needs_coverage: true, ..self }
    }

    /// Returns whether the endpoint is a server function, which only scripts of the console call.
    #[must_use]
    pub const fn is_server_function(&self) -> bool {
        matches!(self.endpoint, Endpoint::NewerChanges | Endpoint::CoverageStatus | Endpoint::Suggestions)
    }

    /// Returns whether the endpoint is a page with the header above it.
    #[must_use]
    pub const fn is_page(&self) -> bool {
        matches!(self.endpoint, Endpoint::Page(..))
    }
}
