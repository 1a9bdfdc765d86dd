//! The threads that serve connections. Each has its own runtime and its own connections to the vendors, so that no step of a call waits
//! for another thread to wake up.

use auth_client_core::Error;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::transport::{
    BodyLimits, HyperTransport, Received, Transport, TransportError, TransportSettings,
};
use bytes::Bytes;
use std::cell::Cell;
use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Handle};

/// A runtime whose next timer is later than one that is set wakes itself up by a system call. A timer that is earlier than the time
/// limits of calls prevents that.
const TICK: Duration = Duration::from_secs(5);

thread_local! {
    /// The number of this thread. Of others, it is that of the first one.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// More threads would only open more connections to the vendors.
const MOST: usize = 8;

fn count() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST)
}

/// Threads for the cores, up to [`MOST`]. They end with the process, so that calls can be logged until then.
#[derive(Debug)]
pub(crate) struct Threads(Vec<Thread>);

#[derive(Debug)]
struct Thread {
    runtime: Handle,
    /// Cloned for each connection.
    connections: Arc<()>,
}

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        Self::of(count())
    }

    fn of(count: usize) -> io::Result<Self> {
        (0..count).map(Thread::start).collect::<io::Result<_>>().map(Self)
    }

    /// Runs the task of a connection on the thread with the fewest connections. Of several it is the first one, so that callers that
    /// connect for each call find the same connections to the vendors.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, connection: F) {
        let Some(thread) = self.0.iter().min_by_key(|one| Arc::strong_count(&one.connections)) else {
            return;
        };
        let counted = Arc::clone(&thread.connections);
        thread.runtime.spawn(async move {
            connection.await;
            drop(counted);
        });
    }
}

impl Thread {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new().name(format!("proxy-{number}")).spawn(move || {
            NUMBER.set(number);
            runtime.block_on(async {
                let mut tick = tokio::time::interval(TICK);
                loop {
                    tick.tick().await;
                }
            });
        })?;
        Ok(Self { runtime: handle, connections: Arc::default() })
    }
}

/// A transport with separate connections for each thread.
#[derive(Debug)]
pub(super) struct PerThread {
    first: HyperTransport,
    others: Vec<HyperTransport>,
}

impl PerThread {
    pub(super) fn new() -> Result<Self, Error> {
        Self::of(count())
    }

    fn of(count: usize) -> Result<Self, Error> {
        let one = || HyperTransport::new(TransportSettings::new());
        Ok(Self { first: one()?, others: (1..count).map(|_| one()).collect::<Result<_, _>>()? })
    }
}

impl Transport for PerThread {
    /// Not an `async fn`, which would move the request to the heap once more.
    fn send<'a, 'f>(
        &'a self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Pin<Box<dyn Future<Output = Result<Received, TransportError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        let own = NUMBER.get().checked_sub(1).and_then(|at| self.others.get(at));
        own.unwrap_or(&self.first).send(request, limits)
    }

    fn check(&self, origin: &Origin) -> Result<(), Error> {
        self.first.check(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::sync::mpsc;
    use tokio::sync::oneshot;

    /// A connection that lasts until the sender is dropped, and the number of its thread.
    fn connection(threads: &Threads) -> (usize, oneshot::Sender<()>) {
        let (end, ended) = oneshot::channel::<()>();
        let (number, seen) = mpsc::channel();
        threads.spawn(async move {
            number.send(NUMBER.get()).unwrap();
            let _ = ended.await;
        });
        (seen.recv().unwrap(), end)
    }

    fn wait_for_end(threads: &Threads, number: usize) {
        while Arc::strong_count(&threads.0[number].connections) > 1 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn connections_at_the_same_time_are_spread_and_others_use_the_first_thread() {
        let threads = Threads::of(3).unwrap();
        for _ in 0..3 {
            assert_eq!(connection(&threads).0, 0);
            wait_for_end(&threads, 0);
        }
        let mut open: Vec<_> = (0..6).map(|_| connection(&threads)).collect();
        assert_eq!(open.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2]);
        open.retain(|(number, _)| *number != 1);
        wait_for_end(&threads, 1);
        assert_eq!([connection(&threads).0, connection(&threads).0], [1, 1]);
    }

    #[test]
    fn a_connection_to_a_vendor_is_used_by_the_thread_that_opened_it_only() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (accepted, count) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, accepted) = (stream.unwrap(), accepted.clone());
                std::thread::spawn(move || {
                    accepted.send(()).unwrap();
                    let mut head = [0; 1024];
                    while stream.read(&mut head).is_ok_and(|length| length > 0) {
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                    }
                });
            }
        });
        let transport = Arc::new(PerThread::of(2).unwrap());
        let threads = Threads::of(2).unwrap();
        let calls = || {
            let (transport, url) = (Arc::clone(&transport), url.clone());
            let (done, end) = mpsc::channel();
            threads.spawn(async move {
                for _ in 0..3 {
                    let request = http::Request::get(&url).body(Bytes::new()).unwrap();
                    transport.send(request, BodyLimits::default()).await.unwrap();
                }
                done.send(()).unwrap();
                std::future::pending().await
            });
            end.recv().unwrap();
        };
        calls();
        assert_eq!(count.try_iter().count(), 1);
        calls();
        assert_eq!(count.try_iter().count(), 1, "the second thread");
        calls();
        assert_eq!(count.try_iter().count(), 0, "the first thread again");
    }
}
