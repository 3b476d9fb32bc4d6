//! One actor, or all actors of a type.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, RawQuery};
use axum::response::Response;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use threadline::InvalidParameter;
use threadline::query::{ActorFilter, Page, Position, TimeRange, TransactionRecord};
use threadline::{ActorError, ActorKind, ActorRef};
use threadline_app::pages::{ActorPage, ActorWindow, LastTransaction, actor_page};

use super::part::part;
use super::question::{answered, pairs, read_filter, to_timeline};
use crate::guard::Visit;
use crate::respond::Reply;

/// Transactions on one page.
const PAGE: usize = 50;
/// Changes of one transaction are counted no further.
const COUNTED: usize = 1_000;

pub(crate) async fn actor(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    path: Result<Path<HashMap<String, String>>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    let actor = match read_actor(&path) {
        Ok(actor) => actor,
        Err(error) => {
            let reply = Reply::mistake("There is no such actor", &error, to_timeline(&visit));
            return reply.into_response(visit.page_context());
        }
    };
    let (window, position) = match read_window(query.as_deref()) {
        Ok(read) => read,
        Err(error) => {
            return Reply::bad_request(&error, to_timeline(&visit)).into_response(visit.page_context());
        }
    };
    let trail = &visit.state.settings.trail;
    let from = begin(window);
    let question = async {
        let range = TimeRange { from: Some(from), to: None };
        trail
            .snapshot()
            .await?
            .transactions_by_actor(&visit.scope, actor.clone(), range, position, PAGE)
            .await
    };
    let reply = match answered(&visit, question).await {
        Err(error) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit)),
        Ok(transactions) => {
            let touched = part(&visit, async {
                trail.snapshot().await?.table_counts(&visit.scope, &transactions.entries, COUNTED).await
            })
            .await;
            let last = last_transaction(&visit, &actor, &transactions).await;
            let is_first_page = position == Position::Newest;
            let touched = touched.ok();
            let page = ActorPage { actor, window, from, is_first_page, transactions, touched, last };
            Reply::page(|context| actor_page(context, page))
        }
    };
    reply.into_response(visit.page_context())
}

/// A missing type or id is one that could not be decoded.
fn read_actor(path: &HashMap<String, String>) -> Result<ActorFilter, String> {
    let text = |error: ActorError| sentence(&error.to_string());
    let kind: ActorKind = path.get("kind").map_or("", String::as_str).parse().map_err(text)?;
    match path.get("id") {
        None => Ok(kind.into()),
        Some(_) if kind == ActorKind::Anonymous => Err("An anonymous actor has no id".to_owned()),
        Some(id) => Ok(ActorFilter::from(&ActorRef::new(kind, id).map_err(text)?)),
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn read_window(query: Option<&str>) -> Result<(ActorWindow, Position), InvalidParameter> {
    let mut window = ActorWindow::DEFAULT;
    let mut rest = pairs(query);
    if let Some(place) = rest.iter().position(|(key, _)| key == "window") {
        let (key, word) = rest.remove(place);
        let known = ActorWindow::ALL.into_iter().find(|window| window.word == word);
        window = known.ok_or_else(|| InvalidParameter::new(&key, &word, "1h, 24h, 7d or 30d"))?;
    }
    let (filter, position) = read_filter(&rest)?;
    match filter.to_pairs().into_iter().next() {
        None => Ok((window, position)),
        Some((key, value)) => {
            Err(InvalidParameter::new(key, &value, "one of the keys window, older and newer"))
        }
    }
}

/// To the minute, so that a link to the same window is the same link for a while.
fn begin(window: ActorWindow) -> DateTime<Utc> {
    let now = Utc::now();
    let begin = now - window.length;
    begin.duration_trunc(TimeDelta::minutes(1)).unwrap_or(begin)
}

/// Asked only where the page is empty: whether the actor ever did anything.
async fn last_transaction(
    visit: &Visit,
    actor: &ActorFilter,
    page: &Page<TransactionRecord>,
) -> LastTransaction {
    if !page.entries.is_empty() {
        return LastTransaction::Unknown;
    }
    let trail = &visit.state.settings.trail;
    let question = async {
        let (actor, range) = (actor.clone(), TimeRange::default());
        trail.snapshot().await?.transactions_by_actor(&visit.scope, actor, range, Position::Newest, 1).await
    };
    match part(visit, question).await {
        Err(_) => LastTransaction::Unknown,
        Ok(page) => match page.entries.into_iter().next() {
            Some(last) => LastTransaction::Found(Box::new(last)),
            None => LastTransaction::Never,
        },
    }
}
