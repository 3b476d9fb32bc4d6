//! Who was active: people, jobs and services with the number of their changes.

mod load;
mod query;
mod view;

use leptos::prelude::IntoView;
use threadline::query::{ActiveActors, RelativeRange};

use self::query::ActorsQuery;
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

/// The page.
#[derive(Debug)]
pub(super) struct ActorsPage {
    window: RelativeRange,
    /// The actors of the window, unless counting their changes took too long.
    active: Option<ActiveActors>,
}

impl Page for ActorsPage {
    type Query = ActorsQuery;

    async fn load(context: &RequestContext, query: ActorsQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn title(&self, _: &PageContext) -> String {
        "Who was active".to_owned()
    }

    fn mention(&self, mentions: &mut Mentions) {
        let actors = self.active.iter().flat_map(|active| &active.actors);
        actors
            .take(view::MAX_SHOWN)
            .filter_map(|active| active.actor.as_ref())
            .for_each(|actor| mentions.actor(actor));
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, &context)
    }
}
