//! Returns the address and the password of the test server.

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// Returns the host in the notation of libpq and PgBouncer, in which a host that begins with a slash is the folder of a socket.
pub fn host(options: &PgConnectOptions) -> String {
    let socket_folder = options.get_socket().map(|folder| folder.to_string_lossy().into_owned());
    socket_folder.unwrap_or_else(|| options.get_host().to_owned())
}

/// Returns the password, if there is one. It is decoded from the URL of the options, because sqlx has no function that returns it.
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
