//! The URL of a database behind a unix socket.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The one role of a private cluster.
// Not named as a schema of ours: PostgreSQL looks into the schema that is called like the role first.
pub(crate) const ROLE: &str = "owner";

/// A URL that libpq and sqlx both read as "by the socket in this folder". The host name before the database is never
/// used; sqlx only wants one to be there.
pub(crate) fn url(socket_folder: &Path, database: &str) -> String {
    format!("postgres://{ROLE}@localhost/{database}?host={}", encode(socket_folder))
}

/// Percent-encodes all that could mean something in a query. A `+` too: libpq reads it as itself, sqlx as a space.
fn encode(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _written = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_path_stays_readable() {
        assert_eq!(
            url(Path::new("/home/user/threadline/target/postgres/socket"), "helpdesk"),
            "postgres://owner@localhost/helpdesk?host=/home/user/threadline/target/postgres/socket"
        );
    }

    #[test]
    fn other_bytes_are_encoded() {
        assert_eq!(encode(Path::new("/a b/c+d&é")), "/a%20b/c%2Bd%26%C3%A9");
    }
}
