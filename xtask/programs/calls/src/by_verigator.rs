//! Ours, with everything that is on by default: deadlines, repeats, origin check, spans.

use crate::models::weigh;
use crate::{PASSWORD, Result, USERNAME};

pub struct Client {
    verigator: verigator_client::Client,
}

impl Client {
    pub fn new(url: &str) -> Result<Self> {
        let builder = verigator_client::Client::builder(USERNAME, PASSWORD.to_owned());
        Ok(Self { verigator: builder.base_url(url).build()? })
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
