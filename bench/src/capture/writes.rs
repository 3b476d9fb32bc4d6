//! The writes that are measured.

use std::ops::Range;
use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use sqlx::{AssertSqlSafe, PgConnection};

use super::variant::BASE_ROWS;
use crate::measurement::milliseconds_since;
use crate::server::cpu_time;

/// The ids of rows that single statements insert are greater than this.
const FIRST_SINGLE_ID: i64 = 1_000_000_000;
/// The ids of rows that one statement inserts together are greater than this.
const FIRST_BULK_ID: i64 = 100_000_000;
/// A step through the base rows that reaches each of them once and in no order.
const STEP: i64 = 7919;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Insert,
    Update,
    Delete,
}

impl Operation {
    pub(super) const ALL: [Self; 3] = [Self::Insert, Self::Update, Self::Delete];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Returns the statement on the row with the id `$1`.
    const fn single_row_sql(self) -> &'static str {
        match self {
            Self::Insert => {
                "INSERT INTO tickets VALUES ($1, '0f8fad5b-d9cb-469f-a165-70867728950e', 'open', 'low', \
                 'Printer on floor 3 does not answer', \
                 'It was fine yesterday and today it says no whenever somebody prints.', 12.50, 3, true, \
                 '[\"office\", \"floor-3\"]', now(), now())"
            }
            Self::Update => {
                "UPDATE tickets SET status = CASE status WHEN 'closed' THEN 'open' ELSE 'closed' END, \
                 quantity = quantity + 1, updated_at = clock_timestamp() WHERE id = $1"
            }
            Self::Delete => "DELETE FROM tickets WHERE id = $1",
        }
    }

    /// Returns the id of the row that the statement with this number writes.
    const fn id(self, number: i64) -> i64 {
        match self {
            Self::Insert => FIRST_SINGLE_ID + number,
            Self::Update | Self::Delete => number * STEP % BASE_ROWS + 1,
        }
    }

    /// Returns the statement that writes this number of rows.
    fn many_rows_sql(self, rows: i64) -> String {
        let (first, last) = (FIRST_BULK_ID + 1, FIRST_BULK_ID + rows);
        match self {
            Self::Insert => format!("INSERT INTO tickets SELECT * FROM make_tickets({first}, {last})"),
            Self::Update => format!(
                "UPDATE tickets SET status = 'closed', priority = 'urgent', \
                 updated_at = updated_at + interval '1 minute' WHERE id BETWEEN {first} AND {last}"
            ),
            Self::Delete => format!("DELETE FROM tickets WHERE id BETWEEN {first} AND {last}"),
        }
    }
}

/// Runs one prepared statement for each number, each in a transaction of its own, shared out among the sessions. Returns the
/// wall time of each statement and the CPU time of all server processes for one statement, in milliseconds.
pub(super) async fn single_rows(
    sessions: &mut [PgConnection],
    operation: Operation,
    numbers: Range<i64>,
) -> Result<(Vec<f64>, f64)> {
    let (clients, statements) = (sessions.len(), numbers.end - numbers.start);
    let work = sessions.iter_mut().enumerate().map(|(client, session)| {
        one_client(session, operation, numbers.clone().skip(client).step_by(clients))
    });
    let (wall_ms, cpu_ms): (Vec<_>, Vec<_>) = try_join_all(work).await?.into_iter().unzip();
    Ok((wall_ms.concat(), cpu_ms.iter().sum::<f64>() / statements as f64))
}

async fn one_client(
    session: &mut PgConnection,
    operation: Operation,
    numbers: impl Iterator<Item = i64>,
) -> Result<(Vec<f64>, f64)> {
    let mut wall_ms = Vec::new();
    let cpu_before = cpu_time(session).await?;
    for number in numbers {
        let start = Instant::now();
        let sql = operation.single_row_sql();
        let done = sqlx::query(sql).bind(operation.id(number)).execute(&mut *session).await?;
        wall_ms.push(milliseconds_since(start));
        ensure!(done.rows_affected() == 1, "the statement wrote {} rows", done.rows_affected());
    }
    Ok((wall_ms, cpu_time(session).await? - cpu_before))
}

/// Runs one statement on many rows. Returns its wall time and the CPU time of the server process, in milliseconds.
pub(super) async fn many_rows(
    session: &mut PgConnection,
    operation: Operation,
    rows: i64,
) -> Result<(f64, f64)> {
    let sql = AssertSqlSafe(operation.many_rows_sql(rows));
    let (cpu_before, start) = (cpu_time(session).await?, Instant::now());
    let done = sqlx::raw_sql(sql).execute(&mut *session).await?;
    let wall_ms = milliseconds_since(start);
    ensure!(done.rows_affected().cast_signed() == rows, "the statement wrote {} rows", done.rows_affected());
    Ok((wall_ms, cpu_time(session).await? - cpu_before))
}
