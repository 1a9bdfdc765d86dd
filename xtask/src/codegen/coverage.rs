//! Which operations a description has, for whoever must have an answer to each of them.

use super::{plan::Plan, read, read_text, refused};
use crate::{Failure, workspace};
use std::path::Path;

/// An operation, as far as the emulator needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Covered {
    /// `users.create`
    pub id: String,
    /// `POST`
    pub method: String,
    /// `/service/{service_id}/users`, below the client's prefix.
    pub path: String,
}

/// The operations of the description in a folder.
pub fn coverage_of(folder: &Path) -> Result<Vec<Covered>, Failure> {
    let crate_name = workspace::crate_name(folder);
    let text = read_text(&folder.join("openapi.json"))?;
    let document = super::parse(&crate_name, &text)?;
    let api = read::api(&document).map_err(|refusal| refused(&crate_name, &refusal))?;
    let plan = Plan::new(&api).map_err(|refusal| refused(&crate_name, &refusal))?;
    let covered = plan.api.operations.iter().map(|operation| Covered {
        id: operation.id.clone(),
        method: operation.verb.to_owned(),
        path: operation.path.clone(),
    });
    Ok(covered.collect())
}
