//! The SQL of a table's capture function.
//!
//! The templates are `statement.sql` and `row.sql`, and `update_row.sql` is a part of both. The SQL that depends on the table and
//! its policy comes from functions of the storage schema (`migrations/0006_capture.sql`). A capture function calls them again
//! once its table has changed, so a table is captured by the same rules before and after.

mod changed;
mod parts;

use sqlx::PgConnection;

use self::parts::{Builder, policy_document};
use super::catalog::CapturableTable;
use super::naming::function_name;
use super::quote::{dollar_quote, identifier};
use super::{CaptureMode, TablePolicy};
use crate::StorageSchema;

const STATEMENT: &str = include_str!("statement.sql");
const ROW: &str = include_str!("row.sql");
/// Records the update of one row, in both modes.
const UPDATE_ROW: &str = include_str!("update_row.sql");

/// Returns the qualified name of the function, quoted.
pub(super) fn qualified_name(storage: &StorageSchema, table: &CapturableTable) -> String {
    format!("{}.{}", storage.quoted(), identifier(&function_name(&table.name)))
}

/// Returns the statement that creates or replaces the function.
///
/// The function sets `search_path`, so that no function or operator of the writer is ever called, and the settings that the
/// text of its columns' values depends on. Each setting costs 2 to 3 µs per call, so it sets no others. Per statement it also
/// turns JIT off, which takes longer than it saves for a statement of 50,000 rows, and raises `work_mem`: old and new rows are
/// sorted to be paired, and on disk an update of 50,000 rows took a tenth longer.
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

/// Returns the body of the function, exactly as `pg_proc.prosrc` holds it.
pub(super) async fn body(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    table: &CapturableTable,
    policy: &TablePolicy,
    mode: CaptureMode,
) -> Result<String, sqlx::Error> {
    let document = policy_document(table, policy);
    let mut builder = Builder { connection, storage, table, policy, document };
    let mut parts = builder.common_parts();
    let (template, old, new) = match mode {
        CaptureMode::Statement => {
            parts.extend(builder.statement_parts().await?);
            (STATEMENT, "old_row", "new_row")
        }
        CaptureMode::Row => (ROW, "OLD", "NEW"),
    };
    parts.extend(builder.row_parts(old, new).await?);
    let update_row = render(&storage.fill(UPDATE_ROW), &parts);
    parts.push(("update_row", update_row));
    Ok(render(&storage.fill(&format!("\n{template}")), &parts))
}

/// Replaces the placeholders of a template by SQL, and removes lines that only hold a placeholder whose SQL is empty. The SQL
/// is neither searched for placeholders nor indented, because a column may have any name, line breaks included.
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
