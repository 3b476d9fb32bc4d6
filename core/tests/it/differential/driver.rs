//! Runs a plan: sessions that begin, write and end in any order, changes of the tables in between, and a copy of every table
//! at each commit.

use chrono::{DateTime, Utc};
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};
use threadline::AuditTrail;
use uuid::Uuid;

use crate::differential::check::Check;
use crate::differential::table::{Column, Redaction, Redefinition, Table};
use crate::differential::value::{TYPES, Type};
use crate::differential::write::Writer;
use threadline_testkit::database::{Result, run, value};
use threadline_testkit::random::Random;
use threadline_testkit::rows::{Rows, table_rows};

const SESSIONS: usize = 3;
const STEPS: usize = 70;
const ISOLATION: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

/// The rows of every table at a time, in the order of the plan's tables.
pub(crate) type Copy = (DateTime<Utc>, Vec<Rows>);

/// A transaction that was open while copies were taken: the copy `began` is the first one, and the copy `ended` is the first one
/// after its commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transaction {
    pub(crate) id: Uuid,
    pub(crate) began: usize,
    pub(crate) ended: usize,
}

struct Session {
    connection: PoolConnection<Postgres>,
    open: Option<Open>,
}

struct Open {
    id: Uuid,
    began: usize,
    has_savepoint: bool,
}

pub(crate) struct Driver<'a> {
    pool: &'a PgPool,
    trail: &'a AuditTrail,
    log: &'a mut Vec<String>,
    random: Random,
    writer: Writer,
    tables: Vec<Table>,
    sessions: Vec<Session>,
    prepared: Vec<(String, Open)>,
    may_prepare: bool,
    copies: Vec<Copy>,
    transactions: Vec<Transaction>,
    /// The index of the table to which half of the statements write.
    favourite: usize,
    number: usize,
}

impl<'a> Driver<'a> {
    /// Runs the plan of a seed, and returns how the trail differs from the copies, and how many answers were compared.
    pub(crate) async fn run_plan(
        pool: &'a PgPool,
        trail: &'a AuditTrail,
        seed: u64,
        log: &'a mut Vec<String>,
    ) -> Result<(Vec<String>, usize)> {
        run(
            pool,
            "DO $$ DECLARE name text; BEGIN
               FOR name IN SELECT c.oid::regclass FROM pg_class AS c
                           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition LOOP
                 EXECUTE 'DROP TABLE ' || name;
               END LOOP;
             END $$",
        )
        .await?;
        threadline_testkit::changes::empty_trail(pool).await?;
        run(pool, "DELETE FROM threadline.threadline_captured_relations").await?;
        run(pool, TYPES).await?;
        let mut random = Random::new(seed);
        let tables = Table::all(&mut random, value(pool, "SELECT clock_timestamp()").await?);
        for table in &tables {
            run(pool, &table.create()).await?;
            log.push(format!("{}; captured per {}", table.create(), table.mode.as_str()));
            trail.capture([table.policy()]).await?;
        }
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            let mut connection = pool.acquire().await?;
            // The sessions run in turn, so one that waits for another would wait for ever.
            run(&mut *connection, "SET lock_timeout = 20").await?;
            sessions.push(Session { connection, open: None });
        }
        let may_prepare: bool =
            value(pool, "SELECT current_setting('max_prepared_transactions')::int > 1").await?;
        if !may_prepare {
            log.push("-- without two-phase commits: max_prepared_transactions is 0".to_owned());
        }
        let mut driver = Driver {
            pool,
            trail,
            log,
            random,
            writer: Writer::new(),
            tables,
            sessions,
            prepared: Vec::new(),
            may_prepare,
            copies: Vec::new(),
            transactions: Vec::new(),
            favourite: 0,
            number: 0,
        };
        driver.favourite = driver.random.below(driver.tables.len());
        let result = driver.run_steps().await;
        let ended = driver.end_all().await;
        for mut session in driver.sessions.drain(..) {
            run(&mut *session.connection, "RESET lock_timeout").await?;
        }
        result?;
        ended?;
        let Driver { tables, copies, transactions, .. } = driver;
        Check::new(pool, trail, &tables, &copies, &transactions).await?.problems().await
    }

    async fn run_steps(&mut self) -> Result {
        for at in 0..self.tables.len() {
            let sql = self.writer.insert_many(&mut self.random, &self.tables[at]);
            self.execute(0, &sql).await;
        }
        self.copy().await?;
        for _ in 0..STEPS {
            match self.random.below(24) {
                0 | 1 => self.change_table_alone().await?,
                2 if !self.prepared.is_empty() => self.finish_prepared().await?,
                _ => {
                    let session = self.random.below(SESSIONS);
                    self.advance(session).await?;
                }
            }
        }
        Ok(())
    }

    /// Copies every table as a transaction that begins now reads it.
    async fn copy(&mut self) -> Result {
        let mut connection = self.pool.acquire().await?;
        run(&mut *connection, "SET TimeZone = 'UTC'").await?;
        let mut tables = Vec::new();
        for table in &self.tables {
            let key: Vec<String> = table.key().iter().map(|column| (*column).to_owned()).collect();
            tables.push(table_rows(&mut connection, table.name(), &key, &table.text_conversions()).await?);
        }
        let now = value(&mut *connection, "SELECT clock_timestamp()").await?;
        run(&mut *connection, "RESET TimeZone").await?;
        self.log.push(format!("-- copy {} at {now}", self.copies.len()));
        self.copies.push((now, tables));
        Ok(())
    }

    /// Runs a statement of a session, and returns whether it succeeded.
    async fn execute(&mut self, session: usize, sql: &str) -> bool {
        let ran = run(&mut *self.sessions[session].connection, sql).await;
        let failure = ran.as_ref().err().map(|error| {
            let text = error.to_string();
            format!("  -- failed: {}", text.lines().next().unwrap_or_default())
        });
        self.log.push(format!("{session}: {sql};{}", failure.unwrap_or_default()));
        ran.is_ok()
    }

    /// Runs the next step of a session.
    async fn advance(&mut self, session: usize) -> Result {
        if self.sessions[session].open.is_none() {
            if self.random.one_in(3) {
                let sql = self.write();
                if self.execute(session, &sql).await {
                    self.copy().await?;
                }
                return Ok(());
            }
            return self.begin(session).await;
        }
        match self.random.below(12) {
            0..3 => self.commit(session).await,
            3 if self.random.one_in(3) => self.roll_back(session).await,
            4 if self.may_prepare => self.prepare(session).await,
            5 | 6 => self.use_savepoint(session).await,
            _ => {
                let sql = self.write();
                if !self.execute(session, &sql).await {
                    self.recover(session).await?;
                }
                Ok(())
            }
        }
    }

    fn write(&mut self) -> String {
        let any = self.random.below(self.tables.len());
        let table = if self.random.one_in(2) { self.favourite } else { any };
        self.writer.write(&mut self.random, &self.tables[table])
    }

    async fn begin(&mut self, session: usize) -> Result {
        let isolation = *self.random.pick(&ISOLATION);
        self.execute(session, &format!("BEGIN ISOLATION LEVEL {isolation}")).await;
        if self.random.one_in(4) {
            self.execute(session, "SET CONSTRAINTS ALL DEFERRED").await;
        }
        let connection = &mut *self.sessions[session].connection;
        let id = value(connection, "SELECT threadline.threadline_transaction_id()").await?;
        self.sessions[session].open = Some(Open { id, began: self.copies.len(), has_savepoint: false });
        Ok(())
    }

    /// Rolls back after an error, to the savepoint if there is one.
    async fn recover(&mut self, session: usize) -> Result {
        if self.sessions[session].open.as_ref().is_some_and(|open| open.has_savepoint) {
            self.execute(session, "ROLLBACK TO s").await;
            return Ok(());
        }
        self.roll_back(session).await
    }

    async fn roll_back(&mut self, session: usize) -> Result {
        self.sessions[session].open = None;
        self.execute(session, "ROLLBACK").await;
        Ok(())
    }

    async fn commit(&mut self, session: usize) -> Result {
        let open = self.sessions[session].open.take();
        if self.execute(session, "COMMIT").await {
            self.record_commit(open).await?;
        }
        Ok(())
    }

    /// Takes a copy after a commit, and records the transaction.
    async fn record_commit(&mut self, open: Option<Open>) -> Result {
        let ended = self.copies.len();
        self.copy().await?;
        self.transactions.extend(open.map(|Open { id, began, .. }| Transaction { id, began, ended }));
        Ok(())
    }

    async fn use_savepoint(&mut self, session: usize) -> Result {
        let has_one = self.sessions[session].open.as_ref().is_some_and(|open| open.has_savepoint);
        let sql = match (has_one, self.random.below(2)) {
            (false, _) => "SAVEPOINT s",
            (true, 0) => "RELEASE s",
            (true, _) => "ROLLBACK TO s",
        };
        self.execute(session, sql).await;
        if let Some(open) = &mut self.sessions[session].open {
            open.has_savepoint = sql != "RELEASE s";
        }
        Ok(())
    }

    async fn prepare(&mut self, session: usize) -> Result {
        self.number += 1;
        let name = format!("{}_{}", self.copies[0].0.timestamp_micros(), self.number);
        let open = self.sessions[session].open.take();
        if self.execute(session, &format!("PREPARE TRANSACTION '{name}'")).await {
            self.prepared.extend(open.map(|open| (name, open)));
        }
        Ok(())
    }

    async fn finish_prepared(&mut self) -> Result {
        let at = self.random.below(self.prepared.len());
        let (name, open) = self.prepared.swap_remove(at);
        let is_committed = !self.random.one_in(4);
        let sql = format!("{} PREPARED '{name}'", if is_committed { "COMMIT" } else { "ROLLBACK" });
        self.log.push(sql.clone());
        run(self.pool, &sql).await?;
        if is_committed { self.record_commit(Some(open)).await } else { Ok(()) }
    }

    /// Ends every open transaction.
    async fn end_all(&mut self) -> Result {
        for session in 0..SESSIONS {
            if self.sessions[session].open.is_some() {
                self.commit(session).await?;
            }
        }
        while !self.prepared.is_empty() {
            self.finish_prepared().await?;
        }
        Ok(())
    }

    /// Changes the definition of a table, or truncates one, while no transaction is open.
    async fn change_table_alone(&mut self) -> Result {
        self.end_all().await?;
        let at = self.random.below(self.tables.len());
        self.number += 1;
        let new = format!("new_{}", self.number);
        let (name, random) = (self.tables[at].name().to_owned(), &mut self.random);
        let column = random.below(self.tables[at].columns.len());
        let column = self.tables[at].columns[column].clone();
        let (sql, redefinition) = match random.below(8) {
            0 => (format!("TRUNCATE {name}"), None),
            1 => {
                let region = *random.pick(&["a", "b", "c", "c_low", "c_high"]);
                let redefinition = Redefinition::PartitionTruncated { region: region.to_owned() };
                return self.redefine(2, &format!("TRUNCATE parted_{region}"), redefinition).await;
            }
            2 => {
                let default = if random.one_in(2) { " DEFAULT 'd'" } else { "" };
                let value = if default.is_empty() { "null" } else { "\"d\"" };
                let added = Redefinition::Added { column: new.clone(), default: value.to_owned() };
                (format!("ALTER TABLE {name} ADD COLUMN {new} text{default}"), Some(added))
            }
            3 => {
                let renamed = Redefinition::Renamed { from: column.name.clone(), to: new.clone() };
                (format!("ALTER TABLE {name} RENAME {} TO {new}", column.name), Some(renamed))
            }
            4 | 5 => {
                let Some((kind, using)) = column.kind.other(random) else { return Ok(()) };
                let using = using.replace('$', &column.name);
                let alter = format!(
                    "ALTER TABLE {name} ALTER {0} DROP DEFAULT, ALTER {0} TYPE {1} USING {using}",
                    column.name,
                    kind.name()
                );
                self.tables[at]
                    .columns
                    .iter_mut()
                    .filter(|c| c.name == column.name)
                    .for_each(|c| c.kind = kind);
                (alter, Some(Redefinition::Retyped { column: column.name }))
            }
            6 => (
                format!("ALTER TABLE {name} RENAME TO {name}_{}", self.number),
                Some(Redefinition::TableRenamed),
            ),
            _ => {
                self.log.push(format!("capture {name} again"));
                self.trail.capture([self.tables[at].policy()]).await?;
                return Ok(());
            }
        };
        match redefinition {
            Some(redefinition) => self.redefine(at, &sql, redefinition).await,
            None => {
                if self.execute(0, &sql).await {
                    self.copy().await?;
                }
                Ok(())
            }
        }
    }

    async fn redefine(&mut self, at: usize, sql: &str, redefinition: Redefinition) -> Result {
        self.log.push(format!("{sql};"));
        run(self.pool, sql).await?;
        let now: DateTime<Utc> = value(self.pool, "SELECT clock_timestamp()").await?;
        let table = &mut self.tables[at];
        match &redefinition {
            Redefinition::Added { column, .. } => {
                table.columns.push(Column {
                    name: column.clone(),
                    kind: Type::Text,
                    redaction: Redaction::None,
                });
            }
            Redefinition::Renamed { from, to } => {
                let renamed = table.columns.iter_mut().filter(|column| column.name == *from);
                renamed.for_each(|column| column.name.clone_from(to));
            }
            Redefinition::TableRenamed => {
                let name = sql.rsplit(' ').next().unwrap_or_default().to_owned();
                table.names.push((now, name));
            }
            Redefinition::Retyped { .. } | Redefinition::PartitionTruncated { .. } => {}
        }
        table.redefinitions.push((now, redefinition));
        self.copy().await
    }
}
