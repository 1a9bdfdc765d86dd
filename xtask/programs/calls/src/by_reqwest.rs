//! As people write it: the URL by `format!`, a header, `error_for_status`, `json`.

use crate::models::{NewUser, User, UserList, weigh};
use crate::{PASSWORD, Result, USERNAME};

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    credential: String,
}

impl Client {
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().build()?,
            base: format!("{url}/v1/service"),
            credential: format!("{USERNAME}:{PASSWORD}"),
        })
    }

    pub async fn user(&self, service: &str, user: &str) -> Result<usize> {
        let url = format!("{}/service/{service}/users/{user}", self.base);
        let user: User = self
            .http
            .get(url)
            .header("X-Service-Auth", &self.credential)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(weigh(&user.id_in_service))
    }

    pub async fn create(&self, service: &str) -> Result<usize> {
        let url = format!("{}/service/{service}/users", self.base);
        let user: User = self
            .http
            .post(url)
            .header("X-Service-Auth", &self.credential)
            .json(&NewUser::sample())
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(weigh(&user.id_in_service))
    }

    pub async fn list(&self, service: &str) -> Result<usize> {
        let url = format!("{}/service/{service}/users", self.base);
        let list: UserList = self
            .http
            .get(url)
            .header("X-Service-Auth", &self.credential)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(list.users.len())
    }
}
