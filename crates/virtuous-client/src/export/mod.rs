//! Bulk export: writes all results of a query to a file, as JSON lines in the API's format, or returns them page by
//! page.
//!
//! An interrupted export resumes when it is run again, even if the process was killed, because the file is its only
//! state. Rows are ordered by id, and each occurs once. A query with a relative date can match other rows when it is
//! resumed on another day.
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
//! A [`RateGuard`](crate::RateGuard) of the client reserves calls for other programs. Without one, an export that has
//! used all calls of an hour waits for the next hour.

mod batches;
mod file;
mod resource;
mod row;
mod rows;

pub use batches::{Batches, ExportedRow};
pub use resource::{Resource, UnknownResource};

use crate::arguments::Paging;
use crate::models::QueryOptions;
use crate::query::{self, ContactQuery, Query};
use crate::{Client, Error, Walk, page};
use auth_client_core::provider::{Operation, check};
use auth_client_core::{UnreadableRow, decode};
use file::ExportFile;
use row::Row;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Maximum number of consecutive delays because of throttling.
const MAX_WAITS: u32 = 24;

/// Delay if the server doesn't state one.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// Builder of an export.
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
#[must_use = "nothing is exported until `to_file` or `batches` is called"]
pub struct Export<'a> {
    client: &'a Client,
    resource: Resource,
    query: ContactQuery,
    take: u64,
    progress: Option<Tell<'a>>,
    report: Option<Report>,
}

type Report = Box<dyn Fn(&UnreadableRow) + Send + Sync>;
type Tell<'a> = Box<dyn FnMut(&Progress) + Send + 'a>;

/// Progress of an export.
///
/// ```
/// use virtuous_client::export::Progress;
///
/// fn tell(progress: &Progress) {
///     match progress.waiting {
///         Some(time) => eprintln!("resumes in {time:?}"),
///         None => eprintln!("{} rows", progress.rows),
///     }
/// }
/// # let _ = tell;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Number of rows in the file.
    pub rows: u64,
    /// Total number of rows, if the server has reported it.
    pub total: Option<u64>,
    /// Time until the export continues, if no calls are left.
    pub waiting: Option<Duration>,
}

/// A completed export.
///
/// ```
/// use virtuous_client::export::Exported;
///
/// fn summary(exported: &Exported) -> String {
///     format!("{} rows, {} of them from an earlier run", exported.rows, exported.resumed)
/// }
/// # let _ = summary;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Number of rows in the file.
    pub rows: u64,
    /// Number of rows that earlier runs have written.
    pub resumed: u64,
    /// The server's total number of rows at the start of this run, if it was reported. It doesn't determine the end of
    /// the export; compare it with [`rows`](Self::rows) to detect missing rows.
    pub total: Option<u64>,
}

/// The reason why an export has stopped. The file is kept, and another run resumes the export.
///
/// ```no_run
/// use virtuous_client::export::{Export, ExportError, Resource};
///
/// # async fn example(client: &virtuous_client::Client) {
/// match Export::new(client, Resource::Contacts).to_file("contacts.jsonl").await {
///     Ok(exported) => println!("{} rows, {} of them from an earlier run", exported.rows, exported.resumed),
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
    #[error("{} can't be {doing}: {cause}", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// Error of the operating system.
        cause: std::io::Error,
    },
    /// The file belongs to another export.
    #[error("{} can't be resumed: {reason}; choose another file, or remove it and its `.export` file", path.display())]
    Mismatch {
        /// Path of the file.
        path: PathBuf,
        /// Description of the mismatch.
        reason: String,
    },
}

impl<'a> Export<'a> {
    /// Creates an export of all rows of a resource.
    pub fn new(client: &'a Client, resource: Resource) -> Self {
        Self { client, resource, query: ContactQuery::all(), take: 1000, progress: None, report: None }
    }

    /// Restricts the export to the results of this query, whose sort order is ignored.
    pub fn query(mut self, query: Query) -> Self {
        self.query.query = query;
        self
    }

    /// Restricts an export of contacts to the results of this query.
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

    /// Sets the page size, from 1 to 1,000. Default: 1,000; reduced if the server fails.
    pub fn take(mut self, rows: u64) -> Self {
        self.take = rows;
        self
    }

    /// Sets a callback that is called after each page that is written to a file, and before each delay.
    pub fn on_progress(mut self, tell: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(tell));
        self
    }

    /// Skips rows that can't be decoded, and passes each of them to `report`; see
    /// [`Call::on_unreadable`](auth_client_core::Call::on_unreadable). Without this option, the export stops at such a
    /// row. An export decodes only ids, so these are rows that are not objects or whose id is not a number.
    pub fn on_unreadable(mut self, report: impl Fn(&UnreadableRow) + Send + Sync + 'static) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// Exports to this file, or resumes an interrupted export. A second file with the suffix `.export` records the
    /// resource and the query, so that the export is not resumed with another query.
    ///
    /// The file is written with blocking I/O, one page at a time, and each page is flushed to disk while the server
    /// prepares the next one. Concurrent exports must not use the same file.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::export::ExportError> {
    /// use virtuous_client::export::{Export, Resource};
    ///
    /// let exported = Export::new(client, Resource::Gifts).to_file("gifts.jsonl").await?;
    /// println!("{} rows, {} of them from an earlier run", exported.rows, exported.resumed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExportError`]; run the export again to resume.
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<Exported, ExportError> {
        let contacts = self.resource.is_contacts();
        let head = if contacts { to_json(&self.query) } else { to_json(&self.query.query) };
        let from = self.client.engine().origin().to_string();
        let mut file = ExportFile::open(path.as_ref(), self.resource, &from, &head)?;
        let resumed = file.rows();
        let mut batches = self.batches().prefetch().resume(resumed, file.last_id());
        while let Some(rows) = batches.next().await? {
            file.append(rows.iter().map(|row| row.json.as_str()))?;
            batches.tell();
        }
        Ok(Exported { rows: file.rows(), resumed, total: batches.total() })
    }

    fn tell(&mut self, progress: Progress) {
        if let Some(tell) = &mut self.progress {
            tell(&progress);
        }
    }

    /// Returns a walk over the rows of the resource: by id if possible, otherwise with `skip`.
    ///
    /// Doesn't take `&self`, because the progress function is not `Sync` and the future would not be `Send`.
    async fn walk(client: &Client, resource: Resource, query: ContactQuery) -> Result<Walk<Row>, Error> {
        let conditions = query.query.clone();
        let by = Self::id_parameter(client, resource).await?;
        let client = client.clone();
        let operation = resource.query_operation();
        let fetch = move |part: &Query, paging: Paging| {
            let request = client.engine().request(operation, &[]);
            let request = request.check(query::check_query(operation, part));
            let request = match resource.is_contacts() {
                true => request.json(&ContactQuery { query: part.clone(), ..query.clone() }),
                false => request.json(part),
            };
            if operation.paging().is_none() {
                return request.call(page::read_only);
            }
            let in_bounds = check::page(operation, paging.skip, paging.take);
            request.query("skip", paging.skip).query("take", paging.take).check(in_bounds).call(rows::read)
        };
        let walk = Walk::new(conditions, fetch, resource.row_id()).sorted_by(resource.sort());
        Ok(match by {
            Some(parameter) => walk.by(parameter),
            None => walk,
        })
    }

    /// Returns the query parameter that compares ids, if the resource has one.
    async fn id_parameter(client: &Client, resource: Resource) -> Result<Option<String>, Error> {
        if resource.id_parameters().is_empty() {
            return Ok(None);
        }
        let operation = resource.options_operation();
        let call = client.engine().request(operation, &[]).call::<QueryOptions, Error>(decode::json);
        let options = call.await?;
        let has = |parameter: &&&str| {
            options.options.iter().any(|option| {
                // As in the validation of queries, a parameter without its own operators has those of the whole
                // list.
                let own = &option.operator_options;
                let mut operators = if own.is_empty() { options.operator_options.iter() } else { own.iter() };
                option.parameter.as_deref() == Some(**parameter)
                    && operators.any(|operator| operator.operator.as_deref() == Some("GreaterThan"))
            })
        };
        Ok(resource.id_parameters().iter().find(has).map(|parameter| (*parameter).to_owned()))
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

pub(crate) type AnyOperation = &'static Operation;
