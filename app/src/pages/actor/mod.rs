//! What one actor changed, or all actors of a kind.

mod empty;
mod load;
mod query;
mod view;

use chrono::{DateTime, Utc};
use leptos::prelude::IntoView;
use threadline::ActorKind;
use threadline::query::{
    ActorFilter, Count, Page as PageOfLines, Position, RelativeRange, TimelineLine, TransactionRecord,
};

use self::query::ActorQuery;
use crate::components::NearValue;
use crate::{Page, PageContext, PageError, RequestContext};

/// The page of an actor.
#[derive(Debug)]
pub(super) struct ActorPage {
    actor: ActorFilter,
    window: RelativeRange,
    /// The start of the window.
    from: Option<DateTime<Utc>>,
    position: Position,
    lines: PageOfLines<TimelineLine>,
    /// The number of changes in the window, unless counting took too long.
    count: Option<Count>,
    last: LastTransaction,
    /// The actors that were probably meant, if there is no transaction of this one.
    near: Vec<NearValue>,
}

/// The last transaction of the actor, which an empty page names.
#[derive(Debug)]
enum LastTransaction {
    /// The page is not empty, or the query took too long.
    Unknown,
    /// The actor has no transaction.
    Never,
    /// This one.
    Found(Box<TransactionRecord>),
}

impl Page for ActorPage {
    type Query = ActorQuery;

    async fn load(context: &RequestContext, query: ActorQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn title(&self) -> String {
        match (&self.actor.id, self.actor.kind) {
            (Some(_), _) => self.actor.to_string(),
            (None, ActorKind::Anonymous) => "Anonymous".to_owned(),
            (None, kind) => format!("Every {}", kind.as_str().replace('_', " ")),
        }
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, context)
    }
}
