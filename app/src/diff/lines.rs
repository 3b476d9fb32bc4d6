//! The unified diff of texts with several lines.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::fold::{Segment, fold, limited, whole};
use super::word_diff::marked;

/// The most lines on one side, from the first to the last differing one, that are compared. Longer texts are all removed and
/// added.
const MAX_LINES: usize = 400;
/// Unchanged lines that are shown before and after a change.
const CONTEXT_LINES: usize = 3;
/// Removed or added lines that are shown together.
const MAX_LINES_SHOWN: usize = 30;
/// The longest fold, in characters. Characters beyond it are left out of the page.
const MAX_FOLD: usize = 20_000;

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// On both sides.
    Same,
    /// In the old text only.
    Removed,
    /// In the new text only.
    Added,
}

/// A part of a unified diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// One line, without its end.
    Shown {
        /// The kind.
        kind: LineKind,
        /// The text of the line.
        segments: Vec<Segment>,
        /// True if this is the last line and has no line break, while the other text ends in one.
        unended: bool,
    },
    /// Several lines, folded.
    Folded {
        /// Their kind.
        kind: LineKind,
        /// Their number.
        count: usize,
        /// The lines.
        text: String,
        /// The number of their characters that are left out of the page.
        left_out: usize,
    },
}

/// Returns the unified diff of two texts.
pub(super) fn unified(old: &str, new: &str) -> Vec<Line> {
    let mut lines = Lines { shown: Vec::new(), one_ends: old.ends_with('\n') != new.ends_with('\n') };
    let (head, tail) = common_ends(old, new);
    let old_lines = split(&old[head..old.len() - tail]);
    let new_lines = split(&new[head..new.len() - tail]);
    lines.same(&split(&old[..head]), false, true);
    let replace =
        DiffOp::Replace { old_index: 0, old_len: old_lines.len(), new_index: 0, new_len: new_lines.len() };
    let ops = if old_lines.len().max(new_lines.len()) > MAX_LINES {
        vec![replace]
    } else {
        capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines)
    };
    for op in ops {
        let (removed, added) = (&old_lines[op.old_range()], &new_lines[op.new_range()]);
        match op {
            DiffOp::Equal { .. } => lines.same(removed, true, true),
            _ => lines.changed(removed, added),
        }
    }
    lines.same(&split(&old[old.len() - tail..]), true, false);
    lines.shown
}

struct Lines {
    shown: Vec<Line>,
    one_ends: bool,
}

impl Lines {
    /// Adds unchanged lines: a few after the previous change and before the next one.
    fn same(&mut self, lines: &[&str], after_change: bool, before_change: bool) {
        let head = if after_change { CONTEXT_LINES } else { 0 };
        let tail = if before_change { CONTEXT_LINES } else { 0 };
        if lines.len() <= head + tail + 1 {
            return self.show(LineKind::Same, lines);
        }
        self.show(LineKind::Same, &lines[..head]);
        self.fold_away(LineKind::Same, &lines[head..lines.len() - tail]);
        self.show(LineKind::Same, &lines[lines.len() - tail..]);
    }

    /// Adds replaced lines. If they are few, each is compared word by word with its replacement.
    fn changed(&mut self, removed: &[&str], added: &[&str]) {
        let pairs = removed.len().min(added.len());
        if removed.len().max(added.len()) > MAX_LINES_SHOWN {
            for (kind, lines) in [(LineKind::Removed, removed), (LineKind::Added, added)] {
                let shown = if lines.len() <= MAX_LINES_SHOWN + 1 { lines.len() } else { MAX_LINES_SHOWN };
                self.show(kind, &lines[..shown]);
                self.fold_away(kind, &lines[shown..]);
            }
            return;
        }
        let (old, new): (Vec<_>, Vec<_>) = removed
            .iter()
            .zip(added)
            .map(|(old, new)| {
                let (before, after) = marked(content(old), content(new));
                (
                    self.line(LineKind::Removed, old, fold(&before)),
                    self.line(LineKind::Added, new, fold(&after)),
                )
            })
            .unzip();
        self.shown.extend(old);
        self.show(LineKind::Removed, &removed[pairs..]);
        self.shown.extend(new);
        self.show(LineKind::Added, &added[pairs..]);
    }

    fn show(&mut self, kind: LineKind, lines: &[&str]) {
        for line in lines {
            let line = self.line(kind, line, whole(content(line).to_owned()));
            self.shown.push(line);
        }
    }

    fn line(&self, kind: LineKind, line: &str, segments: Vec<Segment>) -> Line {
        Line::Shown { kind, segments, unended: self.one_ends && !line.ends_with('\n') }
    }

    fn fold_away(&mut self, kind: LineKind, lines: &[&str]) {
        if !lines.is_empty() {
            let all = lines.concat();
            let (text, left_out) = limited(&all, MAX_FOLD);
            self.shown.push(Line::Folded { kind, count: lines.len(), text: text.to_owned(), left_out });
        }
    }
}

fn content(line: &str) -> &str {
    line.strip_suffix('\n').unwrap_or(line)
}

fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Returns the number of bytes that two texts share at the start and at the end, in whole lines.
fn common_ends(old: &str, new: &str) -> (usize, usize) {
    let same = |(old, new): &(&str, &str)| old == new;
    let bytes = |lines: &[(&str, &str)]| lines.iter().map(|(line, _)| line.len()).sum();
    let head: Vec<_> = old.split_inclusive('\n').zip(new.split_inclusive('\n')).take_while(same).collect();
    let head: usize = bytes(&head);
    let (old, new) = (&old[head..], &new[head..]);
    let tail: Vec<_> =
        old.split_inclusive('\n').rev().zip(new.split_inclusive('\n').rev()).take_while(same).collect();
    (head, bytes(&tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(segments: &[Segment]) -> String {
        segments
            .iter()
            .map(|piece| match piece {
                Segment::Same(text) | Segment::Folded { text, .. } => text.clone(),
                Segment::Changed(text) => format!("[{text}]"),
                Segment::LeftOut(count) => format!("({count})"),
            })
            .collect()
    }

    fn shown(lines: &[Line]) -> Vec<String> {
        lines
            .iter()
            .map(|line| match line {
                Line::Shown { kind, segments, unended } => {
                    let kind = match kind {
                        LineKind::Same => ' ',
                        LineKind::Removed => '-',
                        LineKind::Added => '+',
                    };
                    format!("{kind}{}{}", text_of(segments), if *unended { "\\" } else { "" })
                }
                Line::Folded { kind, count, .. } => format!("{kind:?} {count}"),
            })
            .collect()
    }

    #[test]
    fn changed_line_is_shown_in_context_with_its_words_marked() {
        let before: String = (1..=10).map(|line| format!("line {line}\n")).collect();
        let after = before.replace("line 6", "row 6");
        assert_eq!(
            shown(&unified(&before, &after)),
            [
                "Same 2",
                " line 3",
                " line 4",
                " line 5",
                "-[line] 6",
                "+[row] 6",
                " line 7",
                " line 8",
                " line 9",
                " line 10"
            ]
        );
    }

    #[test]
    fn added_and_removed_lines_are_kept_apart() {
        assert_eq!(shown(&unified("a\nb\nc\n", "a\nc\n")), [" a", "-b", " c"]);
        assert_eq!(shown(&unified("a\nc", "a\nb\nc")), [" a", "+b", " c"]);
        assert_eq!(shown(&unified("a", "a\n\n")), ["-a\\", "+a", "+"]);
        assert_eq!(shown(&unified("a\nb", "a\nb\n")), [" a", "-b\\", "+b"]);
        assert_eq!(shown(&unified("a\r\n", "a\n")), ["-a[\r]", "+a"]);
    }

    #[test]
    fn long_runs_of_lines_are_folded() {
        let new: String = (0..100).map(|line| format!("{line}\n")).collect();
        let lines = shown(&unified("x\n", &format!("x\n{new}")));
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (MAX_LINES_SHOWN + 2, Some("Added 70")));
    }

    #[test]
    fn unified_diff_contains_both_texts() {
        let parts = ["a", "b b", "c\r", "", "ü\u{202E}"];
        for seed in 0..2_000_usize {
            let mut state = seed * 2_654_435_761 + 1;
            let mut number = |below: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % below
            };
            let mut text = || {
                let lines: Vec<_> = (0..number(14)).map(|_| parts[number(parts.len())]).collect();
                format!("{}{}", lines.join("\n"), if number(2) == 0 { "\n" } else { "" })
            };
            let (old, new) = (text(), text());
            let read = |side: LineKind| -> String {
                unified(&old, &new)
                    .into_iter()
                    .filter_map(|line| match line {
                        Line::Shown { kind, segments, .. } if kind == side || kind == LineKind::Same => {
                            Some(text_of(&segments).replace(['[', ']'], "") + "\n")
                        }
                        Line::Folded { kind, text, .. } if kind == side || kind == LineKind::Same => {
                            Some(text)
                        }
                        _ => None,
                    })
                    .collect()
            };
            let ended = |text: &str| {
                if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
            };
            assert_eq!(
                (ended(&read(LineKind::Removed)), ended(&read(LineKind::Added))),
                (ended(&old), ended(&new)),
                "{seed}"
            );
        }
    }
}
