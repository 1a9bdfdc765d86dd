//! The rows of an export page by page, for targets other than a file.

use super::{DEFAULT_WAIT, Export, MAX_WAITS, Progress, Row};
use crate::{Error, ErrorKind, Walk};
use std::fmt;

/// A row of an export.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedRow {
    /// Id of the row, or `None` if the server has sent none.
    pub id: Option<i64>,
    /// The JSON of the row on one line, exactly as the server sent it.
    pub json: String,
    /// Time of the last change, exactly as the server sent it, or `None` if the row has none.
    pub modified: Option<String>,
}

/// The rows of an export, page by page, from [`Export::batches`].
#[must_use = "nothing is sent until rows are requested"]
pub struct Batches<'a> {
    export: Export<'a>,
    walk: Option<Walk<Row>>,
    prefetch: bool,
    /// Rows of earlier runs, and of all runs.
    resumed: u64,
    rows: u64,
    last_id: Option<i64>,
}

impl<'a> Export<'a> {
    /// Returns the rows page by page, for example to write them to a database.
    ///
    /// Rows are ordered by id. To resume later, store the number of rows and the last id in the same transaction as
    /// the rows, and pass them to [`Batches::resume`]. The callback of [`on_progress`](Self::on_progress) is called
    /// before each delay only.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::export::{Export, Resource};
    ///
    /// let mut batches = Export::new(client, Resource::Gifts).batches();
    /// while let Some(rows) = batches.next().await? {
    ///     for row in &rows {
    ///         println!("{:?}: {}", row.id, row.json);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn batches(self) -> Batches<'a> {
        Batches { export: self, walk: None, prefetch: false, resumed: 0, rows: 0, last_id: None }
    }
}

impl Batches<'_> {
    /// Continues after this number of rows, the last of which has this id.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::export::{Export, Resource};
    ///
    /// let mut batches = Export::new(client, Resource::Gifts).batches().resume(2000, Some(48_213));
    /// println!("{:?}", batches.next().await?.map(|rows| rows.len()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(mut self, rows: u64, last_id: Option<i64>) -> Self {
        (self.resumed, self.rows, self.last_id) = (rows, rows, last_id);
        self
    }

    /// Requests the next page while the caller processes the current one. At most one page is buffered.
    ///
    /// For callers that need a few seconds for a page: the request is begun, and continued by the next call of
    /// [`next`](Self::next). Its time limits, of which that for a new connection is the shortest, include the time in which the
    /// caller processes the page before.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::export::{Export, Resource};
    ///
    /// let mut batches = Export::new(client, Resource::Gifts).batches().prefetch();
    /// while let Some(rows) = batches.next().await? {
    ///     println!("{} rows", rows.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn prefetch(mut self) -> Self {
        self.prefetch = true;
        self
    }

    /// Returns the rows of the next page; `None` at the end. If no calls are left, it waits for the next hour.
    ///
    /// # Errors
    ///
    /// The error of a call; the next call of this method requests the same page again.
    pub async fn next(&mut self) -> Result<Option<Vec<ExportedRow>>, Error> {
        let mut waits = 0;
        loop {
            let error = match self.request().await {
                Ok(rows) if rows.is_empty() => return Ok(None),
                Ok(rows) => {
                    self.rows = self.rows.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
                    return Ok(Some(rows));
                }
                Err(error) => error,
            };
            if error.kind() != ErrorKind::Throttled || waits >= MAX_WAITS {
                return Err(error);
            }
            waits += 1;
            let delay = error.retry_after().unwrap_or(DEFAULT_WAIT);
            self.export.tell(Progress { rows: self.rows, total: None, waiting: Some(delay) });
            self.export.client.engine().sleep(delay).await;
        }
    }

    /// Returns the number of rows that all runs have returned.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the server's total number of rows at the start, with those of earlier runs; `None` before the first page.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        let total = self.walk.as_ref().and_then(Walk::total);
        total.map(|total| self.resumed.saturating_add(total))
    }

    pub(super) fn tell(&mut self) {
        let (rows, total) = (self.rows, self.total());
        self.export.tell(Progress { rows, total, waiting: None });
    }

    async fn request(&mut self) -> Result<Vec<ExportedRow>, Error> {
        let walk = match &mut self.walk {
            Some(walk) => walk,
            walk => {
                let export = &mut self.export;
                let mut new = Export::walk(export.client, export.resource, export.query.clone())
                    .await?
                    .take(export.take)
                    .skipping(self.resumed);
                if let Some(id) = self.last_id {
                    new = new.after(id);
                }
                if let Some(report) = export.report.take() {
                    new = new.on_unreadable(report);
                }
                walk.insert(new)
            }
        };
        let id = self.export.resource.row_id();
        let rows = walk.next_rows(self.prefetch).await?;
        let exported = |row: Row| ExportedRow { id: id(&row), json: row.json, modified: row.known.modified };
        Ok(rows.into_iter().map(exported).collect())
    }
}

/// Without the content of the row.
impl fmt::Debug for ExportedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportedRow").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("export", &self.export)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
