//! Ports and sockets: those of the start, and those that are opened on demand because only one namespace has them.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, Weak};

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::builder::Builder;
use super::error::StartError;
use super::start::{provider_router, replace_socket};
use crate::control::actions::own_socket;
use crate::framework::sync::lock;
use crate::namespace::registry::Registry;
use crate::namespace::space::OwnListener;
use crate::providers::registry::SPECS;
use crate::server::host::Hosts;
use crate::server::listener::{Limits, Listener, bind, serve};
use crate::server::mounted::Mounted;
use crate::server::tls::Tls;

type Bound = (TcpListener, SocketAddr);

/// Opens the listeners that only one namespace has.
pub(super) struct OnDemand {
    pub(super) builder: Arc<Builder>,
    /// Those that are open.
    pub(super) tasks: Arc<Mutex<JoinSet<()>>>,
    pub(super) ports: Mutex<Ports>,
    pub(super) tls: Option<Tls>,
    pub(super) limits: Limits,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) runtime: Handle,
    pub(super) namespaces: Weak<Registry>,
}

impl OnDemand {
    pub(super) fn open(&self, wanted: &OwnListener) -> Option<String> {
        let (spec, namespaces) = (SPECS.get(wanted.provider)?, self.namespaces.upgrade()?);
        let entered = self.runtime.enter();
        let (listener, address) = lock(&self.ports)
            .free(spec.name)
            .inspect_err(
                |error| tracing::warn!(namespace = wanted.namespace, %error, "a namespace has no port"),
            )
            .ok()?;
        let mounted = |hosts, scheme| Mounted {
            namespaces: Arc::clone(&namespaces),
            provider: wanted.provider,
            listener: wanted.index,
            owner: Some(wanted.namespace.clone()),
            scheme,
            hosts,
            patience: self.limits.idle,
        };
        let tcp = mounted(self.builder.hosts(address), self.builder.scheme());
        self.serve(Listener::Tcp(listener, self.tls.clone()), tcp, &wanted.life);
        if let Some(path) = self.builder.socket_paths(spec.name, wanted.index + 1).pop() {
            match replace_socket(&own_socket(&path, &wanted.namespace)) {
                Ok(listener) => self.serve(listener, mounted(Hosts::of_socket(), "http"), &wanted.life),
                Err(error) => {
                    tracing::warn!(namespace = wanted.namespace, %error, "a namespace has no socket")
                }
            }
        }
        drop(entered);
        Some(self.builder.origin(address))
    }

    fn serve(&self, listener: Listener, mounted: Mounted, life: &watch::Receiver<()>) {
        let mounted = Arc::new(mounted);
        let router = provider_router(Arc::clone(&mounted));
        let serving = serve(listener, router, self.limits, mounted, self.stopped.clone());
        let mut life = life.clone();
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        let serving = async move {
            tokio::select! {
                () = serving => {}
                _ = life.changed() => {}
            }
        };
        tasks.spawn_on(serving, &self.runtime);
    }
}

pub(super) struct Ports {
    ip: IpAddr,
    next: u16,
}

impl Ports {
    /// `extra` is the number of additional listeners of each provider.
    pub(super) fn new(ip: IpAddr, first: u16, extra: &[usize]) -> Result<Self, StartError> {
        let needed = 1 + extra.iter().map(|count| 1 + count).sum::<usize>();
        if first != 0 && usize::from(first) + needed > 1 + usize::from(u16::MAX) {
            return Err(StartError::PortTooHigh { port: first, needed });
        }
        Ok(Self { ip, next: first })
    }

    /// Must be called inside a runtime.
    pub(super) fn next(&mut self, listener: &'static str) -> Result<Bound, StartError> {
        let port = self.next;
        if port != 0 {
            self.next = port.saturating_add(1);
        }
        bind(self.ip, port).map_err(|cause| StartError::Bind { ip: self.ip, port, listener, cause })
    }

    /// The first port after those of the start that is not in use, so that the ports of a dropped namespace are used again.
    fn free(&self, listener: &'static str) -> Result<Bound, StartError> {
        let mut port = self.next;
        loop {
            match bind(self.ip, port) {
                Err(cause)
                    if port != 0 && port != u16::MAX && cause.kind() == std::io::ErrorKind::AddrInUse =>
                {
                    port += 1;
                }
                bound => {
                    return bound.map_err(|cause| StartError::Bind { ip: self.ip, port, listener, cause });
                }
            }
        }
    }
}
