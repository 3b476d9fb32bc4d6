//! The host application, as the console names it and links to it.

use threadline::LinkTemplate;

use super::HostWords;
use crate::diff::accessible_line;

/// The host application, as the console names it and links to it.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// Its name, which is shown beside ours.
    pub name: Option<String>,
    /// The link to its home page.
    pub home: Option<HostLink>,
    /// The page where somebody signs in. `{return_to}` stands for the address to come back to.
    pub sign_in: Option<LinkTemplate>,
    /// What somebody can do whom the authorization hook refuses.
    pub refusal_note: Option<String>,
    /// The words for its tables and actions.
    pub words: HostWords,
}

/// A link to a page of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostLink {
    /// The text.
    pub label: String,
    /// The address.
    pub href: String,
}

impl Host {
    /// Returns the name of the host in a sentence.
    pub(crate) fn name_in_sentence(&self) -> &str {
        let home = self.home.as_ref().map(|home| &home.label);
        home.or(self.name.as_ref()).map_or("the application", String::as_str)
    }

    /// Returns the name at the end of the titles of documents: that of the host, or ours.
    pub(crate) fn title(&self) -> String {
        let home = self.home.as_ref().map(|home| &home.label);
        home.or(self.name.as_ref()).map_or_else(|| "Threadline".to_owned(), |name| accessible_line(name))
    }

    /// Returns the address where somebody signs in who then comes back to this one.
    #[must_use]
    pub fn sign_in_href(&self, return_to: &str) -> Option<String> {
        self.sign_in.as_ref()?.fill(|_| Some(return_to))
    }
}
