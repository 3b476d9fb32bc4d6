//! The parts of a capture function that depend on the table and its policy.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::render;
use crate::StorageSchema;
use crate::capture::TablePolicy;
use crate::capture::catalog::CapturableTable;
use crate::capture::policy::TruncatePolicy;
use crate::capture::quote::{identifier, literal, text_array};

/// Finds the name of the root table, under which the changes of partitions are recorded.
const DECLARE_ROOT: &str = "root CONSTANT text[] := __schema__.threadline_root_table(TG_RELID);";

const OBSERVE_NAME: &str = "\
PERFORM __schema__.threadline_observe_name(TG_RELID, __table_schema__, __table_name__);";

const DECLARE_PAIRING: &str = "\
is_unpaired boolean := false;
old_row_count bigint := 0;";

const FIND_PAIRING: &str = "\
-- A row that moves to a partition whose trigger refuses it is gone: then old and new rows cannot be paired by position, and
-- the update is recorded as what it was, a delete of the old rows and an insert of the new ones.
IF TG_OP = 'UPDATE' THEN
  old_row_count := (SELECT count(*) FROM old_rows);
  is_unpaired := old_row_count <> (SELECT count(*) FROM new_rows);
END IF;";

/// Tests whether the application declared an actor or an action.
const IS_DECLARED: &str = "\
(current_setting('threadline.actor_ref', true) <> '' OR current_setting('threadline.declared', true) <> '')";

/// Tests whether the clock was set back, or its reading has to be stored in the sequence `threadline_clock`.
const IS_CLOCK_UNUSUAL: &str = "\
high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now()";

const ADVANCE_CLOCK: &str = "\
IF __is_clock_unusual__ THEN
      microseconds := __schema__.threadline_advance_clock(microseconds, high, __schema__.threadline_microseconds(now()));
      IF microseconds > __schema__.threadline_microseconds(moment) THEN
        clock_at := moment;
        moment := to_timestamp(microseconds / 1000000.0);
      END IF;
    END IF;";

/// Inserts the audit transaction. Without a declaration the INSERT is inline, because calling a function for it costs more.
const RECORD_TRANSACTION: &str = "\
IF is_declared THEN
  PERFORM __schema__.threadline_record_transaction(transaction, __record_session__);
ELSE
  INSERT INTO __schema__.audit_transactions (id, occurred_at, txid, meta)
  VALUES (transaction, now(), txid_current(), __session__)
  ON CONFLICT DO NOTHING;
END IF;";

const SESSION: &str = "\
jsonb_build_object('session', jsonb_build_object(
    'role', CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END,
    'application_name', current_setting('application_name'), 'client_address', inet_client_addr()))";

const RECORD_TRUNCATED_ROWS: &str = "\
IF TG_OP = 'TRUNCATE' THEN
  settings_found := __schema__.threadline_pin_settings();
  EXECUTE __schema__.threadline_statement_sql(TG_OP, TG_RELID, __policy__,
      ARRAY['$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', '$10', '$11'])
    USING transaction, moment, clock_at, __schema__.threadline_uuid_v7_head(microseconds),
      __schema__.threadline_uuid_v7_tail(), __table_schema__, __table_name__,
      __schema__.threadline_table_hash(__table_schema__, __table_name__), __schema__.threadline_row_slot(microseconds), TG_RELID, 0;
  PERFORM __schema__.threadline_restore_settings(settings_found);
  __record_transaction__
  RETURN NULL;
END IF;";

/// The result of `threadline_row_sql`.
#[derive(Debug, FromRow)]
struct RowSql {
    old_image: String,
    new_image: String,
    names: Vec<String>,
    json_names: Vec<String>,
    masked_names: Vec<String>,
    hidden_change: String,
}

/// The SQL for the keys of row images. Key columns of an altered table may have been renamed.
#[derive(Debug, FromRow)]
struct KeySql {
    of_before: String,
    of_after: String,
    of_before_if_altered: String,
    of_after_if_altered: String,
    has_changed: String,
}

/// Returns the policy as the JSON document that the functions of the storage schema read.
pub(super) fn policy_document(table: &CapturableTable, policy: &TablePolicy) -> Value {
    json!({
        "key": table.key,
        "exclude": policy.exclude,
        "mask": policy.mask,
        "mask_placeholder": policy.mask_placeholder,
        "mask_null": policy.mask_null,
        "except_columns": policy.except_columns,
        "store_changed_from": policy.store_changed_from,
        "store_deleted_row": policy.store_deleted_row,
        "store_unchanged": policy.store_unchanged,
    })
}

/// Pairs of a placeholder and the SQL that replaces it.
pub(super) type Parts = Vec<(&'static str, String)>;

pub(super) struct Builder<'a> {
    pub(super) connection: &'a mut PgConnection,
    pub(super) storage: &'a StorageSchema,
    pub(super) table: &'a CapturableTable,
    pub(super) policy: &'a TablePolicy,
    pub(super) document: Value,
}

impl Builder<'_> {
    async fn row_sql(&mut self, old: &str, new: &str) -> Result<RowSql, sqlx::Error> {
        sqlx::query_as(AssertSqlSafe(self.storage.fill(
            "SELECT old_image, new_image, names, json_names, masked_names, hidden_change
                 FROM __schema__.threadline_row_sql($1, $2, $3, $4, $3, $4, true)",
        )))
        .bind(self.table.oid)
        .bind(&self.document)
        .bind(old)
        .bind(new)
        .persistent(false)
        .fetch_one(&mut *self.connection)
        .await
    }

    async fn statement_sql(&mut self, operation: &str) -> Result<String, sqlx::Error> {
        let (schema, name) = self.recorded_names();
        let slot = format!("{}.threadline_row_slot(microseconds)", self.storage.quoted());
        let arguments: [&str; 11] = [
            "transaction",
            "moment",
            "clock_at",
            "id_head",
            "id_tail",
            &schema,
            &name,
            &self.recorded_table_hash(),
            &slot,
            "",
            "0",
        ];
        // NULL for the relation: this statement runs only while the key columns have the names that they have now.
        let arguments = arguments.map(|argument| (!argument.is_empty()).then_some(argument));
        sqlx::query(AssertSqlSafe(
            self.storage.fill("SELECT __schema__.threadline_statement_sql($1, $2, $3, $4)"),
        ))
        .bind(operation)
        .bind(self.table.oid)
        .bind(&self.document)
        .bind(&arguments[..])
        .persistent(false)
        .fetch_one(&mut *self.connection)
        .await?
        .try_get(0)
    }

    async fn key_sql(&mut self) -> Result<KeySql, sqlx::Error> {
        sqlx::query_as(AssertSqlSafe(self.storage.fill(
            "SELECT __schema__.threadline_key_sql($1, 'before', NULL) AS of_before,
                    __schema__.threadline_key_sql($1, 'after', NULL) AS of_after,
                    __schema__.threadline_key_sql($1, 'before', 'TG_RELID') AS of_before_if_altered,
                    __schema__.threadline_key_sql($1, 'after', 'TG_RELID') AS of_after_if_altered,
                    __schema__.threadline_key_change_sql($1) AS has_changed",
        )))
        .bind(&self.document)
        .persistent(false)
        .fetch_one(&mut *self.connection)
        .await
    }

    /// Returns the parts that both templates use.
    pub(super) fn common_parts(&self) -> Parts {
        let partitioned = self.table.is_partitioned;
        let (schema, name) = self.table_name();
        let (recorded_schema, recorded_name) = self.recorded_names();
        let mut runtime_policy = self.document.clone();
        runtime_policy["known_columns"] = json!(self.table.columns);
        let mut parts = vec![
            ("table_schema", schema.to_owned()),
            ("table_name", name.to_owned()),
            ("record_session", self.policy.record_session.to_string()),
            ("session", if self.policy.record_session { SESSION } else { "NULL" }.to_owned()),
            ("recorded_schema", recorded_schema),
            ("recorded_name", recorded_name),
            ("recorded_table_hash", self.recorded_table_hash()),
            ("may_have_changed", self.may_have_changed()),
            ("has_changed", self.has_changed()),
            ("is_declared", IS_DECLARED.to_owned()),
            ("is_clock_unusual", IS_CLOCK_UNUSUAL.to_owned()),
            ("policy", format!("{}::jsonb", literal(&runtime_policy.to_string()))),
        ];
        let truncates_rows = self.policy.truncate == TruncatePolicy::Rows;
        for (placeholder, condition, template) in [
            ("record_transaction", true, RECORD_TRANSACTION),
            ("observe_name", !self.table.inherits, OBSERVE_NAME),
            ("declare_root", partitioned, DECLARE_ROOT),
            ("declare_pairing", partitioned, DECLARE_PAIRING),
            ("find_pairing", partitioned, FIND_PAIRING),
            ("record_truncated_rows", truncates_rows, RECORD_TRUNCATED_ROWS),
            ("advance_clock", true, ADVANCE_CLOCK),
        ] {
            let sql = if condition { render(&self.storage.fill(template), &parts) } else { String::new() };
            parts.push((placeholder, sql));
        }
        parts
    }

    /// Returns the SQL for the current schema and name of the table whose changes the function records.
    pub(super) const fn table_name(&self) -> (&'static str, &'static str) {
        if self.table.is_partitioned { ("root[1]", "root[2]") } else { ("TG_TABLE_SCHEMA", "TG_TABLE_NAME") }
    }

    /// Returns the statements that record many rows at once.
    pub(super) async fn statement_parts(&mut self) -> Result<Parts, sqlx::Error> {
        let (operations, first_position, or_is_unpaired) = if self.table.is_partitioned {
            (
                "CASE WHEN is_unpaired THEN ARRAY['DELETE', 'INSERT'] ELSE ARRAY[TG_OP] END",
                "old_row_count",
                " OR is_unpaired",
            )
        } else {
            ("ARRAY[TG_OP]", "0", "")
        };
        Ok(vec![
            ("operations", operations.to_owned()),
            ("first_position", first_position.to_owned()),
            ("or_is_unpaired", or_is_unpaired.to_owned()),
            ("insert", self.statement_sql("INSERT").await?),
            ("update", self.statement_sql("UPDATE").await?),
            ("delete", self.statement_sql("DELETE").await?),
        ])
    }

    /// Returns the parts that record one row. `old` and `new` are the names of the row before and after in the SQL.
    pub(super) async fn row_parts(&mut self, old: &str, new: &str) -> Result<Parts, sqlx::Error> {
        let row = self.row_sql(old, new).await?;
        let key = self.key_sql().await?;
        let policy = self.policy;
        let hidden_change = match row.hidden_change.as_str() {
            "" => String::new(),
            change => format!("\nOR {change}"),
        };
        let skip = "IF is_different IS NOT TRUE THEN\n  RETURN NULL;\nEND IF;";
        let when = |condition: bool, sql: &str| if condition { sql.to_owned() } else { String::new() };
        Ok(vec![
            ("skip_unchanged", when(!policy.store_unchanged, skip)),
            ("discard_old_values", when(!policy.store_changed_from, "old_values := NULL;")),
            ("compare_images", self.compare_images(&row)),
            ("compare_hidden", self.compare_hidden(&row, old, new)),
            ("deleted_row", if policy.store_deleted_row { "before" } else { "NULL" }.to_owned()),
            ("key_of_before", key.of_before),
            ("key_of_after", key.of_after),
            ("changed_key_of_before", key.of_before_if_altered),
            ("changed_key_of_after", key.of_after_if_altered),
            ("key_change", key.has_changed),
            ("hidden_change", hidden_change),
            ("old_image", row.old_image),
            ("new_image", row.new_image),
        ])
    }

    /// Compares the images of a row, column by column.
    ///
    /// A loop over short expressions is faster than one expression over all columns, because an expression is prepared anew
    /// in each transaction. Values are compared as text, because 1.0 and 1.00 are equal numbers and different values; JSON
    /// values also by their type, because a number and a string may have the same text.
    fn compare_images(&self, row: &RowSql) -> String {
        if row.names.is_empty() {
            return String::new();
        }
        let json = if row.json_names.is_empty() {
            String::new()
        } else {
            let names = text_array(&row.json_names, 40);
            format!("\n     OR name = ANY ({names}) AND before -> name IS DISTINCT FROM after -> name")
        };
        format!(
            "FOREACH name IN ARRAY {} LOOP\n  IF before ->> name IS DISTINCT FROM after ->> name{json} THEN\n    \
             fields := fields || name;\n{}  END IF;\nEND LOOP;",
            text_array(&row.names, 30),
            self.keep_old_value("name", "    "),
        )
    }

    /// Compares masked columns by their stored values, and sorts the names of the changed columns.
    fn compare_hidden(&self, row: &RowSql, old: &str, new: &str) -> String {
        let compare = row.masked_names.iter().map(|column| {
            let name = literal(column);
            format!(
                "IF record_image_ne(ROW({old}.{column}), ROW({new}.{column})) THEN\n  fields := fields || {name}::text;\n{}END IF;\n",
                self.keep_old_value(&name, "  "),
                column = identifier(column),
            )
        });
        let mut sql: String = compare.collect();
        if !sql.is_empty() {
            sql += "fields := (SELECT array_agg(field ORDER BY field COLLATE \"C\") FROM unnest(fields) AS field);";
        }
        sql
    }

    fn keep_old_value(&self, name: &str, indent: &str) -> String {
        if !self.policy.store_changed_from {
            return String::new();
        }
        format!(
            "{indent}old_values := coalesce(old_values, '{{}}') || jsonb_build_object({name}, before -> {name});\n"
        )
    }
}
