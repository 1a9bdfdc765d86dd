//! The smallest program that makes one call with vise-client.

use vise_client::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let vise = Client::builder("token").dashboard_url("https://dashboard.example").build()?;
    let domains = vise.list_account_domains().await?;
    println!("{}", domains.len());
    Ok(())
}
