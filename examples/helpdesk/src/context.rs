//! The audit context of each request: who acts, and the ids by which the request is found again.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use threadline::{AuditContextLayer, ContextOverrides};
use uuid::Uuid;

use crate::session;

/// The session layer goes around this one, so that it knows who acts.
pub(crate) fn layer() -> AuditContextLayer {
    AuditContextLayer::new(session::actor)
        // The other end of the connection. Behind a proxy of yours, read the header that it sets instead.
        .client_addr_fn(|parts| {
            let ConnectInfo(client) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
            Some(client.ip())
        })
        // A request without ids gets one of its own, also as correlation: the jobs that it leaves behind carry that on.
        .overrides_fn(|_| {
            let id = Uuid::now_v7().to_string();
            ContextOverrides { request_id: Some(id.clone()), correlation_id: Some(id) }
        })
}
