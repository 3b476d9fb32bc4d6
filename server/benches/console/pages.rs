//! Which pages are asked for: timelines of windows all over the trail, each with fifty changes.

use serde_json::{Value, json};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use threadline::query::{Filter, TimelineEntry};
use threadline::{AuditTrail, Scope};
use url::form_urlencoded;

use crate::Result;

/// Changes on one page.
pub(crate) const PAGE: usize = 50;
/// Different pages.
const PAGES: i32 = 30;
/// About as many changes are in each window: what a busy day of a small host brings.
const CHANGES: i64 = 1000;

#[derive(Debug)]
pub(crate) struct Pages {
    filters: Vec<Filter>,
    addresses: Vec<String>,
    transactions: usize,
}

impl Pages {
    pub(crate) async fn find(trail: &AuditTrail, url: &str) -> Result<Self> {
        let pool = PgPool::connect(url).await?;
        let facts =
            sqlx::query("SELECT rows, first_moment, last_moment FROM bench.facts").fetch_one(&pool).await?;
        let rows: i64 = facts.try_get(0)?;
        let (first, last): (DateTime<Utc>, DateTime<Utc>) = (facts.try_get(1)?, facts.try_get(2)?);
        let whole = last - first;
        let window = whole / i32::try_from(rows / CHANGES)?.max(1);
        let mut pages = Self { filters: Vec::new(), addresses: Vec::new(), transactions: 0 };
        for page in 0..PAGES {
            let to = last - whole / (2 * PAGES) * (2 * page + 1);
            let filter = Filter { from: Some(to - window), to: Some(to), ..Filter::default() };
            let entries = trail.timeline(&Scope::unscoped(), &filter, PAGE).await?;
            if entries.len() < PAGE {
                return Err(
                    format!("the window that ends at {to} holds {} changes only", entries.len()).into()
                );
            }
            pages.transactions += transactions(&entries);
            let query =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(filter.to_pairs()).finish();
            pages.addresses.push(format!("/audit/timeline?{query}"));
            pages.filters.push(filter);
        }
        Ok(pages)
    }

    /// All of them in turn, without end.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str).cycle()
    }

    pub(crate) fn filters(&self) -> &[Filter] {
        &self.filters
    }

    pub(crate) fn about(&self) -> Value {
        let pages = self.addresses.len();
        json!({
            "part": "pages",
            "pages": pages,
            "changes": PAGE,
            "transactions": self.transactions as f64 / pages.max(1) as f64,
        })
    }
}

/// Neighbours of one transaction are one group.
fn transactions(entries: &[TimelineEntry]) -> usize {
    let changes = entries.windows(2).filter(|pair| pair[0].transaction.id != pair[1].transaction.id);
    changes.count() + 1
}
