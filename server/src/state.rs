//! The state of a console, which every request shares.

use std::sync::Arc;
use std::time::Duration;

use threadline::{AuditTrail, Config};
use threadline_app::{Host, PageServices};

use crate::hooks::{ActorHook, AuthorizeHook, LabelsHook, SearchHook};
use crate::host::HostSettings;
use crate::limits::RequestLimits;
use crate::monitor::Monitor;

/// The settings that the builder collects. Their defaults, each with its reason, are in the builder.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) trail: AuditTrail,
    pub(crate) host: HostSettings,
    pub(crate) labels: Option<LabelsHook>,
    pub(crate) search: Option<SearchHook>,
    pub(crate) hook_timeout: Duration,
    pub(crate) query_timeout: Duration,
    pub(crate) config: Option<Config>,
    pub(crate) coverage_poll: Duration,
    pub(crate) max_requests: usize,
}

/// The settings and hooks of a console, and what it keeps from one request to the next.
#[derive(Debug)]
pub(crate) struct ConsoleState {
    pub(crate) settings: Settings,
    /// The host, as every page names it.
    pub(crate) host: Arc<Host>,
    pub(crate) authorize: AuthorizeHook,
    pub(crate) actor: ActorHook,
    pub(crate) monitor: Monitor,
    pub(crate) services: Arc<PageServices>,
    pub(crate) limits: Arc<RequestLimits>,
}

impl ConsoleState {
    pub(crate) fn new(settings: Settings, host: Host, authorize: AuthorizeHook, actor: ActorHook) -> Self {
        let Settings { trail, config, coverage_poll, query_timeout, .. } = &settings;
        let monitor = Monitor::new(trail.clone(), config.clone(), *coverage_poll, *query_timeout);
        let services = Arc::new(PageServices::new(trail.clone(), *query_timeout, monitor.clone()));
        let limits = Arc::new(RequestLimits::new(settings.max_requests));
        Self { settings, host: Arc::new(host), authorize, actor, monitor, services, limits }
    }
}
