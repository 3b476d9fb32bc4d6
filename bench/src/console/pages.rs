//! The pages that are requested: timelines of time windows all over the trail.

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use threadline::query::Filter;
use threadline::{AuditTrail, Scope};

use crate::server::Server;

/// The number of changes on a page.
const PAGE_SIZE: usize = 50;
/// The number of different pages.
pub(super) const PAGES: usize = 30;
/// The approximate number of changes in each time window, which is that of a busy day of a small host.
const WINDOW_CHANGES: i64 = 1000;

#[derive(Debug)]
pub(super) struct Pages {
    addresses: Vec<String>,
}

impl Pages {
    pub(super) async fn find(trail: &AuditTrail, server: &Server, database: &str) -> Result<Self> {
        let sql = "SELECT rows, first_moment, last_moment FROM bench.trail";
        let (rows, first, last): (i64, DateTime<Utc>, DateTime<Utc>) =
            sqlx::query_as(sql).fetch_one(&mut server.connect(database).await?).await?;
        let whole = last - first;
        let window = whole / i32::try_from(rows / WINDOW_CHANGES)?.max(1);
        let mut pages = Self { addresses: Vec::new() };
        for page in 0..PAGES as i32 {
            let to = last - whole / (2 * PAGES as i32) * (2 * page + 1);
            let filter = Filter { from: Some(to - window), to: Some(to), ..Filter::default() };
            let entries = trail.timeline(&Scope::unscoped(), &filter, PAGE_SIZE).await?;
            ensure!(
                entries.len() == PAGE_SIZE,
                "the window that ends at {to} has only {} changes",
                entries.len()
            );
            let query =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(filter.to_pairs()).finish();
            pages.addresses.push(format!("/audit/timeline?{query}"));
        }
        Ok(pages)
    }

    /// Returns the addresses of all pages in turn, without end.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str).cycle()
    }

    pub(super) fn description(&self) -> String {
        format!(
            "{PAGES} timelines of different windows of about {WINDOW_CHANGES} changes, each with {PAGE_SIZE} changes"
        )
    }
}
