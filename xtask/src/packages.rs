//! Debian and Ubuntu packages.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use rustix::process::geteuid;

use crate::command::{capture, find, run};
use crate::progress::step;

static LISTS_ARE_NEW: AtomicBool = AtomicBool::new(false);

/// Installs packages, or says what a person has to install.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    step(&format!("installing {list}"), || {
        let may = may_install(&list)?;
        if lists_are_empty() {
            update(may)?;
        }
        // Old lists name versions that the mirrors no longer have: once they are new, it is worth a second try.
        if let Err(error) = apt(may, &install_arguments(packages)) {
            if LISTS_ARE_NEW.load(Ordering::SeqCst) {
                return Err(error);
            }
            update(may)?;
            apt(may, &install_arguments(packages))?;
        }
        Ok(())
    })
    .with_context(|| {
        format!("cannot install {list}: install it by hand (apt-get install {list}), then try again")
    })
}

/// The names of packages that can be had and match a pattern of `apt-cache search --names-only`.
pub(crate) fn available(pattern: &str) -> Result<Vec<String>> {
    if lists_are_empty() {
        update(may_install("the package lists")?)?;
    }
    let found = capture(Command::new("apt-cache").args(["search", "--names-only", pattern]))?;
    Ok(found.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// By which right packages are installed.
#[derive(Clone, Copy, Debug)]
enum May {
    Root,
    Sudo,
}

fn may_install(list: &str) -> Result<May> {
    if find("apt-get").is_none() {
        bail!("this machine has no apt-get, so {list} cannot be installed for you");
    }
    if geteuid().is_root() {
        return Ok(May::Root);
    }
    // A sudo that asks for a password would wait for ever in CI, and behind our own output also for a person.
    if find("sudo").is_some() && capture(Command::new("sudo").args(["-n", "true"])).is_ok() {
        return Ok(May::Sudo);
    }
    bail!("installing needs root, and sudo wants a password: run `sudo -v` first, or install {list} yourself")
}

fn lists_are_empty() -> bool {
    let lists = Path::new("/var/lib/apt/lists");
    let has_one = |name: &str| name.ends_with("_Packages") || name.contains("_Packages.");
    !lists.read_dir().is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_str().is_some_and(has_one)))
    })
}

fn update(may: May) -> Result<()> {
    LISTS_ARE_NEW.store(true, Ordering::SeqCst);
    apt(may, &["update", "--quiet"])
}

fn install_arguments<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["install", "--quiet", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    arguments
}

fn apt(may: May, arguments: &[&str]) -> Result<()> {
    let mut command = match may {
        May::Root => Command::new("env"),
        May::Sudo => Command::new("sudo"),
    };
    if matches!(may, May::Sudo) {
        command.args(["-n", "env"]);
    }
    // Another installation may be under way: wait for it instead of failing.
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]);
    run(command.args(arguments))
}
