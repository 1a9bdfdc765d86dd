//! The smallest program that makes one typed call with reqwest alone, over the same TLS: what the others are measured against.

#[derive(serde::Deserialize)]
struct User {
    id_in_service: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let user: User = reqwest::Client::new()
        .get("https://api.verigator.com/v1/service/service/service-id/users/user-id")
        .header("X-Service-Auth", "user:password")
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    println!("{}", user.id_in_service);
    Ok(())
}
