//! A browser's connection, as little of it as is needed: HTTP/1.1, kept alive, answers of a known length.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;

#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(1 << 18) })
    }

    /// A page as it comes, which is not compressed: that is for the host to do.
    pub(crate) async fn page(&mut self, address: &str) -> Result<&[u8]> {
        self.get(address, "").await
    }

    /// A file as browsers take it.
    pub(crate) async fn file(&mut self, address: &str) -> Result<&[u8]> {
        self.get(address, "accept-encoding: br\r\n").await
    }

    async fn get(&mut self, address: &str, header: &str) -> Result<&[u8]> {
        let request = format!("GET {address} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let (body, end) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(format!("the connection ended within the answer to {address}").into());
            }
            if let Some(bounds) = bounds(&self.buffer, address)? {
                break bounds;
            }
        };
        while self.buffer.len() < end {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(format!("the answer to {address} is not whole").into());
            }
        }
        Ok(&self.buffer[body..end])
    }
}

/// Where the body begins and ends; none while the headers are not complete.
fn bounds(answer: &[u8], address: &str) -> Result<Option<(usize, usize)>> {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let headers = str::from_utf8(&answer[..head])?;
    if !headers.starts_with("HTTP/1.1 200 ") {
        return Err(format!("{address} answers {}", headers.lines().next().unwrap_or_default()).into());
    }
    let length =
        headers.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == "content-length");
    let (_, length) = length.ok_or_else(|| format!("{address} does not answer in one piece"))?;
    Ok(Some((head + 4, head + 4 + length.parse::<usize>()?)))
}
