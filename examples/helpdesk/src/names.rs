//! The names of those who work in the help desk, for its audit console.

use std::convert::Infallible;

use threadline::ActorRef;
use threadline_server::{Label, LabelRequest, Labels};

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

fn name_and_role(actor: &ActorRef) -> Option<(&'static str, &'static str)> {
    match actor.id()? {
        "admin" => Some(("Administrator", "runs the help desk")),
        "support" => Some(("Support desk", "support")),
        "triage" => Some(("Triage", "program that opens and assigns tickets")),
        "sla-sweeper" => Some(("SLA sweeper", "job that closes tickets")),
        _ => None,
    }
}
