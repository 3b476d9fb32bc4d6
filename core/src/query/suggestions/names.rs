//! Compares a name as it was typed with names that exist.

/// The longest text, in bytes, that is compared. Longer ones are no slips of the finger.
const MAX_BYTES: usize = 256;
/// The number of names that are suggested at most.
const MAX_NEAREST: usize = 3;
/// The shortest text, in characters, that is compared with the beginnings of names.
const MIN_PREFIX: usize = 3;
/// Words that look like plurals and are not.
const SINGULARS_IN_S: [&str; 6] = ["canvas", "lens", "news", "series", "species", "sms"];

/// A name, split into words for comparison: in lower case, without blanks and signs between them, and without the leading zeros
/// of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Folded {
    words: Vec<String>,
    /// The words in the singular.
    singular: Vec<String>,
}

impl Folded {
    fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(without_leading_zeros).map(str::to_owned).collect();
        let singular = words.iter().map(|word| singular(word)).collect();
        Self { words, singular }
    }

    fn has_all_of(&self, other: &Self) -> bool {
        !other.words.is_empty() && other.singular.iter().all(|word| self.singular.contains(word))
    }
}

fn without_leading_zeros(word: &str) -> &str {
    match word.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Some(word.trim_start_matches('0')).filter(|rest| !rest.is_empty()).unwrap_or("0"),
        false => word,
    }
}

/// Returns the singular of an English noun in lower case, or the word itself.
pub(super) fn singular(word: &str) -> String {
    let is_plural = word.len() > MIN_PREFIX
        && word.ends_with('s')
        && !["ss", "us", "is"].iter().any(|end| word.ends_with(end))
        && !SINGULARS_IN_S.contains(&word);
    if !is_plural {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for end in ["sses", "xes", "ches", "shes"] {
        if word.ends_with(end) {
            return word[..word.len() - 2].to_owned();
        }
    }
    word[..word.len() - 1].to_owned()
}

/// Returns how near an existing name is to a typed one, 0 for the nearest; none if it is another name.
pub(super) fn distance_rank(typed: &str, existing: &str) -> Option<usize> {
    if typed.len() > MAX_BYTES || existing.len() > MAX_BYTES {
        return None;
    }
    let (typed, existing) = (Folded::new(typed), Folded::new(existing));
    let (one, other) = (typed.words.concat(), existing.words.concat());
    if one.is_empty() || other.is_empty() {
        return None;
    }
    if one == other {
        return Some(0);
    }
    let (one_singular, other_singular) = (typed.singular.concat(), existing.singular.concat());
    if one_singular == other_singular {
        return Some(1);
    }
    if existing.has_all_of(&typed) {
        return Some(2);
    }
    // One digit more or less is another number, not a slip.
    if digits(&one) != digits(&other) {
        return None;
    }
    if one.chars().count() >= MIN_PREFIX && (other.starts_with(&one) || other.starts_with(&one_singular)) {
        return Some(3);
    }
    let edits = edit_distance(&one_singular, &other_singular);
    if edits <= max_edits(one_singular.chars().count()) {
        return Some(3 + edits);
    }
    (typed.has_all_of(&existing) && other.chars().count() >= MIN_PREFIX).then_some(7)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Returns the number of edits that still count as a slip in a word of this length.
const fn max_edits(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=5 => 1,
        6..=9 => 2,
        _ => 3,
    }
}

/// Returns the number of characters to insert, delete, replace, or swap with their neighbour, to make one text of the other (the
/// optimal string alignment distance).
fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, a) in one.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut edits = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if column > 0 && previous == Some(b) && a == other[column - 1] {
                edits = edits.min(before[column - 1] + 1);
            }
            current.push(edits);
        }
        before = std::mem::replace(&mut last, current);
        previous = Some(a);
    }
    last[other.len()]
}

/// Returns the names that are near to the typed one, the nearest first, and at most three. Names that are equally near stay in
/// their order.
pub(super) fn nearest(typed: &str, existing: impl IntoIterator<Item = String>) -> Vec<String> {
    nearest_by(existing, |name| distance_rank(typed, name))
}

/// Returns the values with the lowest ranks, at most three.
pub(super) fn nearest_by<T: PartialEq>(
    existing: impl IntoIterator<Item = T>,
    rank: impl Fn(&T) -> Option<usize>,
) -> Vec<T> {
    let mut ranked: Vec<(usize, T)> = Vec::new();
    for value in existing {
        if let Some(rank) = rank(&value)
            && !ranked.iter().any(|(_, known)| *known == value)
        {
            ranked.push((rank, value));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    // Beside a name that differs only in its spelling, others are noise.
    let best = ranked.first().map_or(0, |(rank, _)| *rank);
    ranked.retain(|(rank, _)| best > 1 || *rank == best);
    ranked.into_iter().take(MAX_NEAREST).map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_of_a_plural_is_found_and_other_words_stay() {
        for (word, expected) in [
            ("tickets", "ticket"),
            ("replies", "reply"),
            ("boxes", "box"),
            ("branches", "branch"),
            ("classes", "class"),
            ("invoices", "invoice"),
            ("news", "news"),
            ("status", "status"),
            ("address", "address"),
            ("analysis", "analysis"),
            ("bus", "bus"),
            ("ticket", "ticket"),
            ("größen", "größen"),
        ] {
            assert_eq!(singular(word), expected);
        }
    }

    #[test]
    fn spelling_is_nearer_than_a_slip_and_another_name_is_not_near() {
        for (typed, existing, rank) in [
            ("Tickets", "tickets", Some(0)),
            ("# tickets ", "tickets", Some(0)),
            ("ticketReplies", "ticket_replies", Some(0)),
            ("user: Support", "user:support", Some(0)),
            ("user:#042", "user:42", Some(0)),
            ("Ticket.Priority_Changed", "ticket.priority_changed", Some(0)),
            ("ticket", "tickets", Some(1)),
            ("ticket reply", "ticket_replies", Some(1)),
            ("priority", "ticket.priority_changed", Some(2)),
            ("invoices", "billing.invoices", Some(2)),
            ("prio", "priority", Some(3)),
            ("tikets", "tickets", Some(4)),
            ("ticktes", "tickets", Some(4)),
            ("the tickets table", "tickets", Some(7)),
            ("user:4", "user:42", None),
            ("user:43", "user:42", None),
            ("bob", "job", None),
            ("plan.eight", "plan.own", None),
            ("orders", "tickets", None),
            ("", "tickets", None),
            ("#", "tickets", None),
        ] {
            assert_eq!(distance_rank(typed, existing), rank, "{typed:?} and {existing:?}");
        }
        assert_eq!(distance_rank(&"x".repeat(300), &"x".repeat(300)), None);
    }

    #[test]
    fn nearest_names_come_first_and_are_few() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (typed, existing, expected) in [
            ("Ticket", &["ticket_replies", "tickets", "ticket"][..], &["ticket"][..]),
            ("ticket", &["ticket_replies", "tickets"], &["tickets"]),
            (
                "closed",
                &["a.closed", "b.closed", "c.closed", "d.closed"],
                &["a.closed", "b.closed", "c.closed"],
            ),
            ("closed", &["a.closed", "a.closed"], &["a.closed"]),
            ("nothing", &["tickets"], &[]),
        ] {
            assert_eq!(nearest(typed, names(existing)), names(expected), "{typed}");
        }
    }

    #[test]
    fn edit_distance_counts_a_swap_as_one() {
        for (one, other, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "acb", 1),
            ("kitten", "sitting", 3),
            ("ü", "u", 1),
        ] {
            assert_eq!(edit_distance(one, other), edits, "{one} {other}");
            assert_eq!(edit_distance(other, one), edits, "{other} {one}");
        }
    }
}
