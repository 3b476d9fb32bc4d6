//! What is measured, and in which unit.

use super::scenario::Scenario;

/// What was measured: samples of one case differ only by contestant and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    pub(super) operation: &'static str,
    /// Per statement.
    pub(super) rows: u32,
    /// Changes in the trail before it.
    pub(super) stored: u32,
    pub(super) keys: Keys,
}

impl Case {
    pub(super) fn new(scenario: Scenario, operation: &'static str, rows: u32) -> Self {
        Self { scenario, operation, rows, stored: 0, keys: Keys::Sequential }
    }
}

/// How the keys of new rows follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Sequential,
    Random,
}

impl Keys {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Random => "random",
        }
    }
}

/// A kind of figure; the name carries the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Wall,
    Cpu,
    Throughput,
    P50,
    P95,
    P99,
    CpuPerTransaction,
    Changes,
    Heap,
    Index,
}

impl Figure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall_ms",
            Self::Cpu => "server_cpu_ms",
            Self::Throughput => "transactions_per_second",
            Self::P50 => "latency_p50_us",
            Self::P95 => "latency_p95_us",
            Self::P99 => "latency_p99_us",
            Self::CpuPerTransaction => "server_cpu_us_per_transaction",
            Self::Changes => "changes",
            Self::Heap => "heap_bytes",
            Self::Index => "index_bytes",
        }
    }
}
