//! A folder of an application, with an installed trail in its database.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{Result, Said, command, output, said};

pub(crate) struct Project {
    pub(crate) pool: PgPool,
    pub(crate) folder: PathBuf,
}

impl Project {
    /// With these tables and an empty folder of migrations.
    pub(crate) async fn new(pool: PgPool, tables: &str) -> Result<Self> {
        let database = pool.connect_options().get_database().ok_or("a test without a database")?.to_owned();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("migrations"))?;
        output(&pool, &["install"])?;
        let project = Self { pool, folder };
        project.sql(tables).await?;
        Ok(project)
    }

    pub(crate) async fn sql(&self, sql: &str) -> Result {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) fn configure(&self, toml: &str) -> Result {
        Ok(fs::write(self.folder.join("threadline.toml"), toml)?)
    }

    /// `threadline gen triggers --tables …` in the folder; the arguments are words.
    pub(crate) fn generate(&self, arguments: &str) -> Result<Said> {
        let arguments = format!("gen triggers --tables {arguments}");
        said(command(&self.pool)?.current_dir(&self.folder).args(arguments.split(' ')).output()?)
    }

    /// What it prints when it succeeds without a warning.
    pub(crate) fn generated(&self, arguments: &str) -> Result<String> {
        let said = self.generate(arguments)?;
        if said.code == Some(0) && said.err.is_empty() { Ok(said.out) } else { Err(said.err.into()) }
    }

    /// What it says when it fails, having written nothing at all.
    pub(crate) fn refused(&self, arguments: &str) -> Result<String> {
        let before = self.files()?;
        let said = self.generate(arguments)?;
        assert_eq!(
            (said.code, said.out.as_str(), said.err.lines().count()),
            (Some(1), "", 1),
            "{}",
            said.err
        );
        assert_eq!(self.files()?, before);
        Ok(said.err)
    }

    /// The names in the folder of migrations, in order.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.folder.join("migrations"))?;
        let mut names =
            entries.map(|entry| Ok(entry?.file_name().display().to_string())).collect::<Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    pub(crate) async fn migrator(&self) -> Result<Migrator> {
        Ok(Migrator::new(self.folder.join("migrations")).await?)
    }

    /// Everything that the trail holds of a table, oldest first.
    pub(crate) async fn changes(&self, table: &str) -> Result<Vec<Value>> {
        let sql = "SELECT to_jsonb(c) FROM threadline.audit_changes AS c
                   WHERE concat_ws('.', NULLIF(table_schema, 'public'), table_name) = $1 ORDER BY captured_at, id";
        Ok(sqlx::query_scalar(sql).bind(table).fetch_all(&self.pool).await?)
    }

    /// How many triggers of ours are in the database, and the functions that capture.
    pub(crate) async fn capturing(&self) -> Result<(i64, Vec<String>)> {
        let triggers = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND starts_with(tgname, 'threadline_audit_')";
        let functions = "SELECT proname::text FROM pg_proc WHERE starts_with(proname, 'threadline_capture_changes_') ORDER BY 1";
        let triggers = sqlx::query_scalar(triggers).fetch_one(&self.pool).await?;
        Ok((triggers, sqlx::query_scalar(functions).fetch_all(&self.pool).await?))
    }
}
