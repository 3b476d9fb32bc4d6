//! Random plans of writes, which are determined by their seed.

use serde_json::Value;

/// A xorshift64* generator, which returns the same numbers on every machine.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap_or_default() % end
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.below(from.len())) }
    }
}

/// The redaction of a column in the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redaction {
    None,
    /// The placeholder, unless the value is NULL.
    Mask,
    /// Always the placeholder, because a redacted column was renamed.
    Withhold,
    Exclude,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Json,
    Number,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) redaction: Redaction,
    kind: Kind,
}

/// A change of the table's definition.
#[derive(Debug, Clone)]
pub(crate) enum Redefinition {
    Added { name: String },
    Renamed { from: String, to: Column },
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) sql: String,
    pub(crate) redefinition: Option<Redefinition>,
}

/// Writes a canary to each redacted column, and values that contain no canary to the others.
pub(crate) const CANARIES: [&str; 2] = ["canary", "77700011"];

pub(crate) const TABLE: &str =
    "CREATE TABLE users (id int PRIMARY KEY DEFERRABLE, code int NOT NULL UNIQUE, note text,
    secret text, document jsonb, amount numeric, hidden text)";

#[derive(Debug)]
pub(crate) struct Planner {
    random: Random,
    pub(crate) columns: Vec<Column>,
    next: u32,
}

impl Planner {
    pub(crate) fn new(seed: u64) -> Self {
        let column = |name: &str, redaction, kind| Column { name: name.to_owned(), redaction, kind };
        let columns = vec![
            column("note", Redaction::None, Kind::Text),
            column("secret", Redaction::Mask, Kind::Text),
            column("document", Redaction::Mask, Kind::Json),
            column("amount", Redaction::Mask, Kind::Number),
            column("hidden", Redaction::Exclude, Kind::Text),
        ];
        Self { random: Random::new(seed), columns, next: 1 }
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn value(&mut self, column: &Column) -> String {
        let n = self.fresh();
        if self.random.one_in(6) {
            return "NULL".to_owned();
        }
        match (column.redaction, column.kind) {
            (Redaction::None, _) => format!("'plain {n}'"),
            (_, Kind::Text) => format!("'canary {n}'"),
            (_, Kind::Json) if n.is_multiple_of(3) => format!("'\"canary {n}\"'"),
            (_, Kind::Json) => format!("'{{\"deep\": [{n}, {{\"canary {n}\": \"canary {n}\"}}]}}'"),
            (_, Kind::Number) => format!("77700011{n:06}.50"),
        }
    }

    fn row(&mut self, code: Option<i32>) -> String {
        let id = self.fresh();
        let code = code.map_or_else(|| self.fresh().to_string(), |code| code.to_string());
        let values: Vec<String> = self.columns.clone().iter().map(|column| self.value(column)).collect();
        format!("({id}, {code}, {})", values.join(", "))
    }

    fn column_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        format!("id, code, {}", names.join(", "))
    }

    /// Returns a statement on rows with these ids and codes.
    fn write(&mut self, rows: &[(i32, i32)]) -> String {
        let ids: Vec<String> =
            rows.iter().filter(|_| self.random.one_in(3)).map(|(id, _)| id.to_string()).collect();
        let some =
            if ids.is_empty() { "id % 2 = 0".to_owned() } else { format!("id IN ({})", ids.join(", ")) };
        match self.random.below(12) {
            0..3 => {
                let count = 1 + self.random.below(5);
                let rows: Vec<String> = (0..count).map(|_| self.row(None)).collect();
                format!("INSERT INTO users ({}) VALUES {}", self.column_names(), rows.join(", "))
            }
            3..6 => {
                let columns = self.columns.clone();
                let first = self.random.below(columns.len());
                let set = columns
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| *at == first || self.random.one_in(3))
                    .map(|(_, c)| c);
                let set: Vec<&Column> = set.collect();
                let set: Vec<String> = set
                    .into_iter()
                    .map(|column| format!("{} = {}", column.name, self.value(column)))
                    .collect();
                format!("UPDATE users SET {} WHERE {some}", set.join(", "))
            }
            6 => "UPDATE users SET code = code".to_owned(),
            7 => format!("DELETE FROM users WHERE {some}"),
            8 | 9 => {
                let code = self.random.pick(rows).map(|(_, code)| *code);
                let rows = [self.row(None), self.row(code)].join(", ");
                let set: Vec<String> =
                    self.columns.iter().map(|column| format!("{0} = excluded.{0}", column.name)).collect();
                format!(
                    "INSERT INTO users ({}) VALUES {rows} ON CONFLICT (code) DO UPDATE SET {}",
                    self.column_names(),
                    set.join(", ")
                )
            }
            10 => match (self.random.pick(rows), self.random.pick(rows)) {
                (Some((a, _)), Some((b, _))) if a != b => {
                    format!(
                        "UPDATE users SET id = CASE id WHEN {a} THEN {b} ELSE {a} END WHERE id IN ({a}, {b})"
                    )
                }
                _ => "UPDATE users SET id = id".to_owned(),
            },
            _ => match self.random.pick(rows) {
                Some((id, _)) => {
                    format!("UPDATE users SET id = {0}, code = {0} WHERE id = {id}", self.fresh())
                }
                None => "TRUNCATE users".to_owned(),
            },
        }
    }

    /// Returns the next step on a table with these ids and codes.
    pub(crate) fn step(&mut self, rows: &[(i32, i32)]) -> Step {
        let plain = |sql| Step { sql, redefinition: None };
        match self.random.below(16) {
            0 => {
                let (first, undone, last) = (self.write(rows), self.write(rows), self.write(rows));
                plain(format!("BEGIN; {first}; SAVEPOINT s; {undone}; ROLLBACK TO s; {last}; COMMIT"))
            }
            1 => plain(format!("BEGIN; {}; {}; ROLLBACK", self.write(rows), self.write(rows))),
            2 => plain(format!(
                "BEGIN; SAVEPOINT s; {}; ROLLBACK TO s; {}; COMMIT",
                self.write(rows),
                self.write(rows)
            )),
            3 => {
                let name = format!("added_{}", self.fresh());
                self.columns.push(Column {
                    name: name.clone(),
                    redaction: Redaction::None,
                    kind: Kind::Text,
                });
                Step {
                    sql: format!("ALTER TABLE users ADD COLUMN {name} text"),
                    redefinition: Some(Redefinition::Added { name }),
                }
            }
            4 => {
                let at = self.random.below(self.columns.len());
                let from = self.columns[at].name.clone();
                let to = format!("renamed_{}", self.fresh());
                let column = &mut self.columns[at];
                column.name.clone_from(&to);
                if column.redaction != Redaction::None {
                    column.redaction = Redaction::Withhold;
                }
                Step {
                    sql: format!("ALTER TABLE users RENAME {from} TO {to}"),
                    redefinition: Some(Redefinition::Renamed { from, to: column.clone() }),
                }
            }
            _ => plain(self.write(rows)),
        }
    }
}

/// Returns a value as the trail contains it; `None` if the column must be absent.
pub(crate) fn redacted_value(redaction: Redaction, value: Value) -> Option<Value> {
    let placeholder = Value::from(threadline::capture::DEFAULT_PLACEHOLDER);
    match redaction {
        Redaction::None => Some(value),
        Redaction::Mask if value.is_null() => Some(Value::Null),
        Redaction::Mask | Redaction::Withhold => Some(placeholder),
        Redaction::Exclude => None,
    }
}
