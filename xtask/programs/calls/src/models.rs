//! What the server sends and the hand-written clients decode: the same fields as the SDK's models have.

use serde::{Deserialize, Serialize};

/// Bytes of a user's JSON.
pub const USER_BYTES: usize = 300;
/// Users in the list: about 50 KB.
pub const LIST_ROWS: usize = 170;

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
pub struct User {
    pub id: String,
    pub ctime: String,
    pub id_in_service: String,
    pub active: Option<bool>,
    pub verified: Option<bool>,
    pub phone_number: Option<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
pub struct UserList {
    pub users: Vec<User>,
    pub total: Option<i64>,
    pub count: Option<i64>,
}

/// What creates a user.
#[derive(Debug, Serialize)]
pub struct NewUser {
    pub id_in_service: String,
    pub phone_number: String,
}

impl NewUser {
    pub fn sample() -> Self {
        Self { id_in_service: crate::NEW_USER.to_owned(), phone_number: crate::NEW_NUMBER.to_owned() }
    }
}

/// A user as JSON, made [`USER_BYTES`] long by its name.
pub fn user_json() -> String {
    let with = |name: &str| {
        format!(
            r#"{{"id":"{}","ctime":"2017-07-06T13:12:03.141Z","id_in_service":"{name}","active":true,"verified":false,"phone_number":"+37251000001"}}"#,
            crate::USER_ID
        )
    };
    let rest = with("").len();
    with(&"n".repeat(USER_BYTES - rest))
}

pub fn list_json() -> String {
    let users = vec![user_json(); LIST_ROWS].join(",");
    format!(r#"{{"users":[{users}],"total":{LIST_ROWS},"count":{LIST_ROWS}}}"#)
}

/// What a client returns for a user: the length of its JSON, reckoned from the name.
pub fn weigh(name: &str) -> usize {
    static REST: std::sync::LazyLock<usize> = std::sync::LazyLock::new(|| {
        let user: User = serde_json::from_str(&user_json()).expect("our own JSON");
        USER_BYTES - user.id_in_service.len()
    });
    name.len() + *REST
}
