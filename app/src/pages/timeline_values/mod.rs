//! The lists of the values that occur in a time window, to choose the conditions of the timeline from.
//!
//! They are a page of their own, so that they cost the timeline one link: neither a query nor the HTML of the lists, and no script.

mod load;
mod view;

use leptos::prelude::IntoView;
use threadline::query::{Filter, OccurringValues};

use super::TimelineQuery;
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

/// The lists of values.
#[derive(Debug)]
pub(super) struct TimelineValuesPage {
    /// The conditions as they were typed.
    typed: Vec<(String, String)>,
    /// Those that can be read.
    filter: Filter,
    /// The values, unless counting took too long.
    values: Option<OccurringValues>,
}

impl Page for TimelineValuesPage {
    type Query = TimelineQuery;

    async fn load(context: &RequestContext, query: TimelineQuery) -> Result<Self, PageError> {
        Ok(load::load(context, &query).await)
    }

    fn title(&self, _: &PageContext) -> String {
        "Choose from lists · Timeline".to_owned()
    }

    fn mention(&self, mentions: &mut Mentions) {
        let actors = self.values.iter().flat_map(|values| &values.actors);
        actors.for_each(|(actor, _)| mentions.actor(actor));
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(&self, &context)
    }
}
