//! The URL of a database that is reached through a unix socket.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The only role of a private cluster.
// The name differs from the names of our schemas, because PostgreSQL's default search path starts with the schema that
// has the name of the role.
pub(crate) const ROLE: &str = "owner";

/// Returns a URL that makes both libpq and sqlx connect through the socket in a folder. Neither uses the host name before
/// the database, but sqlx requires one.
pub(crate) fn url(socket_folder: &Path, database: &str) -> String {
    format!("postgres://{ROLE}@localhost/{database}?host={}", encode(socket_folder))
}

/// Percent-encodes all bytes that could have a meaning in a query string. These include `+`, which libpq reads as itself
/// and sqlx as a space.
fn encode(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _result = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_ordinary_folder_is_not_encoded() {
        assert_eq!(
            url(Path::new("/home/user/threadline/target/postgres/socket"), "helpdesk"),
            "postgres://owner@localhost/helpdesk?host=/home/user/threadline/target/postgres/socket"
        );
    }

    #[test]
    fn encode_special_bytes_returns_percent_codes() {
        assert_eq!(encode(Path::new("/a b/c+d&é")), "/a%20b/c%2Bd%26%C3%A9");
    }
}
