//! Compares the guide with the table of events.

use super::{EVENTS, Event, Label};

const GUIDE: &str = include_str!("../../../docs/recording.md");

#[test]
fn guide_lists_every_event() {
    let label = |label: &Label| format!("`{}`: {}", label.name, label.values.join(", "));
    let row = |event: &&Event| {
        let labels: Vec<String> = event.labels.iter().map(label).collect();
        let measured = event.measurement.as_ref().map(|m| format!("`{}`, {}", m.name, m.description));
        format!(
            "| `{}` | {} | {} | {} |\n",
            event.name,
            event.when,
            measured.unwrap_or_default(),
            labels.join("; ")
        )
    };
    let rows: String = EVENTS.iter().map(row).collect();
    assert!(GUIDE.contains(&rows), "docs/recording.md should hold these rows:\n{rows}");
}

#[test]
fn event_names_are_unique_and_labels_are_plain_words() {
    for (index, event) in EVENTS.iter().enumerate() {
        assert!(EVENTS[..index].iter().all(|other| other.name != event.name), "{}", event.name);
        assert!(event.name.starts_with("threadline."), "{}", event.name);
        let seconds =
            |m: &super::Measurement| m.name.starts_with("threadline.") && m.name.ends_with("_seconds");
        assert!(event.measurement.as_ref().is_none_or(seconds), "{}", event.name);
        for value in event.labels.iter().flat_map(|label| label.values) {
            let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '-');
            assert!(!value.is_empty() && value.chars().all(plain), "{}: {value}", event.name);
        }
    }
}
