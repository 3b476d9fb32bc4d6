//! Times statements: as the client waits for them, and by the processor time of the server process that runs them.
//!
//! Other tenants of the machine make the first figure noisy. The second knows nothing of them, but neither of the disk.

use anyhow::{Context, Result, bail};

use super::server::Server;

/// What one statement took, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Time {
    pub(super) wall: f64,
    /// `None` where the server cannot tell.
    pub(super) cpu: Option<f64>,
}

/// The time of the session's own process in nanoseconds, and nothing where the server has no such file.
const CPU: &str = "SELECT 'cpu ' || coalesce(split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1), '');\n";

/// Runs the statements one after the other in a fresh session, after a warm-up that is not measured.
pub(super) fn statements(
    server: &Server,
    database: &str,
    warm_up: &str,
    statements: &[String],
) -> Result<Vec<Time>> {
    // Twice: the first one of a session also loads what it needs.
    let mut script = [warm_up, CPU, CPU].concat();
    for statement in statements {
        script += &format!("\\timing on\n{statement};\n\\timing off\n{CPU}");
    }
    let said = server.sql(database, &script)?;
    let times = times(&said)?;
    if times.len() != statements.len() {
        bail!("psql gave {} times for {} statements: {said}", times.len(), statements.len());
    }
    Ok(times)
}

fn times(said: &str) -> Result<Vec<Time>> {
    let mut times = Vec::new();
    let (mut before, mut wall) = (None, None);
    for line in said.lines() {
        if let Some(shown) = line.strip_prefix("Time: ") {
            let number = shown.split(' ').next().unwrap_or(shown);
            wall = Some(number.parse::<f64>().with_context(|| format!("psql gave no time: {line}"))?);
        } else if let Some(shown) = line.strip_prefix("cpu ") {
            let after = shown.trim().parse::<u64>().ok().filter(|&nanoseconds| nanoseconds > 0);
            if let Some(wall) = wall.take() {
                let cpu = before.zip(after).map(|(before, after)| milliseconds(before, after));
                times.push(Time { wall, cpu });
            }
            before = after;
        }
    }
    Ok(times)
}

fn milliseconds(before: u64, after: u64) -> f64 {
    after.saturating_sub(before) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let said = "cpu 1000000\ncpu 2000000\nTime: 1234.500 ms (00:01.235)\ncpu 902000000\nTime: 0.250 ms\ncpu 902100000\n";
        let expected = [Time { wall: 1234.5, cpu: Some(900.0) }, Time { wall: 0.25, cpu: Some(0.1) }];
        assert_eq!(times(said).unwrap(), expected);
    }

    #[test]
    fn a_server_may_not_tell_its_processor_time() {
        let said = "cpu \ncpu \nTime: 3.000 ms\ncpu \n";
        assert_eq!(times(said).unwrap(), [Time { wall: 3.0, cpu: None }]);
    }
}
