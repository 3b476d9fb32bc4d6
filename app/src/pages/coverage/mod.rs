//! The coverage page: which tables are captured, what was found wrong, and gaps of the past.

mod check_now;
mod findings;
mod gap_history;
mod load;
mod query;
mod summary;
mod tables;
mod view;

use leptos::prelude::IntoView;

pub(super) use self::check_now::CheckNow;
use self::query::CoverageQuery;
use crate::{Coverage, Page, PageContext, PageError, RequestContext};

/// The coverage page.
#[derive(Debug)]
pub(super) struct CoveragePage {
    coverage: Coverage,
    /// The only schema to show, one of those that the last check knows.
    schema: Option<String>,
}

impl Page for CoveragePage {
    type Query = CoverageQuery;

    async fn load(context: &RequestContext, query: CoverageQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn title(&self, _: &PageContext) -> String {
        "Coverage".to_owned()
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, &context)
    }
}
