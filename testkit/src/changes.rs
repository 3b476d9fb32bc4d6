//! Reads the changes of a trail as lines of text, and checks the trail's invariants.

use sqlx::PgPool;

use crate::database::{Result, run};

/// Deletes all changes and audit transactions.
pub async fn empty_trail(pool: &PgPool) -> Result {
    run(pool, "DELETE FROM threadline.audit_changes; DELETE FROM threadline.audit_transactions").await
}

/// Returns all changes, oldest first, as lines like `update t {id: 1} {id: 1, note: b} {note} was {note: a}`. A line consists
/// of the operation, the table, the row key, the row after the change, the names of the changed fields, and their old values.
/// Quotation marks are removed, so that the lines are easy to write in tests.
pub async fn changes(pool: &PgPool) -> Result<Vec<String>> {
    let lines = sqlx::query_scalar(
        "SELECT translate(concat_ws(' ', op, nullif(table_schema, 'public') || '.' || table_name,
                                    CASE table_schema WHEN 'public' THEN table_name END, '(' || partition_name || ')',
                                    nullif(table_pk, '{}'), data_after, changed_fields::text,
                                    'was ' || changed_from::text),
                          '\"', '')
         FROM threadline.audit_changes ORDER BY captured_at, id",
    );
    Ok(lines.fetch_all(pool).await?)
}

/// Returns the violations of invariants that every trail must satisfy.
pub async fn violations(pool: &PgPool) -> Result<Vec<String>> {
    let violations = sqlx::query_scalar(
        "SELECT 'change without a transaction: ' || c FROM threadline.audit_changes AS c
         WHERE NOT EXISTS (SELECT FROM threadline.audit_transactions AS t
                           WHERE t.id = c.transaction_id AND t.occurred_at = c.occurred_at)
         UNION ALL
         SELECT 'transaction without a change: ' || t FROM threadline.audit_transactions AS t
         WHERE NOT EXISTS (SELECT FROM threadline.audit_changes AS c WHERE c.transaction_id = t.id)
         UNION ALL
         SELECT 'two records of one transaction: ' || min(id::text) FROM threadline.audit_transactions
         GROUP BY txid HAVING count(*) > 1
         UNION ALL
         SELECT 'one id for two changes: ' || id FROM threadline.audit_changes GROUP BY id HAVING count(*) > 1
         UNION ALL
         SELECT 'a key that is not text: ' || c FROM threadline.audit_changes AS c
         WHERE EXISTS (SELECT FROM jsonb_each(c.table_pk) AS key WHERE jsonb_typeof(key.value) <> 'string')
         UNION ALL
         SELECT 'a row without a key: ' || c FROM threadline.audit_changes AS c WHERE c.table_pk = '{}' AND c.op <> 'truncate'
         UNION ALL
         SELECT 'changed fields and old values differ: ' || c FROM threadline.audit_changes AS c
         WHERE c.op = 'update' AND c.changed_from IS NOT NULL
           AND c.changed_fields IS DISTINCT FROM (SELECT array_agg(key ORDER BY key COLLATE \"C\")
                                                  FROM jsonb_object_keys(c.changed_from) AS key)",
    );
    Ok(violations.fetch_all(pool).await?)
}
