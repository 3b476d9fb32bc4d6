//! The name of an actor.

use threadline::query::ActorFilter;
use threadline::{ActorKind, ActorRef};

use super::{Label, Names};

/// The name of an actor: the label of the host, or its reference such as `user:42`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActorName {
    pub(crate) text: String,
    /// The label, or the id alone, for a line that shows the kind otherwise.
    pub(crate) short: String,
    /// What else the host knows, and the reference, where a label replaces it: for a title.
    pub(crate) title: Option<String>,
    /// The page of the actor in the host.
    pub(crate) href: Option<String>,
}

/// Returns the name of all actors of a kind.
pub(crate) const fn plural(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::User => "Users",
        ActorKind::Admin => "Admins",
        ActorKind::ServiceAccount => "Service accounts",
        ActorKind::Job => "Jobs",
        ActorKind::System => "System actors",
        _ => "Anonymous",
    }
}

impl Names<'_> {
    /// Returns the name of an actor in a filter, or of all actors of its kind: `Maria Santos`, `jobs`. The host is not asked about an
    /// actor for the sake of a filter, which may name anybody, so only those have a label whose changes the page shows.
    pub(crate) fn filtered_actor(self, actor: &ActorFilter) -> String {
        match &actor.id {
            None => plural(actor.kind).to_lowercase(),
            Some(_) => referenced(actor).map_or_else(|| actor.to_string(), |actor| self.actor(&actor).text),
        }
    }
}

/// Returns the actor that a filter names, if it names one. An id with invisible characters has no label.
fn referenced(actor: &ActorFilter) -> Option<ActorRef> {
    ActorRef::new(actor.kind, actor.id.as_deref()?).ok()
}

impl ActorName {
    /// Returns the name of an actor whom the host did not name.
    pub(crate) fn unlabelled(reference: String) -> Self {
        Self { short: reference.clone(), text: reference, title: None, href: None }
    }

    pub(super) fn new(actor: &ActorRef, label: Option<&Label>) -> Self {
        let reference = actor.to_string();
        match label {
            None => {
                let short = actor.id().unwrap_or_else(|| actor.kind().as_str()).to_owned();
                Self { short, ..Self::unlabelled(reference) }
            }
            Some(Label { text, detail, href }) => {
                let title = detail.iter().chain([&reference]).cloned().collect::<Vec<_>>().join(" · ");
                Self { text: text.clone(), short: text.clone(), title: Some(title), href: href.clone() }
            }
        }
    }
}
