//! What the database says of an error, for people.

use sqlx::postgres::PgDatabaseError;

/// Describes an error of the database on one line: the server's message with its SQLSTATE, and the detail and the hint that
/// came with it.
///
/// The text that sqlx itself gives ends with a line of PostgreSQL's own source code, which reads like a line of the
/// statement.
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

/// Like [`describe_database_error`], without the detail and the hint. The detail of a violated constraint holds values of the
/// row, which an error of the host's own statements must not repeat.
pub(crate) fn describe_message(error: &sqlx::Error) -> String {
    server_error(error).map_or_else(
        || error.to_string(),
        |server| format!("{} (SQLSTATE {})", on_one_line(server.message()), server.code()),
    )
}

/// The SQLSTATE of an error of the server (PostgreSQL's documentation, appendix A).
fn sqlstate(error: &sqlx::Error) -> Option<&str> {
    server_error(error).map(PgDatabaseError::code)
}

/// A lock was not free within `lock_timeout` (`lock_not_available`).
pub(crate) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    sqlstate(error) == Some("55P03")
}

/// Two transactions waited for each other, and this one was ended (`deadlock_detected`).
pub(crate) fn is_deadlock(error: &sqlx::Error) -> bool {
    sqlstate(error) == Some("40P01")
}

fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn on_one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}
