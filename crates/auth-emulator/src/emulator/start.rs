//! Starting an emulator. `start` binds every port before it mounts a provider, because providers need to know their own
//! address.

#[cfg(not(unix))]
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use axum::Router;
use axum::extract::{Request, State};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::builder::Builder;
use super::error::StartError;
use super::handle::Namespace;
use super::ports::{OnDemand, Ports};
use super::running::Emulator;
use crate::control::actions::{Actions, Addresses, ReadyControl, ReadyTls};
use crate::control::router;
#[cfg(feature = "tls")]
use crate::framework::clock::{Clock, ClockStart};
use crate::framework::random::{Random, unpredictable_token};
use crate::framework::relaxation::Relaxations;
use crate::namespace::registry::{DEFAULT, Registry};
use crate::namespace::space::{Blueprint, OwnListener, Space};
use crate::providers::registry::SPECS;
use crate::server::host::{Hosts, bracketed};
use crate::server::listener::{CONNECTIONS, Limits, Listener, serve};
use crate::server::mounted::Mounted;
use crate::server::pipeline::respond;
#[cfg(unix)]
use crate::server::socket;
use crate::server::threads::Threads;
use crate::server::tls::Tls;

/// The default seed.
const DEFAULT_SEED: u64 = 0x6175_7468;

impl Builder {
    /// Starts the emulator; every listener accepts connections when this returns. It has its own threads and requires no tokio
    /// runtime.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::builder().seed(7).start().await?;
    /// assert!(emulator.control_url().starts_with("http://127.0.0.1:"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a port is not available, or a relaxation, a setting or a host name is invalid.
    pub async fn start(self) -> Result<Emulator, StartError> {
        // Nothing waits; async, so that it may one day.
        self.start_now()
    }

    fn start_now(mut self) -> Result<Emulator, StartError> {
        let relaxations = self.checked_relaxations()?;
        self.check_hosts()?;
        for (setting, value) in std::mem::take(&mut self.changes) {
            let (provider, name) = setting.split_once('.').unwrap_or((&setting, ""));
            self.settings
                .change(provider, &serde_json::json!({ name: value }))
                .map_err(|problem| StartError::Setting { setting: setting.clone(), problem })?;
        }
        let seed_file = std::mem::take(&mut self.seed_file);
        for (provider, settings) in &seed_file.settings {
            self.settings.change(provider, &Value::Object(settings.clone())).map_err(|problem| {
                StartError::Seed { problem: seed_file.of_setting(provider, problem.to_string()) }
            })?;
        }
        let (tls, ready_tls) = self.make_tls()?;
        let threads = Threads::start().map_err(|cause| StartError::Threads { cause })?;
        let entered = threads.control.enter();
        let extra = self.settings.extra_listeners();
        let mut ports = Ports::new(self.ip, self.port, &extra)?;
        let control = ports.next("the control API")?;
        drop(entered);
        let entered = threads.providers.enter();
        let mut bound = Vec::new();
        for spec in SPECS {
            bound.push((spec.name, vec![ports.next(spec.name)?]));
        }
        // Extra listeners come last, so that the main ports stay where they are when a provider gains one.
        for (count, (name, listeners)) in extra.into_iter().zip(&mut bound) {
            for _ in 0..count {
                listeners.push(ports.next(name)?);
            }
        }

        let token = self.seed.map_or_else(unpredictable_token, |seed| Random::new(seed, "control").hex(16));
        let (stop, stopped) = watch::channel(false);
        let limits = Limits { connections: CONNECTIONS, idle: self.idle };
        let builder = Arc::new(self);
        let this = &*builder;
        let on_demand_tasks = Arc::new(Mutex::new(JoinSet::new()));
        let on_demand = |namespaces: Weak<Registry>| OnDemand {
            builder: Arc::clone(&builder),
            tasks: Arc::clone(&on_demand_tasks),
            ports: Mutex::new(ports),
            tls: tls.clone(),
            limits,
            stopped: stopped.clone(),
            runtime: threads.providers.clone(),
            namespaces,
        };
        let mut blueprint = Blueprint {
            settings: this.settings.clone(),
            seed: this.seed.unwrap_or(DEFAULT_SEED),
            clock: this.clock,
            journal_capacity: this.journal_capacity,
            relaxations,
            origins: bound
                .iter()
                .map(|(_, listeners)| listeners.iter().map(|(_, address)| this.origin(*address)).collect())
                .collect(),
            open: None,
            runtime: Some(threads.providers.clone()),
            starts: SPECS
                .iter()
                .map(|spec| Arc::new(seed_file.providers.get(spec.name).cloned().unwrap_or_default()))
                .collect(),
            faults: Vec::new(),
        };
        if !seed_file.faults.is_empty() {
            // A rule is checked against the operations and credentials of a namespace.
            let first = Space::new(DEFAULT, "", None, &blueprint);
            for (position, rule) in seed_file.faults.iter().enumerate() {
                let added = first.add_fault(rule.clone(), tls.is_some()).map_err(|error| {
                    StartError::Seed { problem: seed_file.of_fault(position, error.to_string()) }
                })?;
                blueprint.faults.push(added.rule);
            }
        }
        let namespaces = Arc::new_cyclic(|namespaces: &Weak<Registry>| {
            let on_demand = on_demand(namespaces.clone());
            let open = Arc::new(move |wanted: OwnListener| on_demand.open(&wanted));
            Registry::new(Blueprint { open: Some(open), ..blueprint }, this.max_namespaces)
        });
        let addresses = Addresses {
            control: ReadyControl {
                url: format!("http://{}:{}", local_name(this.ip), control.1.port()),
                token,
                socket: this.socket_paths("control", 1).pop(),
            },
            sockets: bound.iter().map(|(name, all)| this.socket_paths(name, all.len())).collect(),
            tls: ready_tls,
            env_command: OnceLock::new(),
        };
        let main = Arc::clone(namespaces.main());
        for provider in &main.list {
            provider
                .try_seed()
                .map_err(|problem| StartError::Seed { problem: seed_file.of_provider(problem) })?;
        }
        let default = Namespace::new(Actions::new(main, Arc::clone(&namespaces), Arc::new(addresses)));
        let actions = Arc::clone(&default.actions);

        let mut tasks = Vec::new();
        for (provider, (name, listeners)) in bound.into_iter().enumerate() {
            let paths = this.socket_paths(name, listeners.len());
            for (index, (listener, address)) in listeners.into_iter().enumerate() {
                let mounted = |hosts, scheme| {
                    Arc::new(Mounted {
                        namespaces: Arc::clone(&namespaces),
                        provider,
                        listener: index,
                        owner: (index > 0
                            && SPECS.get(provider).is_some_and(|spec| spec.extra_listeners > 0))
                        .then(|| DEFAULT.to_owned()),
                        scheme,
                        hosts,
                        patience: this.idle,
                    })
                };
                let mut spawn = |listener, mounted: Arc<Mounted>| {
                    let router = provider_router(Arc::clone(&mounted));
                    let serving = serve(listener, router, limits, mounted, stopped.clone());
                    tasks.push(threads.providers.spawn(serving));
                };
                let at_port = mounted(this.hosts(address), this.scheme());
                spawn(Listener::Tcp(listener, tls.clone()), at_port);
                if let Some(path) = paths.get(index) {
                    spawn(bind_socket(path)?, mounted(Hosts::of_socket(), "http"));
                }
            }
        }
        drop(entered);
        let entered = threads.control.enter();
        let control_router = router::router(Arc::clone(&actions), this.hosts(control.1));
        let serving =
            serve(Listener::Tcp(control.0, None), control_router, limits, Arc::new(()), stopped.clone());
        tasks.push(threads.control.spawn(serving));
        if let Some(path) = &actions.ready().control.socket {
            let router = router::router(Arc::clone(&actions), Hosts::of_socket());
            tasks.push(threads.control.spawn(serve(
                bind_socket(path)?,
                router,
                limits,
                Arc::new(()),
                stopped,
            )));
        }
        drop(entered);
        Ok(Emulator::new(default, stop, tasks, on_demand_tasks, threads))
    }

    /// The certificate, and its authority, which is written to the file.
    #[cfg(feature = "tls")]
    fn make_tls(&self) -> Result<(Option<Tls>, Option<ReadyTls>), StartError> {
        let Some(ca_file) = self.ca_file.clone() else { return Ok((None, None)) };
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        if !self.ip.is_unspecified() && !names.contains(&self.ip.to_string()) {
            names.push(self.ip.to_string());
        }
        names.extend(self.allowed.iter().cloned());
        // Clients compare with their own clock, not with the emulator's.
        let now = Clock::new(ClockStart::System).now().to_system_time();
        let made = Tls::generate(names, now).and_then(|(tls, ca_pem)| {
            std::fs::write(&ca_file, &ca_pem)?;
            Ok((tls, ca_pem))
        });
        match made {
            Ok((tls, ca_pem)) => Ok((Some(tls), Some(ReadyTls { ca_file, ca_pem }))),
            Err(cause) => Err(StartError::Tls { ca_file, cause }),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn make_tls(&self) -> Result<(Option<Tls>, Option<ReadyTls>), StartError> {
        Ok((None, None))
    }

    fn check_hosts(&self) -> Result<(), StartError> {
        let is_name = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match self.allowed.iter().find(|host| !is_name(host)) {
            Some(host) => Err(StartError::InvalidHost { host: host.clone() }),
            None if !self.ip.is_loopback() && self.allowed.is_empty() => {
                Err(StartError::NoAllowedHost { ip: self.ip })
            }
            None => Ok(()),
        }
    }

    pub(super) fn hosts(&self, address: SocketAddr) -> Hosts {
        let ip = (self.ip != Ipv4Addr::LOCALHOST && !self.ip.is_unspecified()).then_some(self.ip);
        Hosts { port: Some(address.port()), ip, allowed: self.allowed.clone() }
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.ca_file.is_some() { "https" } else { "http" }
    }

    /// The URL of a provider's listener.
    pub(super) fn origin(&self, address: SocketAddr) -> String {
        let scheme = self.scheme();
        let name = match self.allowed.first() {
            Some(name) if !self.ip.is_loopback() => name.clone(),
            _ => local_name(self.ip),
        };
        format!("{scheme}://{name}:{}", address.port())
    }

    /// The paths of a provider's Unix sockets.
    pub(super) fn socket_paths(&self, name: &str, count: usize) -> Vec<PathBuf> {
        let Some(directory) = self.sockets.as_ref().filter(|_| cfg!(unix)) else { return Vec::new() };
        let file = |index| match index {
            0 => format!("{name}.sock"),
            index => format!("{name}-{index}.sock"),
        };
        (0..count).map(|index| directory.join(file(index))).collect()
    }

    fn checked_relaxations(&self) -> Result<Relaxations, StartError> {
        let known: Vec<_> = Self::relaxations().iter().map(|relaxation| relaxation.name).collect();
        match self.relaxed.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(StartError::UnknownRelaxation { name: name.clone(), known: known.join(", ") }),
            None => Ok(Relaxations::new(self.relaxed.iter().cloned())),
        }
    }
}

// One handler for every path: the pipeline looks up the operation in the provider's route table, so that faults and the
// journal can name it before the provider runs.
pub(super) fn provider_router(mounted: Arc<Mounted>) -> Router {
    Router::new()
        .fallback(|State(mounted): State<Arc<Mounted>>, request: Request| async move {
            respond(&mounted, request).await
        })
        .with_state(mounted)
}

/// The name by which programs on this machine reach an address.
fn local_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => bracketed(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => bracketed(Ipv6Addr::LOCALHOST.into()),
        ip => bracketed(ip),
    }
}

pub(super) fn bind_socket(path: &Path) -> Result<Listener, StartError> {
    open_socket(path, false)
}

/// Replaces the socket that a dropped namespace of the same name may not have closed yet.
pub(super) fn replace_socket(path: &Path) -> Result<Listener, StartError> {
    open_socket(path, true)
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "there are no sockets"))]
fn open_socket(path: &Path, replaces: bool) -> Result<Listener, StartError> {
    let failed = |cause| StartError::Socket { path: path.to_owned(), cause };
    #[cfg(unix)]
    return if replaces { socket::replace(path) } else { socket::bind(path) }
        .map(|(listener, file)| Listener::Unix { listener, _file: file })
        .map_err(failed);
    #[cfg(not(unix))]
    Err(failed(io::ErrorKind::Unsupported.into()))
}
