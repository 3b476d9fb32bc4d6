//! The handlers of the ticket routes.

pub(crate) mod edit;

use axum::Form;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use sqlx::PgPool;
use threadline::AuditContext;

use crate::error::{Error, Problem, Result};
use crate::pages::{self, TicketPage};
use crate::session::User;
use crate::tickets::{self, Draft, Ticket};

/// A request about one ticket: who asks, in which context, and the ticket.
///
/// Nobody gets here with a ticket that is not theirs: for a customer, other customers' tickets do not exist.
#[derive(Debug)]
pub(crate) struct Visit {
    pool: PgPool,
    user: User,
    context: AuditContext,
    ticket: Ticket,
}

impl FromRequestParts<PgPool> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, pool: &PgPool) -> Result<Self> {
        let user = User::from_request_parts(parts, pool).await?;
        let context = AuditContext::from_request_parts(parts, pool).await?;
        let Path(id) = Path::<i64>::from_request_parts(parts, pool).await.map_err(|_| Error::NotFound)?;
        let ticket = tickets::find(pool, id).await?.ok_or(Error::NotFound)?;
        if user.is_staff() || ticket.customer == user.name {
            Ok(Self { pool: pool.clone(), user, context, ticket })
        } else {
            Err(Error::NotFound)
        }
    }
}

/// The one field of a form on a ticket's page; each form has another.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fields {
    assignee: String,
    priority: String,
    body: String,
    reason: String,
}

pub(crate) async fn list(
    State(pool): State<PgPool>,
    user: User,
    RawQuery(query): RawQuery,
) -> Result<Markup> {
    let customer = (!user.is_staff()).then_some(user.name.as_str());
    let tickets = tickets::list(&pool, customer).await?;
    Ok(pages::list(&user, &tickets, notice(query.as_deref())))
}

pub(crate) async fn draft(user: User) -> Markup {
    let blank = Draft { priority: "normal".into(), customer: user.name.clone(), ..Draft::default() };
    pages::draft(&user, &blank, None)
}

pub(crate) async fn open(
    State(pool): State<PgPool>,
    user: User,
    context: AuditContext,
    Form(mut draft): Form<Draft>,
) -> Result<Response> {
    if !user.is_staff() {
        draft.customer.clone_from(&user.name);
    }
    match tickets::open(&pool, &context, &draft).await {
        Ok(id) => Ok(Redirect::to(&format!("/tickets/{id}")).into_response()),
        Err(Error::Invalid(problem)) => {
            let page = pages::draft(&user, &draft, Some(&problem));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error),
    }
}

pub(crate) async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Markup> {
    visit.page("", notice(query.as_deref()), None).await
}

pub(crate) async fn assign(visit: Visit, Form(form): Form<Fields>) -> Result<Response> {
    only(visit.user.is_staff())?;
    let outcome = tickets::assign(&visit.pool, &visit.context, visit.ticket.id, &form.assignee).await;
    visit.answer(&form, outcome).await
}

pub(crate) async fn reply(visit: Visit, Form(form): Form<Fields>) -> Result<Response> {
    let author = &visit.user.name;
    let outcome = tickets::reply(&visit.pool, &visit.context, visit.ticket.id, author, &form.body).await;
    visit.answer(&form, outcome).await
}

pub(crate) async fn change_priority(visit: Visit, Form(form): Form<Fields>) -> Result<Response> {
    only(visit.user.is_staff())?;
    let outcome =
        tickets::change_priority(&visit.pool, &visit.context, visit.ticket.id, &form.priority).await;
    visit.answer(&form, outcome).await
}

pub(crate) async fn close(visit: Visit) -> Result<Response> {
    let outcome = tickets::close(&visit.pool, &visit.context, visit.ticket.id).await;
    visit.answer(&Fields::default(), outcome).await
}

pub(crate) async fn close_all(visit: Visit, Form(form): Form<Fields>) -> Result<Response> {
    only(visit.user.is_staff())?;
    let customer = &visit.ticket.customer;
    let outcome = tickets::close_all_of(&visit.pool, &visit.context, customer, &form.reason).await;
    visit.answer(&form, outcome).await
}

pub(crate) async fn delete(visit: Visit) -> Result<Redirect> {
    only(visit.user.is_admin())?;
    tickets::delete(&visit.pool, &visit.context, visit.ticket.id).await?;
    Ok(Redirect::to("/?deleted"))
}

impl Visit {
    /// Returns the response to a form on a ticket's page: the page with a confirmation, or with the errors of the form.
    async fn answer(&self, form: &Fields, outcome: Result<()>) -> Result<Response> {
        if let Err(Error::Invalid(problem)) = outcome {
            let page = self.page(&form.body, None, Some(&problem)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        self.back(outcome)
    }

    /// To the ticket's page, which says so when nothing changed.
    fn back(&self, outcome: Result<()>) -> Result<Response> {
        let happened = match outcome {
            Ok(()) => "",
            Err(Error::NothingChanged) => "?unchanged",
            Err(error) => return Err(error),
        };
        Ok(Redirect::to(&format!("/tickets/{}{happened}", self.ticket.id)).into_response())
    }

    async fn page(
        &self,
        reply: &str,
        notice: Option<&'static str>,
        problem: Option<&Problem>,
    ) -> Result<Markup> {
        let Self { pool, user, ticket, .. } = self;
        let replies = tickets::replies(pool, ticket.id).await?;
        let staff = if user.is_staff() { tickets::staff(pool).await? } else { Vec::new() };
        Ok(pages::ticket(&TicketPage { user, ticket, replies, staff, reply, notice, problem }))
    }
}

fn only(allowed: bool) -> Result<()> {
    if allowed { Ok(()) } else { Err(Error::Forbidden) }
}

/// A redirect tells the next page what happened by a word after the question mark.
fn notice(query: Option<&str>) -> Option<&'static str> {
    match query? {
        "unchanged" => Some("Nothing changed."),
        "deleted" => Some("The ticket is deleted."),
        _ => None,
    }
}
