//! Under which conditions a run was made: figures without them mean nothing.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use super::server::Facts;
use crate::command::capture;
use crate::paths;

/// What the report begins with: names and their text.
pub(super) type Conditions = Vec<(&'static str, String)>;

/// What every measurement tells.
pub(super) fn conditions(facts: &Facts, busy: &Busy) -> Conditions {
    let settings: Vec<_> = facts.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    vec![
        ("time", facts.name_of_run.clone()),
        ("machine", machine()),
        ("noise", busy.noise()),
        ("server", format!("PostgreSQL {}; {}", facts.version, facts.place)),
        ("settings", settings.join(", ")),
        ("code", code()),
    ]
}

fn machine() -> String {
    let cores = available_parallelism().map_or_else(|_| "?".to_owned(), |cores| cores.to_string());
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal");
    let memory = memory.and_then(|text| text.strip_suffix(" kB")?.parse::<u64>().ok());
    let memory = memory.map_or_else(|| "?".to_owned(), |kib| format!("{:.1}", kib as f64 / 1024.0 / 1024.0));
    format!("{cores} cores, {model}, {memory} GiB of memory")
}

/// The value of the first `name : value` in a file.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.trim() == name).map(|(_, value)| value.trim().to_owned())
}

fn code() -> String {
    let git =
        |arguments: &[&str]| capture(Command::new("git").current_dir(paths::root()).args(arguments)).ok();
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let commit =
        commit.map_or_else(|| "unknown commit".to_owned(), |commit| format!("commit {}", commit.trim()));
    let changed = git(&["status", "--porcelain"]).is_some_and(|changes| !changes.trim().is_empty());
    let changed = if changed { " with uncommitted changes" } else { "" };
    format!("threadline {}, {commit}{changed}", env!("CARGO_PKG_VERSION"))
}

/// How busy this machine was with other things when a run began.
#[derive(Debug)]
pub(super) struct Busy {
    load: Option<String>,
    ticks: Option<(u64, u64)>,
}

impl Busy {
    pub(super) fn now() -> Self {
        let load = fs::read_to_string("/proc/loadavg").ok();
        let load = load.and_then(|text| text.split(' ').next().map(str::to_owned));
        Self { load, ticks: ticks_now() }
    }

    fn noise(&self) -> String {
        let load = self.load.as_deref().unwrap_or("unknown");
        let taken = match (self.ticks, ticks_now()) {
            (Some((all, taken)), Some((all_now, taken_now))) if all_now > all => {
                let share = taken_now.saturating_sub(taken) as f64 / (all_now - all) as f64;
                format!("{:.1} %", share * 100.0)
            }
            _ => "an unknown share".to_owned(),
        };
        format!(
            "load {load} before the run; other machines of the host took {taken} of the processor time during it"
        )
    }
}

/// Processor time of this machine so far, in clock ticks: all of it, and what its host gave to other machines meanwhile.
fn ticks_now() -> Option<(u64, u64)> {
    ticks(fs::read_to_string("/proc/stat").ok()?.lines().next()?)
}

/// `cpu user nice system idle iowait irq softirq steal guest guest_nice`; guests are counted in user already.
fn ticks(line: &str) -> Option<(u64, u64)> {
    let numbers: Vec<u64> =
        line.split_whitespace().skip(1).filter_map(|number| number.parse().ok()).collect();
    let steal = *numbers.get(7)?;
    Some((numbers.iter().take(8).sum(), steal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stolen_time_is_told_apart() {
        assert_eq!(ticks("cpu  10 1 20 60 2 0 1 6 3 0"), Some((100, 6)));
        assert_eq!(ticks("cpu  10 1"), None);
    }
}
