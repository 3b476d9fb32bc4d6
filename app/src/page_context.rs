//! The context of a page: the request and the mount.

use std::sync::Arc;

use leptos::prelude::{provide_context, use_context};
use threadline::ActorRef;

use crate::islands::Pill;
use crate::names::{Host, Labels, Names};
use crate::{ColumnOrder, ConsoleAction, Density, Route, Theme, VisiblePart, Zone};

/// The names of the embedded files, each with its content hash.
#[derive(Debug, Clone, Copy, Default)]
pub struct Assets {
    /// The stylesheet.
    pub style: &'static str,
    /// The icon.
    pub icon: &'static str,
    /// The script that loads the islands, unless the crate was built without the browser bundle.
    pub script: Option<&'static str>,
}

/// The context in which a page is rendered: the content of the document around it, and the base of its links.
#[derive(Debug, Clone, Default)]
pub struct PageContext {
    /// The path at which the host mounted the console, without a slash at its end.
    pub base: String,
    /// The host application: its name, its words, and links to it.
    pub host: Arc<Host>,
    /// The labels that the host gave to the actors and rows of this page.
    pub labels: Arc<Labels>,
    /// The order of the columns of the captured tables.
    pub columns: Arc<ColumnOrder>,
    /// The operator who reads.
    pub operator: Option<ActorRef>,
    /// The part of the trail that the operator may see.
    pub visible: VisiblePart,
    /// The colours.
    pub theme: Theme,
    /// The time zone.
    pub zone: Zone,
    /// The density of lists.
    pub density: Density,
    /// The path and query of the request, for forms and links that return to it.
    pub address: String,
    /// The id of the request, if it carries one, for support requests.
    pub request_id: Option<String>,
    /// The nonce of the response's Content-Security-Policy.
    pub nonce: String,
    /// The files to load.
    pub assets: Assets,
    /// The route of the page; `None` on a page about a refusal and at an unknown address.
    pub route: Option<&'static Route>,
    /// The actions of [`ConsoleAction::GLOBAL`] that the hook granted; of a refusal, all actions that it granted.
    pub granted: Vec<ConsoleAction>,
    /// True if the hook refused the request.
    pub is_refused: bool,
    /// The address where somebody signs in who then comes back here, if nobody is signed in.
    pub sign_in: Option<String>,
    /// The id of the list of changes on the page, if it has one.
    pub list: Option<&'static str>,
    /// The coverage pill in the header, for operators who may see coverage.
    pub coverage: Option<Pill>,
}

impl PageContext {
    /// Provides the context to the components below.
    pub(crate) fn provide(self) {
        provide_context(self);
    }

    /// Returns the context of the page that is being rendered.
    pub(crate) fn current() -> Self {
        use_context().unwrap_or_default()
    }

    /// Returns the names of the page's tables, records, actors and actions.
    pub(crate) fn names(&self) -> Names<'_> {
        Names::new(&self.host.words, &self.labels)
    }

    /// Returns a sentence about the part of the trail that the operator may see, if it is limited.
    pub(crate) fn visible_part(&self) -> Option<String> {
        self.visible.sentence(self.names())
    }

    /// Returns whether the page may link to pages behind this action.
    pub(crate) fn may(&self, action: ConsoleAction) -> bool {
        let is_assumed = !self.is_refused && !ConsoleAction::GLOBAL.contains(&action);
        is_assumed || self.granted.contains(&action)
    }

    /// Returns the address of a path below the mount.
    pub(crate) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}
