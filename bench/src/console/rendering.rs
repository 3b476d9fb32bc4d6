//! Rendering alone: from a page that has been loaded to its HTML.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use axum::extract::FromRequestParts;
use axum::http::Request;
use futures_util::future::{BoxFuture, ready};
use threadline::{AuditTrail, Scope};
use threadline_app::{
    Coverage, CoverageSource, LoadedPage, Page, PageContext, PageServices, ROUTES, RequestContext,
    TimelinePage, TimelineQuery,
};

use super::pages::{PAGES, Pages};
use crate::measurement::{Measurement, milliseconds_since};

/// A console that checks no coverage.
#[derive(Debug)]
struct NoCoverage;

impl CoverageSource for NoCoverage {
    fn current(&self, _: Duration) -> BoxFuture<'_, Coverage> {
        Box::pin(ready(Coverage::default()))
    }

    fn check_now(&self) -> BoxFuture<'_, Coverage> {
        Box::pin(ready(Coverage::default()))
    }

    fn is_configured(&self) -> bool {
        false
    }
}

/// Measures the time of rendering each page.
pub(super) async fn measure(trail: &AuditTrail, pages: &Pages, samples: usize) -> Result<Measurement> {
    let page = PageContext {
        base: "/audit".to_owned(),
        route: ROUTES.iter().find(|route| route.path == "/timeline"),
        ..PageContext::default()
    };
    let services = Arc::new(PageServices::new(trail.clone(), Duration::from_secs(60), NoCoverage));
    let context = RequestContext { services, scope: Scope::unscoped(), page, host_search: None };
    let mut loaded = Vec::new();
    for address in pages.addresses().take(PAGES) {
        let (mut parts, ()) = Request::get(address).body(())?.into_parts();
        let query = TimelineQuery::from_request_parts(&mut parts, &context).await?;
        let page = TimelinePage::load(&context, query).await;
        loaded.push(page.map_err(|error| anyhow!("{address}: {error:?}"))?);
    }
    let mut measurement = Measurement::new("rendering", "");
    for page in loaded.iter().cycle().take(samples) {
        let (context, page) = (context.page.clone(), Box::new(page.clone()));
        let start = Instant::now();
        black_box(page.render(context));
        measurement.wall_ms.push(milliseconds_since(start));
    }
    Ok(measurement)
}
