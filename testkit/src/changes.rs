//! Reads changes of the trail as lines of text.

use sqlx::PgPool;

use crate::database::{Result, run};

/// Empties the trail.
pub async fn forget(pool: &PgPool) -> Result {
    run(pool, "DELETE FROM threadline.audit_changes; DELETE FROM threadline.audit_transactions").await
}

/// Every change in order, without the quotation marks: `update t {id: 1} {id: 1, note: b} {note} was {note: a}`. These are
/// the operation, the table, the key, the row after it, the names of the changed fields and their old values.
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

/// Returns violations of rules that hold for every trail.
pub async fn flaws(pool: &PgPool) -> Result<Vec<String>> {
    let flaws = sqlx::query_scalar(
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
    Ok(flaws.fetch_all(pool).await?)
}
