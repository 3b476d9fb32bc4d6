//! Folds long values: a part is shown, a part is folded, and a part may be left out of the page.

use super::word_diff::Run;

/// Characters of a value, or of one changed part of it, that are shown at once.
const MAX_PART_SHOWN: usize = 500;
/// Unchanged characters that are shown beside a change.
const CONTEXT: usize = 80;
/// The fewest characters that are worth folding.
const MIN_FOLD: usize = 120;
/// Characters of a whole value, with its changed parts, that are shown at once.
const MAX_TOTAL_SHOWN: usize = 2_000;
/// The longest fold, in characters. Characters beyond it are left out of the page.
const MAX_FOLD: usize = 20_000;

/// A segment of a value. The segments of a value are its text in order, except for what is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Common to both sides, or not compared.
    Same(String),
    /// On this side only.
    Changed(String),
    /// Folded: shown on demand.
    Folded {
        /// The text.
        text: String,
        /// The number of its characters.
        characters: usize,
    },
    /// Left out of the page: the number of characters.
    LeftOut(usize),
}

/// Returns the segments of a value that is not compared.
pub(crate) fn whole(text: String) -> Vec<Segment> {
    if text.len() <= MAX_PART_SHOWN {
        return vec![Segment::Same(text)];
    }
    fold(&[Run { text: &text, changed: false }])
}

/// Folds long unchanged runs, and the ends of long changed ones.
pub(super) fn fold(runs: &[Run<'_>]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut room = MAX_TOTAL_SHOWN;
    for (position, run) in runs.iter().enumerate() {
        let (first, last) = (position == 0, position + 1 == runs.len());
        let (head, tail) = match (run.changed || first && last, first, last) {
            (true, ..) => (MAX_PART_SHOWN, 0),
            (false, true, _) => (0, CONTEXT),
            (false, _, true) => (CONTEXT, 0),
            (false, false, false) => (CONTEXT, CONTEXT),
        };
        let piece = |text: &str| {
            if run.changed { Segment::Changed(text.to_owned()) } else { Segment::Same(text.to_owned()) }
        };
        let (head, tail) = if room > 0 { (head, tail) } else { (0, 0) };
        let characters = run.text.chars().count();
        if room > 0 && characters <= head + tail + MIN_FOLD {
            segments.push(piece(run.text));
            room = room.saturating_sub(characters);
            continue;
        }
        let (start, rest) = run.text.split_at(offset(run.text, head));
        let (middle, end) = rest.split_at(offset(rest, characters.saturating_sub(head + tail)));
        segments.extend((!start.is_empty()).then(|| piece(start)));
        fold_away(&mut segments, middle);
        segments.extend((!end.is_empty()).then(|| piece(end)));
        room = room.saturating_sub(head + tail);
    }
    segments
}

/// Adds a text to the last fold, or to a new one.
fn fold_away(segments: &mut Vec<Segment>, text: &str) {
    let count = text.chars().count();
    match segments.last_mut() {
        Some(Segment::LeftOut(left_out)) => *left_out += count,
        Some(Segment::Folded { text: folded, characters }) => {
            let (kept, left_out) = limited(text, MAX_FOLD.saturating_sub(*characters));
            folded.push_str(kept);
            *characters += count - left_out;
            segments.extend((left_out > 0).then_some(Segment::LeftOut(left_out)));
        }
        _ => {
            let (kept, left_out) = limited(text, MAX_FOLD);
            segments.push(Segment::Folded { text: kept.to_owned(), characters: count - left_out });
            segments.extend((left_out > 0).then_some(Segment::LeftOut(left_out)));
        }
    }
}

/// Splits a text after `most` characters, and counts the rest.
pub(super) fn limited(text: &str, most: usize) -> (&str, usize) {
    let (kept, rest) = text.split_at(offset(text, most));
    (kept, rest.chars().count())
}

/// Returns the byte offset of a character.
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

    fn joined(segments: &[Segment]) -> String {
        segments
            .iter()
            .map(|segment| match segment {
                Segment::Same(text) | Segment::Changed(text) | Segment::Folded { text, .. } => text.as_str(),
                Segment::LeftOut(_) => "",
            })
            .collect()
    }

    #[test]
    fn short_value_is_not_folded() {
        let text = "ä".repeat(MAX_PART_SHOWN + MIN_FOLD);
        assert_eq!(whole(text.clone()), [Segment::Same(text)]);
    }

    #[test]
    fn long_value_is_folded_and_the_longest_is_cut() {
        let text = "ä".repeat(MAX_PART_SHOWN + MAX_FOLD + 7);
        assert_eq!(
            whole(text),
            [
                Segment::Same("ä".repeat(MAX_PART_SHOWN)),
                Segment::Folded { text: "ä".repeat(MAX_FOLD), characters: MAX_FOLD },
                Segment::LeftOut(7),
            ]
        );
    }

    #[test]
    fn change_in_a_long_text_is_shown_and_nothing_is_lost() {
        let words = "wörd ".repeat(1_000);
        let (old, new) = (format!("{words}red {words}"), format!("{words}blue {words}"));
        let (before, after) = marked(&old, &new);
        let (before, after) = (fold(&before), fold(&after));
        assert!(before.contains(&Segment::Changed("red".to_owned())), "{before:?}");
        assert!(after.contains(&Segment::Changed("blue".to_owned())), "{after:?}");
        assert_eq!((joined(&before), joined(&after)), (old, new));
        let in_sight = |segment: &Segment| match segment {
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
        let segments = fold(&before);
        assert_eq!(joined(&segments).len() + left_out(&segments), old.len());
        assert!(segments.iter().filter(|segment| matches!(segment, Segment::LeftOut(_))).count() <= 1);
        assert_eq!(joined(&fold(&after)).len() + left_out(&fold(&after)), new.len());
    }

    fn left_out(segments: &[Segment]) -> usize {
        segments.iter().map(|segment| if let Segment::LeftOut(count) = segment { *count } else { 0 }).sum()
    }
}
