//! The redaction page: what is redacted in each table, compared with the configuration. It names columns and placeholders,
//! never a value.

mod load;
mod query;
mod table;
mod view;

use leptos::prelude::IntoView;

use self::query::RedactionQuery;
use crate::{Coverage, Page, PageContext, PageError, RequestContext};

/// The redaction page.
#[derive(Debug)]
pub(super) struct RedactionPage {
    coverage: Coverage,
    /// True if the console has a configuration to compare with.
    is_configured: bool,
}

impl Page for RedactionPage {
    type Query = RedactionQuery;

    async fn load(context: &RequestContext, _: RedactionQuery) -> Result<Self, PageError> {
        Ok(load::load(context).await)
    }

    fn title(&self, _: &PageContext) -> String {
        "Redaction".to_owned()
    }

    fn view(self, _: PageContext) -> impl IntoView + 'static {
        view::view(self)
    }
}
