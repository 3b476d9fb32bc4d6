//! The trail that is read: made once, of SQL that decides everything by numbers, and kept.

use std::thread;

use anyhow::{Context, Result, bail};

use crate::bench::program::{self, Bench};
use crate::bench::server::Server;
use crate::progress::step;

/// Goes up when the SQL changes what is stored.
const VERSION: u32 = 2;
/// As many as the processors of a small machine.
const SESSIONS: usize = 2;
/// What the large transactions hold.
const LARGE: u64 = 31_000;
/// The average of a usual transaction, in hundredths.
const CHANGES_PER_HUNDRED: u64 = 265;

#[derive(Clone, Copy, Debug)]
pub(in crate::bench) struct Seed<'a> {
    pub(in crate::bench) server: &'a Server,
    /// Installs the trail when it is told `install`.
    pub(in crate::bench) program: Bench,
    pub(in crate::bench) rows: u64,
}

/// What one month's partitions hold.
#[derive(Debug)]
struct Month {
    name: String,
    lower: String,
    upper: String,
    first: String,
    last: String,
}

impl Seed<'_> {
    fn database(self) -> String {
        format!("threadline_query_{}_v{VERSION}", self.rows)
    }

    pub(in crate::bench) fn drop(self) -> Result<()> {
        self.server.drop_database(&self.database())
    }

    /// The name of the database, which is whole.
    pub(in crate::bench) fn find_or_make(self) -> Result<String> {
        let database = self.database();
        let there = self
            .server
            .sql("postgres", &format!("SELECT 1 FROM pg_database WHERE datname = '{database}';"))?;
        if there.trim().is_empty() {
            self.make(&database)?;
        } else {
            // Migrations that came since run on what is there.
            self.install(&database)
                .with_context(|| format!("cannot bring {database} up to date: `--fresh` makes it anew"))?;
        }
        Ok(database)
    }

    /// Under another name, until it is whole.
    fn make(self, database: &str) -> Result<()> {
        let unfinished = format!("{database}_unfinished");
        let head = self.head()?;
        self.server.sql(
            "postgres",
            &format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE);\nCREATE DATABASE {unfinished};"),
        )?;
        self.install(&unfinished)?;
        let run = |variables: &str, script: &str| {
            self.server.sql(&unfinished, &[&head, variables, script].concat())
        };
        step("storing actions", || self.actions(&run))?;
        step("storing transactions and changes", || months(&run))?;
        step("choosing samples", || run("", include_str!("sql/samples.sql")))?;
        self.server
            .sql("postgres", &format!("ALTER DATABASE {unfinished} RENAME TO {database};\nCHECKPOINT;"))
            .map(drop)
    }

    fn install(self, database: &str) -> Result<()> {
        let mut command = self.program.on(self.server, database, &["install"]);
        step("installing the trail", || program::run(&mut command, "")).map(drop)
    }

    fn transactions(self) -> u64 {
        let large = if self.rows < 1_000_000 { 1000 } else { LARGE };
        // Twenty in a row have the average.
        (self.rows - large) * 100 / CHANGES_PER_HUNDRED / 20 * 20 + 20
    }

    /// What every script begins with: its variables, the settings of its session, the functions.
    fn head(self) -> Result<String> {
        let last = self.server.sql("postgres", "SELECT date_trunc('hour', now());")?;
        let last = last.trim();
        let first =
            self.server.sql("postgres", &format!("SELECT '{last}'::timestamptz - interval '24 months';"))?;
        let variables = format!(
            "\\set rows {}\n\\set transactions {}\n\\set first_moment '{}'\n\\set last_moment '{last}'\n",
            self.rows,
            self.transactions(),
            first.trim(),
        );
        Ok([&variables, include_str!("sql/session.sql"), include_str!("sql/model.sql")].concat())
    }

    fn actions(self, run: &(impl Fn(&str, &str) -> Result<String> + Sync)) -> Result<()> {
        let all = self.transactions();
        let half = all / 2;
        let parts = [(1, half), (half + 1, all)];
        in_sessions(&parts, |(first, last)| {
            let variables = format!("\\set first {first}\n\\set last {last}\n");
            run(&variables, include_str!("sql/actions.sql")).map(drop)
        })?;
        run("", "VACUUM (ANALYZE) threadline.audit_actions;\n").map(drop)
    }

    /// What takes how much space.
    pub(super) fn sizes(self) -> Result<String> {
        self.server.sql(&self.database(), include_str!("sql/sizes.sql")).context("cannot measure sizes")
    }
}

fn months(run: &(impl Fn(&str, &str) -> Result<String> + Sync)) -> Result<()> {
    let said = run("", include_str!("sql/months.sql"))?;
    let months: Vec<Month> = said.lines().filter_map(Month::read).collect();
    if months.is_empty() {
        bail!("no months in: {said}");
    }
    in_sessions(&months, |month| {
        run(&month.variables(), include_str!("sql/partition.sql"))
            .with_context(|| format!("month {}", month.name))?;
        Ok(())
    })?;
    run("", "VACUUM (ANALYZE) threadline.audit_transactions, threadline.audit_changes;\n").map(drop)
}

/// Does the same with every one of them, several at a time.
fn in_sessions<T: Sync>(all: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let session = |number: usize| all.iter().skip(number).step_by(SESSIONS).try_for_each(&work);
    thread::scope(|scope| {
        let sessions: Vec<_> = (0..SESSIONS).map(|number| scope.spawn(move || session(number))).collect();
        sessions.into_iter().try_for_each(|session| match session.join() {
            Ok(done) => done,
            Err(_) => bail!("a session ended in a panic"),
        })
    })
}

impl Month {
    fn read(line: &str) -> Option<Self> {
        let mut fields = line.split('|').map(str::to_owned);
        let mut next = || fields.next();
        Some(Self { name: next()?, lower: next()?, upper: next()?, first: next()?, last: next()? })
    }

    fn variables(&self) -> String {
        let Self { name, lower, upper, first, last } = self;
        format!(
            "\\set transactions_partition audit_transactions_{name}\n\\set changes_partition audit_changes_{name}\n\
             \\set lower '{lower}'\n\\set upper '{upper}'\n\\set first {first}\n\\set last {last}\n"
        )
    }
}
