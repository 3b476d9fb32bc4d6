//! Marks changed words inside of a text.

use similar::{Algorithm, DiffOp, DiffableStr, capture_diff_slices};

/// The longest differing part, in bytes, that is compared word by word; a longer one is marked as a whole.
const MAX_BYTES: usize = 16 * 1024;
/// The most words, spaces and punctuation marks on one side that are compared.
const MAX_WORDS: usize = 500;
/// The characters before the first difference that may belong to the same word.
const MAX_WORD: usize = 64;

/// A run of one side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// True if the segment is on this side only.
    pub(super) changed: bool,
}

/// Returns both sides in runs, which joined are the text. Texts without a common word are not marked at all, because
/// everything is different.
pub(super) fn marked<'a>(old: &'a str, new: &'a str) -> (Vec<Run<'a>>, Vec<Run<'a>>) {
    let (head, tail) = common_ends(old, new);
    let (mut before, mut after) = (Cell::of(old), Cell::of(new));
    before.put(head, false);
    after.put(head, false);
    let ends = (old.len() - tail, new.len() - tail);
    for (old_bytes, new_bytes, changed) in compared(&old[head..ends.0], &new[head..ends.1]) {
        before.put(old_bytes, changed);
        after.put(new_bytes, changed);
    }
    before.put(tail, false);
    after.put(tail, false);
    let common = |run: &Run<'_>| !run.changed && run.text.chars().any(char::is_alphanumeric);
    if before.runs.iter().any(common) {
        (before.runs, after.runs)
    } else {
        (vec![Run { text: old, changed: false }], vec![Run { text: new, changed: false }])
    }
}

/// Returns ranges of both texts in order: the bytes of each, and whether they differ.
fn compared(old: &str, new: &str) -> Vec<(usize, usize, bool)> {
    let whole = || vec![(old.len(), new.len(), true)];
    if old.is_empty() || new.is_empty() || old.len().max(new.len()) > MAX_BYTES {
        return whole();
    }
    if is_word_without(old, new) || is_word_without(new, old) {
        return whole();
    }
    let (old_words, new_words) = (old.tokenize_unicode_words(), new.tokenize_unicode_words());
    if old_words.len().max(new_words.len()) > MAX_WORDS {
        return whole();
    }
    let bytes = |words: &[&str]| words.iter().map(|word| word.len()).sum();
    capture_diff_slices(Algorithm::Myers, &old_words, &new_words)
        .into_iter()
        .map(|op| {
            let equal = matches!(op, DiffOp::Equal { .. });
            (bytes(&old_words[op.old_range()]), bytes(&new_words[op.new_range()]), !equal)
        })
        .collect()
}

/// Returns whether a text is a single word that the other one does not contain: most changed values are, and share nothing.
fn is_word_without(text: &str, other: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !other.contains(text)
}

/// One side while it is split into runs.
struct Cell<'a> {
    rest: &'a str,
    runs: Vec<Run<'a>>,
    text: &'a str,
}

impl<'a> Cell<'a> {
    const fn of(text: &'a str) -> Self {
        Self { rest: text, runs: Vec::new(), text }
    }

    /// Splits off the next bytes. A changed word, a space and a changed word look like one change.
    fn put(&mut self, bytes: usize, changed: bool) {
        if bytes == 0 {
            return;
        }
        let (text, rest) = self.rest.split_at(bytes);
        let start = self.text.len() - self.rest.len();
        let end = start + bytes;
        self.rest = rest;
        match self.runs.as_mut_slice() {
            [.., last] if last.changed == changed => {
                last.text = &self.text[start - last.text.len()..end];
            }
            [.., before, between] if changed && before.changed && between.text.trim().is_empty() => {
                before.text = &self.text[start - between.text.len() - before.text.len()..end];
                self.runs.pop();
            }
            _ => self.runs.push(Run { text, changed }),
        }
    }
}

/// Returns the number of bytes that two texts share at the start and at the end, in whole words.
fn common_ends(old: &str, new: &str) -> (usize, usize) {
    let mut head = common(old.as_bytes().chunks(64), new.as_bytes().chunks(64)) * 64;
    head = head.min(old.len()).min(new.len());
    head += common(old.as_bytes()[head..].iter(), new.as_bytes()[head..].iter());
    while !old.is_char_boundary(head) {
        head -= 1;
    }
    head -= reach(old[..head].chars().rev());
    let (old, new) = (&old[head..], &new[head..]);
    let mut tail = common(old.as_bytes().rchunks(64), new.as_bytes().rchunks(64)) * 64;
    tail = tail.min(old.len()).min(new.len());
    let ends = (&old.as_bytes()[..old.len() - tail], &new.as_bytes()[..new.len() - tail]);
    tail += common(ends.0.iter().rev(), ends.1.iter().rev());
    while !old.is_char_boundary(old.len() - tail) {
        tail -= 1;
    }
    (head, tail - reach(old[old.len() - tail..].chars()))
}

fn common<T: PartialEq>(old: impl Iterator<Item = T>, new: impl Iterator<Item = T>) -> usize {
    old.zip(new).take_while(|(old, new)| old == new).count()
}

/// Returns the bytes of the word that a split went through.
fn reach(characters: impl Iterator<Item = char>) -> usize {
    let word = |character: &char| {
        character.is_alphanumeric()
            || *character == '_'
            || !character.is_ascii() && !character.is_whitespace()
    };
    characters.take(MAX_WORD).take_while(word).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(runs: &[Run<'_>]) -> String {
        runs.iter()
            .map(|run| if run.changed { format!("[{}]", run.text) } else { run.text.to_owned() })
            .collect()
    }

    #[test]
    fn changed_words_are_marked_if_texts_share_words() {
        for (old, new, before, after) in [
            (
                "Invoice 8841 shows the wrong total",
                "Invoice 8841 shows the previous month's total",
                "Invoice 8841 shows the [wrong] total",
                "Invoice 8841 shows the [previous month's] total",
            ),
            ("low", "urgent", "low", "urgent"),
            ("a, b", "c, d", "a, b", "c, d"),
            ("the old red door", "the new blue door", "the [old red] door", "the [new blue] door"),
            ("2026-11-22 10:00", "2026-11-22 11:00", "2026-11-22 [10]:00", "2026-11-22 [11]:00"),
            ("same", "same twice", "same", "same[ twice]"),
            ("ticket_1 stays", "ticket_2 stays", "[ticket_1] stays", "[ticket_2] stays"),
            ("Füße weg", "Füßen weg", "[Füße] weg", "[Füßen] weg"),
            ("e tone", "e\u{301} tone", "[e] tone", "[e\u{301}] tone"),
            ("", "x", "", "x"),
        ] {
            let (marked_old, marked_new) = marked(old, new);
            assert_eq!((shown(&marked_old).as_str(), shown(&marked_new).as_str()), (before, after));
        }
    }

    /// A small generator (`SplitMix64`), so that a failing case can be reproduced.
    fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
        move |below| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            usize::try_from((mixed ^ (mixed >> 31)) >> 8).unwrap_or(0) % below
        }
    }

    #[test]
    fn runs_contain_both_texts() {
        const PARTS: [&str; 14] = [
            "a",
            "b",
            "word",
            " ",
            "  ",
            "\n",
            "é",
            "e\u{301}",
            "👩\u{200D}💻",
            "שלום",
            "\u{202E}",
            "日本",
            "1.50",
            "_",
        ];
        for seed in 0..3_000 {
            let mut number = numbers(seed);
            let mut text = |most: usize| -> String {
                let length = number(most);
                (0..length).map(|_| PARTS[number(PARTS.len())]).collect()
            };
            let shared = text(90);
            let old = format!("{}{shared}{}", text(4), text(30));
            let new = format!("{}{shared}{}", text(4), text(30));
            let (before, after) = marked(&old, &new);
            let joined = |runs: &[Run<'_>]| runs.iter().map(|run| run.text).collect::<String>();
            assert_eq!((joined(&before), joined(&after)), (old.clone(), new.clone()), "seed {seed}");
            let common = |runs: &[Run<'_>]| {
                let same = runs.iter().filter(|run| !run.changed).map(|run| run.text);
                same.collect::<String>().split_whitespace().collect::<String>()
            };
            if before.iter().any(|run| run.changed) {
                assert_eq!(common(&before), common(&after), "what is unmarked is the same, seed {seed}");
            }
        }
    }

    #[test]
    fn text_beyond_the_limits_is_marked_as_a_whole() {
        let words = |word: &str| format!("{word} ").repeat(MAX_WORDS);
        let (old, new) = (format!("from {}end", words("a b")), format!("from {}end", words("c d")));
        let (before, _) = marked(&old, &new);
        assert_eq!(before.iter().map(|run| run.changed).collect::<Vec<_>>(), [false, true, false]);
    }
}
