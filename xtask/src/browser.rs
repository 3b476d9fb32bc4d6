//! The browser suite: runs Playwright against the help desk, on its own PostgreSQL server.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::postgres::{Cluster, ClusterKind};
use crate::progress::tail;
use crate::{chromium, command, helpdesk, interrupt, node, paths};

/// The number of workers, which run tests at the same time. Each has its own help desk and database.
const WORKER_COUNT: usize = 2;
/// The time that a help desk has to start on a busy machine, with its migrations and seed data.
const START_TIMEOUT: Duration = Duration::from_secs(240);

/// The options of the browser suite.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct SuiteOptions {
    /// Save screenshots of every page, in two themes and at three widths, in end2end/output.
    #[arg(long, requires = "browser")]
    screenshots: bool,
}

/// Runs the suite. The bundle and the help desk have to be built.
pub(crate) fn run(options: SuiteOptions) -> Result<()> {
    node::install_suite()?;
    let chromium = chromium::find_or_install()?;
    let cluster = Cluster::find(ClusterKind::Browser)?;
    // The server is stopped even if another run started it: a run that was killed may have left it running.
    let _server = cluster.start()?.stop_on_drop();
    let mut help_desks = Vec::new();
    for (worker, port) in free_ports()?.into_iter().enumerate() {
        help_desks.push(HelpDesk::start(worker, port, &cluster)?);
    }
    // All are started before the first wait, so that they seed their databases at the same time.
    for help_desk in &mut help_desks {
        help_desk.wait_until_listening()?;
    }

    let suite = |arguments: &[&str]| {
        let mut suite = node::playwright();
        suite.arg("test").args(arguments);
        // Tests use the database of their worker. Without DATABASE_URL a test cannot use another one by mistake.
        cluster.set_environment(&mut suite, "postgres");
        suite.env_remove("DATABASE_URL");
        suite.env("THREADLINE_WORKERS", WORKER_COUNT.to_string());
        for help_desk in &help_desks {
            suite.env(
                format!("THREADLINE_URL_{}", help_desk.worker),
                format!("http://127.0.0.1:{}", help_desk.port),
            );
            suite.env(
                format!("DATABASE_URL_{}", help_desk.worker),
                cluster.url(&database_name(help_desk.worker)),
            );
        }
        suite.env("THREADLINE_XTASK", paths::this_program()?);
        suite.env("THREADLINE_PSQL", cluster.psql()?);
        suite.env("THREADLINE_SCREENSHOTS", if options.screenshots { "1" } else { "0" });
        if let Some(program) = &chromium {
            suite.env("THREADLINE_CHROMIUM", program);
        }
        command::run(&mut suite)
    };
    // The outage project runs separately, because in one run Playwright skips it when another test has failed.
    let main_result = suite(&["--project=script on", "--project=script off"]);
    let result = if interrupt::is_requested() {
        main_result
    } else {
        suite(&["--project=outage", "--no-deps"]).and(main_result)
    };
    if result.is_err() && !interrupt::is_requested() {
        for help_desk in &help_desks {
            eprintln!(
                "    the log of help desk {}: {}\n{}",
                help_desk.worker,
                log_file(help_desk.worker).display(),
                help_desk.log_tail()
            );
        }
    }
    result
}

/// Returns different ports that are free now. Another program could take one before the help desk does, which is
/// unlikely.
fn free_ports() -> Result<[u16; WORKER_COUNT]> {
    let mut listeners = Vec::new();
    let mut ports = [0; WORKER_COUNT];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of 127.0.0.1 is free")?;
        *port = listener.local_addr()?.port();
        // The listener is kept until all ports are chosen, because the system may return a free port again.
        listeners.push(listener);
    }
    Ok(ports)
}

/// The running help desk of a worker. It is stopped on drop.
#[derive(Debug)]
struct HelpDesk {
    worker: usize,
    port: u16,
    child: Child,
}

impl HelpDesk {
    /// Creates the worker's database, and starts a help desk on it.
    fn start(worker: usize, port: u16, cluster: &Cluster) -> Result<Self> {
        let database = database_name(worker);
        cluster.drop_database(&database)?;
        cluster.create_database(&database)?;
        let log = log_file(worker);
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = helpdesk::command(port, &cluster.url(&database), true)?;
        cluster.set_environment(&mut command, &database);
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Ok(Self { worker, port, child: command::spawn(&mut command)? })
    }

    fn wait_until_listening(&mut self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the help desk exited ({status}) before it listened:\n{}", self.log_tail());
            }
            if interrupt::is_requested() {
                bail!("the start of the help desk was stopped");
            }
            if start.elapsed() > START_TIMEOUT {
                let seconds = START_TIMEOUT.as_secs();
                bail!("the help desk does not listen after {seconds} s:\n{}", self.log_tail());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Returns the last lines of the log.
    fn log_tail(&self) -> String {
        tail(&log_file(self.worker), 40)
    }
}

fn database_name(worker: usize) -> String {
    format!("helpdesk_{worker}")
}

fn log_file(worker: usize) -> PathBuf {
    paths::target().join(format!("browser-helpdesk-{worker}.log"))
}

impl Drop for HelpDesk {
    fn drop(&mut self) {
        if let Err(error) = command::stop(&mut self.child) {
            eprintln!("warning: the help desk (process {}) does not stop: {error:#}", self.child.id());
        }
    }
}
