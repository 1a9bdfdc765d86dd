//! Exports all records of a Virtuous resource to a file, with a progress bar.
//!
//! ```sh
//! cargo run --example export -- gifts-full gifts.jsonl
//! ```
//!
//! With `VIRTUOUS_API_KEY`, or `VIRTUOUS_USERNAME` and `VIRTUOUS_PASSWORD`, it exports from the vendor, or from the
//! server at `VIRTUOUS_BASE_URL`. To resume after an interruption, run the example again. Without these variables, it
//! starts the emulator in this process, with 20,000 contacts; an interrupted export from this emulator can't be
//! resumed.

#![allow(clippy::print_stderr, clippy::print_stdout, reason = "the example prints its results")]

use auth_client_examples::{Result, is_set, server};
use auth_emulator::Emulator;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use virtuous_client::export::{Export, Resource};
use virtuous_client::{Client, ClientBuilder, RateGuard};

const HELP: &str = "\
Exports all records of a resource to a file, one line of JSON per record.

Usage: cargo run --example export -- [RESOURCE [FILE]]

  RESOURCE  default: contacts; an unknown name lists all resources
  FILE      default: RESOURCE.jsonl in the temporary directory

After an interruption, run the command again: it resumes. FILE.export records which resource and query FILE contains.";

/// Number of calls per hour that the export reserves for other programs.
const RESERVED_CALLS: u64 = 50;

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
    let mut arguments = std::env::args().skip(1);
    let resource = arguments.next().unwrap_or_else(|| "contacts".to_owned());
    if matches!(resource.as_str(), "-h" | "--help" | "help") {
        println!("{HELP}");
        return Ok(());
    }
    let resource: Resource = resource.parse()?;
    let file = arguments
        .next()
        .map_or_else(|| std::env::temp_dir().join(format!("{resource}.jsonl")), PathBuf::from);

    // The emulator stops when it is dropped.
    let (builder, _emulator) = client_builder().await?;
    let client = builder.rate_guard(RateGuard::pace_below(RESERVED_CALLS)).build()?;
    let exported = export(&client, resource, &file).await;
    // Also after an error: a running renewal must not end with the program.
    client.close().await;
    exported
}

/// A builder for the vendor's server, or for the emulator.
async fn client_builder() -> Result<(ClientBuilder, Option<Emulator>)> {
    if is_set(&["VIRTUOUS_API_KEY", "VIRTUOUS_USERNAME", "VIRTUOUS_BASE_URL"]) {
        println!("exporting from {}", server("VIRTUOUS_BASE_URL"));
        return Ok((ClientBuilder::from_env()?, None));
    }
    let emulator = Emulator::builder().virtuous(|settings| settings.contacts = 20_000).start().await?;
    let virtuous = emulator.virtuous();
    println!("exporting from the emulator at {}", virtuous.base_url());
    Ok((Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()), Some(emulator)))
}

async fn export(client: &Client, resource: Resource, file: &Path) -> Result {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = "{msg} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    bar.set_message(resource.to_string());
    let exported = Export::new(client, resource)
        .on_progress(|progress| {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.rows);
            if let Some(delay) = progress.waiting {
                bar.println(format!("rate limit reached; resuming in {} s", delay.as_secs()));
            }
        })
        .to_file(file)
        .await
        .inspect_err(|_| bar.abandon())?;
    bar.finish_and_clear();
    println!("exported {} records to {}", exported.rows, file.display());
    if exported.resumed > 0 {
        println!("{} of them by an earlier run", exported.resumed);
    }
    Ok(())
}
