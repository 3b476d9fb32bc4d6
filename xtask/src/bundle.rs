//! The browser's part: compiled, bound to JavaScript, and laid where the server embeds it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::command::run;
use crate::paths;
use crate::progress::step;
use crate::wasm::{TARGET, Toolchain, output_folder};

/// Builds the bundle and leaves `server/bundle` untouched when nothing changed: the server crate is rebuilt by the age
/// of these files.
pub(crate) fn build() -> Result<Toolchain> {
    let toolchain = Toolchain::find_or_install()?;
    step("building the browser bundle", || {
        let arguments = ["--package", "threadline-frontend", "--profile", "wasm"];
        run(&mut toolchain.cargo("build", &arguments, false)).context("the browser's part did not build")?;
        let fresh = output_folder().join("bundle");
        bind(&fresh)?;
        let place = paths::root().join("server/bundle");
        if replace(&fresh, &place)? {
            report(&place)?;
        } else {
            eprintln!("    unchanged");
        }
        Ok(())
    })?;
    Ok(toolchain)
}

fn bind(folder: &Path) -> Result<()> {
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
                "cannot make JavaScript for {}: are wasm-bindgen and wasm-bindgen-cli-support of one version?",
                wasm.display()
            )
        })
}

/// Makes `place` hold what `fresh` holds, touching only what differs. Returns whether anything did.
pub(crate) fn replace(fresh: &Path, place: &Path) -> Result<bool> {
    let (wanted, there) = (files(fresh)?, files(place)?);
    let mut changed = false;
    for file in there.iter().filter(|file| !wanted.contains(file)) {
        fs::remove_file(place.join(file)).with_context(|| format!("cannot remove {}", file.display()))?;
        changed = true;
    }
    for file in &wanted {
        let (from, to) = (fresh.join(file), place.join(file));
        let bytes = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        if fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
        changed = true;
    }
    Ok(changed)
}

/// All files below a folder, as paths inside it; none when there is no folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        if !next.exists() {
            continue;
        }
        for entry in next.read_dir().with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a browser downloads: the bytes, and the bytes after the best brotli.
fn report(folder: &Path) -> Result<()> {
    for file in files(folder)? {
        let bytes = fs::read(folder.join(&file))?;
        let packed = brotli_size(&bytes)?;
        let kilobytes = |size: usize| size as f64 / 1000.0;
        eprintln!(
            "    {}: {:.1} kB, {:.1} kB brotli",
            file.display(),
            kilobytes(bytes.len()),
            kilobytes(packed)
        );
    }
    Ok(())
}

fn brotli_size(bytes: &[u8]) -> Result<usize> {
    let mut packed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &settings).context("cannot compress")?;
    Ok(packed.len())
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process;

    use super::*;

    #[test]
    fn only_what_differs_is_touched() {
        let folder = env::temp_dir().join(format!("threadline-bundle-{}", process::id()));
        let (fresh, place) = (folder.join("fresh"), folder.join("place"));
        fs::create_dir_all(fresh.join("deep")).unwrap();
        fs::create_dir_all(&place).unwrap();
        fs::write(fresh.join("deep/a.js"), "new").unwrap();
        fs::write(place.join("gone.js"), "old").unwrap();

        assert!(replace(&fresh, &place).unwrap());
        assert_eq!(files(&place).unwrap(), [PathBuf::from("deep/a.js")]);
        let written = fs::metadata(place.join("deep/a.js")).unwrap().modified().unwrap();
        assert!(!replace(&fresh, &place).unwrap());
        assert_eq!(fs::metadata(place.join("deep/a.js")).unwrap().modified().unwrap(), written);

        fs::remove_dir_all(folder).unwrap();
    }
}
