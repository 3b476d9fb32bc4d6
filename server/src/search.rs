//! Asks the host what it finds for the words of a search.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::request::Parts;
use threadline_app::{HostSearch, SearchHit};

use crate::decision::optional_answer;
use crate::state::ConsoleState;

/// The time that the hook has. The page of results waits for it, although it is complete without.
const SEARCH_TIMEOUT: Duration = Duration::from_millis(150);

/// The request that the search hook answers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SearchRequest {
    /// The request without its body. Its extensions contain the values that the host's own layers have added, such as a
    /// session.
    pub parts: Parts,
    /// The text that was typed, without blanks at its ends: at most 500 bytes.
    pub words: String,
}

/// The hook of a console, for one request.
pub(crate) struct SearchSource {
    state: Arc<ConsoleState>,
    parts: Parts,
}

impl SearchSource {
    /// Returns the search of the host, if it has one.
    pub(crate) fn of_request(state: &Arc<ConsoleState>, parts: &Parts) -> Option<Arc<dyn HostSearch>> {
        state.settings.search.as_ref()?;
        Some(Arc::new(Self { state: state.clone(), parts: parts.clone() }))
    }
}

impl HostSearch for SearchSource {
    fn search(&self, words: String) -> BoxFuture<'_, Vec<SearchHit>> {
        Box::pin(async move {
            let Some(hook) = self.state.settings.search.clone() else { return Vec::new() };
            let request = SearchRequest { parts: self.parts.clone(), words };
            let answer = async move { hook.0(request).await };
            let warning = "search_fn gave no results: the search shows those of the trail";
            optional_answer(SEARCH_TIMEOUT, answer, warning).await.unwrap_or_default()
        })
    }
}

/// Leaves out the request, whose address contains the words.
impl fmt::Debug for SearchSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchSource")
    }
}
