//! The browser suite: Playwright against the help desk, with a database server of its own.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::postgres::{Cluster, Which};
use crate::progress::tail;
use crate::{chromium, command, host, interrupt, node, paths};

const DATABASE: &str = "helpdesk";
/// Migrations and seed included, on a busy machine.
const START: Duration = Duration::from_secs(120);

/// Expects the bundle and the help desk to be built.
pub(crate) fn run() -> Result<()> {
    node::prepare()?;
    let chromium = chromium::find_or_install()?;
    let cluster = Cluster::find(Which::Browser)?;
    // A run that was killed may have left it running, or half stopped by a test.
    let _server = cluster.start()?.adopt();
    cluster.drop_database(DATABASE)?;
    cluster.create_database(DATABASE)?;

    let port = free_port()?;
    let host = Host::start(port, &cluster)?;
    let suite = |arguments: &[&str]| {
        let mut suite = node::playwright();
        suite.arg("test").args(arguments);
        cluster.serve(&mut suite, DATABASE);
        suite.env("THREADLINE_URL", format!("http://127.0.0.1:{port}"));
        suite.env("THREADLINE_XTASK", paths::this_program()?);
        suite.env("THREADLINE_PSQL", cluster.psql()?);
        if let Some(program) = &chromium {
            suite.env("THREADLINE_CHROMIUM", program);
        }
        command::run(&mut suite)
    };
    // The outage is a run of its own: as a part of the first one, Playwright leaves it out when another test has failed.
    let main = suite(&["--project=script on", "--project=script off"]);
    let result = if interrupt::asked() { main } else { suite(&["--project=outage", "--no-deps"]).and(main) };
    if result.is_err() && !interrupt::asked() {
        eprintln!("    the help desk's own log: {}\n{}", log().display(), host.said());
    }
    result
}

fn log() -> PathBuf {
    paths::target().join("browser-helpdesk.log")
}

/// Free now; that another program takes it within the next second is unlikely enough.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// The running help desk; stopped when dropped.
#[derive(Debug)]
struct Host {
    child: Child,
}

impl Host {
    fn start(port: u16, cluster: &Cluster) -> Result<Self> {
        let file = File::create(log()).with_context(|| format!("cannot write {}", log().display()))?;
        let mut command = host::command(port, &cluster.url(DATABASE), true)?;
        cluster.serve(&mut command, DATABASE);
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let mut host = Self { child: command::spawn(&mut command)? };
        host.wait_until_it_listens(port)?;
        Ok(host)
    }

    fn wait_until_it_listens(&mut self, port: u16) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the help desk ended ({status}) before it listened:\n{}", self.said());
            }
            if interrupt::asked() {
                bail!("stopped while the help desk started");
            }
            if start.elapsed() > START {
                bail!("the help desk does not listen after {} s:\n{}", START.as_secs(), self.said());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The end of what it printed.
    fn said(&self) -> String {
        tail(&log(), 40)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Err(error) = command::stop(&mut self.child) {
            eprintln!("warning: the help desk (process {}) does not stop: {error:#}", self.child.id());
        }
    }
}
