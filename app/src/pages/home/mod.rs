//! The home page: what needs attention, and where to start.

mod attention;
mod load;
mod quick_links;
mod view;

use leptos::prelude::IntoView;
use threadline::query::TimelineLine;
use threadline::{StorageSchema, TableName};

use crate::{Coverage, Mentions, Page, PageContext, PageError, RequestContext};

/// The home page. A part that could not be read in time is left out.
#[derive(Debug)]
pub(super) struct HomePage {
    /// The schema of the trail, for the commands.
    schema: StorageSchema,
    /// The captured tables of the scope.
    tables: Option<Vec<TableName>>,
    /// The result of the coverage checks, for operators who may see it.
    coverage: Option<Coverage>,
    /// True if the console has a configuration to compare with.
    is_configured: bool,
    /// The newest changes, or the reason why they could not be read, in a sentence.
    latest: Result<Vec<TimelineLine>, String>,
}

impl Page for HomePage {
    type Query = ();

    async fn load(context: &RequestContext, (): ()) -> Result<Self, PageError> {
        load::load(context).await
    }

    fn title(&self, _: &PageContext) -> String {
        "Overview".to_owned()
    }

    fn mention(&self, mentions: &mut Mentions) {
        self.latest.iter().flatten().for_each(|line| mentions.line(line));
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, context)
    }
}
