//! The form to edit a ticket.

use maud::{Markup, html};

use super::{alert, described, page, texts};
use crate::error::Problem;
use crate::session::User;
use crate::tickets::{Edit, LONGEST_REASON, LONGEST_TAGS, MOST_MINUTES};

pub(crate) fn edit(user: &User, id: i64, edit: &Edit, problem: Option<&Problem>) -> Markup {
    let about = |field| described(problem, field);
    let content = html! {
        (alert(problem))
        form.card method="post" action={ "/tickets/" (id) "/edit" } {
            (texts(&edit.subject, &edit.body, problem))
            label { "Tags (separated by commas)"
                input name="tags" value=(edit.tags) maxlength=(LONGEST_TAGS) autocomplete="off" dir="auto"
                    aria-describedby=[about("Tags")];
            }
            label { "Answer within (minutes)"
                input type="number" name="sla_minutes" value=(edit.sla_minutes) min="1" max=(MOST_MINUTES)
                    aria-describedby=[about("Minutes")];
            }
            label { "Reason (optional, for the audit trail)"
                input name="reason" value=(edit.reason) maxlength=(LONGEST_REASON) autocomplete="off" dir="auto"
                    aria-describedby=[about("Reason")];
            }
            div.line {
                button.primary { "Save" }
                a href={ "/tickets/" (id) } { "Cancel" }
            }
        }
    };
    page(&format!("Edit ticket #{id}"), Some(user), &content)
}
