//! The list of tickets, and the form for a new one.

use maud::{Markup, html};

use super::{alert, described, history, notice, options, page, texts, time};
use crate::error::Problem;
use crate::session::User;
use crate::tickets::{Draft, LONGEST_NAME, PRIORITIES, Ticket};

pub(crate) fn list(user: &User, tickets: &[Ticket], said: Option<&str>) -> Markup {
    let content = html! {
        (notice(said))
        @if tickets.is_empty() {
            p { "There is no ticket yet. " a href="/tickets/new" { "Open one" } "." }
        } @else {
            ul.tickets {
                @for ticket in tickets {
                    li class=(ticket.status) {
                        a dir="auto" href={ "/tickets/" (ticket.id) } { (ticket.subject) }
                        span class={ "tag " (ticket.priority) } { (ticket.priority) }
                        span.tag { (ticket.status) }
                        p.meta {
                            "#" (ticket.id) " · from " (ticket.customer) " · "
                            @match &ticket.assignee {
                                Some(name) => { "with " (name) }
                                None => { "nobody assigned" }
                            }
                            " · " (time(ticket.created_at))
                            @if user.is_staff() { " · " a href=(history(ticket)) { "History" } }
                        }
                    }
                }
            }
        }
    };
    page("Tickets", Some(user), &content)
}

pub(crate) fn draft(user: &User, draft: &Draft, problem: Option<&Problem>) -> Markup {
    let about = |field| described(problem, field);
    let content = html! {
        (alert(problem))
        form.card method="post" action="/tickets" {
            @if user.is_staff() {
                label { "Customer"
                    input name="customer" value=(draft.customer) required maxlength=(LONGEST_NAME)
                        autocomplete="off" aria-describedby=[about("Customer")];
                }
            }
            (texts(&draft.subject, &draft.body, problem))
            label { "Priority"
                select name="priority" aria-describedby=[about("Priority")] {
                    (options(PRIORITIES, &draft.priority))
                }
            }
            button.primary { "Open the ticket" }
        }
    };
    page("New ticket", Some(user), &content)
}
