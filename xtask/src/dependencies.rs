//! Checks what the crates of this repository depend on: sources, licences, and the library's freedom from web frameworks.
//!
//! `deny.toml` lists the licences, for `cargo deny` as well. That also reads the database of security advisories, which needs the
//! network at every run, so only `cargo xtask audit` runs it.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

use crate::command::{capture, cargo, run as run_command};
use crate::paths;
use crate::table::Table;

/// The only place from which dependencies come.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// The crates of a web framework, on which the library depends only through its features `tower` and `axum`.
const WEB_CRATES: [&str; 7] = ["axum", "axum-core", "http", "hyper", "leptos", "tower", "tower-service"];

/// Adds the checks to the table.
pub(crate) fn check(table: &mut Table) {
    table.run_prerequisite("dependencies of the library", check_library);
    table.run_prerequisite("licences and sources of all dependencies", || {
        let metadata = capture(&mut cargo(["metadata", "--format-version", "1", "--locked"]))?;
        check_packages(&metadata, &allowed_licenses()?)
    });
}

/// `cargo xtask audit`: writes the bills of materials, and runs all checks of `cargo deny`.
pub(crate) fn audit() -> Result<()> {
    write_bills_of_materials()?;
    install("deny")?;
    run_command(&mut cargo(["deny", "check"]))
}

/// Writes a software bill of materials for each crate, in the `CycloneDX` format, as `<crate>.cdx.json` beside its `Cargo.toml`.
fn write_bills_of_materials() -> Result<()> {
    install("cyclonedx")?;
    let arguments = ["--format", "json", "--spec-version", "1.5", "--no-build-deps"];
    run_command(cargo(["cyclonedx"]).args(arguments))
}

/// Installs a subcommand of cargo, if it is missing.
fn install(subcommand: &str) -> Result<()> {
    if capture(cargo([]).args([subcommand, "--version"])).is_err() {
        run_command(cargo(["install", "--locked"]).arg(format!("cargo-{subcommand}")))?;
    }
    Ok(())
}

/// Checks that the library and its tests depend on no web framework, unless an application enables its web features.
fn check_library() -> Result<()> {
    let edges = ["--edges", "normal,build,dev", "--prefix", "none"];
    let tree = capture(cargo(["tree", "--package", "threadline"]).args(edges))?;
    let found = tree.lines().filter_map(|line| line.split(' ').next()).find(|name| WEB_CRATES.contains(name));
    match found {
        Some(name) => bail!("the library depends on {name}, which only its features tower and axum may use"),
        None => Ok(()),
    }
}

/// Reads the licences that `deny.toml` allows.
fn allowed_licenses() -> Result<Vec<LicenseReq>> {
    let path = paths::root().join("deny.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let config: toml::Table = toml::from_str(&text).context("deny.toml is not TOML")?;
    let allowed = config.get("licenses").and_then(|licenses| licenses.get("allow")?.as_array());
    let allowed = allowed.context("deny.toml has no list `allow` of licences")?;
    let names = allowed.iter().map(|name| name.as_str().context("a licence in deny.toml is not a string"));
    names.map(|name| license(name?)).collect()
}

/// Reads one licence, with its exception if it has one.
fn license(name: &str) -> Result<LicenseReq> {
    let expression = Expression::parse(name).with_context(|| format!("{name} is not an SPDX licence"))?;
    let mut licenses = expression.requirements().map(|requirement| requirement.req.clone());
    match (licenses.next(), licenses.next()) {
        (Some(license), None) => Ok(license),
        _ => bail!("{name} in deny.toml is not one licence"),
    }
}

/// Checks that each package of `cargo metadata` comes from crates.io or from this repository, and has an allowed licence.
fn check_packages(metadata: &str, allowed: &[LicenseReq]) -> Result<()> {
    let metadata: Value =
        serde_json::from_str(metadata).context("cannot read the output of `cargo metadata`")?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    let problems: Vec<String> = packages.iter().filter_map(|package| problem(package, allowed)).collect();
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

/// Returns what forbids a package.
fn problem(package: &Value, allowed: &[LicenseReq]) -> Option<String> {
    let text = |key: &str| package[key].as_str();
    let name = format!("{} {}", text("name").unwrap_or_default(), text("version").unwrap_or_default());
    if let Some(source) = text("source").filter(|source| *source != CRATES_IO) {
        return Some(format!("{name} comes from {source}, and not from crates.io"));
    }
    let Some(license) = text("license") else { return Some(format!("{name} names no licence")) };
    // Crates of before 2018 separate alternatives by a slash.
    match Expression::parse_mode(license, ParseMode::LAX) {
        Err(error) => Some(format!("{name} has the licence {license}: {}", error.reason)),
        Ok(expression) if expression.evaluate(|required| allowed.contains(required)) => None,
        Ok(_) => Some(format!("{name} has the licence {license}, which deny.toml does not allow")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_one(source: Option<&str>, license: Option<&str>) -> Result<()> {
        let package = json!({ "name": "a", "version": "1.0.0", "source": source, "license": license });
        check_packages(&json!({ "packages": [package] }).to_string(), &allowed_licenses()?)
    }

    #[test]
    fn package_with_allowed_licence_passes() {
        for license in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR GPL-3.0-only",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert!(check_one(Some(CRATES_IO), Some(license)).is_ok(), "{license}");
            assert!(check_one(None, Some(license)).is_ok(), "{license}");
        }
    }

    #[test]
    fn package_with_other_licence_or_source_is_named() {
        for (source, license, expected) in [
            (
                Some(CRATES_IO),
                Some("GPL-3.0-only"),
                "a 1.0.0 has the licence GPL-3.0-only, which deny.toml does not",
            ),
            (Some(CRATES_IO), Some("MIT AND GPL-3.0-only"), "which deny.toml does not allow"),
            (Some(CRATES_IO), Some("MIT WITH LLVM-exception"), "which deny.toml does not allow"),
            (Some(CRATES_IO), Some("Whatever"), "a 1.0.0 has the licence Whatever"),
            (Some(CRATES_IO), None, "a 1.0.0 names no licence"),
            (Some("git+https://example.org/a"), Some("MIT"), "comes from git+https://example.org/a"),
        ] {
            let error = check_one(source, license).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
