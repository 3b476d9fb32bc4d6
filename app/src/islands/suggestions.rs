//! The server function that suggests what a text in the search field names.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A suggestion below the search field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchSuggestion {
    /// The kind of the result.
    pub kind: String,
    /// The name.
    pub text: String,
    /// The address of its page.
    pub href: String,
}

/// The context that the server provides to the server function.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone)]
pub struct SuggestionsContext(pub Vec<SearchSuggestion>);

/// Returns what a text in the search field names.
///
/// # Errors
/// Fails outside of the console, which provides the context.
#[server(name = SuggestionsFor, prefix = "/api", endpoint = "suggestions", input = server_fn::codec::GetUrl)]
pub async fn suggestions_for(
    /// The text.
    q: String,
) -> Result<Vec<SearchSuggestion>, ServerFnError> {
    // The handler has searched for the text.
    drop(q);
    let found = use_context::<SuggestionsContext>();
    found
        .map(|SuggestionsContext(found)| found)
        .ok_or_else(|| ServerFnError::new("the trail is searched by the console only"))
}
