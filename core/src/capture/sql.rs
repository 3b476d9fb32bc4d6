//! The SQL of a table's capture function and triggers.

use super::catalog::CapturableTable;
use super::naming::{function_name, trigger_name};
use crate::StorageSchema;

/// Everything that captures one table, as statements that can run again and again.
pub(super) fn capture_statements(storage: &StorageSchema, table: &CapturableTable) -> String {
    let function = storage.fill(&format!("__schema__.{}", identifier(&function_name(&table.name))));
    let body = storage
        .fill(BODY)
        .replace("__key_of_new__", &key_of("n", &table.key))
        .replace("__key_of_old__", &key_of("o", &table.key));
    let quote = dollar_quote(&body);
    let mut sql = format!(
        "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger\n\
         LANGUAGE plpgsql SECURITY DEFINER\nSET search_path = pg_catalog, pg_temp\n\
         AS {quote}\n{body}{quote};\nREVOKE ALL ON FUNCTION {function}() FROM PUBLIC;\n"
    );
    let relation = format!("{}.{}", identifier(table.name.schema()), identifier(table.name.name()));
    for (event, transition) in [
        ("INSERT", "REFERENCING NEW TABLE AS new_rows "),
        ("UPDATE", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows "),
        ("DELETE", "REFERENCING OLD TABLE AS old_rows "),
        ("TRUNCATE", ""),
    ] {
        let trigger = identifier(&trigger_name(&table.name, &event.to_lowercase()));
        sql += &format!(
            "CREATE OR REPLACE TRIGGER {trigger} AFTER {event} ON {relation}\n  \
             {transition}FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
        );
    }
    sql
}

/// Statement-level: one call, one probe for the transaction and one clock reading per statement. The transaction is asked
/// for in a scalar sub-query, which PostgreSQL evaluates at the first row only: a statement that changes nothing leaves
/// nothing. Both transition tables hold the rows in the order in which they were changed, so pairing by position follows
/// a changed key as well, and ids that carry the position keep that order for the reader.
///
/// `n.*` is the whole row even where a column is called `n`; the variables win over columns of the same name.
const BODY: &str = r"#variable_conflict use_variable
DECLARE
  moment CONSTANT timestamptz := clock_timestamp();
  id_head CONSTANT text := __schema__.threadline_uuid_v7_head(moment);
  -- The other half of a UUIDv7: variant, 26 bits for the row's position, 36 random bits of this statement.
  id_tail CONSTANT bigint := ('x8000000' || right(gen_random_uuid()::text, 9))::bit(64)::bigint;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, captured_at)
    SELECT (id_head || to_hex(id_tail + (row_number() OVER () << 36)))::uuid,
           (SELECT __schema__.threadline_current_transaction()), now(), TG_TABLE_SCHEMA, TG_TABLE_NAME,
           __key_of_new__, 'insert', to_jsonb(n.*), moment
    FROM new_rows AS n;

  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
       captured_at)
    SELECT (id_head || to_hex(id_tail + (position << 36)))::uuid,
           (SELECT __schema__.threadline_current_transaction()), now(), TG_TABLE_SCHEMA, TG_TABLE_NAME,
           after.key, 'update', after.image, diff.names, diff.old_values, moment
    FROM (SELECT row_number() OVER () AS position, to_jsonb(o.*) AS image FROM old_rows AS o) AS before
    JOIN (SELECT row_number() OVER () AS position, to_jsonb(n.*) AS image, __key_of_new__ AS key FROM new_rows AS n) AS after
      USING (position)
    CROSS JOIN LATERAL (
      SELECT array_agg(field.name ORDER BY field.name) AS names,
             jsonb_object_agg(field.name, before.image -> field.name) AS old_values
      FROM jsonb_each(after.image) AS field (name, value)
      WHERE field.value IS DISTINCT FROM before.image -> field.name
    ) AS diff
    WHERE diff.names IS NOT NULL;

  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, changed_from, captured_at)
    SELECT (id_head || to_hex(id_tail + (row_number() OVER () << 36)))::uuid,
           (SELECT __schema__.threadline_current_transaction()), now(), TG_TABLE_SCHEMA, TG_TABLE_NAME,
           __key_of_old__, 'delete', to_jsonb(o.*), moment
    FROM old_rows AS o;

  ELSE
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, captured_at)
    VALUES ((id_head || to_hex(id_tail))::uuid,
            __schema__.threadline_current_transaction(), now(), TG_TABLE_SCHEMA, TG_TABLE_NAME, '{}', 'truncate', moment);
  END IF;
  RETURN NULL;
END
";

/// A dollar quote that does not occur in the text, whatever the columns are called.
fn dollar_quote(text: &str) -> String {
    let mut quote = "$threadline$".to_owned();
    while text.contains(&quote) {
        quote.insert(1, '_');
    }
    quote
}

/// A jsonb object of the key columns, values as text.
fn key_of(row: &str, key: &[String]) -> String {
    let pairs: Vec<String> =
        key.iter().map(|column| format!("{}, {row}.{}::text", literal(column), identifier(column))).collect();
    format!("jsonb_build_object({})", pairs.join(", "))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An escape-string literal: its meaning depends on no setting.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TableName;

    #[test]
    fn hostile_names_stay_names() {
        let table = CapturableTable {
            name: TableName::new("pub\"lic", "or'der\\s"),
            key: vec!["a\"b".to_owned(), "c'd\\".to_owned()],
        };
        let sql = capture_statements(&StorageSchema::default(), &table);
        assert!(sql.contains(r#"ON "pub""lic"."or'der\s""#), "{sql}");
        assert!(
            sql.contains(r#"jsonb_build_object(E'a"b', n."a""b"::text, E'c''d\\', n."c'd\"::text)"#),
            "{sql}"
        );
        assert!(!sql.contains("__"), "{sql}");
    }
}
