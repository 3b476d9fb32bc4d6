//! Parses the messages of a client (PostgreSQL documentation, 55.7).

/// Reads a client's bytes as they come in.
#[derive(Debug, Default)]
pub struct Messages {
    bytes: Vec<u8>,
    started: bool,
}

impl Messages {
    /// The messages that have become complete: their names, and the SQL of those that have some.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        self.bytes.extend_from_slice(bytes);
        let mut names = Vec::new();
        // The first message has no letter before its length, which counts itself and not the letter.
        while let Some(length) = self.bytes.get(usize::from(self.started)..).and_then(length)
            && let end = length + usize::from(self.started)
            && end <= self.bytes.len()
        {
            let message: Vec<u8> = self.bytes.drain(..end).collect();
            names.push(if self.started { name(&message) } else { "Startup".to_owned() });
            self.started = true;
        }
        names
    }
}

fn length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    usize::try_from(length).ok()
}

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
