//! Finds the sessions that hold a lock after a lock timeout.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::{FromRow, PgPool};

use crate::{StorageSchema, TableName, pool};

/// A session or a prepared transaction that holds a lock. Fields that the role may not see are `None`.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[non_exhaustive]
pub struct BlockingSession {
    /// The process id, for `pg_terminate_backend`; `None` for a prepared transaction.
    pub pid: Option<i32>,
    /// The identifier of a prepared transaction, for `ROLLBACK PREPARED`.
    pub prepared_transaction: Option<String>,
    /// The name of its role.
    pub role: Option<String>,
    /// The application name of the session.
    pub application_name: Option<String>,
    /// The state in the words of `pg_stat_activity`, such as `idle in transaction`.
    pub state: Option<String>,
    /// The time since which it has been in this state, or prepared.
    pub since: Option<DateTime<Utc>>,
    /// The latest statement of the session. It is shortened to 60 characters when displayed.
    pub query: Option<String>,
}

/// The maximum number of characters of a statement that is shown.
const MAX_QUERY_CHARACTERS: usize = 60;
/// The maximum number of sessions that an error names.
const MAX_SESSIONS_NAMED: usize = 5;

impl fmt::Display for BlockingSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.prepared_transaction, self.pid) {
            (Some(name), _) => write!(f, "prepared transaction {name:?}")?,
            (None, Some(pid)) => write!(f, "session {pid}")?,
            (None, None) => f.write_str("a prepared transaction")?,
        }
        if let Some(role) = &self.role {
            write!(f, " of role {role}")?;
        }
        let application = self.application_name.as_deref().filter(|name| !name.is_empty());
        let since = self.since.map(|at| format!("since {}", at.to_rfc3339_opts(SecondsFormat::Secs, true)));
        let state = [self.state.clone(), since].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let details = [
            application.map(|name| format!("application {name:?}")),
            Some(state).filter(|state| !state.is_empty()),
            self.query.as_deref().map(|query| format!("query {:?}", shortened(query))),
        ];
        let details: Vec<String> = details.into_iter().flatten().collect();
        if details.is_empty() { Ok(()) } else { write!(f, " ({})", details.join(", ")) }
    }
}

/// Returns the beginning of a statement on one line.
fn shortened(query: &str) -> String {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    match query.char_indices().nth(MAX_QUERY_CHARACTERS) {
        Some((end, _)) => format!("{}…", &query[..end]),
        None => query,
    }
}

/// Returns who holds the lock and what to do about it, as the end of a sentence that begins with the locked object.
pub(crate) fn describe(timeout: Duration, sessions: &[BlockingSession]) -> String {
    let mut text = format!("and its lock was not free within {timeout:?}: ");
    let or_else = "try again, or wait longer with --lock-timeout (AuditTrail::lock_timeout)";
    if sessions.is_empty() {
        return text + "whoever held it has ended meanwhile, or cannot be seen by this role; " + or_else;
    }
    let named: Vec<String> = sessions.iter().take(MAX_SESSIONS_NAMED).map(ToString::to_string).collect();
    text += &named.join(", ");
    if sessions.len() > named.len() {
        text += &format!(" and {} more", sessions.len() - named.len());
    }
    text += if sessions.len() == 1 { " holds it" } else { " hold it" };
    text += &match sessions {
        [BlockingSession { pid: Some(pid), .. }] => {
            format!("; end its transaction (SELECT pg_terminate_backend({pid}))")
        }
        [_] => "; end it (COMMIT PREPARED or ROLLBACK PREPARED)".to_owned(),
        _ => "; end their transactions (SELECT pg_terminate_backend of each number)".to_owned(),
    };
    text + ", " + or_else
}

/// The objects that could not be locked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LockedObjects<'a> {
    /// Tables with their partitions and inheriting tables, or a table of the trail.
    Tables { tables: &'a [TableName], schema: &'a StorageSchema },
    /// Any table of the trail, or the advisory lock of an installation.
    Schema { schema: &'a StorageSchema, advisory_lock: i64 },
}

/// Finds the sessions that hold locks on these objects, the one that is longest in its state first. Returns none if the query
/// fails, because its error must not hide the lock timeout.
///
/// PostgreSQL shows which sessions block another only while that one waits. So this returns the sessions with a lock that
/// conflicts with capturing a table (`SHARE ROW EXCLUSIVE`). If there are none, it returns those with another lock on the
/// table, and then those that lock a table of the trail more strongly than a captured write does.
pub(crate) async fn blocking_sessions(pool: &PgPool, locked: LockedObjects<'_>) -> Vec<BlockingSession> {
    read_blocking_sessions(pool, locked).await.unwrap_or_default()
}

async fn read_blocking_sessions(
    pool: &PgPool,
    locked: LockedObjects<'_>,
) -> Result<Vec<BlockingSession>, sqlx::Error> {
    let (tables, schema, advisory_lock) = match locked {
        LockedObjects::Tables { tables, schema } => (tables, schema, None),
        LockedObjects::Schema { schema, advisory_lock } => (&[][..], schema, Some(advisory_lock)),
    };
    let mut transaction = pool::begin(pool, "BEGIN READ ONLY").await?;
    sqlx::raw_sql(pool::PIN_SEARCH_PATH).execute(&mut *transaction).await?;
    sqlx::query_as(include_str!("lock.sql"))
        .bind(tables.iter().map(|table| table.schema().to_owned()).collect::<Vec<_>>())
        .bind(tables.iter().map(|table| table.name().to_owned()).collect::<Vec<_>>())
        .bind(schema.name())
        .bind(advisory_lock)
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(pid: i32) -> BlockingSession {
        BlockingSession {
            pid: Some(pid),
            prepared_transaction: None,
            role: Some("app".to_owned()),
            application_name: Some("psql".to_owned()),
            state: Some("idle in transaction".to_owned()),
            since: DateTime::from_timestamp(1_795_339_267, 0),
            query: Some(format!("UPDATE hot\n  SET v = {}", "1".repeat(60))),
        }
    }

    #[test]
    fn session_displays_its_known_fields() {
        assert_eq!(
            session(7).to_string(),
            format!(
                "session 7 of role app (application \"psql\", idle in transaction since 2026-11-22T09:21:07Z, query \"UPDATE hot \
                 SET v = {}…\")",
                "1".repeat(41)
            )
        );
        let mut hidden = session(7);
        (hidden.state, hidden.since, hidden.query) = (None, None, None);
        hidden.application_name = Some(String::new());
        assert_eq!(hidden.to_string(), "session 7 of role app");
        let prepared = BlockingSession { pid: None, prepared_transaction: Some("a b".to_owned()), ..hidden };
        assert_eq!(prepared.to_string(), "prepared transaction \"a b\" of role app");
    }

    #[test]
    fn describe_names_the_remedy_for_any_number_of_sessions() {
        let says = |sessions: &[BlockingSession], words: &[&str]| {
            let text = describe(Duration::from_millis(500), sessions);
            assert!(text.starts_with("and its lock was not free within 500ms: "), "{text}");
            assert!(text.contains("try again, or wait longer with --lock-timeout"), "{text}");
            assert!(words.iter().all(|words| text.contains(words)), "{text}");
        };
        says(&[], &["has ended meanwhile"]);
        says(&[session(7)], &["session 7 of", "holds it", "SELECT pg_terminate_backend(7)"]);
        let many: Vec<BlockingSession> = (1..=7).map(session).collect();
        says(
            &many,
            &[
                "session 1 of",
                "session 5 of",
                " and 2 more hold it; end their transactions (SELECT pg_terminate_backend of each",
            ],
        );
    }
}
