//! Reads a number in the forms in which people write it: `#5041`, `5,041`, `05041`, `id: 5041`.

/// Labels that may precede the number of any record.
const LABELS: [&str; 5] = ["id", "no", "nr", "number", "key"];
/// The longest text, in bytes, that is read as a number.
const MAX_BYTES: usize = 128;

/// A number as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedNumber {
    /// The number in the form in which PostgreSQL writes it.
    pub(super) number: i128,
    /// True if the text before the number names something else than the record, as in `Invoice 8841`.
    pub(super) has_other_label: bool,
}

/// Reads the one whole number of a text. `names` are the names that may precede it: those of the table and of the key column.
pub(super) fn typed_number(text: &str, names: &[String]) -> Option<TypedNumber> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let text: String = text.chars().map(ascii_form).filter(|c| !c.is_control()).collect();
    let text = text.trim().trim_matches(['"', '\'', '(', ')', '[', ']']).trim();
    let is_number = |c: char| c.is_ascii_digit() || "+-".contains(c);
    let start = text.find(is_number)?;
    let (label, digits) = text.split_at(start);
    // A dash right after a word joins it with the number, as in TICKET-5041.
    let digits = match label.chars().next_back() {
        Some(last) if last.is_alphanumeric() => digits.strip_prefix('-').unwrap_or(digits),
        _ => digits,
    };
    let label = label.trim_matches(|c: char| c.is_whitespace() || "#:=/№".contains(c)).trim_end_matches('.');
    let is_known = label.split_whitespace().all(|word| {
        let word = word.trim_matches(|c: char| "#:=/№.".contains(c));
        word.is_empty()
            || LABELS.iter().any(|known| word.eq_ignore_ascii_case(known))
            || names.iter().any(|known| word.to_lowercase() == known.to_lowercase())
    });
    let has_other_label =
        !is_known && !names.iter().any(|known| label.to_lowercase() == known.to_lowercase());
    Some(TypedNumber { number: grouped_number(digits)?, has_other_label })
}

/// Returns the form of a character within a number: digits of full width, and the signs that other languages use.
fn ascii_form(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' => ' ',
        '’' => '\'',
        '−' | '\u{2010}' | '\u{2011}' => '-',
        '＃' => '#',
        other => other,
    }
}

/// Reads digits, with one kind of separator between groups of three or without one.
fn grouped_number(text: &str) -> Option<i128> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let separator = digits.chars().find(|c| !c.is_ascii_digit());
    if let Some(separator) = separator {
        if !",. '_".contains(separator) {
            return None;
        }
        let mut groups = digits.split(separator);
        let first = groups.next()?;
        if !(1..=3).contains(&first.len()) || !groups.clone().all(|group| group.len() == 3) {
            return None;
        }
    }
    let digits: String = digits.chars().filter(|c| Some(*c) != separator).collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(sign * digits.parse::<i128>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_read_in_every_form_that_people_write() {
        let names = ["id".to_owned(), "tickets".to_owned(), "ticket".to_owned(), "order line".to_owned()];
        for text in [
            "5041",
            "#5041",
            "# 5041",
            "5,041",
            "5.041",
            "5 041",
            "5\u{a0}041",
            "5\u{202f}041",
            "5'041",
            "5’041",
            "5_041",
            "05041",
            "+5041",
            " 5041 ",
            "\t5041\n",
            "id 5041",
            "id: 5041",
            "ID:5041",
            "id=5041",
            "id #5041",
            "ticket 5041",
            "Ticket #5041",
            "ticket: 5041",
            "tickets/5041",
            "TICKET-5041",
            "No. 5041",
            "nr 5041",
            "ticket id 5041",
            "order line 5041",
            "５０４１",
            "(5041)",
            "\"5041\"",
            "ticket no. 5,041",
        ] {
            let expected = TypedNumber { number: 5041, has_other_label: false };
            assert_eq!(typed_number(text, &names), Some(expected), "{text:?}");
        }
        for (text, number) in [("-7", -7), ("id -7", -7), ("0", 0), ("000", 0), ("1,234,567", 1_234_567)] {
            assert_eq!(typed_number(text, &names).map(|typed| typed.number), Some(number), "{text:?}");
        }
    }

    #[test]
    fn number_after_another_name_is_marked() {
        for text in ["Invoice 8841", "user:8841", "order 8841"] {
            let expected = TypedNumber { number: 8841, has_other_label: true };
            assert_eq!(typed_number(text, &["tickets".to_owned()]), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn text_that_is_no_whole_number_is_refused() {
        for text in [
            "",
            " ",
            "#",
            "abc",
            "id",
            "5.5",
            "5,04",
            "50,41",
            "1,2345",
            "1.234,567",
            "5041x",
            "5041 5042",
            "1e3",
            "--5",
            "0x1f",
            "5041-2",
            "id=5041&line=2",
            "5041; DROP TABLE tickets",
        ] {
            assert_eq!(typed_number(text, &[]), None, "{text:?}");
        }
        assert_eq!(typed_number(&"9".repeat(60), &[]), None);
        assert_eq!(typed_number(&"9".repeat(200), &[]), None);
    }
}
