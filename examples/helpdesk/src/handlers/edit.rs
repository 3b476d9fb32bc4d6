//! The page to edit a ticket: for the staff.

use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::Markup;

use super::{Visit, only};
use crate::error::{Error, Result};
use crate::pages;
use crate::tickets::{self, Edit};

pub(crate) async fn show(visit: Visit) -> Result<Markup> {
    only(visit.user.is_staff())?;
    Ok(pages::edit(&visit.user, visit.ticket.id, &Edit::of(&visit.ticket), None))
}

pub(crate) async fn save(visit: Visit, Form(edit): Form<Edit>) -> Result<Response> {
    only(visit.user.is_staff())?;
    let outcome = tickets::edit(&visit.pool, &visit.context, visit.ticket.id, &edit).await;
    if let Err(Error::Invalid(problem)) = outcome {
        let page = pages::edit(&visit.user, visit.ticket.id, &edit, Some(&problem));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    visit.back(outcome)
}
