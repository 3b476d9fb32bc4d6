//! What is there to ask for: values that were chosen when the trail was made.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;
use sqlx::{PgPool, Row};
use threadline::query::Cursor;
use uuid::Uuid;

use crate::Result;

/// Conditions as pairs of texts.
pub(crate) type Pairs = Vec<(String, String)>;

/// How far down a page begins, in thousandths of the whole time.
const DEPTHS: [i32; 10] = [1, 10, 50, 100, 250, 500, 750, 900, 990, 999];
/// Pages near each depth.
const NEAR: i32 = 10;

#[derive(Debug)]
pub(crate) struct Samples {
    /// Of each kind of value, how common it is, and conditions that say it.
    pub(crate) values: Vec<(String, String, Vec<Pairs>)>,
    /// Changes with all that is known of them.
    pub(crate) changes: Vec<BTreeMap<String, String>>,
    /// A depth and cursors near it.
    pub(crate) cursors: Vec<(i32, Vec<Cursor>)>,
    /// A transaction of a thousand changes.
    pub(crate) transaction: Uuid,
    pub(crate) first: DateTime<Utc>,
    pub(crate) last: DateTime<Utc>,
}

impl Samples {
    pub(crate) async fn read(pool: &PgPool) -> Result<Self> {
        let facts = sqlx::query("SELECT first_moment, last_moment, large_transaction FROM bench.facts");
        let facts = facts.fetch_one(pool).await?;
        let mut samples = Self {
            values: Vec::new(),
            changes: Vec::new(),
            cursors: Vec::new(),
            transaction: facts.try_get("large_transaction")?,
            first: facts.try_get("first_moment")?,
            last: facts.try_get("last_moment")?,
        };
        let values =
            "SELECT key, class, array_agg(value ORDER BY value) AS all FROM bench.samples GROUP BY 1, 2
                      ORDER BY array_position('{common,medium,rare}', class), key";
        for row in sqlx::query(values).fetch_all(pool).await? {
            let (key, all): (String, Vec<String>) = (row.try_get("key")?, row.try_get("all")?);
            let all = all.iter().map(|value| pairs(&key, value)).collect();
            samples.values.push((key, row.try_get("class")?, all));
        }
        for row in sqlx::query("SELECT to_jsonb(c) AS change FROM bench.changes AS c").fetch_all(pool).await?
        {
            samples.changes.push(row.try_get::<Json<_>, _>("change")?.0);
        }
        for depth in DEPTHS {
            let mut cursors = Vec::new();
            for near in 0..NEAR {
                let share = f64::from(depth) / 1000.0 + f64::from(near - NEAR / 2) / 100_000.0;
                cursors.extend(samples.cursor(pool, share).await?);
            }
            samples.cursors.push((depth, cursors));
        }
        Ok(samples)
    }

    /// A moment, the share of the whole time before the last one.
    pub(crate) fn moment(&self, share: f64) -> DateTime<Utc> {
        let whole = (self.last - self.first).num_milliseconds() as f64;
        self.last - TimeDelta::milliseconds((whole * share) as i64)
    }

    async fn cursor(&self, pool: &PgPool, share: f64) -> Result<Option<Cursor>> {
        let place = "SELECT captured_at, id FROM threadline.audit_changes WHERE captured_at <= $1
                     ORDER BY captured_at DESC, id DESC LIMIT 1";
        let Some(row) = sqlx::query(place).bind(self.moment(share)).fetch_optional(pool).await? else {
            return Ok(None);
        };
        let (at, id): (DateTime<Utc>, Uuid) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Some(format!("{}-{}", at.timestamp_micros(), id.simple()).parse()?))
    }
}

/// The key of a row stands behind its table: `t01|id=1`.
fn pairs(key: &str, value: &str) -> Pairs {
    match value.split_once('|').filter(|_| key == "key") {
        Some((table, value)) => vec![pair("table", table), pair(key, value)],
        None => vec![pair(key.trim_end_matches(" type"), value)],
    }
}

pub(crate) fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}
