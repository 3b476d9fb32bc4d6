//! Times the calls of a case, and counts what the server reads for them.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{PgPool, Row};
use threadline::AuditTrail;

use crate::Result;
use crate::cases::Case;

/// After so many failures a case is given up.
const FAILURES: usize = 2;

#[derive(Debug)]
pub(crate) struct Measure<'a> {
    pub(crate) trail: &'a AuditTrail,
    pub(crate) pool: &'a PgPool,
    /// At most, for each case.
    pub(crate) samples: usize,
    /// For each case.
    pub(crate) patience: Duration,
}

/// What the server has read of the trail so far.
#[derive(Debug)]
struct Reads {
    /// Index entries, and rows of tables read as a whole.
    rows: i64,
    pages: i64,
}

impl Measure<'_> {
    /// One line of JSON. A call that fails, such as one that ran into the time-out, counts with the time it took.
    pub(crate) async fn case(&self, case: &Case) -> Result<Value> {
        let (mut times, mut returned, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        let mut slowest = (Duration::ZERO, String::new());
        let calls = case.calls.iter().cycle();
        // Once without counting: pages are read that nobody looked at for long.
        if let Some(first) = case.calls.first()
            && let Err(error) = first.run(self.trail).await
        {
            failures.push(error.to_string());
        }
        let process = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(self.pool).await?;
        let before = self.reads().await?;
        let (processor_before, begin) = (processor_time(process), Instant::now());
        for call in calls.take(self.samples) {
            let start = Instant::now();
            let answer = call.run(self.trail).await;
            let time = start.elapsed();
            times.push(time.as_nanos());
            if time > slowest.0 {
                slowest = (time, format!("{call:?}"));
            }
            match answer {
                Ok(rows) => returned.push(rows),
                Err(error) => failures.push(error.to_string()),
            }
            if failures.len() >= FAILURES || begin.elapsed() > self.patience {
                break;
            }
        }
        let processor = processor_time(process).zip(processor_before);
        let after = self.reads().await?;
        let calls = times.len().max(1) as f64;
        Ok(json!({
            "group": case.group,
            "name": case.name,
            "nanoseconds": times,
            "rows": returned.iter().sum::<usize>() as f64 / calls,
            "read": (after.rows - before.rows) as f64 / calls,
            "pages": (after.pages - before.pages) as f64 / calls,
            "processor_ms": processor.map(|(after, before)| after.saturating_sub(before) as f64 / 1e6 / calls),
            "failures": failures,
            "slowest": slowest.1,
        }))
    }

    /// The connection is the only one of the pool, so what it has read so far is told by now.
    async fn reads(&self) -> Result<Reads> {
        sqlx::query("SELECT pg_stat_force_next_flush()").execute(self.pool).await?;
        let reads = "
            SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE schemaname = 'threadline')::bigint
                   + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE schemaname = 'threadline')::bigint,
                   (SELECT coalesce(sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0)), 0)
                    FROM pg_statio_user_tables WHERE schemaname = 'threadline')::bigint";
        let row = sqlx::query(reads).fetch_one(self.pool).await?;
        Ok(Reads { rows: row.try_get(0)?, pages: row.try_get(1)? })
    }
}

/// What this process has used so far, in nanoseconds, where it runs on this machine under Linux.
fn processor_time(process: i32) -> Option<u64> {
    // Time on a processor, time waiting for one, number of turns.
    fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?.split(' ').next()?.parse().ok()
}
