//! Asks the host for the labels of the actors and rows that a page names.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use threadline::ActorRef;
use threadline_app::{Labels, Mentions, RowRef};

use crate::decision::optional_answer;
use crate::state::ConsoleState;

/// The time that the hook has. A page waits for it, although it is complete without labels.
const LABELS_TIMEOUT: Duration = Duration::from_millis(150);

/// The request that the labels hook answers: the actors and rows of one page, each once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LabelRequest {
    /// The request without its body. Its extensions contain the values that the host's own layers have added, such as a
    /// session.
    pub parts: Parts,
    /// The actors that the page names, the operator among them.
    pub actors: Vec<ActorRef>,
    /// The rows that the page names.
    pub rows: Vec<RowRef>,
}

/// The hook of a console, for its pages.
#[derive(Debug, Clone)]
pub(crate) struct LabelSource(pub(crate) Arc<ConsoleState>);

impl LabelSource {
    /// Returns the labels of the host. If its hook fails, panics or takes too long, there are none.
    pub(crate) async fn labels(&self, parts: Parts, mentions: Mentions) -> Labels {
        let Some(hook) = self.0.settings.labels.clone().filter(|_| !mentions.is_empty()) else {
            return Labels::default();
        };
        let (actors, rows) = mentions.into_parts();
        let request = LabelRequest { parts, actors, rows };
        let answer = async move { hook.0(request).await };
        let warning = "labels_fn gave no labels: the page shows ids";
        optional_answer(LABELS_TIMEOUT, answer, warning).await.unwrap_or_default()
    }
}
