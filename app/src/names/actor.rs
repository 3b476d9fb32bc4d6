//! The name of an actor.

use threadline::ActorRef;

use super::Label;

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
