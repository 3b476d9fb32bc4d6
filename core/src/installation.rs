//! Reads whether a storage schema holds an audit trail, and of which version.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::install::MIGRATIONS;
use crate::migrate::checksum;
use crate::{AuditTrail, StorageSchema, pool};

/// The state of the audit trail in a storage schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Installation {
    /// The schema holds no audit trail. [`AuditTrail::install`] installs one.
    Missing,
    /// The trail lacks a migration of this version, or an unreleased version installed it. [`AuditTrail::install`] updates it,
    /// or returns the reason why it cannot.
    Outdated,
    /// The trail has this version.
    Current,
    /// The trail has a migration that this version does not know.
    Newer,
    /// The Elixir library installed the trail. It can be read, but only that library captures into it.
    Elixir,
}

impl AuditTrail {
    /// Returns the state of the trail in the storage schema: missing, outdated, current, newer, or of the Elixir library.
    ///
    /// For a role without the privilege to read the table `threadline_migrations`, only the catalogue can be read: an installed
    /// trail is then returned as [`Installation::Current`].
    ///
    /// ```no_run
    /// # async fn start(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// if trail.installation().await? != threadline::Installation::Current {
    ///     trail.install().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of the database.
    pub async fn installation(&self) -> Result<Installation, sqlx::Error> {
        let mut transaction = pool::begin(&self.pool, "BEGIN READ ONLY").await?;
        sqlx::raw_sql(pool::PIN_SEARCH_PATH).execute(&mut *transaction).await?;
        Installation::read(&mut transaction, &self.schema).await
    }
}

impl Installation {
    /// Reads the state in a transaction with a safe search path.
    pub(crate) async fn read(
        connection: &mut PgConnection,
        schema: &StorageSchema,
    ) -> Result<Self, sqlx::Error> {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE c.relname IN ('audit_changes', 'audit_transactions')) = 2 AS has_trail,
                    count(*) FILTER (WHERE c.relname = 'threadline_migrations') = 1 AS has_migrations,
                    coalesce(bool_or(has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'))
                             FILTER (WHERE c.relname = 'threadline_migrations'), false) AS is_readable
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')",
        )
        .bind(schema.name())
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
        let without_migrations = if row.try_get("has_trail")? { Self::Elixir } else { Self::Missing };
        if !row.try_get::<bool, _>("has_migrations")? {
            return Ok(without_migrations);
        }
        if !row.try_get::<bool, _>("is_readable")? {
            return Ok(Self::Current);
        }
        let applied = applied(connection, schema).await?;
        if applied.is_empty() {
            return Ok(without_migrations);
        }
        let is_known = |(version, _): &(i64, Vec<u8>)| MIGRATIONS.iter().any(|(known, ..)| known == version);
        let is_applied = |(version, _, sql): &(i64, &str, &str)| {
            applied.iter().any(|(applied, sum)| applied == version && *sum == checksum(sql))
        };
        let is_changed = |(version, sum): &(i64, Vec<u8>)| {
            MIGRATIONS.iter().any(|(known, _, sql)| known == version && *sum != checksum(sql))
        };
        Ok(if applied.iter().any(is_changed) {
            Self::Outdated
        } else if !applied.iter().all(is_known) {
            Self::Newer
        } else if MIGRATIONS.iter().all(is_applied) {
            Self::Current
        } else {
            Self::Outdated
        })
    }
}

/// Reads the version and checksum of every applied migration, oldest first.
pub(crate) async fn applied(
    connection: &mut PgConnection,
    schema: &StorageSchema,
) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let sql = "SELECT version, checksum FROM __schema__.threadline_migrations ORDER BY version";
    sqlx::query_as(AssertSqlSafe(schema.fill(sql))).persistent(false).fetch_all(connection).await
}

/// Returns the encoding of the database, unless it is UTF8. In any other, PostgreSQL cannot convert every JSON text.
pub(crate) async fn unsupported_encoding(
    connection: &mut PgConnection,
) -> Result<Option<String>, sqlx::Error> {
    let encoding = sqlx::query_scalar("SELECT current_setting('server_encoding')").persistent(false);
    let encoding: String = encoding.fetch_one(connection).await?;
    Ok((encoding != "UTF8").then_some(encoding))
}
