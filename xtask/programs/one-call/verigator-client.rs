//! The smallest program that makes one call with verigator-client.

use verigator_client::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let verigator = Client::new("user", "password")?;
    let user = verigator.users("service-id").get("user-id").await?;
    println!("{}", user.id_in_service);
    Ok(())
}
