//! Statements by PostgreSQL's simple query protocol, which takes one message and prepares nothing in the session.
//!
//! A write takes one round trip less than with an unnamed prepared statement, and works through any pooler in transaction mode,
//! where a named statement may be missing or belong to another client.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgExecutor, PgRow};

use super::TransactionError;
use crate::StorageSchema;

/// Runs a statement of this library and returns its only row.
pub(super) async fn row<'c>(
    executor: impl PgExecutor<'c>,
    schema: &StorageSchema,
    sql: &str,
) -> Result<PgRow, TransactionError> {
    let statement = sqlx::raw_sql(AssertSqlSafe(schema.fill(sql)));
    statement.fetch_one(executor).await.map_err(TransactionError::of_trail)
}

/// Returns a text as SQL. It is written in hexadecimal digits, so that no setting and no character can end the literal early.
pub(super) fn text(text: &str) -> String {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("pg_catalog.convert_from(pg_catalog.decode('{digits}', 'hex'), 'UTF8')")
}

/// Returns a JSON document as SQL, or NULL.
pub(super) fn json(document: Option<&Value>) -> String {
    match document {
        Some(document) => format!("{}::pg_catalog.jsonb", text(&document.to_string())),
        None => "NULL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_literal() {
        assert_eq!(text(""), "pg_catalog.convert_from(pg_catalog.decode('', 'hex'), 'UTF8')");
        for hostile in ["'; DROP TABLE tickets; --", "\\'", "$$", "__schema__", "é\0"] {
            let sql = text(hostile);
            let digits = sql.split('\'').nth(1).unwrap();
            assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{sql}");
            assert_eq!(digits.len(), 2 * hostile.len());
        }
    }
}
