//! The SQL of a table's capture function.
//!
//! The skeletons are `statement.sql` and `row.sql`. What depends on the table and its policy comes from functions of the
//! storage schema (`migrations/0002_capture.sql`), which a capture function calls again once its table has changed: so a
//! table is captured by the same rules before and after.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::catalog::CapturableTable;
use super::naming::function_name;
use super::policy::TruncatePolicy;
use super::quote::{dollar_quote, identifier, literal, text_array};
use super::{CaptureMode, TablePolicy};
use crate::StorageSchema;

const STATEMENT: &str = include_str!("statement.sql");
const ROW: &str = include_str!("row.sql");

/// A partition's rows belong to the history of the whole table.
const DECLARE_ROOT: &str = "root CONSTANT text[] := __schema__.threadline_root_table(TG_RELID);";

const OBSERVE_NAME: &str = "\
PERFORM __schema__.threadline_observe_name(TG_RELID, __table_schema__, __table_name__);";

const DECLARE_PAIRING: &str = "paired boolean := true;";

const FIND_PAIRING: &str = "\
-- A row that moves to a partition whose trigger refuses it is gone: then old and new rows cannot be paired by position, and
-- the update is recorded as what it was, a delete of the old rows and an insert of the new ones.
IF TG_OP = 'UPDATE' THEN
  first_position := (SELECT count(*) FROM old_rows);
  paired := first_position = (SELECT count(*) FROM new_rows);
END IF;";

const DECLARE_FIRST_ROW: &str = "\
columns CONSTANT text[] := __columns__;
first_row jsonb;";

const CHECK_FIRST_ROW: &str = "\
IF TG_OP = 'UPDATE' AND NOT has_changed THEN
  SELECT CASE WHEN pg_column_size(n.*) < 1000000 THEN to_jsonb(n.*) END INTO first_row FROM new_rows AS n LIMIT 1;
  has_changed := coalesce(first_row - columns <> '{}' OR NOT first_row ?& columns, false);
END IF;";

/// Nearly every statement of an application that declares nothing goes this way, so nothing is called for it.
const RECORD_TRANSACTION: &str = "\
IF current_setting('threadline.actor_ref', true) <> '' OR current_setting('threadline.declared', true) <> '' THEN
  PERFORM __schema__.threadline_record_transaction(transaction, __record_session__);
ELSE
  INSERT INTO __schema__.audit_transactions (id, occurred_at, txid, meta)
  VALUES (transaction, now(), pg_current_xact_id()::text::bigint, __session__)
  ON CONFLICT DO NOTHING;
END IF;";

const SESSION: &str = "\
jsonb_build_object('session', jsonb_object(ARRAY['role', 'application_name', 'client_address'], ARRAY[
    CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END,
    current_setting('application_name'), host(inet_client_addr())]))";

const RECORD_TRUNCATED_ROWS: &str = "\
IF TG_OP = 'TRUNCATE' THEN
  settings_found := __schema__.threadline_pin_settings();
  EXECUTE __schema__.threadline_statement_sql(TG_OP, TG_RELID, __policy__,
      ARRAY['$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', '$10', '$11'])
    USING transaction, moment, clock_at, __schema__.threadline_uuid_v7_head(microseconds),
      __schema__.threadline_uuid_v7_tail(), __table_schema__, __table_name__,
      __schema__.threadline_table_hash(__table_schema__, __table_name__), __schema__.threadline_row_slot(moment), TG_RELID, 0;
  PERFORM __schema__.threadline_restore_settings(settings_found);
  __record_transaction__
  RETURN NULL;
END IF;";

/// The function's full name, quoted.
pub(super) fn qualified_name(storage: &StorageSchema, table: &CapturableTable) -> String {
    format!("{}.{}", storage.quoted(), identifier(&function_name(&table.name)))
}

/// Makes or replaces the function.
///
/// The search path is fixed so that no name or operator of the writer's is ever used; the other settings so that a value has
/// one text in every session, and each costs a call 2 to 3 µs, so only those that the columns need are there. Statements are
/// not compiled: one of 50,000 rows is "expensive" enough for JIT, which takes longer than it saves. Old and new rows of a
/// statement are sorted to be paired; on disk, an update of 50,000 rows took a tenth longer.
pub(super) fn create(
    storage: &StorageSchema,
    table: &CapturableTable,
    mode: CaptureMode,
    body: &str,
) -> String {
    let name = qualified_name(storage, table);
    let quote = dollar_quote(body);
    let mut settings = vec!["search_path = pg_catalog, pg_temp"];
    settings.extend(&table.settings);
    if mode == CaptureMode::Statement {
        settings.extend(["jit = off", "work_mem = '64MB'"]);
    }
    let settings: String = settings.iter().map(|setting| format!("\nSET {setting}")).collect();
    format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger\nLANGUAGE plpgsql SECURITY DEFINER{settings}\n\
         AS {quote}{body}{quote};\nREVOKE ALL ON FUNCTION {name}() FROM PUBLIC;\n"
    )
}

/// What `threadline_row_sql` answers.
#[derive(Debug, FromRow)]
struct RowSql {
    is_whole: bool,
    columns: Vec<String>,
    old_image: String,
    new_image: String,
    names: Vec<String>,
    json_names: Vec<String>,
    masked_names: Vec<String>,
    hidden_change: String,
}

/// The function's body, exactly as the catalogue keeps it.
pub(super) async fn body(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    table: &CapturableTable,
    policy: &TablePolicy,
    mode: CaptureMode,
) -> Result<String, sqlx::Error> {
    let document = policy_document(table, policy);
    let mut builder = Builder { connection, storage, table, policy, document };
    let row = builder.row_sql().await?;
    let mut parts = builder.common_parts(&row);
    let template = match mode {
        CaptureMode::Statement => {
            parts.extend(builder.statement_parts().await?);
            STATEMENT
        }
        CaptureMode::Row => {
            parts.extend(builder.row_parts(&row).await?);
            ROW
        }
    };
    Ok(render(&storage.fill(&format!("\n{template}")), &parts))
}

/// What the functions of the storage schema read of the policy.
fn policy_document(table: &CapturableTable, policy: &TablePolicy) -> Value {
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

struct Builder<'a> {
    connection: &'a mut PgConnection,
    storage: &'a StorageSchema,
    table: &'a CapturableTable,
    policy: &'a TablePolicy,
    document: Value,
}

type Parts = Vec<(&'static str, String)>;

impl Builder<'_> {
    async fn row_sql(&mut self) -> Result<RowSql, sqlx::Error> {
        sqlx::query_as(AssertSqlSafe(
            self.storage.fill(
                "SELECT * FROM __schema__.threadline_row_sql($1, $2, 'OLD', 'NEW', 'OLD', 'NEW', true)",
            ),
        ))
        .bind(self.table.oid)
        .bind(&self.document)
        .persistent(false)
        .fetch_one(&mut *self.connection)
        .await
    }

    async fn statement_sql(&mut self, operation: &str) -> Result<String, sqlx::Error> {
        let (schema, name) = self.table_name();
        let arguments: [&str; 11] = [
            "transaction",
            "moment",
            "clock_at",
            "id_head",
            "id_tail",
            schema,
            name,
            "table_hash",
            "slot",
            "TG_RELID",
            "first_position",
        ];
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

    /// The expression for the key of an image.
    async fn key_sql(&mut self, image: &str) -> Result<String, sqlx::Error> {
        sqlx::query(AssertSqlSafe(
            self.storage.fill("SELECT __schema__.threadline_key_sql($1, $2, 'TG_RELID')"),
        ))
        .bind(&self.document)
        .bind(image)
        .persistent(false)
        .fetch_one(&mut *self.connection)
        .await?
        .try_get(0)
    }

    async fn key_change_sql(&mut self) -> Result<String, sqlx::Error> {
        sqlx::query(AssertSqlSafe(self.storage.fill("SELECT __schema__.threadline_key_change_sql($1)")))
            .bind(&self.document)
            .persistent(false)
            .fetch_one(&mut *self.connection)
            .await?
            .try_get(0)
    }

    /// What both skeletons hold.
    fn common_parts(&self, row: &RowSql) -> Parts {
        let partitioned = self.table.partitioned;
        let (schema, name) = self.table_name();
        let mut runtime_policy = self.document.clone();
        runtime_policy["known_columns"] = json!(self.table.columns);
        let mut parts = vec![
            ("table_schema", schema.to_owned()),
            ("table_name", name.to_owned()),
            ("record_session", self.policy.record_session.to_string()),
            ("session", if self.policy.record_session { SESSION } else { "NULL" }.to_owned()),
            ("has_changed", self.has_changed(row)),
            ("columns", text_array(&row.columns, 29)),
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
            ("declare_first_row", row.is_whole, DECLARE_FIRST_ROW),
            ("check_first_row", row.is_whole, CHECK_FIRST_ROW),
        ] {
            let sql = if condition { render(&self.storage.fill(template), &parts) } else { String::new() };
            parts.push((placeholder, sql));
        }
        parts
    }

    /// How the function names the table whose history it writes.
    const fn table_name(&self) -> (&'static str, &'static str) {
        if self.table.partitioned { ("root[1]", "root[2]") } else { ("TG_TABLE_SCHEMA", "TG_TABLE_NAME") }
    }

    async fn statement_parts(&mut self) -> Result<Parts, sqlx::Error> {
        let operations = if self.table.partitioned {
            "CASE WHEN paired THEN ARRAY[TG_OP] ELSE ARRAY['DELETE', 'INSERT'] END"
        } else {
            "ARRAY[TG_OP]"
        };
        Ok(vec![
            ("operations", operations.to_owned()),
            ("is_insert", self.operation("INSERT")),
            ("is_update", self.operation("UPDATE")),
            ("is_delete", self.operation("DELETE")),
            ("insert", self.statement_sql("INSERT").await?),
            ("update", self.statement_sql("UPDATE").await?),
            ("delete", self.statement_sql("DELETE").await?),
        ])
    }

    async fn row_parts(&mut self, row: &RowSql) -> Result<Parts, sqlx::Error> {
        let policy = self.policy;
        let check = if row.is_whole {
            format!("has_changed := after - {0} <> '{{}}' OR NOT after ?& {0};", text_array(&row.columns, 36))
        } else {
            String::new()
        };
        let hidden_change = match row.hidden_change.as_str() {
            "" => String::new(),
            change => format!("\nOR {change}"),
        };
        let skip = "IF is_different IS NOT TRUE THEN\n  RETURN NULL;\nEND IF;";
        let when = |condition: bool, sql: &str| if condition { sql.to_owned() } else { String::new() };
        Ok(vec![
            ("skip_unchanged", when(!policy.store_unchanged, skip)),
            ("discard_old_values", when(!policy.store_changed_from, "old_values := NULL;")),
            ("compare_images", self.compare_images(row)),
            ("compare_hidden", self.compare_hidden(row)),
            ("deleted_row", if policy.store_deleted_row { "before" } else { "NULL" }.to_owned()),
            ("check_images", check),
            ("key_of_after", self.key_sql("after").await?),
            ("key_of_before", self.key_sql("before").await?),
            ("key_change", self.key_change_sql().await?),
            ("hidden_change", hidden_change),
            ("old_image", row.old_image.clone()),
            ("new_image", row.new_image.clone()),
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

    /// Compares the columns that are masked by their stored values, and puts the names in order.
    fn compare_hidden(&self, row: &RowSql) -> String {
        let compare = row.masked_names.iter().map(|column| {
            let name = literal(column);
            format!(
                "IF record_image_ne(ROW(OLD.{column}), ROW(NEW.{column})) THEN\n  fields := fields || {name}::text;\n{}END IF;\n",
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

    /// An update of a partitioned table whose rows cannot be paired is both a delete and an insert.
    fn operation(&self, operation: &str) -> String {
        let asked = format!("TG_OP = '{operation}'");
        match operation {
            _ if !self.table.partitioned => asked,
            "UPDATE" => format!("{asked} AND paired"),
            _ => format!("{asked} OR NOT paired"),
        }
    }

    /// Whether the table's columns are others than those that the function was made for.
    ///
    /// Where the function names the columns of the row, all of them are compared with their types. The types of PostgreSQL
    /// itself have fixed numbers; all others are captured alike, as text. Where it takes the row as a whole, only a column that
    /// was added matters at this point, and one whose type is not PostgreSQL's own any more: `to_jsonb` would call a cast that
    /// the owner of the type has made, with the rights of the trail's owner.
    fn has_changed(&self, row: &RowSql) -> String {
        let own =
            "FROM pg_attribute AS a\n  WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped";
        if row.is_whole && !self.table.partitioned && !self.table.inherits {
            let last = self.table.last_column_number;
            return format!(
                "EXISTS (SELECT {own}\n    AND (a.attnum > {last} OR a.atttypid >= 16384 OR a.atttypid IN (114, 199) OR a.attgenerated = 'v'\n      \
                 OR a.atttypid = 3802 AND a.attname::text <> ALL ({}))){}",
                text_array(&row.json_names, 40),
                self.has_other_name()
            );
        }
        format!(
            "(SELECT array_agg(a.attname || ' ' || least(a.atttypid::bigint, 16384) ORDER BY a.attnum)\n  {own})\n  IS DISTINCT FROM {}{}",
            text_array(&self.table.signature, 20),
            self.has_other_name()
        )
    }

    /// Whether the table has another name than it had when the function was made. Tables that inherit share a function.
    fn has_other_name(&self) -> String {
        if self.table.inherits {
            return String::new();
        }
        let (schema, name) = self.table_name();
        format!(
            " OR {name} <> {} OR {schema} <> {}",
            literal(self.table.recorded_name.name()),
            literal(self.table.recorded_name.schema())
        )
    }
}

/// Puts SQL in the place of the placeholders of a template; a line that only holds a placeholder without SQL goes away. What
/// is put in is not looked at again, and not indented, because a column may be called anything, line breaks included.
fn render(template: &str, parts: &[(&'static str, String)]) -> String {
    let sql_of = |name: &str| parts.iter().find(|(part, _)| *part == name).map(|(_, sql)| sql.as_str());
    let mut text = String::new();
    for line in template.split_inclusive('\n') {
        let alone = line.trim().strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
        if alone.and_then(sql_of) == Some("") {
            continue;
        }
        let mut pieces = line.split("__");
        text += pieces.next().unwrap_or_default();
        while let Some(name) = pieces.next() {
            match (sql_of(name), pieces.next()) {
                (Some(sql), Some(after)) => text += &format!("{sql}{after}"),
                (_, after) => {
                    text += &format!("__{name}");
                    after.iter().for_each(|after| text += &format!("__{after}"));
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn render_replaces_placeholders_once() {
        let parts = [("a", "1 __b__".to_owned()), ("b", "2".to_owned()), ("nothing", String::new())];
        assert_eq!(
            render("x __a__, __b__;\n  __nothing__\n__other__\n", &parts),
            "x 1 __b__, 2;\n__other__\n"
        );
    }
}
