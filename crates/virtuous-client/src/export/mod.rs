//! Bulk export: everything that a query finds, as JSON lines in a file, as the vendor wrote it.
//!
//! An export that was broken off goes on where it stopped when it is run again, also after the process was killed: the
//! file itself says how far it got, so nothing can disagree with it. Rows are ordered by their id, each comes once. What
//! goes on is the same query: one with a date relative to the day that it runs on finds other rows on another day.
//!
//! ```no_run
//! use virtuous_client::export::{Export, Resource};
//!
//! # async fn example(client: &virtuous_client::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let exported = Export::new(client, Resource::Gifts)
//!     .on_progress(|progress| eprintln!("{} of {:?}", progress.rows, progress.total))
//!     .to_file("gifts.jsonl")
//!     .await?;
//! println!("{} gifts", exported.rows);
//! # Ok(())
//! # }
//! ```
//!
//! A client with a [`RateGuard`](crate::RateGuard) leaves calls for others; without one, an export that has spent the
//! calls of the hour waits for the next.

mod file;
mod resource;

pub use resource::{Resource, UnknownResource};

use crate::arguments::Paging;
use crate::models::QueryOptions;
use crate::query::{ContactQuery, Query};
use crate::{Client, Error, ErrorKind, Walk, page};
use auth_client_core::decode;
use auth_client_core::provider::record::{Field, Fit};
use auth_client_core::provider::{Operation, check};
use file::ExportFile;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often in a row an export waits because it is throttled.
const MOST_WAITS: u32 = 24;

/// How long it waits where the vendor doesn't say.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// An export that is being put together.
///
/// ```no_run
/// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::export::ExportError> {
/// use virtuous_client::Query;
/// use virtuous_client::export::{Export, Resource};
/// use virtuous_client::query::parameter;
///
/// let checks = Query::matching([parameter("Gift Type").is("Check")]);
/// Export::new(client, Resource::Gifts).query(checks).take(500).to_file("checks.jsonl").await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an export does nothing until it has a file to go to"]
pub struct Export<'a> {
    client: &'a Client,
    resource: Resource,
    query: ContactQuery,
    take: u64,
    progress: Option<Tell<'a>>,
}

type Tell<'a> = Box<dyn FnMut(&Progress) + Send + 'a>;

/// How far an export has got.
///
/// ```
/// use virtuous_client::export::Progress;
///
/// fn tell(progress: &Progress) {
///     match progress.waiting {
///         Some(time) => eprintln!("goes on in {time:?}"),
///         None => eprintln!("{} rows", progress.rows),
///     }
/// }
/// # let _ = tell;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows in the file.
    pub rows: u64,
    /// Rows that there will be, as far as the vendor has said.
    pub total: Option<u64>,
    /// How long it is going to wait now, because no calls are left.
    pub waiting: Option<Duration>,
}

/// An export that is complete.
///
/// ```
/// use virtuous_client::export::Exported;
///
/// fn summary(exported: &Exported) -> String {
///     format!("{} rows, {} of them from before", exported.rows, exported.resumed)
/// }
/// # let _ = summary;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Rows in the file.
    pub rows: u64,
    /// How many of them an earlier run had written.
    pub resumed: u64,
}

/// Why an export has stopped. Everything in the file stays, and another run goes on from there.
///
/// ```no_run
/// use virtuous_client::export::{Export, ExportError, Resource};
///
/// # async fn example(client: &virtuous_client::Client) {
/// match Export::new(client, Resource::Contacts).to_file("contacts.jsonl").await {
///     Ok(exported) => println!("{} rows, {} of them from before", exported.rows, exported.resumed),
///     Err(ExportError::Api(error)) if error.is_retryable() => println!("run it again: {error}"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A call failed.
    #[error(transparent)]
    Api(#[from] Error),
    /// The file can't be read or written.
    #[error("{} can't be {doing}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file was begun by something else.
    #[error("{} is not to be gone on with: {reason}. Choose another file, or remove it and what lies beside it", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

impl<'a> Export<'a> {
    /// An export of everything of a resource.
    pub fn new(client: &'a Client, resource: Resource) -> Self {
        Self { client, resource, query: ContactQuery::all(), take: 1000, progress: None }
    }

    /// Only what this query finds. Its order is not kept.
    pub fn query(mut self, query: Query) -> Self {
        self.query.query = query;
        self
    }

    /// The same for contacts, with what only their queries have.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::export::ExportError> {
    /// use virtuous_client::ContactQuery;
    /// use virtuous_client::export::{Export, Resource};
    ///
    /// let everybody = ContactQuery::all().include_archived(true);
    /// Export::new(client, Resource::Contacts).contact_query(everybody).to_file("contacts.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn contact_query(mut self, query: ContactQuery) -> Self {
        self.query = query;
        self
    }

    /// How many rows are asked for at a time, from 1 to 1,000. Default 1,000; fewer when the vendor fails on that.
    pub fn take(mut self, rows: u64) -> Self {
        self.take = rows;
        self
    }

    /// Tells how far it has got, after every page and before every wait.
    pub fn on_progress(mut self, tell: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(tell));
        self
    }

    /// Exports to this file, and goes on with it where an earlier run was broken off. What was exported is noted beside it,
    /// in a file with `.export` behind its name, so that it is not gone on with for another query.
    ///
    /// The file is written with blocking calls, a page at a time, and each page is on the disk before the next one is
    /// asked for. Two exports must not share a file.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::export::ExportError> {
    /// use virtuous_client::export::{Export, Resource};
    ///
    /// let exported = Export::new(client, Resource::Gifts).to_file("gifts.jsonl").await?;
    /// println!("{} rows, {} of them from before", exported.rows, exported.resumed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError`]; run it again to go on.
    pub async fn to_file(mut self, path: impl AsRef<Path>) -> Result<Exported, ExportError> {
        let contacts = self.resource.is_contacts();
        let head = if contacts { to_json(&self.query) } else { to_json(&self.query.query) };
        let from = self.client.engine().origin().to_string();
        let mut file = ExportFile::open(path.as_ref(), self.resource, &from, &head)?;
        let resumed = file.rows();
        let mut waits = 0;
        let mut walk = loop {
            match self.walk().await {
                Ok(walk) => break walk.take(self.take),
                Err(error) => waits = self.wait(error, waits, resumed).await?,
            }
        };
        if let Some(id) = file.last_id() {
            walk = walk.after(id);
        }
        walk = walk.skipping(resumed);
        loop {
            match walk.next_rows().await {
                Ok(rows) if rows.is_empty() => break,
                Ok(rows) => {
                    file.append(rows.iter().map(|row| row.json.as_str()))?;
                    waits = 0;
                    let total = walk.total().map(|total| resumed + total);
                    self.tell(Progress { rows: file.rows(), total, waiting: None });
                }
                Err(error) => waits = self.wait(error, waits, file.rows()).await?,
            }
        }
        Ok(Exported { rows: file.rows(), resumed })
    }

    /// Waits where no calls are left; the number of waits in a row, this one included.
    async fn wait(&mut self, error: Error, waits: u32, rows: u64) -> Result<u32, Error> {
        if error.kind() != ErrorKind::Throttled || waits >= MOST_WAITS {
            return Err(error);
        }
        let delay = error.retry_after().unwrap_or(DEFAULT_WAIT);
        self.tell(Progress { rows, total: None, waiting: Some(delay) });
        self.client.engine().sleep(delay).await;
        Ok(waits + 1)
    }

    fn tell(&mut self, progress: Progress) {
        if let Some(tell) = &mut self.progress {
            tell(&progress);
        }
    }

    /// The rows, by the way that suits the resource.
    async fn walk(&self) -> Result<Walk<Row>, Error> {
        let (client, resource, query) = (self.client.clone(), self.resource, self.query.clone());
        let operation = resource.query_operation();
        let fetch = move |part: &Query, paging: Paging| {
            let request = client.engine().request(operation, &[]);
            let request = match resource.is_contacts() {
                true => request.json(&ContactQuery { query: part.clone(), ..query.clone() }),
                false => request.json(part),
            };
            if operation.paging().is_none() {
                return request.call(page::read_only);
            }
            let in_bounds = check::page(operation, paging.skip, paging.take);
            request.query("skip", paging.skip).query("take", paging.take).check(in_bounds).call(page::read)
        };
        let walk = Walk::new(self.query.query.clone(), fetch, resource.row_id()).sorted_by(resource.sort());
        Ok(match self.id_parameter().await? {
            Some(parameter) => walk.by(parameter),
            None => walk,
        })
    }

    /// The parameter by which ids can be compared, where the resource has one.
    async fn id_parameter(&self) -> Result<Option<String>, Error> {
        if self.resource.id_parameters().is_empty() {
            return Ok(None);
        }
        let operation = self.resource.options_operation();
        let call = self.client.engine().request(operation, &[]).call::<QueryOptions, Error>(decode::json);
        let options = call.await?;
        let has = |parameter: &&&str| {
            options.options.iter().any(|option| {
                // As in the check of queries: those of the whole list hold where a parameter lists none of its own.
                let own = &option.operator_options;
                let mut operators = if own.is_empty() { options.operator_options.iter() } else { own.iter() };
                option.parameter.as_deref() == Some(**parameter)
                    && operators.any(|operator| operator.operator.as_deref() == Some("GreaterThan"))
            })
        };
        Ok(self.resource.id_parameters().iter().find(has).map(|parameter| (*parameter).to_owned()))
    }
}

fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl fmt::Debug for Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("resource", &self.resource).finish_non_exhaustive()
    }
}

/// A row as it stood in the answer, and the ids that it has.
#[derive(Debug, Default)]
struct Row {
    ids: Ids,
    json: String,
}

/// The ids of a row, by the names that resources give to their own.
#[derive(Debug, Default)]
struct Ids {
    id: Option<i64>,
    campaign: Option<i64>,
    communication: Option<i64>,
}

impl Field for Row {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str) -> Fit {
        self.ids = serde_json::from_str(json).map_err(|_| self.expected())?;
        // A line break in JSON never stands inside a text.
        self.json = json.replace(['\n', '\r'], " ");
        Ok(())
    }
}

// No record, for a record keeps what it doesn't know.
impl Field for Ids {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn object(&mut self) -> Fit {
        Ok(())
    }

    fn member(&mut self, name: &str) -> Option<&mut dyn Field> {
        match name {
            "id" => Some(&mut self.id),
            "campaignId" => Some(&mut self.campaign),
            "communicationId" => Some(&mut self.communication),
            _ => None,
        }
    }
}

auth_client_core::provider::deserialize_records!(Ids);

pub(crate) type AnyOperation = &'static Operation;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_and_knows_its_id() {
        for (json, resource, id) in [
            ("{\n \"id\": 7,\r\n \"name\": \"a\\nb\"}", Resource::Gifts, Some(7)),
            (r#"{"campaignId":3}"#, Resource::Campaigns, Some(3)),
            (r#"{"communicationId":4,"campaignId":3}"#, Resource::Communications, Some(4)),
            // As the vendor documents it.
            (r#"{"campaignId":3,"channelType":null}"#, Resource::Communications, None),
            ("{}", Resource::Contacts, None),
        ] {
            let mut row = Row::blank();
            row.raw(json).unwrap();
            assert_eq!(resource.row_id()(&row), id, "{json}");
            assert_eq!(row.json.lines().count(), 1, "{json}");
            let (ours, theirs): (Value, Value) =
                (serde_json::from_str(&row.json).unwrap(), serde_json::from_str(json).unwrap());
            assert_eq!(ours, theirs);
        }
        assert!(Row::blank().raw("7").is_err());
    }
}
