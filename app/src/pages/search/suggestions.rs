//! The suggestions while somebody types: what the page of results lists, without a search of values.

use threadline::query::{SearchTarget, search_qualifiers};

use super::found::{Found, find, href};
use super::query::is_readable;
use crate::diff::accessible_line;
use crate::islands::SearchSuggestion;
use crate::{Mentions, PageContext, QueryFailure, RequestContext};

/// The suggestions at most.
const MAX_SUGGESTIONS: usize = 8;

/// The results of a search for the list below the field.
#[derive(Debug, Default)]
pub struct Suggestions(Found);

impl Suggestions {
    /// Finds what a text names. For a blank text, one with qualifiers, and one that the search does not read, there is nothing.
    ///
    /// # Errors
    /// [`QueryFailure`], if the audit trail does not answer.
    pub async fn load(context: &RequestContext, text: &str) -> Result<Self, QueryFailure> {
        let text = text.trim();
        if text.is_empty() || !is_readable(text) || search_qualifiers(text).is_some() {
            return Ok(Self::default());
        }
        find(context, text).await.map(Self)
    }

    /// Adds the actors and rows that the suggestions name.
    pub fn mention(&self, mentions: &mut Mentions) {
        self.0.mention(mentions);
    }

    /// Returns the suggestions in words, with the names of this page.
    #[must_use]
    pub fn list(&self, context: &PageContext) -> Vec<SearchSuggestion> {
        let Self(found) = self;
        let suggestion = |kind: &str, text: &str, target: &SearchTarget| SearchSuggestion {
            kind: kind.to_owned(),
            text: accessible_line(text),
            href: href(context, target),
        };
        let records = found.records.iter().map(|record| {
            let title = record.name(context).title();
            suggestion("Record", &title, &SearchTarget::record(&record.table, &record.key))
        });
        let actors = found.actors.iter().map(|found| {
            let (name, title) = found.name(context);
            let text = title.map_or_else(|| name.clone(), |title| format!("{name} · {title}"));
            suggestion("Person or program", &text, &SearchTarget::Actor(found.actor.clone()))
        });
        let requests = found.requests.iter().map(|filter| {
            let kind = if filter.correlation_id.is_some() { "Request" } else { "Request id" };
            suggestion(kind, "Its changes", &SearchTarget::Request(Box::new(filter.clone())))
        });
        let transaction = found.transaction.map(SearchTarget::Transaction);
        let transaction = transaction.iter().map(|target| suggestion("Transaction", "Its changes", target));
        let all = records.chain(actors).chain(requests).chain(transaction);
        all.take(MAX_SUGGESTIONS).collect()
    }
}
