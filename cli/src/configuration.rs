//! `threadline.toml`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use threadline::Config;

use crate::failure::Failure;

/// Where it lies unless the command line says otherwise.
const USUAL: &str = "threadline.toml";

#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// How tables are captured [default: threadline.toml, where there is one].
    #[arg(long = "config", global = true, value_name = "PATH")]
    path: Option<PathBuf>,
}

impl ConfigFile {
    /// Only the usual file may be missing.
    pub(crate) fn read(&self) -> Result<Config, Failure> {
        let path = self.path.as_deref().unwrap_or(Path::new(USUAL));
        let shown = || path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Config::from_toml(&text)
                .map_err(|error| Failure::Config { path: shown(), error: Box::new(error) }),
            Err(error) if self.path.is_none() && error.kind() == ErrorKind::NotFound => Ok(Config::default()),
            Err(error) => Err(Failure::Unreadable { path: shown(), error }),
        }
    }
}
