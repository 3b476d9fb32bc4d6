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
pub(super) use self::view::windows;
use crate::components::{CaptureGaps, NearValue, PAGED_LIST};
use crate::names::{ActorName, plural};
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

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
    /// The gaps in capture in the period of the page.
    gaps: CaptureGaps,
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

impl ActorPage {
    /// Returns the name of the actor. The host is asked only about an actor of whom the page shows a change, because the name of
    /// another one could tell that it exists.
    fn name(&self, context: &PageContext) -> ActorName {
        let shown = self.shown_transactions().find_map(|shown| shown.actor.as_ref());
        match shown.filter(|_| self.actor.id.is_some()) {
            Some(actor) => context.names().actor(actor),
            None => ActorName::unlabelled(self.actor.to_string()),
        }
    }

    fn shown_transactions(&self) -> impl Iterator<Item = &TransactionRecord> {
        let last = match &self.last {
            LastTransaction::Found(last) => Some(&**last),
            LastTransaction::Unknown | LastTransaction::Never => None,
        };
        self.lines.entries.iter().map(TimelineLine::transaction).chain(last)
    }
}

impl Page for ActorPage {
    type Query = ActorQuery;

    async fn load(context: &RequestContext, query: ActorQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn title(&self, context: &PageContext) -> String {
        match (&self.actor.id, self.actor.kind) {
            (Some(_), _) => self.name(context).text,
            (None, ActorKind::Anonymous) => "Anonymous".to_owned(),
            (None, kind) => format!("All {}", plural(kind).to_lowercase()),
        }
    }

    fn mention(&self, mentions: &mut Mentions) {
        self.shown_transactions().for_each(|transaction| mentions.transaction(transaction));
        self.lines.entries.iter().for_each(|line| mentions.line(line));
    }

    fn list(&self) -> Option<&'static str> {
        (!self.lines.entries.is_empty()).then_some(PAGED_LIST)
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, context)
    }
}
