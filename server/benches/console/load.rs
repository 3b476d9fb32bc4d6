//! Pages over loopback: one after the other, and from several clients at once.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use crate::client::Client;
use crate::host::Host;
use crate::pages::Pages;
use crate::{Result, process};

/// Memory and speed are noted so often, so that both can be seen to stay.
const BLOCKS: usize = 10;

/// How long each page takes from the request to its last byte.
pub(crate) async fn one_by_one(client: &mut Client, pages: &Pages, samples: usize) -> Result<Value> {
    let (mut times, mut bytes) = (Vec::with_capacity(samples), 0);
    for address in pages.addresses().take(samples) {
        let start = Instant::now();
        bytes += client.page(address).await?.len();
        times.push(start.elapsed().as_nanos());
    }
    Ok(json!({ "part": "page", "nanoseconds": times, "bytes": bytes as f64 / samples.max(1) as f64 }))
}

/// So many pages in all.
pub(crate) async fn at_once(host: &Host, pages: &Pages, all: usize, clients: usize) -> Result<Value> {
    let addresses: Arc<[String]> = pages.addresses().take(pages.filters().len()).map(str::to_owned).collect();
    let each = (all / BLOCKS / clients.max(1)).max(1);
    let mut blocks = Vec::new();
    let begin = process::resident(host.process());
    for _ in 0..BLOCKS {
        let (start, processor) = (Instant::now(), process::processor(host.process()));
        let work: Vec<_> = (0..clients)
            .map(|client| tokio::spawn(work(host.port, addresses.clone(), client, each)))
            .collect();
        for work in work {
            work.await??;
        }
        let used = process::processor(host.process()).zip(processor).map(|(after, before)| after - before);
        blocks.push(json!({
            "pages": each * clients,
            "seconds": start.elapsed().as_secs_f64(),
            "processor_seconds": used,
            "resident_bytes": process::resident(host.process()),
        }));
    }
    Ok(json!({ "part": "load", "clients": clients, "resident_bytes": begin, "blocks": blocks }))
}

/// Each client begins elsewhere.
async fn work(port: u16, addresses: Arc<[String]>, number: usize, pages: usize) -> Result {
    let mut client = Client::connect(port).await?;
    for address in addresses.iter().cycle().skip(number * 7).take(pages) {
        client.page(address).await?;
    }
    Ok(())
}
