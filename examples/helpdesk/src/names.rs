//! The names of those who work in the help desk, for its audit console: it shows them in place of ids, and finds people by them.

use std::convert::Infallible;

use threadline::{ActorKind, ActorRef};
use threadline_server::{Label, LabelRequest, Labels, SearchHit, SearchRequest};

/// Returns the names of the actors on a page. A real host reads them from its table of people, with one query for all of them.
pub(crate) async fn labels(request: LabelRequest) -> Result<Labels, Infallible> {
    let mut labels = Labels::default();
    for actor in &request.actors {
        if let Some((name, role)) = name_and_role(actor) {
            labels.actor(actor, Label::new(name).detail(role));
        }
    }
    Ok(labels)
}

/// Returns the actors whose name contains these words. A real host searches its table of people, for at most five of them. The console
/// shows those of whom the operator may see a change.
pub(crate) async fn search(request: SearchRequest) -> Result<Vec<SearchHit>, Infallible> {
    let words = request.words.to_lowercase();
    let named = NAMES.iter().filter(|(_, _, name, _)| name.to_lowercase().contains(&words));
    let hit = |(kind, id, name, role): &(ActorKind, &str, &str, &str)| {
        let actor = ActorRef::new(*kind, *id).ok()?;
        Some(SearchHit::Actor(actor, Label::new(*name).detail(*role)))
    };
    Ok(named.filter_map(hit).collect())
}

/// The kind, the id, the name and the role of each actor.
const NAMES: [(ActorKind, &str, &str, &str); 4] = [
    (ActorKind::Admin, "admin", "Administrator", "runs the help desk"),
    (ActorKind::User, "support", "Support desk", "support"),
    (ActorKind::ServiceAccount, "triage", "Triage", "program that opens and assigns tickets"),
    (ActorKind::Job, "sla-sweeper", "SLA sweeper", "job that closes tickets"),
];

fn name_and_role(actor: &ActorRef) -> Option<(&'static str, &'static str)> {
    let known = NAMES.iter().find(|(_, id, ..)| actor.id() == Some(*id));
    known.map(|(_, _, name, role)| (*name, *role))
}
