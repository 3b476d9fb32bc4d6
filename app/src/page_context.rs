//! What every page is told about the request and the mount.

use leptos::prelude::{provide_context, use_context};
use threadline::ActorRef;

use crate::islands::Pill;
use crate::{ConsoleAction, RoutePage};

/// The names of the embedded files, each with its content hash.
#[derive(Debug, Clone, Copy, Default)]
pub struct Assets {
    /// The stylesheet.
    pub style: &'static str,
    /// The icon.
    pub icon: &'static str,
    /// The script that loads the islands; none when the crate was built without the browser bundle.
    pub script: Option<&'static str>,
}

/// Which colours the operator wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the operating system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in the form, the cookie and the document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == word)
    }
}

/// The surroundings of a page.
#[derive(Debug, Clone, Default)]
pub struct PageContext {
    /// The path at which the host mounted the console, without a slash at its end.
    pub base: String,
    /// The host application's name, shown beside ours.
    pub host_name: Option<String>,
    /// Who reads.
    pub operator: Option<ActorRef>,
    /// Whether a scope hides a part of the trail.
    pub scoped: bool,
    /// The colours.
    pub theme: Theme,
    /// The path and query of this page, for forms that come back to it.
    pub address: String,
    /// The id of the request, if it carries one, for whoever is told about a problem.
    pub request_id: Option<String>,
    /// The nonce of this response's Content-Security-Policy.
    pub nonce: String,
    /// The files to load.
    pub assets: Assets,
    /// The page, for the navigation; none on a page about a problem.
    pub page: Option<RoutePage>,
    /// What the operator may do besides, of [`ConsoleAction::APART`].
    pub granted: Vec<ConsoleAction>,
    /// What is known of coverage; for those who may know.
    pub coverage: Option<Pill>,
}

impl PageContext {
    /// Makes the context known to the components below.
    pub(crate) fn provide(self) {
        provide_context(self);
    }

    /// The context of the page that is being drawn.
    pub(crate) fn current() -> Self {
        use_context().unwrap_or_default()
    }

    /// Whether the operator may open what is behind this action, of a page that links to it.
    pub(crate) fn may(&self, action: ConsoleAction) -> bool {
        !ConsoleAction::APART.contains(&action) || self.granted.contains(&action)
    }

    /// The address of a path below the mount.
    pub(crate) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}
