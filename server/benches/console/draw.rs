//! Drawing alone: from what the library answered to the bytes of the page.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};
use threadline::query::Position;
use threadline::{AuditTrail, Scope};
use threadline_app::pages::{FoundChanges, TimelinePage, timeline_page};
use threadline_app::{PageContext, RoutePage};

use crate::Result;
use crate::pages::{PAGE, Pages};

/// Where counting stops.
const COUNTED: usize = 10_000;

pub(crate) async fn many(trail: &AuditTrail, pages: &Pages, samples: usize) -> Result<Value> {
    let scope = Scope::unscoped();
    let mut prepared = Vec::new();
    for filter in pages.filters() {
        let (mut snapshot, mark) = trail.snapshot_with_mark().await?;
        let page = snapshot.timeline_page(&scope, filter, Position::Newest, PAGE).await?;
        drop(snapshot);
        let typed = filter.to_pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let found = FoundChanges {
            filter: filter.clone(),
            position: Position::Newest,
            page,
            continues: false,
            count: Some(trail.snapshot().await?.count(&scope, filter, COUNTED).await?),
            has_changes: true,
            mark: Some(mark),
        };
        let tables = trail.snapshot().await?.captured_tables(&scope).await?;
        prepared.push(TimelinePage { typed, tables, answer: Ok(found) });
    }
    let context =
        PageContext { base: "/audit".to_owned(), page: Some(RoutePage::Timeline), ..PageContext::default() };
    let mut times = Vec::with_capacity(samples);
    for page in prepared.iter().cycle().take(samples) {
        let (context, page) = (context.clone(), page.clone());
        let start = Instant::now();
        black_box(timeline_page(context, page));
        times.push(start.elapsed().as_nanos());
    }
    Ok(json!({ "part": "draw", "nanoseconds": times }))
}
