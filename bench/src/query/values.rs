//! The values of filters, which were chosen when the trail was created.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;
use sqlx::{PgPool, Row};
use threadline::query::Cursor;
use uuid::Uuid;

/// The keys and values of one filter.
pub(super) type Pairs = Vec<(String, String)>;

/// The depths at which pages begin, in thousandths of the whole time.
const DEPTHS: [i32; 10] = [1, 10, 50, 100, 250, 500, 750, 900, 990, 999];
/// The number of pages near each depth.
const PAGES_PER_DEPTH: i32 = 10;

#[derive(Debug)]
pub(super) struct Values {
    /// The key, how common its values are, and the filters by them.
    pub(super) filters: Vec<(String, String, Vec<Pairs>)>,
    /// Changes, each with the values of all keys.
    pub(super) changes: Vec<BTreeMap<String, String>>,
    /// The depths, each with cursors near it.
    pub(super) cursors: Vec<(i32, Vec<Cursor>)>,
    /// A transaction with a thousand changes.
    pub(super) transaction: Uuid,
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

impl Values {
    pub(super) async fn read(pool: &PgPool) -> Result<Self> {
        let facts = sqlx::query("SELECT first_moment, last_moment, large_transaction FROM bench.trail");
        let facts = facts.fetch_one(pool).await?;
        let mut values = Self {
            filters: Vec::new(),
            changes: Vec::new(),
            cursors: Vec::new(),
            transaction: facts.try_get("large_transaction")?,
            first: facts.try_get("first_moment")?,
            last: facts.try_get("last_moment")?,
        };
        let sql = "SELECT key, class, array_agg(value ORDER BY value) FROM bench.filter_values GROUP BY 1, 2
                   ORDER BY array_position('{common,medium,rare}', class), key";
        let rows: Vec<(String, String, Vec<String>)> = sqlx::query_as(sql).fetch_all(pool).await?;
        for (key, class, all) in rows {
            let all = all.iter().map(|value| pairs(&key, value)).collect();
            values.filters.push((key, class, all));
        }
        for row in sqlx::query("SELECT to_jsonb(c) AS change FROM bench.changes AS c").fetch_all(pool).await?
        {
            values.changes.push(row.try_get::<Json<_>, _>("change")?.0);
        }
        for depth in DEPTHS {
            let mut cursors = Vec::new();
            for near in 0..PAGES_PER_DEPTH {
                let share = f64::from(depth) / 1000.0 + f64::from(near - PAGES_PER_DEPTH / 2) / 100_000.0;
                cursors.extend(values.cursor(pool, share).await?);
            }
            values.cursors.push((depth, cursors));
        }
        Ok(values)
    }

    /// Returns the moment that lies a share of the whole time before the last one.
    pub(super) fn moment(&self, share: f64) -> DateTime<Utc> {
        let whole = (self.last - self.first).num_milliseconds() as f64;
        self.last - TimeDelta::milliseconds((whole * share) as i64)
    }

    async fn cursor(&self, pool: &PgPool, share: f64) -> Result<Option<Cursor>> {
        let sql = "SELECT captured_at, id FROM threadline.audit_changes WHERE captured_at <= $1
                   ORDER BY captured_at DESC, id DESC LIMIT 1";
        let Some(row) = sqlx::query(sql).bind(self.moment(share)).fetch_optional(pool).await? else {
            return Ok(None);
        };
        let (at, id): (DateTime<Utc>, Uuid) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Some(format!("{}-{}", at.timestamp_micros(), id.simple()).parse()?))
    }
}

/// Reads a value. That of a row key follows its table: `t01|id=1`.
fn pairs(key: &str, value: &str) -> Pairs {
    match value.split_once('|').filter(|_| key == "key") {
        Some((table, value)) => vec![pair("table", table), pair(key, value)],
        None => vec![pair(key.trim_end_matches(" type"), value)],
    }
}

pub(super) fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}
