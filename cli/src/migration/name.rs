//! The names of migrations.

use sha2::{Digest, Sha256};
use threadline::TableName;

const PREFIX: &str = "threadline_triggers_";
const MAX_BYTES: usize = 63;

/// Parses the version and the name of a migration file, as sqlx does.
pub(super) fn parse(file: &str) -> Option<(i64, String)> {
    let (version, rest) = file.split_once('_')?;
    let name = rest.strip_suffix(".sql")?;
    let name = name.strip_suffix(".up").or_else(|| name.strip_suffix(".down")).unwrap_or(name);
    Some((version.parse().ok()?, name.to_owned()))
}

/// Returns a free name for a migration of these tables.
pub(super) fn free(tables: &[TableName], is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = numbered(tables, 1);
    for number in 2_u64.. {
        if !is_taken(&name) {
            break;
        }
        name = numbered(tables, number);
    }
    name
}

fn numbered(tables: &[TableName], number: u64) -> String {
    let number = if number == 1 { String::new() } else { format!("_{number}") };
    let words: Vec<String> = tables.iter().map(words).collect();
    let words = words.join("_");
    let plain = format!("{PREFIX}{words}{number}");
    if plain.len() <= MAX_BYTES {
        return plain;
    }
    let hash = hash(tables);
    let room = MAX_BYTES - PREFIX.len() - "_".len() - hash.len() - number.len();
    format!("{PREFIX}{}_{hash}{number}", words.get(..room).unwrap_or_default())
}

/// Returns the name of a table with plain characters only, which every file system allows.
fn words(table: &TableName) -> String {
    let name = match table.schema() {
        "public" => table.name().to_owned(),
        schema => format!("{schema}_{}", table.name()),
    };
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Hashes the names of the tables regardless of their order.
fn hash(tables: &[TableName]) -> String {
    let mut tables: Vec<_> =
        tables.iter().map(|table| format!("{}.{}", table.schema(), table.name())).collect();
    tables.sort_unstable();
    tables.dedup();
    Sha256::digest(tables.join(",")).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(tables: &[&str], taken: &[&str]) -> String {
        let tables: Vec<TableName> = tables.iter().map(|table| table.parse().unwrap()).collect();
        free(&tables, |name| taken.contains(&name))
    }

    #[test]
    fn migration_is_named_after_its_tables() {
        for (tables, name) in [
            (&["users"][..], "threadline_triggers_users"),
            (&["public.users", "billing.invoices"], "threadline_triggers_users_billing_invoices"),
            (&["Größe (cm)", "a/../b\n"], "threadline_triggers_Gr__e__cm__a____b_"),
        ] {
            assert_eq!(named(tables, &[]), name);
        }
    }

    #[test]
    fn existing_name_gets_a_number() {
        let users = "threadline_triggers_users";
        assert_eq!(named(&["users"], &[users]), format!("{users}_2"));
        assert_eq!(named(&["users"], &[users, &format!("{users}_2")]), format!("{users}_3"));
        assert_eq!(named(&["users"], &[&format!("{users}_2")]), users);
        assert_eq!(named(&["a.b"], &["threadline_triggers_a_b"]), "threadline_triggers_a_b_2");
    }

    #[test]
    fn long_name_ends_with_hash_of_tables() {
        let long = ["x".repeat(30), "y".repeat(30)];
        let [x, y] = [&*long[0], &*long[1]];
        let fits = "z".repeat(43);
        assert_eq!(named(&[&fits], &[]).len(), 63);
        let (one, other) = (named(&[x, y], &[]), named(&[y, x], &[]));
        let tail = |name: &str| name.rsplit_once('_').unwrap().1.to_owned();
        assert_eq!((one.len(), tail(&one).len()), (63, 12));
        assert_eq!((tail(&one), one == other), (tail(&other), false));
        assert_ne!(tail(&one), tail(&named(&[x, y, "w"], &[])));
        let numbered = named(&[x, y], &[&one]);
        assert!(numbered.len() <= 63 && numbered.ends_with(&format!("{}_2", tail(&one))), "{numbered}");
    }

    #[test]
    fn file_names_are_parsed_like_sqlx() {
        for (file, migration) in [
            (
                "20261122063000_threadline_triggers_users.up.sql",
                Some((20_261_122_063_000, "threadline_triggers_users")),
            ),
            (
                "20261122063000_threadline_triggers_users.down.sql",
                Some((20_261_122_063_000, "threadline_triggers_users")),
            ),
            ("0001_init.sql", Some((1, "init"))),
            ("README.md", None),
            ("x_y.sql", None),
            ("1_y.sql.unfinished", None),
        ] {
            assert_eq!(parse(file), migration.map(|(version, name)| (version, name.to_owned())));
        }
    }
}
