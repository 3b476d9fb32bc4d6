//! A client of the host.

use anyhow::{Result, ensure};
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A client that keeps its connections, one for each request at a time.
#[derive(Debug)]
pub(crate) struct Client {
    client: legacy::Client<HttpConnector, Body>,
    port: u16,
}

/// The error of a request.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// The request did not reach the host, because nothing listens there.
    NotConnected,
    /// The connection ended before the head of the response.
    NoResponse,
    /// The connection ended within the body of a response.
    BrokenOff,
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    redirect: Option<String>,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: legacy::Client::builder(TokioExecutor::new()).build(connector), port }
    }

    /// Requests a page and reads it to its end.
    pub(crate) async fn get(&self, address: &str) -> Result<()> {
        let response = self.request("GET", address, &[]).await;
        let response = response.map_err(|error| anyhow::anyhow!("{address}: {error:?}"))?;
        ensure!(response.status.is_success(), "{address} responds with {}", response.status);
        Ok(())
    }

    /// Sends a request with these headers, follows a redirect of the host, and reads the response to its end.
    pub(crate) async fn request(
        &self,
        method: &str,
        address: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response, RequestError> {
        let response = self.send(method, address, headers).await?;
        match response.redirect {
            Some(address) => self.send("GET", &address, headers).await,
            None => Ok(response),
        }
    }

    async fn send(
        &self,
        method: &str,
        address: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response, RequestError> {
        let uri = format!("http://127.0.0.1:{}{address}", self.port);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).map_err(|_| RequestError::NotConnected)?;
        let response = self.client.request(request).await.map_err(|error| {
            if error.is_connect() { RequestError::NotConnected } else { RequestError::NoResponse }
        })?;
        let status = response.status();
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let redirect = location.filter(|_| status.is_redirection()).map(str::to_owned);
        let body = response.into_body().collect().await.map_err(|_| RequestError::BrokenOff)?.to_bytes();
        Ok(Response { status, body, redirect })
    }
}
