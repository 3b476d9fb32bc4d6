//! Long values: what is shown at once, what opens on demand, and what a page has no room for.

use super::word_diff::Run;

/// How many characters of a value, or of one changed part of it, are shown at once.
const SHOWN: usize = 500;
/// How many unchanged characters are shown beside a change.
const BESIDE: usize = 80;
/// Folding away fewer characters than this saves nothing.
const WORTH: usize = 120;
/// How many characters of a value, changed parts and all, are shown at once.
const SHOWN_AT_MOST: usize = 2_000;
/// How many characters one fold holds; what is beyond them is not on the page.
const FOLD_AT_MOST: usize = 20_000;

/// A part of a value. In order, the parts give back the value exactly, up to what is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Common to both sides, or nothing to compare with.
    Same(String),
    /// On this side only.
    Changed(String),
    /// Shown on demand.
    Folded {
        /// The text.
        text: String,
        /// How many characters it has.
        characters: usize,
    },
    /// Not on the page: so many characters.
    LeftOut(usize),
}

/// A value that is not compared.
pub(super) fn whole(text: String) -> Vec<Segment> {
    if text.len() <= SHOWN {
        return vec![Segment::Same(text)];
    }
    fold(&[Run { text: &text, changed: false }])
}

/// Folds what is long and unchanged, and the end of what is long and changed.
pub(super) fn fold(runs: &[Run<'_>]) -> Vec<Segment> {
    let mut pieces = Vec::new();
    let mut room = SHOWN_AT_MOST;
    for (position, run) in runs.iter().enumerate() {
        let (first, last) = (position == 0, position + 1 == runs.len());
        let (head, tail) = match (run.changed || first && last, first, last) {
            (true, ..) => (SHOWN, 0),
            (false, true, _) => (0, BESIDE),
            (false, _, true) => (BESIDE, 0),
            (false, false, false) => (BESIDE, BESIDE),
        };
        let piece = |text: &str| {
            if run.changed { Segment::Changed(text.to_owned()) } else { Segment::Same(text.to_owned()) }
        };
        let (head, tail) = if room > 0 { (head, tail) } else { (0, 0) };
        let characters = run.text.chars().count();
        if room > 0 && characters <= head + tail + WORTH {
            pieces.push(piece(run.text));
            room = room.saturating_sub(characters);
            continue;
        }
        let (start, rest) = run.text.split_at(offset(run.text, head));
        let (middle, end) = rest.split_at(offset(rest, characters.saturating_sub(head + tail)));
        pieces.extend((!start.is_empty()).then(|| piece(start)));
        put_away(&mut pieces, middle);
        pieces.extend((!end.is_empty()).then(|| piece(end)));
        room = room.saturating_sub(head + tail);
    }
    pieces
}

/// Into a fold; into the one that stands there already, if there is one.
fn put_away(pieces: &mut Vec<Segment>, text: &str) {
    let count = text.chars().count();
    match pieces.last_mut() {
        Some(Segment::LeftOut(left_out)) => *left_out += count,
        Some(Segment::Folded { text: folded, characters }) => {
            let (kept, left_out) = limited(text, FOLD_AT_MOST.saturating_sub(*characters));
            folded.push_str(kept);
            *characters += count - left_out;
            pieces.extend((left_out > 0).then_some(Segment::LeftOut(left_out)));
        }
        _ => {
            let (kept, left_out) = limited(text, FOLD_AT_MOST);
            pieces.push(Segment::Folded { text: kept.to_owned(), characters: count - left_out });
            pieces.extend((left_out > 0).then_some(Segment::LeftOut(left_out)));
        }
    }
}

/// The first `most` characters, and how many there are beyond them.
pub(super) fn limited(text: &str, most: usize) -> (&str, usize) {
    let (kept, rest) = text.split_at(offset(text, most));
    (kept, rest.chars().count())
}

/// Where the character with this number begins.
fn offset(text: &str, character: usize) -> usize {
    if text.is_ascii() {
        return character.min(text.len());
    }
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::super::word_diff::marked;
    use super::*;

    fn joined(pieces: &[Segment]) -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Segment::Same(text) | Segment::Changed(text) | Segment::Folded { text, .. } => text.as_str(),
                Segment::LeftOut(_) => "",
            })
            .collect()
    }

    #[test]
    fn short_values_stay_whole() {
        let text = "ä".repeat(SHOWN + WORTH);
        assert_eq!(whole(text.clone()), [Segment::Same(text)]);
    }

    #[test]
    fn long_values_fold_and_the_longest_are_cut_with_their_length() {
        let text = "ä".repeat(SHOWN + FOLD_AT_MOST + 7);
        assert_eq!(
            whole(text),
            [
                Segment::Same("ä".repeat(SHOWN)),
                Segment::Folded { text: "ä".repeat(FOLD_AT_MOST), characters: FOLD_AT_MOST },
                Segment::LeftOut(7),
            ]
        );
    }

    #[test]
    fn a_change_in_a_long_text_is_in_sight_and_nothing_is_lost() {
        let words = "wörd ".repeat(1_000);
        let (old, new) = (format!("{words}red {words}"), format!("{words}blue {words}"));
        let (before, after) = marked(&old, &new);
        let (before, after) = (fold(&before), fold(&after));
        assert!(before.contains(&Segment::Changed("red".to_owned())), "{before:?}");
        assert!(after.contains(&Segment::Changed("blue".to_owned())), "{after:?}");
        assert_eq!((joined(&before), joined(&after)), (old, new));
        let in_sight = |piece: &Segment| match piece {
            Segment::Same(text) | Segment::Changed(text) => text.chars().count(),
            _ => 0,
        };
        assert!(before.iter().map(in_sight).sum::<usize>() < 200);
    }

    #[test]
    fn many_changes_in_a_long_text_end_in_one_fold() {
        let old: String = (0..1_500).map(|number| format!("{number} same words here ")).collect();
        let new: String = (0..1_500).map(|number| format!("{} same words here ", number + 7)).collect();
        let (before, after) = marked(&old, &new);
        let pieces = fold(&before);
        assert_eq!(joined(&pieces).len() + left_out(&pieces), old.len());
        assert!(pieces.iter().filter(|piece| matches!(piece, Segment::LeftOut(_))).count() <= 1);
        assert_eq!(joined(&fold(&after)).len() + left_out(&fold(&after)), new.len());
    }

    fn left_out(pieces: &[Segment]) -> usize {
        pieces.iter().map(|piece| if let Segment::LeftOut(count) = piece { *count } else { 0 }).sum()
    }
}
