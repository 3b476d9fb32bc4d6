//! Forms to start from: a record, a person, a request, or a time, each on one line.

use chrono::Utc;
use leptos::prelude::*;
use threadline::query::{Filter, RelativeRange};
use threadline::{AuditContext, TableName};

use crate::components::{TIME_EXAMPLE, table_options};
use crate::{PageContext, Zone};

/// Renders the forms. They are GET forms, so that every result has an address. The table field suggests these tables.
pub(super) fn quick_links(tables: &[TableName]) -> impl IntoView + use<> {
    let context = PageContext::current();
    let now = Utc::now();
    let presets: Vec<_> = RelativeRange::ALL
        .into_iter()
        .map(|window| {
            let filter = Filter { from: window.before(now).from, ..Filter::default() };
            view! { <li><a href=context.timeline_href(&filter)>{window.name()}</a></li> }
        })
        .collect();
    let zone = Zone::current().label();
    view! {
        <section class="ways-in">
            <h2 class="section">"Start from what you know"</h2>
            <form method="get" action=context.href("/rows")>
                <h3>"A record"</h3>
                <label>"Table " <input name="table" list="tables" required="" maxlength="127" autocomplete="off"/></label>
                <datalist id="tables">{table_options(tables)}</datalist>
                <label>
                    "Record " <input name="record" required="" maxlength="2000" autocomplete="off" placeholder="its number or id, such as 5041"/>
                </label>
                <button>"Show its history"</button>
            </form>
            <form method="get" action=context.href("/timeline")>
                <h3>"A person or a job"</h3>
                <label>
                    "Who " <input name="actor" required="" maxlength="300" autocomplete="off" placeholder="user:42"/>
                </label>
                <button>"Show what they changed"</button>
                <a href=context.href("/actors")>"Who was active"</a>
            </form>
            <form method="get" action=context.href("/timeline")>
                <h3>"A request"</h3>
                <label>
                    "Request or error id "
                    <input name="correlation_id" required="" maxlength=AuditContext::MAX_ID_BYTES.to_string()
                        autocomplete="off" spellcheck="false" placeholder="from the log line or the error page"/>
                </label>
                <button>"Show this request"</button>
            </form>
            <form method="get" action=context.href("/timeline")>
                <h3>"A time"</h3>
                <label>
                    {format!("From ({zone}) ")}
                    <input name="from" required="" autocomplete="off" placeholder=TIME_EXAMPLE value="yesterday"/>
                </label>
                <label>{format!("To ({zone}) ")} <input name="to" autocomplete="off" placeholder="now"/></label>
                <button>"Show the changes"</button>
                <div class="last"><span id="last">"The last"</span> <ul class="windows" aria-labelledby="last">{presets}</ul></div>
            </form>
        </section>
    }
}
