//! The query of an actor's page: the actor, a time window, and a position in the list.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use threadline::query::{ActorFilter, Position, RelativeRange};
use threadline::{ActorError, ActorKind};

use crate::query_string::{pairs, parse_position};
use crate::relative_range::DEFAULT_RANGE;
use crate::{PageError, RequestContext};

/// An actor, or all actors of a kind, and the part of their transactions to list.
#[derive(Debug)]
pub(in crate::pages) struct ActorQuery {
    pub(super) actor: ActorFilter,
    pub(super) window: RelativeRange,
    pub(super) position: Position,
}

impl FromRequestParts<RequestContext> for ActorQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, context: &RequestContext) -> Result<Self, PageError> {
        // A segment that cannot be decoded is missing.
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, context).await;
        let path = path.map(|Path(path)| path).unwrap_or_default();
        let id = path.get("id").map(String::as_str);
        let kind = path.get("kind").map_or("", String::as_str);
        let actor = parse_actor(kind, id).map_err(|message| match meant_kind(kind) {
            Some(kind) => PageError::Redirect(context.page.actor_href(kind, id)),
            None => PageError::bad_request("There is no such actor", &message),
        })?;
        let mut rest = pairs(parts);
        let window = match rest.iter().position(|(key, _)| key == "window") {
            Some(index) => rest.remove(index).1.parse()?,
            None => DEFAULT_RANGE,
        };
        let position = parse_position(&rest, "one of the keys window, older and newer")?;
        Ok(Self { actor, window, position })
    }
}

fn parse_actor(kind: &str, id: Option<&str>) -> Result<ActorFilter, String> {
    let message = |error: ActorError| capitalized(&error.to_string());
    let kind: ActorKind = kind.parse().map_err(message)?;
    match id {
        None => Ok(kind.into()),
        Some(_) if kind == ActorKind::Anonymous => Err("An anonymous actor has no id".to_owned()),
        Some(id) => ActorFilter::new(kind, id).map_err(message),
    }
}

/// Returns the kind that was meant by a text that is none: in another case, in the plural, or with blanks.
fn meant_kind(text: &str) -> Option<ActorKind> {
    let kind = text.trim().to_lowercase().replace([' ', '-'], "_");
    let kinds = [kind.as_str(), kind.trim_end_matches('s')];
    kinds.into_iter().filter(|kind| *kind != text).find_map(|kind| kind.parse().ok())
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
