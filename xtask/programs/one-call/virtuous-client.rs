//! The smallest program that makes one call with virtuous-client.

use virtuous_client::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let virtuous = Client::new("api-key")?;
    let contact = virtuous.contacts().get(7).await?;
    println!("{}", contact.name.unwrap_or_default());
    Ok(())
}
