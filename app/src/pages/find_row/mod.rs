//! The form that finds a row by its table and its key, as people write them.

mod load;
mod query;
mod view;

use http::StatusCode;
use leptos::prelude::IntoView;
use threadline::TableName;
use threadline::query::Sentence;

pub(super) use self::load::resolve;
use self::query::FindRowQuery;
use crate::components::NearValue;
use crate::{Page, PageContext, PageError, RequestContext};

/// The form.
#[derive(Debug)]
pub(super) struct FindRowPage {
    /// The table as it was typed.
    table: String,
    /// The record as it was typed.
    record: String,
    /// The field whose value cannot be used.
    pub(super) invalid: Option<InvalidField>,
    /// The tables that the form suggests.
    tables: Vec<TableName>,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowField {
    Table,
    Record,
}

/// A field whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InvalidField {
    pub(super) field: RowField,
    /// A sentence that says what is wrong, or what to write instead.
    message: Sentence,
    /// The values that were probably meant.
    near: Vec<NearValue>,
}

impl InvalidField {
    fn plain(field: RowField, message: String) -> Self {
        Self { field, message: message.into(), near: Vec::new() }
    }
}

impl Page for FindRowPage {
    type Query = FindRowQuery;

    async fn load(context: &RequestContext, query: FindRowQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn status(&self) -> StatusCode {
        if self.invalid.is_none() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
    }

    fn title(&self, _: &PageContext) -> String {
        "Find a record".to_owned()
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, &context)
    }
}
