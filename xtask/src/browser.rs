//! The browser suite: Playwright against the help desk, with a database server of its own.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::postgres::{Cluster, Which};
use crate::progress::tail;
use crate::{chromium, command, host, interrupt, node, paths};

/// The number of tests that run at the same time, each worker against a help desk and a database of its own.
const WORKERS: usize = 2;
/// How long a help desk may take to start, migrations and seed included, on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(240);

/// The options of the browser suite.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct SuiteOptions {
    /// Leave pictures of every screen, in two themes and at three widths, in end2end/output.
    #[arg(long, requires = "browser")]
    screenshots: bool,
}

/// Runs the suite. Expects the bundle and the help desk to be built.
pub(crate) fn run(options: SuiteOptions) -> Result<()> {
    node::prepare()?;
    let chromium = chromium::find_or_install()?;
    let cluster = Cluster::find(Which::Browser)?;
    // A run that was killed may have left it running, or half stopped by a test.
    let _server = cluster.start()?.adopt();
    let mut hosts = Vec::new();
    for (worker, port) in free_ports()?.into_iter().enumerate() {
        hosts.push(Host::start(worker, port, &cluster)?);
    }
    // They start at the same time, since each seeds its database.
    for host in &mut hosts {
        host.wait_until_it_listens()?;
    }

    let suite = |arguments: &[&str]| {
        let mut suite = node::playwright();
        suite.arg("test").args(arguments);
        // A test that names no worker's database reaches none.
        cluster.serve(&mut suite, "postgres");
        suite.env_remove("DATABASE_URL");
        suite.env("THREADLINE_WORKERS", WORKERS.to_string());
        for host in &hosts {
            suite.env(format!("THREADLINE_URL_{}", host.worker), format!("http://127.0.0.1:{}", host.port));
            suite.env(format!("DATABASE_URL_{}", host.worker), cluster.url(&database(host.worker)));
        }
        suite.env("THREADLINE_XTASK", paths::this_program()?);
        suite.env("THREADLINE_PSQL", cluster.psql()?);
        suite.env("THREADLINE_SCREENSHOTS", if options.screenshots { "1" } else { "0" });
        if let Some(program) = &chromium {
            suite.env("THREADLINE_CHROMIUM", program);
        }
        command::run(&mut suite)
    };
    // The outage is a run of its own: as a part of the first one, Playwright leaves it out when another test has failed.
    let main = suite(&["--project=script on", "--project=script off"]);
    let result = if interrupt::asked() { main } else { suite(&["--project=outage", "--no-deps"]).and(main) };
    if result.is_err() && !interrupt::asked() {
        for host in &hosts {
            eprintln!(
                "    the log of help desk {}: {}\n{}",
                host.worker,
                log(host.worker).display(),
                host.log_tail()
            );
        }
    }
    result
}

/// Ports that are free now and differ; that another program takes one within the next second is unlikely enough.
fn free_ports() -> Result<[u16; WORKERS]> {
    let mut listeners = Vec::new();
    let mut ports = [0; WORKERS];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of 127.0.0.1 is free")?;
        *port = listener.local_addr()?.port();
        // Held until all are chosen: the system may offer a port again as soon as it is free.
        listeners.push(listener);
    }
    Ok(ports)
}

/// The running help desk of a worker; stopped when dropped.
#[derive(Debug)]
struct Host {
    worker: usize,
    port: u16,
    child: Child,
}

impl Host {
    fn start(worker: usize, port: u16, cluster: &Cluster) -> Result<Self> {
        let database = database(worker);
        cluster.drop_database(&database)?;
        cluster.create_database(&database)?;
        let log = log(worker);
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = host::command(port, &cluster.url(&database), true)?;
        cluster.serve(&mut command, &database);
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Ok(Self { worker, port, child: command::spawn(&mut command)? })
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the help desk ended ({status}) before it listened:\n{}", self.log_tail());
            }
            if interrupt::asked() {
                bail!("stopped while the help desk started");
            }
            if start.elapsed() > START_TIMEOUT {
                let seconds = START_TIMEOUT.as_secs();
                bail!("the help desk does not listen after {seconds} s:\n{}", self.log_tail());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Returns the end of what it printed.
    fn log_tail(&self) -> String {
        tail(&log(self.worker), 40)
    }
}

fn database(worker: usize) -> String {
    format!("helpdesk_{worker}")
}

fn log(worker: usize) -> PathBuf {
    paths::target().join(format!("browser-helpdesk-{worker}.log"))
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Err(error) = command::stop(&mut self.child) {
            eprintln!("warning: the help desk (process {}) does not stop: {error:#}", self.child.id());
        }
    }
}
