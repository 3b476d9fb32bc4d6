//! The guide and the table of findings say the same.

use super::{FINDINGS, FindingKind};

const GUIDE: &str = include_str!("../../../docs/health.md");

#[test]
fn the_guide_lists_the_findings_as_they_are() {
    let row = |kind: &&FindingKind| {
        format!("| `{}` | {} | {} | {} |\n", kind.code, kind.severity, kind.meaning, kind.mended_by)
    };
    let rows: String = FINDINGS.iter().map(row).collect();
    assert!(GUIDE.contains(&rows), "docs/health.md should hold these rows:\n{rows}");
}

#[test]
fn codes_are_unique_words() {
    for (place, kind) in FINDINGS.iter().enumerate() {
        assert!(FINDINGS[..place].iter().all(|other| other.code != kind.code), "{}", kind.code);
        assert!(kind.code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", kind.code);
    }
}
