//! A bulk export with a progress bar: `cargo run --example export -- gifts-full gifts.jsonl`.
//!
//! It can be interrupted at any moment: run it again, and it goes on where it stopped. Without environment variables it
//! exports from the emulator, which is started in this process with twenty thousand contacts; with `VIRTUOUS_API_KEY`, or
//! `VIRTUOUS_USERNAME` and `VIRTUOUS_PASSWORD`, from the vendor, or the server of `VIRTUOUS_BASE_URL`.

#![allow(clippy::print_stderr, clippy::print_stdout, reason = "examples tell what they do")]

use auth_client_examples::{Result, is_set, place};
use auth_emulator::Emulator;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use virtuous_client::export::{Export, Resource};
use virtuous_client::{Client, ClientBuilder, RateGuard};

const HELP: &str = "\
Exports everything of a resource to a file, a line of JSON for each row.

Usage: cargo run --example export -- [RESOURCE [FILE]]

  RESOURCE  contacts by default; any other word lists what there is
  FILE      RESOURCE.jsonl in the folder for temporary files by default

When it is interrupted, run it again: it goes on where it stopped. Beside FILE it keeps FILE.export, which says what
FILE holds.";

/// So many calls of the hour are left for others.
const LEFT_FOR_OTHERS: u64 = 50;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result {
    let mut words = std::env::args().skip(1);
    let resource = words.next().unwrap_or_else(|| "contacts".to_owned());
    if matches!(resource.as_str(), "-h" | "--help" | "help") {
        println!("{HELP}");
        return Ok(());
    }
    let resource: Resource = resource.parse()?;
    let file =
        words.next().map_or_else(|| std::env::temp_dir().join(format!("{resource}.jsonl")), PathBuf::from);

    // A client of a person's own has its settings; one for the emulator lives as long as the emulator.
    let (builder, _emulator) = source().await?;
    let client = builder.rate_guard(RateGuard::slow_down_before(LEFT_FOR_OTHERS)).build()?;
    export(&client, resource, &file).await
}

async fn source() -> Result<(ClientBuilder, Option<Emulator>)> {
    if is_set(&["VIRTUOUS_API_KEY", "VIRTUOUS_USERNAME", "VIRTUOUS_BASE_URL"]) {
        println!("from {}", place("VIRTUOUS_BASE_URL"));
        return Ok((ClientBuilder::from_env()?, None));
    }
    let emulator = Emulator::builder().virtuous(|settings| settings.contacts = 20_000).start().await?;
    let virtuous = emulator.virtuous();
    println!("from the emulator at {}", virtuous.base_url());
    Ok((Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()), Some(emulator)))
}

async fn export(client: &Client, resource: Resource, file: &Path) -> Result {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = "{msg} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} to go";
    bar.set_style(ProgressStyle::with_template(style)?);
    bar.set_message(resource.to_string());
    let exported = Export::new(client, resource)
        .on_progress(|progress| {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.rows);
            if let Some(delay) = progress.waiting {
                bar.println(format!("no calls are left; going on in {} s", delay.as_secs()));
            }
        })
        .to_file(file)
        .await
        .inspect_err(|_| bar.abandon())?;
    bar.finish_and_clear();
    println!("{} rows in {}", exported.rows, file.display());
    if exported.resumed > 0 {
        println!("{} of them were there already", exported.resumed);
    }
    Ok(())
}
