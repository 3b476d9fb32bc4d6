//! The view of the home page.

use chrono::Utc;
use leptos::prelude::*;

use super::HomePage;
use super::attention::Summary;
use super::quick_links::quick_links;
use crate::components::{CaptureGaps, Time, line_list};
use crate::html::IntoHtml;
use crate::{PageContext, Zone};

/// Renders the home page.
pub(super) fn view(home: HomePage, context: PageContext) -> impl IntoView {
    let now = Utc::now();
    let summary = Summary::of(&home, &context, now);
    let timeline = context.href("/timeline");
    // A check says more about the trail, for those who may see it.
    let is_read = home.coverage.is_none() && home.latest.is_ok();
    let read_at = is_read.then(|| view! { <p class="note">"Read from the audit trail at "<Time at=now/>" "{Zone::current().offset(now)}"."</p> });
    let latest = match home.latest {
        Err(reason) => view! { <p class="note">{format!("The newest changes could not be read. {reason}")}</p> }.into_html(),
        Ok(latest) if latest.is_empty() => {
            view! { <p class="note">"No change is recorded yet. The first one appears here when its transaction commits."</p> }.into_html()
        }
        Ok(latest) => line_list(latest, CaptureGaps::default(), false, false, now),
    };
    view! {
        {summary.view()}
        <section id="recent" hidden>
            <h2 class="section">"Your recent"</h2>
            <ul class="recent"></ul>
        </section>
        {quick_links(&home.tables.unwrap_or_default())}
        <section class="latest">
            <h2 class="section">"Latest activity"</h2>
            {latest}
            <p><a class="button" href=timeline>"Open the timeline"</a></p>
        </section>
        {read_at}
    }
}
