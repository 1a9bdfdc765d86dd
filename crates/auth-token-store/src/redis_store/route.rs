//! Which server has a record: always the same one, or the node of a cluster that others name.
//!
//! No map of slots is kept: a node that does not have a record says which one has it.

use super::Connecting;
use super::node::{Node, NodeError};
use ::redis::{Client, ConnectionAddr, ConnectionInfo};
use auth_core::store::StoreError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of times that an operation follows a redirection.
const MAX_REDIRECTIONS: usize = 4;

/// The servers of a store.
pub(super) struct Servers {
    /// The settings of connections to a cluster, with the address of any node.
    cluster: Option<ConnectionInfo>,
    known: Mutex<Known>,
}

struct Known {
    /// By address. The first ones are those that the program has named; the others have been named by nodes.
    nodes: Vec<(String, Arc<Node>)>,
    named: usize,
    /// The node of each record.
    owners: BTreeMap<String, Arc<Node>>,
    /// The node that is asked for the next record without an owner.
    next: usize,
}

impl Servers {
    /// One server, or whatever the function connects to.
    pub(super) fn one(connect: Arc<dyn Fn() -> Connecting + Send + Sync>) -> Self {
        Self::new(None, vec![(String::new(), Arc::new(Node::new(connect)))])
    }

    pub(super) fn cluster(clients: &[Client]) -> Self {
        let node =
            |client: &Client| (client.get_connection_info().addr().to_string(), node_of(client.clone()));
        let settings = clients.first().map(|client| client.get_connection_info().clone());
        Self::new(settings, clients.iter().map(node).collect())
    }

    fn new(cluster: Option<ConnectionInfo>, nodes: Vec<(String, Arc<Node>)>) -> Self {
        let known = Known { named: nodes.len(), nodes, owners: BTreeMap::new(), next: 0 };
        Self { cluster, known: Mutex::new(known) }
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.cluster.is_some()
    }

    /// Begins an operation on a record.
    pub(super) fn route<'a>(&'a self, name: &'a str, action: &'static str) -> Result<Route<'a>, StoreError> {
        let mut known = self.known();
        let (node, nodes) = (known.owner_or_any(name), known.nodes.len());
        drop(known);
        let node =
            node.ok_or_else(|| StoreError::new(action, "RedisStore::cluster was called without a node"))?;
        Ok(Route {
            servers: self,
            name,
            action,
            node,
            moving: false,
            left: nodes + MAX_REDIRECTIONS,
            done: false,
        })
    }

    /// Asks a node of a cluster for all others, so that one remains if those are gone that the program has named.
    async fn learn(&self, node: &Arc<Node>) {
        let Ok(addresses) = node.peers().await else { return };
        let nodes: Vec<_> = addresses.iter().filter_map(|address| self.node_at(address, node)).collect();
        let mut known = self.known();
        let named = known.named;
        let mut index = 0;
        known.nodes.retain(|(_, node)| {
            index += 1;
            index <= named || nodes.iter().any(|current| Arc::ptr_eq(current, node))
        });
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the node at an address, to which a node has redirected. An empty host is that of the other node.
    fn node_at(&self, address: &str, from: &Arc<Node>) -> Option<Arc<Node>> {
        let (host, port) = address.rsplit_once(':')?;
        let mut known = self.known();
        let mut settings = self.cluster.clone()?;
        let mut named = known.nodes.iter().filter(|(_, node)| Arc::ptr_eq(node, from));
        let from = named.next().and_then(|(address, _)| address.rsplit_once(':'));
        let host = match host {
            "" | "?" => from?.0,
            host => host,
        };
        let address = format!("{host}:{port}");
        if let Some((_, node)) = known.nodes.iter().find(|(known, _)| *known == address) {
            return Some(Arc::clone(node));
        }
        let (host, port) = (host.to_owned(), port.parse().ok()?);
        let at = match settings.addr().clone() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        settings = settings.set_addr(at);
        let node = node_of(Client::open(settings).ok()?);
        known.nodes.push((address, Arc::clone(&node)));
        Some(node)
    }
}

fn node_of(client: Client) -> Arc<Node> {
    Arc::new(Node::new(super::connecting_to(client)))
}

impl Known {
    fn owner_or_any(&mut self, name: &str) -> Option<Arc<Node>> {
        let any = || self.nodes.get(self.next.checked_rem(self.nodes.len())?).map(|(_, node)| node);
        self.owners.get(name).or_else(any).cloned()
    }

    /// Forgets that this node has the record. The next operation asks another one.
    fn doubt(&mut self, name: &str, node: &Arc<Node>) {
        if self.owners.get(name).is_none_or(|owner| Arc::ptr_eq(owner, node)) {
            self.owners.remove(name);
        }
        self.next = self.next.wrapping_add(1);
        let is_same = |(_, next): &(String, Arc<Node>)| Arc::ptr_eq(next, node);
        if self.next.checked_rem(self.nodes.len()).and_then(|at| self.nodes.get(at)).is_some_and(is_same) {
            self.next = self.next.wrapping_add(1);
        }
    }
}

/// The way of an operation to the server that executes it. Unless it is [remembered](Self::remember) or [left](Self::leave),
/// the next operation asks another node.
pub(super) struct Route<'a> {
    servers: &'a Servers,
    name: &'a str,
    action: &'static str,
    pub(super) node: Arc<Node>,
    /// The record is on its way to this node.
    pub(super) moving: bool,
    /// Number of nodes that are asked at most.
    left: usize,
    done: bool,
}

impl Route<'_> {
    /// Continues at the next node that may have the record, if the error allows it.
    pub(super) fn next(&mut self, error: NodeError) -> Result<(), StoreError> {
        self.left = self.left.saturating_sub(1);
        match error {
            NodeError::Failed(error) | NodeError::Broken(error) => return Err(error),
            NodeError::Unreachable(error) => {
                let mut known = self.servers.known();
                known.doubt(self.name, &self.node);
                let other = known.owner_or_any(self.name).filter(|other| !Arc::ptr_eq(other, &self.node));
                drop(known);
                self.moving = false;
                self.node = other.filter(|_| self.left > 0).ok_or(error)?;
            }
            NodeError::Elsewhere { address, moving } => {
                let failed = |reason: String| StoreError::new(self.action, reason);
                if !self.servers.is_cluster() {
                    return Err(failed(
                        "the server belongs to a cluster: use RedisStore::cluster".to_owned(),
                    ));
                }
                let other = self.servers.node_at(&address, &self.node).filter(|_| self.left > 0);
                let unknown =
                    || failed(format!("the cluster does not say which node has the record ({address})"));
                (self.node, self.moving) = (other.ok_or_else(unknown)?, moving);
            }
        }
        Ok(())
    }

    /// Remembers the server, and asks it for all others if it is not the one from before.
    pub(super) async fn remember(mut self) {
        self.done = true;
        if self.moving {
            return;
        }
        let before = self.servers.known().owners.insert(self.name.to_owned(), Arc::clone(&self.node));
        let is_same = before.is_some_and(|before| Arc::ptr_eq(&before, &self.node));
        if self.servers.is_cluster() && !is_same {
            self.servers.learn(&self.node).await;
        }
    }

    /// Ends without another request, so that the result of a write is not lost while one is waited for.
    pub(super) fn leave(mut self) {
        self.done = true;
    }
}

impl Drop for Route<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.servers.known().doubt(self.name, &self.node);
        }
    }
}
