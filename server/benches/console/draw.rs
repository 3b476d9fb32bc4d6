//! Drawing alone: from what the library answered to the bytes of the page.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};
use threadline::query::Position;
use threadline::{AuditTrail, Scope};
use threadline_app::pages::{TimelinePage, timeline_page};
use threadline_app::{Frame, RoutePage};

use crate::Result;
use crate::pages::{PAGE, Pages};

pub(crate) async fn many(trail: &AuditTrail, pages: &Pages, samples: usize) -> Result<Value> {
    let scope = Scope::unscoped();
    let mut prepared = Vec::new();
    for filter in pages.filters() {
        let page = trail.timeline_page(&scope, filter, Position::Newest, PAGE).await?;
        let tables = trail.captured_tables(&scope).await?;
        prepared.push(TimelinePage { filter: filter.clone(), page, tables, has_changes: true });
    }
    let frame = Frame { base: "/audit".to_owned(), page: Some(RoutePage::Timeline), ..Frame::default() };
    let mut times = Vec::with_capacity(samples);
    for page in prepared.iter().cycle().take(samples) {
        let (frame, page) = (frame.clone(), page.clone());
        let start = Instant::now();
        black_box(timeline_page(frame, page));
        times.push(start.elapsed().as_nanos());
    }
    Ok(json!({ "part": "draw", "nanoseconds": times }))
}
