//! Texts of several lines: removed and added lines among a few unchanged ones.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::fold::{Segment, fold, limited, whole};
use super::word_diff::marked;

/// The most lines on one side, from the first differing one to the last, that are compared; more are all removed and added.
const MAX_LINES: usize = 400;
/// How many unchanged lines are shown before and after a change.
const CONTEXT: usize = 3;
/// How many removed or added lines are shown together.
const SHOWN: usize = 30;
/// How many characters one fold holds; what is beyond them is not on the page.
const FOLD_AT_MOST: usize = 20_000;

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// It is on both sides.
    Same,
    /// It is in the old text only.
    Removed,
    /// It is in the new text only.
    Added,
}

/// A part of a unified diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// One line, without its end.
    Shown {
        /// What happened to it.
        kind: LineKind,
        /// The line.
        pieces: Vec<Segment>,
        /// Whether it is the last one and nothing ends it, where the other text ends in a line break.
        unended: bool,
    },
    /// Several, shown on demand.
    Folded {
        /// What happened to them.
        kind: LineKind,
        /// How many.
        count: usize,
        /// The lines.
        text: String,
        /// How many characters of them are not on the page.
        left_out: usize,
    },
}

/// The unified diff of two texts.
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
    /// Unchanged lines: a few beside the change before them and the change after them.
    fn same(&mut self, lines: &[&str], after_change: bool, before_change: bool) {
        let head = if after_change { CONTEXT } else { 0 };
        let tail = if before_change { CONTEXT } else { 0 };
        if lines.len() <= head + tail + 1 {
            return self.show(LineKind::Same, lines);
        }
        self.show(LineKind::Same, &lines[..head]);
        self.put_away(LineKind::Same, &lines[head..lines.len() - tail]);
        self.show(LineKind::Same, &lines[lines.len() - tail..]);
    }

    /// Of a few lines each is compared, word by word, with the one that came in its place.
    fn changed(&mut self, removed: &[&str], added: &[&str]) {
        let pairs = removed.len().min(added.len());
        if removed.len().max(added.len()) > SHOWN {
            for (kind, lines) in [(LineKind::Removed, removed), (LineKind::Added, added)] {
                let shown = if lines.len() <= SHOWN + 1 { lines.len() } else { SHOWN };
                self.show(kind, &lines[..shown]);
                self.put_away(kind, &lines[shown..]);
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

    fn line(&self, kind: LineKind, line: &str, pieces: Vec<Segment>) -> Line {
        Line::Shown { kind, pieces, unended: self.one_ends && !line.ends_with('\n') }
    }

    fn put_away(&mut self, kind: LineKind, lines: &[&str]) {
        if !lines.is_empty() {
            let all = lines.concat();
            let (text, left_out) = limited(&all, FOLD_AT_MOST);
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

/// How many bytes two texts share at their beginning and at their end, in whole lines.
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

    fn text_of(pieces: &[Segment]) -> String {
        pieces
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
                Line::Shown { kind, pieces, unended } => {
                    let kind = match kind {
                        LineKind::Same => ' ',
                        LineKind::Removed => '-',
                        LineKind::Added => '+',
                    };
                    format!("{kind}{}{}", text_of(pieces), if *unended { "\\" } else { "" })
                }
                Line::Folded { kind, count, .. } => format!("{kind:?} {count}"),
            })
            .collect()
    }

    #[test]
    fn a_changed_line_stands_among_its_neighbours_with_its_words_marked() {
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
    fn lines_come_and_go() {
        assert_eq!(shown(&unified("a\nb\nc\n", "a\nc\n")), [" a", "-b", " c"]);
        assert_eq!(shown(&unified("a\nc", "a\nb\nc")), [" a", "+b", " c"]);
        assert_eq!(shown(&unified("a", "a\n\n")), ["-a\\", "+a", "+"]);
        assert_eq!(shown(&unified("a\nb", "a\nb\n")), [" a", "-b\\", "+b"]);
        assert_eq!(shown(&unified("a\r\n", "a\n")), ["-a[\r]", "+a"]);
    }

    #[test]
    fn long_runs_of_lines_fold() {
        let new: String = (0..100).map(|line| format!("{line}\n")).collect();
        let lines = shown(&unified("x\n", &format!("x\n{new}")));
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (SHOWN + 2, Some("Added 70")));
    }

    #[test]
    fn both_texts_can_be_read_from_the_lines() {
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
                        Line::Shown { kind, pieces, .. } if kind == side || kind == LineKind::Same => {
                            Some(text_of(&pieces).replace(['[', ']'], "") + "\n")
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
