//! Compares the guide with the table of findings.

use super::{FINDINGS, FindingKind};

const GUIDE: &str = include_str!("../../../docs/health.md");

#[test]
fn guide_lists_every_finding() {
    let row = |kind: &&FindingKind| {
        format!("| `{}` | {} | {} | {} |\n", kind.code, kind.severity, kind.meaning, kind.remedy)
    };
    let rows: String = FINDINGS.iter().map(row).collect();
    assert!(GUIDE.contains(&rows), "docs/health.md should hold these rows:\n{rows}");
}

#[test]
fn finding_codes_are_unique_words() {
    for (index, kind) in FINDINGS.iter().enumerate() {
        assert!(FINDINGS[..index].iter().all(|other| other.code != kind.code), "{}", kind.code);
        assert!(kind.code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", kind.code);
    }
}
