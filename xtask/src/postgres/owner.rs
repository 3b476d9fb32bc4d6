//! The user that runs a private server.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::geteuid;

use crate::command::capture;

/// The user that owns the data and runs the server. It is another user than the current one if that is root, because
/// PostgreSQL refuses to run as root.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    CurrentUser,
    OtherUser { uid: u32, gid: u32 },
}

impl Owner {
    /// Returns the current user, or the user `postgres` if the current user is root.
    pub(crate) fn find() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self::CurrentUser);
        }
        let id = |option| -> Result<u32> {
            let output = capture(Command::new("id").args([option, "postgres"]))?;
            output.trim().parse().with_context(|| format!("`id {option} postgres` printed no number"))
        };
        let found = id("-u").and_then(|uid| Ok(Self::OtherUser { uid, gid: id("-g")? }));
        found.context("PostgreSQL does not run as root, and there is no user postgres: create one (useradd --system postgres)")
    }

    /// Returns the user id of the owner.
    pub(crate) fn uid(self) -> u32 {
        match self {
            Self::CurrentUser => geteuid().as_raw(),
            Self::OtherUser { uid, .. } => uid,
        }
    }

    /// Makes a command run as the owner.
    pub(crate) fn set_user(self, command: &mut Command) {
        if let Self::OtherUser { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }
}
