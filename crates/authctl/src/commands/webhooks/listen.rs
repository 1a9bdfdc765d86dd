//! `authctl virtuous webhooks listen`: receives deliveries, verifies them over the bytes as received, prints and forwards them.

use super::Signing;
use super::forward::Target;
use super::receive::{Listener, Row, Settings};
use crate::emulate;
use crate::failure::{Failure, visible};
use crate::globals::Globals;
use crate::index::Class;
use crate::input::MAX_INPUT;
use crate::interrupt::{self, Handled};
use crate::json::Line;
use crate::output::{Out, jq, note};
use crate::server;
use auth_client_core::provider::auth_core::SystemClock;
use auth_emulator::providers::virtuous::WebhookDelivery;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use virtuous_client::{ExposeSecret as _, SecretString};

/// Connections at the same time.
const MAX_CONNECTIONS: usize = 64;
/// The longest that deliveries in progress may take at the end; more than the limit of forwarding.
const DRAIN: Duration = Duration::from_secs(35);
/// The secret of the delivery that `--emulator` sends, if there is no other.
const SAMPLE_SECRET: &str = "it is a secret";

const EXAMPLES: &str = "\
Output: one JSON object per line, whatever --output; first {\"type\":\"ready\",\"url\":…}, when the socket listens, then one
{\"type\":\"delivery\",…} per request. --jq FILTER is applied to deliveries. Bodies are printed with --show-body only.

The response to the vendor: the status of the receiver; 200 without --forward-to, with --ack, and for events that --events
leaves out; 401 for a signature that is wrong or missing; 413 for a large body; 502 if the receiver is down and 504 if it
takes more than 30 s, so that the vendor sends the delivery again.

Virtuous must reach the address: run a tunnel that leads to it, and use its https URL in the subscription.

Exit codes: 0 after --count deliveries, and after Ctrl-C without --count.

Examples, with the secret in VIRTUOUS_WEBHOOK_SECRET:
  $ authctl virtuous webhooks listen --bind 127.0.0.1:4040 --forward-to http://127.0.0.1:3000/hook
  $ authctl virtuous webhooks listen --events GiftCreate,GiftUpdate --show-body --jq .body
Example, without an account; the emulator sends one delivery:
  $ authctl --emulator virtuous webhooks listen --count 1";

/// Receive deliveries: verify, print and forward them.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The address to listen on; port 0 is any free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// The path of deliveries.
    #[arg(long, value_name = "PATH", default_value = "/", value_parser = path)]
    path: String,
    /// Send verified deliveries to this URL, with the same bytes and headers.
    #[arg(long, value_name = "URL")]
    forward_to: Option<String>,
    /// Print and forward these events only, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = super::event)]
    events: Vec<&'static str>,
    /// The largest body, in bytes or with the unit KiB or MiB.
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = size)]
    max_body: usize,
    /// End after this many deliveries, accepted or not.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Print bodies, which contain personal data.
    #[arg(long)]
    show_body: bool,
    /// Respond 200 to a verified delivery at once, before it is forwarded.
    #[arg(long)]
    ack: bool,
    /// Allow other machines: as senders, with --bind, and as the receiver, with --forward-to.
    #[arg(long)]
    allow_remote: bool,
    /// Accept deliveries without verifying them, of a subscription without a secret. On a loopback address only.
    #[arg(long, conflicts_with = "secret_file")]
    no_verify: bool,
    #[command(flatten)]
    signing: Signing,
}

pub(super) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse(
        &["--all", "--limit", "--columns", "--output", "--dry-run"],
        "listen prints one line of JSON per delivery, until Ctrl-C or --count",
    )?;
    if arguments.no_verify && !arguments.bind.ip().is_loopback() {
        return Err(Failure::usage("--no-verify needs a loopback address: anybody could send deliveries"));
    }
    if !arguments.allow_remote {
        server::check_loopback("--bind", arguments.bind, server::ALLOW_REMOTE)?;
    }
    let secrets = match arguments.no_verify {
        true => Vec::new(),
        false if globals.emulator => match arguments.signing.secrets(globals)? {
            none if none.is_empty() => vec![SecretString::from(SAMPLE_SECRET)],
            secrets => secrets,
        },
        false => arguments.signing.required(globals)?,
    };
    let target =
        arguments.forward_to.as_deref().map(|url| Target::new(url, arguments.allow_remote)).transpose()?;
    let emulator = if globals.emulator { Some(emulate::start().await?) } else { None };
    let socket = TcpListener::bind(arguments.bind)
        .await
        .map_err(|error| Failure::local(format!("can't listen on {}: {error}", arguments.bind)))?;
    let address = socket.local_addr().unwrap_or(arguments.bind);
    let listener = Arc::new(Listener {
        secrets,
        settings: Settings {
            path: arguments.path.clone(),
            events: arguments.events.clone(),
            max_body: arguments.max_body,
            show_body: arguments.show_body,
            ack: arguments.ack,
            signature_header: arguments.signing.signature_header.clone(),
        },
        target,
        seen: Mutex::default(),
        clock: SystemClock::new(),
    });
    let mut printer = Printer { filter: globals.jq.clone(), out: Out::default() };
    let url = format!("http://{address}{}", arguments.path);
    let ready = Line::default()
        .text("type", "ready")
        .text("url", url.as_str())
        .json("verification", !arguments.no_verify)
        .json("secrets", listener.secrets.len())
        .text("forward_to", listener.target.as_ref().map(|target| target.uri.to_string()).as_deref());
    // Before the line: its reader may send the signal at once.
    let handled = interrupt::handled();
    printer.out.line(&ready.end())?;
    if let Some(emulator) = &emulator {
        let mut delivery = WebhookDelivery::new(url, super::trigger::sample("GiftCreate", None));
        delivery.secret = listener.secrets.first().map(|secret| secret.expose_secret().to_owned());
        let crm = emulator.virtuous();
        tokio::spawn(async move { crm.deliver_webhook(delivery).await });
    }
    let outcome = serve(socket, listener, printer, arguments.count, handled).await;
    if let Some(emulator) = emulator {
        emulator.stop().await;
    }
    outcome
}

/// Accepts connections until the end is reached, then lets deliveries in progress finish.
async fn serve(
    socket: TcpListener,
    listener: Arc<Listener>,
    mut printer: Printer,
    count: Option<u64>,
    handled: Handled,
) -> Result<(), Failure> {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (rows, mut printed) = mpsc::channel::<Row>(MAX_CONNECTIONS);
    let (stop, stopped) = watch::channel(false);
    let mut left = count;
    let mut outcome = Ok(());
    let accept = async || {
        let slot = Arc::clone(&slots).acquire_owned().await;
        (socket.accept().await, slot)
    };
    // One future for all rounds, so that no signal is lost between two of them.
    let mut interrupt = pin!(handled.pressed());
    while left != Some(0) && !printer.out.is_closed() {
        tokio::select! {
            biased;
            () = interrupt.as_mut() => {
                if count.is_some() {
                    outcome = Err(Failure::interrupted(Class::Read).hint("--count deliveries did not come"));
                }
                break;
            }
            Some(row) = printed.recv() => {
                if row.counts {
                    left = left.map(|left| left - 1);
                }
                printer.print(&row.line)?;
            }
            (accepted, slot) = accept() => match accepted {
                Ok((stream, _)) => {
                    let (listener, rows, stopped) = (Arc::clone(&listener), rows.clone(), stopped.clone());
                    tokio::spawn(async move {
                        server::connection(stream, stopped, |request| {
                            let (listener, rows) = (Arc::clone(&listener), rows.clone());
                            async move { listener.receive(request, rows).await }
                        })
                        .await;
                        drop(slot);
                    });
                }
                // Too many open files, for example: wait, since the next attempt fails too.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
        }
    }
    // Ignored: no connection may be open.
    let _ = stop.send(true);
    drop(rows);
    let drain = async {
        while let Some(row) = printed.recv().await {
            printer.print(&row.line)?;
        }
        Ok(())
    };
    outcome.and(tokio::time::timeout(DRAIN, drain).await.unwrap_or(Ok(())))
}

/// Prints the lines of deliveries, as they are or through a filter.
#[derive(Debug)]
struct Printer {
    filter: Option<String>,
    out: Out,
}

impl Printer {
    fn print(&mut self, line: &str) -> Result<(), Failure> {
        let Some(filter) = &self.filter else { return self.out.line(line) };
        let results = match jq::run(filter, line, None) {
            Ok(results) => results,
            Err(failure) => {
                note(&format!("--jq: {}", visible(failure.message())));
                return Ok(());
            }
        };
        for result in results {
            match serde_json::from_str::<String>(&result) {
                Ok(text) if std::io::stdout().is_terminal() => self.out.line(&visible(&text))?,
                Ok(text) => self.out.line(&text)?,
                Err(_) => self.out.line(&result)?,
            }
        }
        Ok(())
    }
}

fn path(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&byte);
    if text.starts_with('/') && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err("must start with / and be percent-encoded, without a query".to_owned())
}

/// A number of bytes, from 1 byte to 64 MiB.
fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text {
        text if text.ends_with("KiB") => (text.trim_end_matches("KiB"), 1 << 10),
        text if text.ends_with("MiB") => (text.trim_end_matches("MiB"), 1 << 20),
        text => (text, 1),
    };
    let bytes = digits.trim().parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    let bytes = bytes.filter(|bytes| (1..=MAX_INPUT).contains(&(*bytes as u64)));
    bytes.ok_or_else(|| "must be a size such as 65536, 512KiB or 1MiB, at most 64MiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_paths_are_checked() {
        assert_eq!((size("1MiB"), size("2 KiB"), size("7")), (Ok(1 << 20), Ok(2048), Ok(7)));
        for bad in ["0", "-1", "1MB", "MiB", "65MiB", "99999999999999999999MiB", ""] {
            assert!(size(bad).is_err(), "{bad}");
        }
        assert_eq!(path("/a/b%20c"), Ok("/a/b%20c".to_owned()));
        for bad in ["", "a", "/a?b", "/a#b", "/a b", "/\u{e9}"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }
}
