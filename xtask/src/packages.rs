//! Installation of packages of Debian and Ubuntu.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use rustix::process::geteuid;

use crate::command::{capture, find_in_path, run};
use crate::progress::step;

static HAS_UPDATED_LISTS: AtomicBool = AtomicBool::new(false);

/// Installs packages. An error names the packages that a person has to install.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    step(&format!("installing {list}"), || {
        let privilege = find_privilege(&list)?;
        if lists_are_empty() {
            update(privilege)?;
        }
        // Old lists name versions that the mirrors no longer have, so a failed installation is repeated with new lists.
        if let Err(error) = apt(privilege, &install_arguments(packages)) {
            if HAS_UPDATED_LISTS.load(Ordering::SeqCst) {
                return Err(error);
            }
            update(privilege)?;
            apt(privilege, &install_arguments(packages))?;
        }
        Ok(())
    })
    .with_context(|| {
        format!("cannot install {list}: install it by hand (apt-get install {list}), then try again")
    })
}

/// Returns the names of the available packages that match a pattern of `apt-cache search --names-only`.
pub(crate) fn search(pattern: &str) -> Result<Vec<String>> {
    if lists_are_empty() {
        update(find_privilege("the package lists")?)?;
    }
    let found = capture(Command::new("apt-cache").args(["search", "--names-only", pattern]))?;
    Ok(found.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// The privilege with which `apt-get` runs.
#[derive(Clone, Copy, Debug)]
enum Privilege {
    Root,
    Sudo,
}

/// Returns the privilege with which packages can be installed. The list of packages is part of the error.
fn find_privilege(list: &str) -> Result<Privilege> {
    if find_in_path("apt-get").is_none() {
        bail!("this machine has no apt-get, so {list} cannot be installed for you");
    }
    if geteuid().is_root() {
        return Ok(Privilege::Root);
    }
    // A prompt for a password would block CI, and a person could miss it between the other output.
    if find_in_path("sudo").is_some() && capture(Command::new("sudo").args(["-n", "true"])).is_ok() {
        return Ok(Privilege::Sudo);
    }
    bail!("installing needs root, and sudo needs a password: run `sudo -v` first, or install {list} yourself")
}

fn lists_are_empty() -> bool {
    let lists = Path::new("/var/lib/apt/lists");
    let is_list = |name: &str| name.ends_with("_Packages") || name.contains("_Packages.");
    !lists.read_dir().is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_str().is_some_and(is_list)))
    })
}

fn update(privilege: Privilege) -> Result<()> {
    HAS_UPDATED_LISTS.store(true, Ordering::SeqCst);
    apt(privilege, &["update", "--quiet"])
}

fn install_arguments<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["install", "--quiet", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    arguments
}

fn apt(privilege: Privilege, arguments: &[&str]) -> Result<()> {
    let mut command = match privilege {
        Privilege::Root => Command::new("env"),
        Privilege::Sudo => Command::new("sudo"),
    };
    if matches!(privilege, Privilege::Sudo) {
        command.args(["-n", "env"]);
    }
    // The lock timeout makes apt-get wait for another installation instead of failing.
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]);
    run(command.args(arguments))
}
