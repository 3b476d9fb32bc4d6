//! The address and the password of the test server.

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// The server's address as libpq and PgBouncer say it: a host that begins with a slash is a socket's folder.
pub fn host(options: &PgConnectOptions) -> String {
    let folder = options.get_socket().map(|folder| folder.to_string_lossy().into_owned());
    folder.unwrap_or_else(|| options.get_host().to_owned())
}

/// sqlx tells the password in a URL only.
pub fn password(options: &PgConnectOptions) -> Option<String> {
    let url = options.to_url_lossy();
    let mut bytes = url.password()?.bytes();
    let mut password = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        password.push(match byte {
            b'%' => u8::try_from(digit()? * 16 + digit()?).ok()?,
            _ => byte,
        });
    }
    String::from_utf8(password).ok()
}
