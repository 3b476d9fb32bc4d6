//! Numbers in sentences.

use threadline::query::Count;

/// Formats a number with its noun: `1 change`, `1,204 changes`.
pub(crate) fn counted(count: usize, one: &str) -> String {
    format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Formats a capped number for the beginning of a sentence: `317 changes`, `At least 10,000 changes`.
pub(crate) fn counted_to(count: Count, one: &str) -> String {
    match count {
        Count::Exact(count) => counted(count, one),
        Count::Truncated(count) => format!("At least {}", counted(count, one)),
    }
}

/// Formats a capped number: `317 changes`, `100+ changes`.
pub(crate) fn counted_up_to(count: Count, one: &str) -> String {
    match count {
        Count::Exact(count) => counted(count, one),
        Count::Truncated(count) => format!("{}+ {one}s", grouped(count)),
    }
}

/// Formats a number of tables: `1 table needs capture`, `12 tables need capture`.
pub(crate) fn needing_capture(tables: usize) -> String {
    format!("{} {} capture", counted(tables, "table"), if tables == 1 { "needs" } else { "need" })
}

/// Makes a sentence of a text, with a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Formats a size: `812 bytes`, `1.5 kB`, `10.0 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return counted(usize::try_from(bytes).unwrap_or(usize::MAX), "byte");
    };
    let tenths = bytes / (unit / 10);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// Formats a number with its digits in groups of three.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_grouped_and_its_noun_inflected() {
        for (count, words) in [
            (0, "0 changes"),
            (1, "1 change"),
            (999, "999 changes"),
            (1_000, "1,000 changes"),
            (1_234_567, "1,234,567 changes"),
        ] {
            assert_eq!(counted(count, "change"), words);
        }
        for (bytes, words) in [
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (10_049_999, "10.0 MB"),
            (2_560_000_000, "2.5 GB"),
        ] {
            assert_eq!(size(bytes), words);
        }
        assert_eq!(counted_to(Count::Truncated(10_000), "change"), "At least 10,000 changes");
        assert_eq!(counted_up_to(Count::Truncated(1_000), "change"), "1,000+ changes");
    }
}
