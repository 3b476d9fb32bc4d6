//! The plan of a statement, and the rows that each step had.

use std::fmt;

use serde_json::Value;

#[derive(Debug)]
pub(in crate::query) struct Plan(Value);

/// A step of a plan.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct Step<'a> {
    json: &'a Value,
    depth: usize,
}

impl Plan {
    /// Reads the JSON of EXPLAIN.
    pub(in crate::query) fn new(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json).map(Self)
    }

    /// Returns every step, each before those from which it reads.
    pub(in crate::query) fn steps(&self) -> Vec<Step<'_>> {
        fn walk<'a>(step: Step<'a>, steps: &mut Vec<Step<'a>>) {
            steps.push(step);
            step.inputs().for_each(|input| walk(input, steps));
        }
        let mut steps = Vec::new();
        walk(Step { json: &self.0["Plan"], depth: 0 }, &mut steps);
        steps
    }

    /// Returns the number of rows of the trail that were read.
    pub(in crate::query) fn rows(&self) -> usize {
        self.steps().iter().filter(|step| step.table().is_some()).map(|step| step.rows()).sum()
    }
}

/// Displays the statement and the steps that ran.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0["Query Text"].as_str().unwrap_or_default())?;
        self.steps().iter().filter(|step| step.turns() > 0).try_for_each(|step| writeln!(f, "  {step}"))
    }
}

impl<'a> Step<'a> {
    fn inputs(self) -> impl Iterator<Item = Self> {
        let inputs = self.json["Plans"].as_array().into_iter().flatten();
        inputs.map(move |json| Self { json, depth: self.depth + 1 })
    }

    fn text(self, name: &str) -> &'a str {
        self.json[name].as_str().unwrap_or_default()
    }

    fn average(self, name: &str) -> f64 {
        self.json[name].as_f64().unwrap_or_default()
    }

    fn number(self, name: &str) -> usize {
        self.average(name).ceil() as usize
    }

    /// Returns how often the step ran.
    pub(in crate::query) fn turns(self) -> usize {
        self.number("Actual Loops")
    }

    /// Returns the average number of rows of one run: a whole number up to version 17, one with two digits from 18 on.
    fn in_turn(self) -> f64 {
        let names = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
        names.iter().map(|name| self.average(name)).sum()
    }

    /// Returns the table of the trail that the step reads.
    pub(in crate::query) fn table(self) -> Option<&'a str> {
        Some(self.text("Relation Name")).filter(|name| name.starts_with("audit_"))
    }

    /// Returns the number of rows that the step read. A run that found nothing counts as one.
    fn rows(self) -> usize {
        (self.in_turn().max(1.0) * self.average("Actual Loops")).round() as usize
    }

    /// Returns the number of rows that the step read without an index.
    pub(in crate::query) fn reads_whole_table(self) -> usize {
        if self.text("Node Type") == "Seq Scan" { self.in_turn().ceil() as usize } else { 0 }
    }

    /// Returns the number of rows that the step sorted.
    pub(in crate::query) fn sorted(self) -> usize {
        let is_sort = self.text("Node Type").ends_with("Sort");
        let rows =
            |input: Self| (input.average("Actual Rows") * input.average("Actual Loops")).round() as usize;
        self.inputs().filter(|_| is_sort).map(rows).sum()
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["Node Type", "Relation Name", "Index Name", "Index Cond", "Recheck Cond", "Filter"];
        let label: Vec<&str> =
            names.iter().map(|name| self.text(name)).filter(|text| !text.is_empty()).collect();
        let (indent, label) = ("  ".repeat(self.depth), label.join(" | "));
        let removed = self.number("Rows Removed by Filter");
        write!(
            f,
            "{indent}{label}: {} rows, {removed} removed, {} turns",
            self.number("Actual Rows"),
            self.turns()
        )
    }
}
