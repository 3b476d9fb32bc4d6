//! The browser bundle: compiles the frontend crate, generates its JavaScript, and copies both to the folder that the server
//! crate embeds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::command::run;
use crate::paths;
use crate::progress::step;
use crate::wasm::{TARGET, Toolchain, output_folder};

/// Builds the bundle. Does not write to `server/bundle` if nothing changed, because cargo rebuilds the server crate when
/// these files are newer than its last build.
pub(crate) fn build() -> Result<Toolchain> {
    let toolchain = Toolchain::find_or_install()?;
    step("building the browser bundle", || {
        let arguments = ["--package", "threadline-frontend", "--profile", "wasm"];
        run(&mut toolchain.cargo("build", &arguments, false)).context("the frontend crate did not build")?;
        let output = output_folder().join("bundle");
        generate_javascript(&output)?;
        let destination = paths::root().join("server/bundle");
        if synchronize(&output, &destination)? {
            print_sizes(&destination)?;
        } else {
            eprintln!("    unchanged");
        }
        Ok(())
    })?;
    Ok(toolchain)
}

fn generate_javascript(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let wasm = output_folder().join(TARGET).join("wasm/threadline_frontend.wasm");
    Bindgen::new()
        .input_path(&wasm)
        .web(true)?
        .typescript(false)
        .out_name("threadline")
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .with_context(|| {
            format!(
                "cannot generate JavaScript for {}: do wasm-bindgen and wasm-bindgen-cli-support have the same version?",
                wasm.display()
            )
        })
}

/// Makes the contents of `destination` equal to those of `source`, and writes only the files that differ. Returns true if a
/// file was written or removed.
pub(crate) fn synchronize(source: &Path, destination: &Path) -> Result<bool> {
    let (source_files, destination_files) = (files(source)?, files(destination)?);
    let mut is_changed = false;
    for file in destination_files.iter().filter(|file| !source_files.contains(file)) {
        fs::remove_file(destination.join(file))
            .with_context(|| format!("cannot remove {}", file.display()))?;
        is_changed = true;
    }
    for file in &source_files {
        let (from, to) = (source.join(file), destination.join(file));
        let bytes = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        if fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
        is_changed = true;
    }
    Ok(is_changed)
}

/// Returns the paths of all files in a folder and its subfolders, relative to the folder. The list is empty if the folder
/// does not exist.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        if !next.exists() {
            continue;
        }
        for entry in next.read_dir().with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Prints the size of each file that a browser downloads, uncompressed and with the best compression of brotli.
fn print_sizes(folder: &Path) -> Result<()> {
    for file in files(folder)? {
        let bytes = fs::read(folder.join(&file))?;
        let compressed = brotli_size(&bytes)?;
        let kilobytes = |size: usize| size as f64 / 1000.0;
        eprintln!(
            "    {}: {:.1} kB, {:.1} kB brotli",
            file.display(),
            kilobytes(bytes.len()),
            kilobytes(compressed)
        );
    }
    Ok(())
}

fn brotli_size(bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &settings).context("cannot compress")?;
    Ok(compressed.len())
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process;

    use super::*;

    #[test]
    fn synchronize_equal_folders_writes_no_file() {
        let folder = env::temp_dir().join(format!("threadline-bundle-{}", process::id()));
        let (source, destination) = (folder.join("source"), folder.join("destination"));
        fs::create_dir_all(source.join("deep")).unwrap();
        fs::create_dir_all(&destination).unwrap();
        fs::write(source.join("deep/a.js"), "new").unwrap();
        fs::write(destination.join("gone.js"), "old").unwrap();

        assert!(synchronize(&source, &destination).unwrap());
        assert_eq!(files(&destination).unwrap(), [PathBuf::from("deep/a.js")]);
        let written = fs::metadata(destination.join("deep/a.js")).unwrap().modified().unwrap();
        assert!(!synchronize(&source, &destination).unwrap());
        assert_eq!(fs::metadata(destination.join("deep/a.js")).unwrap().modified().unwrap(), written);

        fs::remove_dir_all(folder).unwrap();
    }
}
