//! Random statements on a table. There are few keys, so that statements write to the same rows repeatedly.

use crate::differential::table::{Kind, REGIONS, Table};
use threadline_testkit::random::Random;

const KEYS: usize = 8;

#[derive(Debug)]
pub(crate) struct Writer {
    next: u32,
}

impl Writer {
    pub(crate) const fn new() -> Self {
        Self { next: 0 }
    }

    /// Returns a number that was not used before.
    fn next_number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Returns the values of a random key, in the order of its columns.
    fn key(random: &mut Random, table: &Table) -> Vec<String> {
        let number = (1 + random.below(KEYS)).to_string();
        match table.kind {
            Kind::Plain | Kind::Redacted | Kind::Typed => vec![number],
            Kind::Pair => vec![number, format!("'{}'", random.pick(&["u", "v"]))],
            Kind::Partitioned => vec![number, format!("'{}'", random.pick(&REGIONS))],
        }
    }

    /// Returns the condition that a row has a key.
    fn key_condition(table: &Table, alias: &str, key: &[String]) -> String {
        let parts: Vec<String> =
            table.key().iter().zip(key).map(|(column, value)| format!("{alias}{column} = {value}")).collect();
        parts.join(" AND ")
    }

    /// Returns the assignments that give a row a key.
    fn key_assignments(table: &Table, key: &[String]) -> String {
        let parts: Vec<String> =
            table.key().iter().zip(key).map(|(column, value)| format!("{column} = {value}")).collect();
        parts.join(", ")
    }

    /// Returns a random condition, which several rows may meet.
    fn condition(random: &mut Random, table: &Table) -> String {
        let number = table.key()[0];
        match random.below(6) {
            0 => format!("{number} % 2 = {}", random.below(2)),
            1 => format!("{number} < {}", random.below(KEYS)),
            2 => "true".to_owned(),
            _ => Self::key_condition(table, "", &Self::key(random, table)),
        }
    }

    fn values(&mut self, random: &mut Random, table: &Table) -> Vec<String> {
        table.columns.iter().map(|column| column.kind.value(random, self.next_number())).collect()
    }

    fn set(&mut self, random: &mut Random, table: &Table) -> String {
        let first = random.below(table.columns.len());
        let chosen: Vec<_> =
            table.columns.iter().enumerate().filter(|(at, _)| *at == first || random.one_in(3)).collect();
        let parts: Vec<String> = chosen
            .iter()
            .map(|(_, column)| format!("{} = {}", column.name, column.kind.value(random, self.next_number())))
            .collect();
        parts.join(", ")
    }

    fn columns(table: &Table) -> String {
        let names = table.columns.iter().map(|column| column.name.as_str());
        table.key().iter().copied().chain(names).collect::<Vec<_>>().join(", ")
    }

    fn insert(&mut self, random: &mut Random, table: &Table) -> String {
        let key = Self::key(random, table);
        let values = self.values(random, table);
        format!(
            "INSERT INTO {name} ({columns}) SELECT {key}, {values} WHERE NOT EXISTS (SELECT FROM {name} WHERE {is})",
            name = table.name(),
            columns = Self::columns(table),
            is = Self::key_condition(table, "", &key),
            key = key.join(", "),
            values = values.join(", "),
        )
    }

    /// Returns a statement that inserts a row for every number that has none.
    pub(crate) fn insert_many(&mut self, random: &mut Random, table: &Table) -> String {
        let values = self.values(random, table).join(", ");
        let (name, columns) = (table.name(), Self::columns(table));
        let (key, free) = match table.kind {
            Kind::Plain | Kind::Redacted | Kind::Typed => ("n", "t.id = n"),
            Kind::Pair => ("n, 'u'", "t.x = n AND t.y = 'u'"),
            Kind::Partitioned => ("n, CASE n % 2 WHEN 0 THEN 'a' ELSE 'c' END", "t.id = n"),
        };
        format!(
            "INSERT INTO {name} ({columns}) SELECT {key}, {values} FROM generate_series(1, {KEYS}) AS n
             WHERE NOT EXISTS (SELECT FROM {name} AS t WHERE {free})"
        )
    }

    fn upsert(&mut self, random: &mut Random, table: &Table) -> String {
        let name = table.name();
        let (key, other) = (Self::key(random, table), Self::key(random, table));
        let (one, two) = (self.values(random, table).join(", "), self.values(random, table).join(", "));
        let set = self.set(random, table);
        if key == other {
            return self.insert(random, table);
        }
        format!(
            "INSERT INTO {name} ({columns}) VALUES ({key}, {one}), ({other}, {two}) ON CONFLICT ({primary}) DO UPDATE SET {set}",
            columns = Self::columns(table),
            primary = table.key().join(", "),
            key = key.join(", "),
            other = other.join(", "),
        )
    }

    fn merge(&mut self, random: &mut Random, table: &Table) -> String {
        let (name, number) = (table.name(), table.key()[0]);
        let (set, values) = (self.set(random, table), self.values(random, table).join(", "));
        let rest: String =
            if table.key().len() == 2 { format!(", {}", Self::key(random, table)[1]) } else { String::new() };
        format!(
            "MERGE INTO {name} AS t USING (SELECT n FROM generate_series(1, {KEYS}) AS n) AS s ON t.{number} = s.n
             WHEN MATCHED AND s.n % 3 = 0 THEN DELETE WHEN MATCHED AND s.n % 3 = 1 THEN UPDATE SET {set}
             WHEN NOT MATCHED AND s.n % 2 = 0 THEN INSERT ({columns}) VALUES (s.n{rest}, {values})",
            columns = Self::columns(table),
        )
    }

    /// Returns a statement that changes the keys of rows.
    fn change_keys(&mut self, random: &mut Random, table: &Table) -> String {
        let (name, number) = (table.name(), table.key()[0]);
        let (one, other) = (Self::key(random, table), Self::key(random, table));
        let more = if random.one_in(3) { format!(", {}", self.set(random, table)) } else { String::new() };
        if !table.is_deferrable || random.one_in(3) {
            let free =
                format!("NOT EXISTS (SELECT FROM {name} WHERE {})", Self::key_condition(table, "", &other));
            let is_one = Self::key_condition(table, "", &one);
            return format!(
                "UPDATE {name} SET {}{more} WHERE {is_one} AND {free}",
                Self::key_assignments(table, &other)
            );
        }
        match random.below(4) {
            0 => format!("UPDATE {name} SET {number} = 1 + {number} % {KEYS}{more}"),
            1 => format!("UPDATE {name} SET {number} = {KEYS} + 1 - {number}{more}"),
            2 if table.key().len() == 2 => {
                let [a, b] = if table.kind == Kind::Pair { ["u", "v"] } else { ["a", "b"] };
                let second = table.key()[1];
                format!(
                    "UPDATE {name} SET {second} = CASE {second} WHEN '{a}' THEN '{b}' ELSE '{a}' END{more} WHERE {second} IN ('{a}', '{b}')"
                )
            }
            2 | 3 if random.one_in(2) => {
                let end = random.pick(&["min", "max"]);
                // Two rows have the same key until the second statement.
                format!(
                    "SET CONSTRAINTS ALL DEFERRED; UPDATE {name} SET {}{more} WHERE {};
                     DELETE FROM {name} WHERE {is} AND ctid = (SELECT {end}(ctid) FROM {name} WHERE {is} HAVING count(*) > 1)",
                    Self::key_assignments(table, &other),
                    Self::key_condition(table, "", &one),
                    is = Self::key_condition(table, "", &other),
                )
            }
            _ => format!(
                "WITH gone AS (DELETE FROM {name} WHERE {} RETURNING 1) UPDATE {name} AS t SET {}{more} FROM gone WHERE {}",
                Self::key_condition(table, "", &other),
                Self::key_assignments(table, &other),
                Self::key_condition(table, "t.", &one),
            ),
        }
    }

    /// Returns a random statement.
    pub(crate) fn write(&mut self, random: &mut Random, table: &Table) -> String {
        let name = table.name();
        match random.below(16) {
            0..4 => self.insert(random, table),
            4 => self.insert_many(random, table),
            5 | 6 if !table.is_deferrable => self.upsert(random, table),
            5 => self.merge(random, table),
            6..9 => {
                format!(
                    "UPDATE {name} SET {} WHERE {}",
                    self.set(random, table),
                    Self::condition(random, table)
                )
            }
            9 => format!("UPDATE {name} SET {0} = {0}", table.columns[0].name),
            10..14 => self.change_keys(random, table),
            _ => format!("DELETE FROM {name} WHERE {}", Self::condition(random, table)),
        }
    }
}
