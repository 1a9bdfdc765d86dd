//! Virtuous: logs in with a one-time code, calls with an expired token, signs with HMAC, verifies a webhook.
//!
//! ```sh
//! cargo run --example virtuous
//! ```
//!
//! Without environment variables the example starts the emulator in this process. With `VIRTUOUS_API_KEY`, or
//! `VIRTUOUS_USERNAME` and `VIRTUOUS_PASSWORD`, it only reads from the vendor, or the server at `VIRTUOUS_BASE_URL`.

use auth_client_examples::{Output, Result, is_set, server};
use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::WebhookDelivery;
use std::process::ExitCode;
use std::time::Duration;
use virtuous_client::arguments::{GiftsByReferenceOptions, Paging};
use virtuous_client::webhook::{self, Delivery};
use virtuous_client::{Client, ContactQuery, HmacKeys, LoginStep, RateLimitHeaders as _, SecretString};

/// The number of tasks that call concurrently with an expired token.
const TASKS: usize = 500;

#[tokio::main]
async fn main() -> ExitCode {
    auth_client_examples::run(run).await
}

/// Runs the example against the emulator, or against the vendor if its environment variables are set.
pub(crate) async fn run(output: &mut Output) -> Result {
    if is_set(&["VIRTUOUS_API_KEY", "VIRTUOUS_USERNAME", "VIRTUOUS_APPLICATION_KEY", "VIRTUOUS_BASE_URL"]) {
        let client = Client::from_env()?;
        output.heading("Virtuous", &server("VIRTUOUS_BASE_URL"));
        let result = read(output, &client).await;
        // Also after an error: a running renewal must not end with the program.
        client.close().await;
        return result;
    }
    let emulator = Emulator::builder().virtuous(|settings| settings.two_factor = true).start().await?;
    let virtuous = emulator.virtuous();
    output.heading("Virtuous", &format!("emulator at {}", virtuous.base_url()));
    let keys = HmacKeys::new(virtuous.application_key(), virtuous.private_key());
    let client = Client::builder().hmac(keys).session().base_url(virtuous.base_url()).build()?;

    log_in(output, &client, &emulator).await?;
    read(output, &client).await?;
    expired_token(output, &client, &emulator).await?;
    signed_calls(output, &client).await?;
    webhook(output, &emulator).await
}

/// Logs in with username, password and one-time code.
async fn log_in(output: &mut Output, client: &Client, emulator: &Emulator) -> Result {
    let virtuous = emulator.virtuous();
    let step = output
        .call("login(user, password)", client.login(virtuous.username(), virtuous.password()), |step| {
            match step {
                LoginStep::LoggedIn(_) => "logged in",
                _ => "a one-time code is required",
            }
        })
        .await?;
    if let LoginStep::CodeRequired(challenge) = step {
        let wrong = challenge.answer("000000".to_owned());
        let _ = output.expect_error("challenge.answer(000000)", wrong).await?;
        // The emulator returns the code that a user would type.
        let code = virtuous.pending_codes().pop().map(|pending| pending.code).unwrap_or_default();
        output.call("challenge.answer(code)", challenge.answer(code), |_| "logged in").await?;
    }
    Ok(())
}

/// Reads the organization and three contacts.
async fn read(output: &mut Output, client: &Client) -> Result {
    output
        .call("organizations.current()", client.organizations().current().reply(), |reply| {
            let name = reply.value.organization_name.as_deref().unwrap_or_default();
            match reply.rate_limit().remaining {
                Some(remaining) => format!("{name}, {remaining} calls left this hour"),
                None => name.to_owned(),
            }
        })
        .await?;
    let query = ContactQuery::all();
    let call = client.contacts().query(&query, Paging::new().take(3));
    output
        .call("contacts.query(all)", call, |page| format!("{} of {} contacts", page.list.len(), page.total))
        .await?;
    Ok(())
}

/// The access token expires, and many tasks call at the same time: one refresh serves all of them.
async fn expired_token(output: &mut Output, client: &Client, emulator: &Emulator) -> Result {
    let virtuous = emulator.virtuous();
    virtuous.expire_access_tokens();
    output.note(format!("the access token expires; {TASKS} tasks call concurrently"));
    let calls = async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.organizations().current().await.map(drop) })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Result::Ok(virtuous.effect("token_refreshed"))
    };
    let refreshes = output
        .call("organizations.current(), all tasks", calls, |count| {
            format!("{TASKS} responses, {count} token refresh")
        })
        .await?;
    if refreshes == 1 { Ok(()) } else { Err(format!("expected 1 token refresh, got {refreshes}").into()) }
}

/// Calls the operations that accept an HMAC signature only.
async fn signed_calls(output: &mut Output, client: &Client) -> Result {
    output
        .call("contacts.by_reference(crm/17)", client.contacts().by_reference("crm/17"), |contact| {
            format!("{} (signed with HMAC)", contact.name.as_deref().unwrap_or_default())
        })
        .await?;
    let options = GiftsByReferenceOptions::new().take(5);
    output
        .call("gifts.by_reference(crm/17)", client.gifts().by_reference("crm/17", options), |page| {
            format!("{} gift (signed with HMAC)", page.total)
        })
        .await?;
    Ok(())
}

/// Receives a webhook and verifies its signature before parsing it.
async fn webhook(output: &mut Output, emulator: &Emulator) -> Result {
    let secret = "the subscription's secret";
    let receiver = Receiver::start()?;
    let body =
        r#"{"event":"GiftCreate","models":[{"gift":{"id":301,"contactId":17,"amount":10.5}}]}"#.parse()?;
    let delivery = WebhookDelivery::new(receiver.url.clone(), body).signed_with(secret);
    let virtuous = emulator.virtuous();
    let sent = tokio::time::timeout(Duration::from_secs(20), virtuous.deliver_webhook(delivery));
    let verified = async {
        sent.await??;
        let (body, signature) = receiver.received.recv_timeout(Duration::from_secs(20))?;
        webhook::verify(&SecretString::from(secret), &body, &signature)?;
        Result::Ok(Delivery::parse(&body)?)
    };
    output
        .call("webhook::verify(delivery)", verified, |delivery| {
            format!("{} with {} record, valid signature", delivery.event, delivery.payloads.len())
        })
        .await?;
    Ok(())
}

/// An HTTP server that accepts one delivery and passes on its body and signature.
struct Receiver {
    url: String,
    received: std::sync::mpsc::Receiver<(Vec<u8>, String)>,
}

impl Receiver {
    fn start() -> Result<Self> {
        use std::io::{BufRead as _, BufReader, Read as _, Write as _};
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}/webhook", listener.local_addr()?);
        let (sender, received) = std::sync::mpsc::channel();
        std::thread::spawn(move || -> std::io::Result<()> {
            let (stream, _) = listener.accept()?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            let mut reader = BufReader::new(&stream);
            let (mut length, mut signature) = (0, String::new());
            loop {
                let mut line = String::new();
                reader.read_line(&mut line)?;
                match line.trim_end().split_once(": ") {
                    Some(("Content-Length", value)) => length = value.parse().unwrap_or(0),
                    Some(("X-Virtuous-Signature", value)) => value.clone_into(&mut signature),
                    None if line.trim_end().is_empty() => break,
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            (&stream).write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
            // Fails only if the example has ended.
            let _ = sender.send((body, signature));
            Ok(())
        });
        Ok(Self { url, received })
    }
}
