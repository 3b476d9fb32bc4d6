//! Runs the migrations of the audit trail in one transaction.
//!
//! The project has its own runner because all migrations have to run in one transaction with a safe search path and a lock
//! timeout, which the runner of sqlx does not offer.

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::install::MIGRATIONS;
use crate::installation::{Installation, applied, unsupported_encoding};
use crate::{InstallError, StorageSchema};

/// Applies the missing migrations in a transaction that the caller commits.
pub(crate) async fn run(connection: &mut PgConnection, schema: &StorageSchema) -> Result<(), InstallError> {
    let failed = |source| InstallError::Database { schema: schema.clone(), source };
    if let Some(encoding) = unsupported_encoding(connection).await.map_err(failed)? {
        return Err(InstallError::Encoding { encoding });
    }
    // Of two processes that start together, the second waits here and then has nothing to apply.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(advisory_lock(schema))
        .persistent(false)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    let state = Installation::read(connection, schema).await.map_err(failed)?;
    let applied = match state {
        Installation::Elixir => return Err(InstallError::ElixirTrail { schema: schema.clone() }),
        Installation::Missing => {
            prepare(connection, schema).await.map_err(failed)?;
            Vec::new()
        }
        Installation::Current | Installation::Outdated | Installation::Newer => {
            applied(connection, schema).await.map_err(failed)?
        }
    };
    for (version, checksum_then) in &applied {
        let schema = schema.clone();
        match MIGRATIONS.iter().find(|(known, ..)| known == version) {
            None => return Err(InstallError::Newer { schema, version: *version }),
            Some((_, description, sql)) if *checksum_then != checksum(sql) => {
                return Err(InstallError::Changed { schema, version: *version, description });
            }
            Some(_) => {}
        }
    }
    for (version, description, sql) in MIGRATIONS {
        if applied.iter().all(|(applied, _)| *applied != version) {
            apply(connection, schema, version, description, sql).await.map_err(|source| {
                InstallError::Migration { schema: schema.clone(), version, description, source }
            })?;
        }
    }
    Ok(())
}

/// Creates the schema and the table of migrations if they are missing. A role without the privilege to create schemas can install
/// into an existing one.
async fn prepare(connection: &mut PgConnection, schema: &StorageSchema) -> Result<(), sqlx::Error> {
    let has_schema: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)")
            .bind(schema.name())
            .persistent(false)
            .fetch_one(&mut *connection)
            .await?;
    let create_schema = if has_schema { "" } else { "CREATE SCHEMA __schema__;" };
    let sql = format!(
        "{create_schema}
         CREATE TABLE IF NOT EXISTS __schema__.threadline_migrations (
           version bigint PRIMARY KEY,
           description text NOT NULL,
           checksum bytea NOT NULL,
           applied_at timestamptz NOT NULL DEFAULT now()
         );"
    );
    sqlx::raw_sql(AssertSqlSafe(schema.fill(&sql))).execute(connection).await.map(drop)
}

async fn apply(
    connection: &mut PgConnection,
    schema: &StorageSchema,
    version: i64,
    description: &str,
    sql: &str,
) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(schema.fill(sql))).execute(&mut *connection).await?;
    let record =
        "INSERT INTO __schema__.threadline_migrations (version, description, checksum) VALUES ($1, $2, $3)";
    sqlx::query(AssertSqlSafe(schema.fill(record)))
        .bind(version)
        .bind(description)
        .bind(checksum(sql))
        .persistent(false)
        .execute(connection)
        .await
        .map(drop)
}

/// Returns the SHA-256 of a migration file, which does not depend on the name of the schema.
pub(crate) fn checksum(sql: &str) -> Vec<u8> {
    Sha256::digest(sql).to_vec()
}

/// Returns the key of the advisory lock of an installation into this schema.
pub(crate) fn advisory_lock(schema: &StorageSchema) -> i64 {
    let digest = Sha256::digest(format!("threadline install {schema}"));
    digest.iter().take(8).fold(0, |key, byte| key << 8 | i64::from(*byte))
}
