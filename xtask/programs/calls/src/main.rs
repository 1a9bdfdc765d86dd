//! The same typed call, made by ours over hyper and over reqwest, reqwest by hand, and hyper-util by hand.
//!
//! - `calls serve` listens on a loopback port, which it prints, until it is ended.
//! - `calls run CLIENT WHAT URL WARM_UP CALLS [IN_FLIGHT]` makes the calls, so many at a time, and prints what they cost,
//!   warm-up excluded.
//!
//! CLIENT is `reqwest`, `hyper`, `verigator` or `verigator-reqwest`, or one of `vise`, `vaultvision`, `virtuous`,
//! `virtuous-hmac` and `revesecure`, or such a call by hand: `vise:reqwest`, `vise:hyper`. WHAT is `user` (about 300
//! bytes), `create` (a POST with the same response), `list` (about 50 KB), `build` (another client) or `clone`.

mod by_hyper;
mod by_reqwest;
mod by_verigator;
mod count;
mod models;
mod schemes;
mod server;

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What is asked for, as the vendor's samples have it.
pub const SERVICE_ID: &str = "81213bfd-b690-499e-b9d2-8754cb1550e8";
pub const USER_ID: &str = "57166678-624a-11e7-907b-a6006ad3dba0";
pub const NEW_USER: &str = "barista@coffeeshop.com";
pub const NEW_NUMBER: &str = "+4401234567";
pub const USERNAME: &str = "benchmark";
pub const PASSWORD: &str = "0123456789abcdef0123456789abcdef";

#[derive(Clone, Copy)]
enum What {
    User,
    Create,
    List,
    Build,
    Clone,
}

/// Each returns something of the response, so that decoding can't be optimised away, and checks it.
#[derive(Clone)]
enum Client {
    Reqwest(by_reqwest::Client),
    Hyper(by_hyper::Client),
    Verigator(by_verigator::Client),
    Scheme(schemes::Client),
}

impl Client {
    fn new(name: &str, url: &str) -> Result<Self> {
        Ok(match name {
            "reqwest" => Self::Reqwest(by_reqwest::Client::new(url)?),
            "hyper" => Self::Hyper(by_hyper::Client::new(url)?),
            "verigator" => Self::Verigator(by_verigator::Client::over_hyper(url)?),
            "verigator-reqwest" => Self::Verigator(by_verigator::Client::over_reqwest(url)?),
            _ => match schemes::Client::new(name, url)? {
                Some(client) => Self::Scheme(client),
                None => {
                    return Err("CLIENT is one of those that xtask/programs/calls/src/main.rs names".into());
                }
            },
        })
    }

    async fn call(&self, what: What) -> Result<usize> {
        match (self, what) {
            (Self::Reqwest(client), What::User) => client.user(SERVICE_ID, USER_ID).await,
            (Self::Reqwest(client), What::Create) => client.create(SERVICE_ID).await,
            (Self::Reqwest(client), _) => client.list(SERVICE_ID).await,
            (Self::Hyper(client), What::User) => client.user(SERVICE_ID, USER_ID).await,
            (Self::Hyper(client), What::Create) => client.create(SERVICE_ID).await,
            (Self::Hyper(client), _) => client.list(SERVICE_ID).await,
            (Self::Verigator(client), What::User) => client.user(SERVICE_ID, USER_ID).await,
            (Self::Verigator(client), What::Create) => client.create(SERVICE_ID).await,
            (Self::Verigator(client), _) => client.list(SERVICE_ID).await,
            (Self::Scheme(client), What::User) => client.user().await,
            (Self::Scheme(client), What::Create) => client.create().await,
            (Self::Scheme(_), _) => Err("WHAT is user or create for this CLIENT".into()),
        }
    }
}

fn main() -> Result<()> {
    // Clients of reqwest with `rustls-no-provider` can't be built without a provider for the whole process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve"] => server::serve(),
        ["run", client, what, url, warm_up, calls] => {
            run(client, parse(what)?, url, warm_up.parse()?, calls.parse()?, 1)
        }
        ["run", client, what, url, warm_up, calls, in_flight] => {
            run(client, parse(what)?, url, warm_up.parse()?, calls.parse()?, in_flight.parse()?)
        }
        _ => Err("usage: calls serve | run CLIENT WHAT URL WARM_UP CALLS [IN_FLIGHT]".into()),
    }
}

fn parse(what: &str) -> Result<What> {
    match what {
        "user" => Ok(What::User),
        "create" => Ok(What::Create),
        "list" => Ok(What::List),
        "build" => Ok(What::Build),
        "clone" => Ok(What::Clone),
        _ => Err("WHAT is user, create, list, build or clone".into()),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

async fn repeat(client: &Client, what: What, calls: u32) -> Result<()> {
    let expected = match what {
        What::User | What::Create => models::USER_BYTES,
        _ => models::LIST_ROWS,
    };
    for _ in 0..calls {
        if client.call(what).await? != expected {
            return Err("another response than expected".into());
        }
    }
    Ok(())
}

/// The calls, divided among tasks that run at the same time.
async fn repeat_at_once(client: &Arc<Client>, what: What, calls: u32, in_flight: u32) -> Result<()> {
    let start = |_| {
        let client = Arc::clone(client);
        tokio::spawn(async move { repeat(&client, what, calls / in_flight).await })
    };
    let tasks: Vec<_> = (0..in_flight).map(start).collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Clients that are made and dropped, while one of their kind exists.
fn make(name: &str, url: &str, client: &Client, what: What, times: u32) -> Result<()> {
    for _ in 0..times {
        match what {
            What::Build => drop(black_box(Client::new(name, url)?)),
            _ => drop(black_box(client.clone())),
        }
    }
    Ok(())
}

fn run(name: &str, what: What, url: &str, warm_up: u32, calls: u32, in_flight: u32) -> Result<()> {
    runtime()?.block_on(async {
        let client = Arc::new(Client::new(name, url)?);
        let is_call = !matches!(what, What::Build | What::Clone);
        if is_call {
            repeat(&client, what, warm_up).await?;
        }
        let (before, cpu, peak) = (count::allocations(), count::cpu_nanoseconds(), count::peak_kib());
        let begun = Instant::now();
        match is_call {
            false => make(name, url, &client, what, calls)?,
            true if in_flight == 1 => repeat(&client, what, calls).await?,
            true => repeat_at_once(&client, what, calls, in_flight).await?,
        }
        let line = serde_json::json!({
            "wall_ns": u64::try_from(begun.elapsed().as_nanos())?,
            "cpu_ns": count::cpu_nanoseconds() - cpu,
            "allocations": count::allocations() - before,
            "peak_kib": count::peak_kib() - peak,
        });
        writeln!(std::io::stdout(), "{line}")?;
        Ok(())
    })
}
