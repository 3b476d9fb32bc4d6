//! The user that a private server runs as.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::geteuid;

use crate::command::capture;

/// Who owns the data and runs the server: PostgreSQL refuses to be root.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    Me,
    Other { uid: u32, gid: u32 },
}

impl Owner {
    pub(crate) fn find() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self::Me);
        }
        let id = |which| -> Result<u32> {
            let said = capture(Command::new("id").args([which, "postgres"]))?;
            said.trim().parse().with_context(|| format!("`id {which} postgres` printed no number"))
        };
        let found = id("-u").and_then(|uid| Ok(Self::Other { uid, gid: id("-g")? }));
        found.context("PostgreSQL does not run as root, and there is no user postgres: make one (useradd --system postgres)")
    }

    pub(crate) fn uid(self) -> u32 {
        match self {
            Self::Me => geteuid().as_raw(),
            Self::Other { uid, .. } => uid,
        }
    }

    pub(crate) fn become_owner(self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }
}
