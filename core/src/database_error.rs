//! Describes errors of the database for people.

use sqlx::postgres::PgDatabaseError;

/// Describes an error of the database on one line: the server's message with its SQLSTATE, detail and hint.
///
/// The text of sqlx ends with a line number of PostgreSQL's source code, which users mistake for a line of the statement.
///
/// ```
/// let error = sqlx::Error::RowNotFound;
/// assert_eq!(threadline::describe_database_error(&error), error.to_string());
/// ```
#[must_use]
pub fn describe_database_error(error: &sqlx::Error) -> String {
    let Some(server) = server_error(error) else {
        return error.to_string();
    };
    let mut text = describe_message(error);
    for (label, part) in [("DETAIL", server.detail()), ("HINT", server.hint())] {
        if let Some(part) = part {
            text += &format!("; {label}: {}", on_one_line(part).trim_end_matches('.'));
        }
    }
    text
}

/// Describes an error like [`describe_database_error`], but without detail and hint. The detail of a constraint violation contains
/// values of the row, which an error of the host's statements must not repeat.
pub(crate) fn describe_message(error: &sqlx::Error) -> String {
    server_error(error).map_or_else(
        || error.to_string(),
        |server| format!("{} (SQLSTATE {})", on_one_line(server.message()), server.code()),
    )
}

/// Returns the SQLSTATE of an error of the server (PostgreSQL documentation, appendix A).
fn sqlstate(error: &sqlx::Error) -> Option<&str> {
    server_error(error).map(PgDatabaseError::code)
}

/// Returns whether a lock was not granted within `lock_timeout` (`lock_not_available`).
pub(crate) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    sqlstate(error) == Some("55P03")
}

/// Returns whether the transaction was aborted because of a deadlock (`deadlock_detected`).
pub(crate) fn is_deadlock(error: &sqlx::Error) -> bool {
    sqlstate(error) == Some("40P01")
}

fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn on_one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}
