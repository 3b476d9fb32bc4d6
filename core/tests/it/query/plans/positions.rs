//! Positions and time ranges in the trail.

use sqlx::{AssertSqlSafe, PgPool, Row};
use uuid::Uuid;

use threadline_testkit::database::{Result, value};

/// The cursor of a change as the library writes it.
const CURSOR: &str =
    "(extract(epoch FROM captured_at) * 1000000)::bigint || '-' || replace(id::text, '-', '')";

/// A cursor, and the week that ends there.
#[derive(Debug)]
pub(super) struct TimelinePosition {
    pub(super) cursor: String,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug)]
pub(super) struct Positions {
    positions: Vec<TimelinePosition>,
    /// A transaction of a few changes.
    pub(super) small: Uuid,
    /// The transaction of six hundred changes, and a cursor inside it.
    pub(super) large: Uuid,
    pub(super) inside: String,
    /// The mark of a page that was read while that transaction and another one were open.
    pub(super) mark: String,
    /// The mark of a page that was read while a transaction was open whose beginning the server did not report.
    pub(super) mark_of_stranger: String,
}

impl Positions {
    pub(super) async fn read(pool: &PgPool) -> Result<Self> {
        let mut positions = Vec::new();
        for days_ago in [7, 365, 723] {
            let query = sqlx::query(AssertSqlSafe(format!(
                "SELECT {CURSOR},
                        to_json(captured_at AT TIME ZONE 'UTC' - interval '7 days') #>> '{{}}',
                        to_json(captured_at AT TIME ZONE 'UTC') #>> '{{}}'
                 FROM threadline.audit_changes WHERE captured_at <= now() - make_interval(days => $1)
                 ORDER BY captured_at DESC, id DESC LIMIT 1",
            )));
            let row = query.bind(days_ago).fetch_one(pool).await?;
            let [cursor, from, to]: [String; 3] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
            positions.push(TimelinePosition { cursor, from: from + "Z", to: to + "Z" });
        }
        let transaction = "SELECT id FROM threadline.audit_transactions WHERE txid =";
        let small = value(pool, &format!("{transaction} 20001")).await?;
        let large = value(pool, &format!("{transaction} 20000")).await?;
        let middle = "FROM threadline.audit_changes WHERE transaction_id = (SELECT id FROM threadline.audit_transactions
                                                                            WHERE txid = 20000)
                      ORDER BY captured_at OFFSET 300 LIMIT 1";
        let inside = value(pool, &format!("SELECT {CURSOR} {middle}")).await?;
        let mark = "SELECT (extract(epoch FROM occurred_at) * 1000000)::bigint + 2000000 || '-850-20002-20000.2000000_19999.1900000'
                    FROM threadline.audit_transactions WHERE txid = 20000";
        let mark: String = value(pool, mark).await?;
        // The first transactions of the server have ended.
        let mark_of_stranger = mark.replace("20000.2000000_19999.1900000", "3.");
        Ok(Self { positions, small, large, inside, mark, mark_of_stranger })
    }

    pub(super) fn all(&self) -> &[TimelinePosition] {
        &self.positions
    }
}
