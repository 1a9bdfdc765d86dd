//! The smallest program that makes one call with vaultvision-client.

use vaultvision_client::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let vault = Client::new("vv_key")?;
    let user = vault.users("tenant-id").get("user-id").await?;
    println!("{}", user.profile().email());
    Ok(())
}
