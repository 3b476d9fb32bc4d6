//! Parses the messages that a client sends to PostgreSQL (documented in section 55.7, Message Formats).

/// A parser of the bytes of one client, which may arrive in pieces of any length.
#[derive(Debug, Default)]
pub struct MessageParser {
    bytes: Vec<u8>,
    has_startup: bool,
}

impl MessageParser {
    /// Adds bytes, and returns the messages that are complete now: their names, and the SQL of those that contain SQL.
    pub fn parse(&mut self, bytes: &[u8]) -> Vec<String> {
        self.bytes.extend_from_slice(bytes);
        let mut names = Vec::new();
        // A type byte precedes the length of every message but the first. The length includes itself, but not the type byte.
        while let Some(length) = self.bytes.get(usize::from(self.has_startup)..).and_then(length)
            && let end = length + usize::from(self.has_startup)
            && end <= self.bytes.len()
        {
            let message: Vec<u8> = self.bytes.drain(..end).collect();
            names.push(if self.has_startup { name(&message) } else { "Startup".to_owned() });
            self.has_startup = true;
        }
        names
    }
}

/// Reads the length of a message, if all of its bytes have arrived.
fn length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    usize::try_from(length).ok()
}

/// Returns the name of a message and its SQL, or the SQL alone for a simple query.
fn name(message: &[u8]) -> String {
    let text =
        |from: usize| String::from_utf8_lossy(message.get(from..).unwrap_or_default()).replace('\0', " ");
    match message.first() {
        Some(b'Q') => text(5).trim().to_owned(),
        Some(b'P') => format!("Parse {}", text(5).trim()),
        Some(b'B') => "Bind".to_owned(),
        Some(b'C') => "Close".to_owned(),
        Some(b'D') => "Describe".to_owned(),
        Some(b'E') => "Execute".to_owned(),
        Some(b'S') => "Sync".to_owned(),
        Some(b'X') => "Terminate".to_owned(),
        _ => "other".to_owned(),
    }
}
