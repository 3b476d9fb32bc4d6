//! A page of the console: the query that it reads, the data that it loads, and its view.

use std::fmt;
use std::future::Future;

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::request::Parts;
use leptos::prelude::IntoView;
use serde::de::DeserializeOwned;

use crate::render::render;
use crate::{Mentions, PageContext, PageError, RequestContext};

/// A page of the console. Its folder holds one file for each step:
///
/// - `query.rs`: [`Query`](Self::Query), the typed query of the address, as an extractor;
/// - `load.rs`: [`load`](Self::load), what is read from the audit trail;
/// - `view.rs`: [`view`](Self::view), which turns the loaded page into HTML and reads nothing.
///
/// An error of the first two steps is a [`PageError`], which renders itself. A page is served once a row of
/// [`ROUTES`](crate::ROUTES) names it.
pub trait Page: Sized + Send + 'static {
    /// The query of the address.
    type Query: FromRequestParts<RequestContext, Rejection: Into<PageError>> + Send;

    /// Loads what the page shows.
    ///
    /// # Errors
    /// [`PageError`], when there is nothing to show.
    fn load(
        context: &RequestContext,
        query: Self::Query,
    ) -> impl Future<Output = Result<Self, PageError>> + Send;

    /// Returns the status of the response: 200, unless the page shows a form with an invalid field.
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    /// Returns the title of the document.
    fn title(&self, context: &PageContext) -> String;

    /// Adds the actors and rows that the page names, for which the host may have labels.
    fn mention(&self, _mentions: &mut Mentions) {}

    /// Returns the id of the list of changes on the page, if it has one: a link at the beginning of the document skips to it.
    fn list(&self) -> Option<&'static str> {
        None
    }

    /// Returns the content of the document.
    fn view(self, context: PageContext) -> impl IntoView + 'static;
}

/// A form that a page posts to its own address. The route guard has checked where it comes from.
pub trait PageForm: DeserializeOwned + Send + 'static {
    /// Does what the form asks for, and returns the address that the browser is redirected to.
    ///
    /// # Errors
    /// [`PageError`], when it could not be done.
    fn submit(self, context: &RequestContext) -> impl Future<Output = Result<String, PageError>> + Send;
}

/// A page that has been loaded.
pub trait LoadedPage: Send {
    /// Returns the status of the response.
    fn status(&self) -> StatusCode;

    /// Adds the actors and rows that the page names.
    fn mention(&self, mentions: &mut Mentions);

    /// Renders the whole document.
    fn render(self: Box<Self>, context: PageContext) -> String;
}

impl<P: Page> LoadedPage for P {
    fn status(&self) -> StatusCode {
        Page::status(self)
    }

    fn mention(&self, mentions: &mut Mentions) {
        Page::mention(self, mentions);
    }

    fn render(self: Box<Self>, context: PageContext) -> String {
        let title = self.title(&context);
        let context = PageContext { list: self.list(), ..context };
        render(context.clone(), title, || self.view(context))
    }
}

type Load =
    for<'a> fn(&'a RequestContext, &'a mut Parts) -> BoxFuture<'a, Result<Box<dyn LoadedPage>, PageError>>;

type Submit = for<'a> fn(&'a RequestContext, Request) -> BoxFuture<'a, Result<Response, PageError>>;

/// A [`Page`] in the table of routes, where the types of all pages are the same.
#[derive(Clone, Copy)]
pub struct PageHandler(Load);

impl PageHandler {
    pub(crate) const fn new<P: Page>() -> Self {
        Self(|context, parts| Box::pin(load::<P>(context, parts)))
    }

    /// Reads the query of the request and loads the page.
    ///
    /// # Errors
    /// [`PageError`], when the query cannot be read or there is nothing to show.
    pub async fn load(
        self,
        context: &RequestContext,
        parts: &mut Parts,
    ) -> Result<Box<dyn LoadedPage>, PageError> {
        self.0(context, parts).await
    }
}

async fn load<P: Page>(
    context: &RequestContext,
    parts: &mut Parts,
) -> Result<Box<dyn LoadedPage>, PageError> {
    let query = P::Query::from_request_parts(parts, context).await.map_err(Into::into)?;
    Ok(Box::new(P::load(context, query).await?))
}

/// A [`PageForm`] in the table of routes.
#[derive(Clone, Copy)]
pub struct FormHandler(Submit);

impl FormHandler {
    pub(crate) const fn new<F: PageForm>() -> Self {
        Self(|context, request| Box::pin(submit::<F>(context, request)))
    }

    /// Reads the form and does what it asks for.
    ///
    /// # Errors
    /// [`PageError`], when it could not be done.
    pub async fn submit(self, context: &RequestContext, request: Request) -> Result<Response, PageError> {
        self.0(context, request).await
    }
}

async fn submit<F: PageForm>(context: &RequestContext, request: Request) -> Result<Response, PageError> {
    Ok(match Form::<F>::from_request(request, &()).await {
        Ok(Form(form)) => Redirect::to(&form.submit(context).await?).into_response(),
        Err(rejection) => rejection.into_response(),
    })
}

impl fmt::Debug for PageHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageHandler")
    }
}

impl fmt::Debug for FormHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormHandler")
    }
}
