//! What a browser loads that has never seen the console: the page and the files that it names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Result;
use crate::client::Client;
use crate::pages::Pages;

const FOLDER: &str = "/audit/assets/";
/// What hosts compress pages with while they answer; files are compressed once, as well as it goes.
const QUALITY: i32 = 5;

pub(crate) async fn parts(client: &mut Client, pages: &Pages) -> Result<Value> {
    let address = pages.addresses().next().ok_or("no page")?;
    let html = client.page(address).await?.to_vec();
    let mut parts = vec![json!({ "name": "HTML", "bytes": html.len(), "brotli": brotli(&html)? })];
    let mut names: BTreeSet<String> = String::from_utf8(html)?
        .split('"')
        .filter_map(|text| text.strip_prefix(FOLDER))
        .map(str::to_owned)
        .collect();
    // The loader names the files that it loads.
    if let Some(loader) = names.iter().find(|name| name.starts_with("loader-")) {
        let text = String::from_utf8(plain(client, loader).await?)?;
        let more = text.split(['"', '/']).filter(|text| text.ends_with(".js") || text.ends_with(".wasm"));
        names.extend(more.map(str::to_owned));
    }
    for name in names {
        let bytes = plain(client, &name).await?.len();
        let brotli = client.file(&format!("{FOLDER}{name}")).await?.len();
        parts.push(json!({ "name": name, "bytes": bytes, "brotli": brotli }));
    }
    Ok(json!({ "part": "first_load", "parts": parts }))
}

async fn plain(client: &mut Client, name: &str) -> Result<Vec<u8>> {
    Ok(client.page(&format!("{FOLDER}{name}")).await?.to_vec())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut packed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams { quality: QUALITY, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &settings)?;
    Ok(packed.len())
}
