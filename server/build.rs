//! Embeds the console's files: compressed once, named by their content.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The parts of the stylesheet, in their order.
const STYLES: [&str; 16] = [
    "tokens",
    "base",
    "shell",
    "page",
    "controls",
    "timeline",
    "entries",
    "diff",
    "row",
    "transaction",
    "actor",
    "findings",
    "home",
    "coverage",
    "problem",
    "islands",
];

fn main() -> Result<()> {
    let mut embedded = Embedded { out: PathBuf::from(env::var("OUT_DIR")?), code: String::new() };
    let folder = style_folder();
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut style = String::new();
    for part in STYLES {
        style += &fs::read_to_string(folder.join(part).with_extension("css"))?;
    }
    let style = embedded.add("console.css", "text/css; charset=utf-8", style.as_bytes())?;
    let icon = embedded.add("icon.svg", "image/svg+xml", &fs::read(folder.join("icon.svg"))?)?;
    let script = embedded.add_bundle(Path::new("bundle"))?;
    let code = format!(
        "pub(crate) const NAMES: threadline_app::Assets = threadline_app::Assets {{ style: {style:?}, icon: {icon:?}, \
         script: {script:?} }};\npub(crate) static ASSETS: &[Asset] = &[{}];\n",
        embedded.code
    );
    fs::write(embedded.out.join("assets.rs"), code)?;
    Ok(())
}

/// Returns the folder of the stylesheet's parts: beside this crate in the repository, inside it in the published package.
fn style_folder() -> &'static Path {
    let repository = Path::new("../style");
    // A host may keep a copy of this crate beside styles of its own.
    if repository.join("tokens.css").exists() { repository } else { Path::new("style") }
}

struct Embedded {
    out: PathBuf,
    code: String,
}

impl Embedded {
    /// The compiled islands, if they were built. Their names are written into the loader, so they change together.
    fn add_bundle(&mut self, bundle: &Path) -> Result<Option<String>> {
        println!("cargo::rerun-if-changed=bundle");
        println!("cargo::rerun-if-changed=assets/loader.js");
        let (glue, wasm) = (bundle.join("threadline.js"), bundle.join("threadline_bg.wasm"));
        if !glue.exists() || !wasm.exists() {
            println!(
                "cargo::warning=the console is built without its browser bundle: pages work, islands stay still; \
                 run `cargo xtask bundle` first"
            );
            return Ok(None);
        }
        let wasm = self.add("threadline.wasm", "application/wasm", &fs::read(wasm)?)?;
        let glue = self.add("threadline.js", "text/javascript; charset=utf-8", &fs::read(glue)?)?;
        let loader =
            fs::read_to_string("assets/loader.js")?.replace("__GLUE__", &glue).replace("__WASM__", &wasm);
        self.add("loader.js", "text/javascript; charset=utf-8", loader.as_bytes()).map(Some)
    }

    /// Writes the three encodings and answers the name with its hash.
    fn add(&mut self, name: &str, content_type: &str, content: &[u8]) -> Result<String> {
        let hash: String = Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
            None => format!("{name}-{hash}"),
        };
        let plain = self.out.join(&name);
        let (brotli, gzip) = (self.out.join(format!("{name}.br")), self.out.join(format!("{name}.gz")));
        fs::write(&plain, content)?;
        if !brotli.exists() {
            let mut encoder = brotli::CompressorWriter::new(fs::File::create(&brotli)?, 4096, 11, 22);
            encoder.write_all(content)?;
            encoder.flush()?;
        }
        let mut encoder =
            flate2::write::GzEncoder::new(fs::File::create(&gzip)?, flate2::Compression::best());
        encoder.write_all(content)?;
        encoder.finish()?;
        write!(
            self.code,
            "Asset {{ name: {name:?}, content_type: {content_type:?}, plain: include_bytes!({plain:?}), \
             brotli: include_bytes!({brotli:?}), gzip: include_bytes!({gzip:?}) }},"
        )?;
        Ok(name)
    }
}
