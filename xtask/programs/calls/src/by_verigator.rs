//! Ours, with everything that is on by default: deadlines, retries, origin check, spans.

use crate::models::weigh;
use crate::{NEW_NUMBER, NEW_USER, PASSWORD, Result, USERNAME};

#[derive(Clone)]
pub struct Client {
    verigator: verigator_client::Client,
}

impl Client {
    pub fn over_hyper(url: &str) -> Result<Self> {
        let builder = verigator_client::Client::builder(USERNAME, PASSWORD.to_owned());
        Ok(Self { verigator: builder.base_url(url).build()? })
    }

    pub fn over_reqwest(url: &str) -> Result<Self> {
        let builder = verigator_client::Client::builder(USERNAME, PASSWORD.to_owned());
        let transport = verigator_client::ReqwestTransport::new(verigator_client::TransportSettings::new())?;
        Ok(Self { verigator: builder.base_url(url).transport(transport).build()? })
    }

    pub async fn create(&self, service: &str) -> Result<usize> {
        let new = verigator_client::models::NewUser::id_in_service(NEW_USER).phone_number(NEW_NUMBER);
        let user = self.verigator.users(service).create(new).await?;
        Ok(weigh(&user.id_in_service))
    }

    pub async fn user(&self, service: &str, user: &str) -> Result<usize> {
        let user = self.verigator.users(service).get(user).await?;
        Ok(weigh(&user.id_in_service))
    }

    pub async fn list(&self, service: &str) -> Result<usize> {
        let list = self.verigator.users(service).list().await?;
        Ok(list.users.len())
    }
}
