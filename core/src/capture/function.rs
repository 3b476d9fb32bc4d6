//! The SQL of a table's capture function.

use super::catalog::CapturableTable;
use super::naming::function_name;
use super::quote::{dollar_quote, identifier, literal, text_array};
use super::{CaptureMode, TablePolicy};
use crate::StorageSchema;

/// What the body must be read with, so that values have one text in every session, and so that no name or operator of the
/// writer's is ever used. Without JIT: a statement of 50,000 rows is "expensive" enough to be compiled, which takes longer
/// than it saves.
const SETTINGS: &str = "\
SET search_path = pg_catalog, pg_temp
SET TimeZone = 'UTC'
SET DateStyle = 'ISO, YMD'
SET IntervalStyle = 'postgres'
SET bytea_output = 'hex'
SET extra_float_digits = 1
SET quote_all_identifiers = off
SET jit = off";

const STATEMENT: &str = include_str!("statement.sql");
const ROW: &str = include_str!("row.sql");

const RECORD_TRANSACTION: &str = "\
INSERT INTO __schema__.audit_transactions (id, txid, actor_ref)
VALUES (transaction, pg_current_xact_id()::text::bigint,
        CASE WHEN current_setting('threadline.actor_ref', true) <> '' THEN __schema__.threadline_actor() END)
ON CONFLICT DO NOTHING;";

/// A partition's rows belong to the history of the whole table.
const DECLARE_ROOT: &str = "root CONSTANT text[] := __schema__.threadline_root_table(TG_RELID);";

const DECLARE_PAIRING: &str = "\
paired boolean := true;
shift bigint := 0;";

const FIND_PAIRING: &str = "\
-- A row that moves to a partition whose trigger refuses it is gone: then old and new rows cannot be paired by position, and
-- the update is recorded as what it was, a delete of the old rows and an insert of the new ones.
IF TG_OP = 'UPDATE' THEN
  shift := (SELECT count(*) FROM old_rows);
  paired := shift = (SELECT count(*) FROM new_rows);
END IF;";

/// The function's full name, quoted.
pub(super) fn qualified_name(storage: &StorageSchema, table: &CapturableTable) -> String {
    format!("{}.{}", storage.quoted(), identifier(&function_name(&table.name)))
}

/// Old and new rows of a statement are sorted to be paired; on disk, an update of 50,000 rows took a tenth longer.
const STATEMENT_SETTINGS: &str = "\nSET work_mem = '64MB'";

/// Makes or replaces the function.
pub(super) fn create(
    storage: &StorageSchema,
    table: &CapturableTable,
    mode: CaptureMode,
    body: &str,
) -> String {
    let name = qualified_name(storage, table);
    let quote = dollar_quote(body);
    let money = if table.has_money { "\nSET lc_monetary = 'C'" } else { "" };
    let sorting = if mode == CaptureMode::Statement { STATEMENT_SETTINGS } else { "" };
    format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger\nLANGUAGE plpgsql SECURITY DEFINER\n{SETTINGS}{sorting}{money}\n\
         AS {quote}{body}{quote};\nREVOKE ALL ON FUNCTION {name}() FROM PUBLIC;\n"
    )
}

/// The function's body, exactly as the catalogue keeps it.
pub(super) fn body(
    storage: &StorageSchema,
    table: &CapturableTable,
    policy: &TablePolicy,
    mode: CaptureMode,
) -> String {
    let expressions = Expressions { table, policy };
    let template = match mode {
        CaptureMode::Statement => STATEMENT,
        CaptureMode::Row => ROW,
    };
    let mut body = format!("\n{template}");
    for (placeholder, sql) in expressions.of_mode(mode) {
        fill(&mut body, placeholder, &sql);
    }
    storage.fill(&body)
}

/// Puts SQL in the place of a placeholder, further lines indented like the first; a line that only held a placeholder
/// without SQL goes away.
fn fill(body: &mut String, placeholder: &str, sql: &str) {
    let placeholder = format!("__{placeholder}__");
    let lines = body.split_inclusive('\n').filter_map(|line| {
        if sql.is_empty() && line.trim() == placeholder {
            return None;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let alone = line.trim_start().starts_with(&placeholder);
        let sql = if alone { sql.replace('\n', &format!("\n{indent}")) } else { sql.to_owned() };
        Some(line.replace(&placeholder, &sql))
    });
    *body = lines.collect();
}

/// The parts of a body that depend on the table and its policy.
struct Expressions<'a> {
    table: &'a CapturableTable,
    policy: &'a TablePolicy,
}

impl Expressions<'_> {
    fn of_mode(&self, mode: CaptureMode) -> Vec<(&'static str, String)> {
        let policy = self.policy;
        let when = |condition: bool, sql: &str| if condition { sql.to_owned() } else { String::new() };
        let or_null = |condition: bool, sql: String| if condition { sql } else { "NULL".to_owned() };
        let same = if mode == CaptureMode::Row { "same" } else { "diff.same" };
        let old_values =
            format!("CASE WHEN fields IS NOT NULL THEN ({}) - {same} END", self.redacted("before"));
        let skip = "IF fields IS NULL AND before::text = after::text THEN\n  RETURN NULL;\nEND IF;";
        let only = "WHERE fields IS NOT NULL OR before::text <> after::text";
        let (schema, table) = self.table_name();
        let image_function = if self.table.has_json { "__schema__.threadline_image" } else { "to_jsonb" };
        vec![
            ("declare_withheld", self.declare_withheld()),
            ("columns", text_array(&self.table.columns, 29)),
            ("names", text_array(&self.names(&self.table.columns), 18)),
            ("declare_root", when(self.table.partitioned, DECLARE_ROOT)),
            ("declare_pairing", when(self.table.partitioned, DECLARE_PAIRING)),
            ("find_pairing", when(self.table.partitioned, FIND_PAIRING)),
            ("is_insert", self.operation("INSERT")),
            ("is_update", self.operation("UPDATE")),
            ("is_delete", self.operation("DELETE")),
            (
                "position_of_insert",
                if self.table.partitioned { "position + shift" } else { "position" }.to_owned(),
            ),
            ("image", image_function.to_owned()),
            ("unnamed", text_array(&self.unnamed(), 20)),
            ("changed", self.changed()),
            ("skip_unchanged", when(!policy.store_unchanged, skip)),
            ("only_changes", when(!policy.store_unchanged, only)),
            ("key_of_image", self.key_of("image")),
            ("key_of_after", self.key_of("after")),
            ("key_of_before", self.key_of("before")),
            ("new_row", self.redacted("after")),
            ("old_values", or_null(policy.store_changed_from, old_values)),
            ("deleted_row", or_null(policy.store_deleted_row, self.redacted("before"))),
            ("table_schema", schema.to_owned()),
            ("table_name", table.to_owned()),
            ("record_transaction", RECORD_TRANSACTION.to_owned()),
        ]
    }

    fn table_name(&self) -> (&'static str, &'static str) {
        if self.table.partitioned { ("root[1]", "root[2]") } else { ("TG_TABLE_SCHEMA", "TG_TABLE_NAME") }
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

    /// Columns whose changes are not named.
    fn unnamed(&self) -> Vec<String> {
        let mut unnamed = [&self.policy.exclude[..], &self.policy.except_columns[..]].concat();
        unnamed.sort_unstable();
        unnamed.dedup();
        unnamed
    }

    /// Those of the columns whose changes are named, in the order of their names.
    fn names(&self, columns: &[String]) -> Vec<String> {
        let unnamed = self.unnamed();
        let mut names: Vec<String> = columns.iter().filter(|name| !unnamed.contains(name)).cloned().collect();
        names.sort_unstable();
        names
    }

    /// The columns whose values are withheld although the function does not know them by name.
    fn declare_withheld(&self) -> String {
        if !self.policy.redacts() {
            return String::new();
        }
        let relation = if self.table.partitioned {
            "coalesce(pg_partition_root(TG_RELID), TG_RELID)"
        } else {
            "TG_RELID"
        };
        format!(
            "withheld CONSTANT jsonb := __schema__.threadline_withheld_columns({relation},\n  __columns__, {});",
            literal(&self.policy.mask_placeholder)
        )
    }

    /// Compared as text, because 1.0 and 1.00 are equal numbers and different values; JSON values also by their type, because
    /// a number and a string may have the same text.
    fn changed(&self) -> String {
        let texts = "before ->> name IS DISTINCT FROM after ->> name";
        let json = self.names(&self.table.json_columns);
        if json.is_empty() {
            return texts.to_owned();
        }
        let json = text_array(&json, 40);
        format!("{texts}\nOR name = ANY ({json}) AND before -> name IS DISTINCT FROM after -> name")
    }

    /// The key as text values; by the catalogue where a key column was renamed since.
    fn key_of(&self, image: &str) -> String {
        let value = |column: &String| format!("{image} ->> {}", literal(column));
        let present: Vec<String> =
            self.table.key.iter().map(|column| format!("{} IS NOT NULL", value(column))).collect();
        let pairs: Vec<String> =
            self.table.key.iter().map(|column| format!("{}, {}", literal(column), value(column))).collect();
        format!(
            "CASE WHEN {}\nTHEN jsonb_build_object({})\nELSE __schema__.threadline_key({image}, TG_RELID) END",
            present.join(" AND "),
            pairs.join(", ")
        )
    }

    /// The row as the trail may keep it. NULL stays NULL unless the policy hides that as well; a column that is gone does
    /// not come back.
    fn redacted(&self, image: &str) -> String {
        let policy = self.policy;
        if !policy.redacts() {
            return image.to_owned();
        }
        let mut sql = image.to_owned();
        if !policy.exclude.is_empty() {
            sql += &format!(" - {}", text_array(&policy.exclude, 40));
        }
        if !policy.mask.is_empty() {
            let placeholder = literal(&policy.mask_placeholder);
            let values = policy.mask.iter().map(|column| {
                let column = literal(column);
                let test = if policy.mask_null { "?" } else { "->>" };
                let is_there = if policy.mask_null { "" } else { " IS NOT NULL" };
                format!("  CASE WHEN {image} {test} {column}{is_there} THEN {placeholder} END")
            });
            let values: Vec<String> = values.collect();
            let names = text_array(&policy.mask, 40);
            sql = format!(
                "({sql}) || jsonb_strip_nulls(jsonb_object({names}, ARRAY[\n{}]))",
                values.join(",\n")
            );
        }
        format!("({sql}) || withheld")
    }
}
