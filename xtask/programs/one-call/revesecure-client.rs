//! The smallest program that makes one call with revesecure-client.

use revesecure_client::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let revesecure = Client::new("api-key", "cafe5ca4a7".to_owned())?;
    let user = revesecure.users().get("user-id").await?;
    println!("{user:?}");
    Ok(())
}
