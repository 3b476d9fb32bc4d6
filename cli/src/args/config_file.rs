//! The option for the configuration file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use threadline::Config;

use crate::error::Error;

/// The path that is read if the command line names none.
const DEFAULT_PATH: &str = "threadline.toml";

/// The configuration file.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file [default: threadline.toml, if it exists].
    #[arg(long = "config", global = true, value_name = "PATH")]
    path: Option<PathBuf>,
}

impl ConfigArgs {
    /// Reads the file. Only the default file may be missing.
    pub(crate) fn read(&self) -> Result<Config, Error> {
        let path = self.path.as_deref().unwrap_or(Path::new(DEFAULT_PATH));
        let displayed = || path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Config::from_toml(&text)
                .map_err(|error| Error::Config { path: displayed(), error: Box::new(error) }),
            Err(error) if self.path.is_none() && error.kind() == ErrorKind::NotFound => Ok(Config::default()),
            Err(error) => Err(Error::Unreadable { path: displayed(), error }),
        }
    }
}
