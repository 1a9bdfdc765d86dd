//! The Redis store in a cluster: finding records, moving them to another node, and failover.

use super::failover::{log_in, stored, wait_for, working};
use super::{connection, key_of, keys};
use crate::redis_store::RedisStore;
use crate::servers::{self, Server};
use crate::shared::tests::{key, pair};
use ::redis::{Client, Cmd, FromRedisValue, cmd};
use auth_core::store::{StoreKey, TokenStore};
use std::time::Duration;

/// Three primaries with a third of the slots each, and a replica of each.
pub(super) struct Cluster {
    pub(super) primaries: Vec<Server>,
    pub(super) replicas: Vec<Server>,
}

async fn run<T: FromRedisValue>(server: &Server, command: &Cmd) -> T {
    command.query_async(&mut connection(server).await).await.unwrap()
}

fn command(words: &[&str]) -> Cmd {
    let mut command = cmd(words[0]);
    command.arg(&words[1..]);
    command
}

async fn id_of(server: &Server) -> String {
    run(server, &command(&["CLUSTER", "MYID"])).await
}

fn slot_of_record(key: &StoreKey) -> String {
    key_of(&crate::format::name_of(key))
}

impl Cluster {
    pub(super) async fn start(timeout: Duration) -> Self {
        let start = || (0..3).map(|_| servers::redis_of_a_cluster(timeout)).collect();
        let cluster = Self { primaries: start(), replicas: start() };
        for (primary, (from, to)) in cluster.primaries.iter().zip([(0, 5460), (5461, 10922), (10923, 16383)])
        {
            let slots = [from, to].map(|slot: u16| slot.to_string());
            run::<()>(primary, &command(&["CLUSTER", "ADDSLOTSRANGE", &slots[0], &slots[1]])).await;
        }
        let first = &cluster.primaries[0];
        for server in cluster.all() {
            let bus: Vec<String> = run(server, &command(&["CONFIG", "GET", "cluster-port"])).await;
            let port = server.port.to_string();
            run::<()>(first, &command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus[1]])).await;
        }
        for (primary, replica) in cluster.primaries.iter().zip(&cluster.replicas) {
            let of = id_of(primary).await;
            let replicate = command(&["CLUSTER", "REPLICATE", &of]);
            wait_for("the nodes know each other", async || {
                replicate.query_async::<()>(&mut connection(replica).await).await.is_ok()
            })
            .await;
        }
        for server in cluster.all() {
            wait_for("the cluster is up", async || {
                run::<String>(server, &command(&["CLUSTER", "INFO"])).await.contains("cluster_state:ok")
            })
            .await;
        }
        for primary in &cluster.primaries {
            wait_for("the replica follows", async || {
                run::<u32>(primary, &command(&["WAIT", "1", "50"])).await == 1
            })
            .await;
        }
        cluster
    }

    fn all(&self) -> impl Iterator<Item = &Server> {
        self.primaries.iter().chain(&self.replicas)
    }

    /// Index of the primary that has the record.
    async fn owner(&self, key: &StoreKey) -> usize {
        let slot: u32 =
            run(&self.primaries[0], &command(&["CLUSTER", "KEYSLOT", &slot_of_record(key)])).await;
        [5460, 10922, 16383].iter().position(|last| slot <= *last).unwrap()
    }
}

pub(super) fn store_of(nodes: &[&Server]) -> RedisStore {
    let clients: Vec<Client> = nodes.iter().map(|node| Client::open(node.redis_url()).unwrap()).collect();
    RedisStore::cluster(&clients, keys())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_found_from_any_node_that_is_up() {
    if !servers::wanted() {
        return;
    }
    let cluster = Cluster::start(Duration::from_secs(60)).await;
    let owner = cluster.owner(&key()).await;
    let others: Vec<&Server> =
        (0..3).filter(|index| *index != owner).map(|index| &cluster.primaries[index]).collect();
    log_in(&store_of(&others)).await;
    // From its node, a replica of it, another node, and behind a node that is gone.
    let gone = servers::redis(&[]);
    let clients = [gone.redis_url(), others[0].redis_url()].map(|url| Client::open(url).unwrap());
    drop(gone);
    let stores = [
        store_of(&[&cluster.primaries[owner]]),
        store_of(&[&cluster.replicas[owner]]),
        store_of(&[others[1]]),
        RedisStore::cluster(&clients, keys()),
    ];
    for store in stores {
        assert_eq!(stored(&store).await.0, 1);
    }
    let error = RedisStore::cluster(&[], keys()).load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("without a node"), "{error}");
    let single = RedisStore::new(Client::open(others[0].redis_url()).unwrap(), keys());
    let error = single.load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("RedisStore::cluster"), "{error}");
}

/// The nodes that the program has named are replaced one by one, as those of a managed cluster are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_were_not_named_are_learned() {
    if !servers::wanted() {
        return;
    }
    let mut cluster = Cluster::start(Duration::from_secs(1)).await;
    let owner = cluster.owner(&key()).await;
    let named = (owner + 1) % 3;
    let store = store_of(&[&cluster.primaries[named]]);
    log_in(&store).await;
    let mut primaries: Vec<Option<Server>> = cluster.primaries.drain(..).map(Some).collect();
    drop(primaries[named].take());
    // Two of three primaries agree on a failover, so the first one must have ended before the second one.
    wait_for("the replica is promoted", async || {
        let role: Vec<::redis::Value> = run(&cluster.replicas[named], &command(&["ROLE"])).await;
        role[0] == ::redis::Value::BulkString(b"master".to_vec())
    })
    .await;
    assert_eq!(stored(&store).await.0, 1);
    drop(primaries[owner].take());
    assert_eq!(stored(&store).await.0, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_read_and_written_while_its_slot_moves() {
    if !servers::wanted() {
        return;
    }
    let cluster = Cluster::start(Duration::from_secs(60)).await;
    let owner = cluster.owner(&key()).await;
    let (from, to) = (&cluster.primaries[owner], &cluster.primaries[(owner + 1) % 3]);
    let store = store_of(&[from]);
    log_in(&store).await;
    let record = slot_of_record(&key());
    let slot: u32 = run(from, &command(&["CLUSTER", "KEYSLOT", &record])).await;
    let (slot, from_id, to_id) = (slot.to_string(), id_of(from).await, id_of(to).await);
    run::<()>(to, &command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id])).await;
    run::<()>(from, &command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id])).await;

    let renew = async |generation: u64| {
        let mut locked = store.lock(&key()).await.unwrap();
        let token = locked.load().await.unwrap().unwrap();
        assert_eq!(token.generation, generation - 1);
        locked.begin(&token).await.unwrap();
        locked.save(&pair(generation, &generation.to_string())).await.unwrap();
        locked.release().await;
    };
    // Not moved yet; moved, while the slot is not; and after the slot has moved.
    renew(2).await;
    let port = to.port.to_string();
    run::<()>(from, &command(&["MIGRATE", "127.0.0.1", &port, &record, "0", "5000"])).await;
    renew(3).await;
    for node in [to, from] {
        run::<()>(node, &command(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id])).await;
    }
    renew(4).await;
    assert_eq!(stored(&store_of(&[&cluster.primaries[(owner + 2) % 3]])).await.0, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_replica_is_found_and_has_what_it_confirmed() {
    if !servers::wanted() {
        return;
    }
    let mut cluster = Cluster::start(Duration::from_secs(1)).await;
    let owner = cluster.owner(&key()).await;
    // One process has named the node that dies and another one, the other process has named that one alone.
    let other = store_of(&[&cluster.primaries[(owner + 1) % 3]]);
    let store = store_of(&[&cluster.primaries[owner], &cluster.primaries[(owner + 1) % 3]]);
    log_in(&store).await;
    assert_eq!(stored(&other).await.0, 1);
    let mut locked = store.lock(&key()).await.unwrap();
    let first = locked.load().await.unwrap().unwrap();
    locked.begin(&first).await.unwrap();
    drop(cluster.primaries.remove(owner));

    assert!(working(async || store.load(&key()).await).await.unwrap().is_refreshing());
    assert!(working(async || other.load(&key()).await).await.unwrap().is_refreshing());
    // Its only replica is the primary now, so none can confirm the pair.
    let error = locked.save(&pair(2, "second")).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas"), "{error}");
    // It is written all the same.
    assert_eq!(stored(&other).await.0, 2);
}
