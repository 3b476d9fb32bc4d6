//! How fast the console serves its timeline. `install` brings the trail of `DATABASE_URL` up to date; `measure` asks the trail
//! that `cargo xtask bench console` made and prints one line of JSON for each part. What is measured runs as `serve`, a
//! process of its own: its memory and its processor time hold nothing of the clients.

mod client;
mod draw;
mod first_load;
mod host;
mod load;
mod pages;
mod process;

use std::env;
use std::error::Error;

use sqlx::PgPool;
use threadline::AuditTrail;

use crate::client::Client;
use crate::host::Host;
use crate::pages::Pages;

/// As in the example host: pages are made of many small strings.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Pages that are not counted: connections are made, the database reads what nobody looked at for long.
const WARM_UP: usize = 500;

#[tokio::main]
async fn main() -> Result {
    let url = env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL, or run `cargo xtask bench console`")?;
    let asked = |word: &str| env::args().any(|argument| argument == word);
    if asked("install") {
        AuditTrail::new(PgPool::connect(&url).await?).install().await?;
        Ok(())
    } else if asked("serve") {
        host::serve(&url).await
    } else {
        measure(&url).await
    }
}

async fn measure(url: &str) -> Result {
    let samples = option("--samples", 2000)?;
    let trail = AuditTrail::new(PgPool::connect(url).await?);
    let pages = Pages::find(&trail, url).await?;
    let host = Host::start()?;
    let mut client = Client::connect(host.port).await?;
    for address in pages.addresses().take(WARM_UP) {
        client.page(address).await?;
    }
    println!("{}", pages.about());
    println!("{}", load::one_by_one(&mut client, &pages, samples).await?);
    println!("{}", draw::many(&trail, &pages, samples).await?);
    println!("{}", first_load::parts(&mut client, &pages).await?);
    let (pages_asked, clients) = (option("--pages", 100_000)?, option("--clients", 8)?);
    println!("{}", load::at_once(&host, &pages, pages_asked, clients).await?);
    Ok(())
}

/// What cargo adds to the arguments is not for us.
fn option(name: &str, otherwise: usize) -> Result<usize> {
    let given = env::args().skip_while(|argument| argument != name).nth(1);
    Ok(given.map_or(Ok(otherwise), |text| text.parse())?)
}
