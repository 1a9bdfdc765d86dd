//! One run of an export: where it starts, what it writes, and what it says at the end or after a failure.

use super::columns::Columns;
use super::format::Format;
use super::progress::{self, Meter};
use super::since::{self, Since};
use super::state::{self, Holds, Next, Source, State, Time, mismatch};
use super::target::Target;
use super::{Arguments, keys, lock, now, sink};
use crate::failure::{Exit, Failure};
use crate::index::{self, Class};
use crate::output;
use auth_client_core::decode;
use std::sync::Mutex;
use std::time::Duration;
use virtuous_client::export::{Export, Resource};
use virtuous_client::{Client, ContactQuery, Error, ErrorKind, Query};

/// Maximum number of consecutive delays because of throttling, and the delay if the vendor doesn't state one.
const MAX_WAITS: u32 = 24;
const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// How much earlier than the last change an incremental run starts, unless the user says otherwise.
const OVERLAP: Duration = Duration::from_secs(5 * 60);

/// One run.
pub(super) struct Run<'a> {
    pub(super) client: &'a Client,
    pub(super) resource: Resource,
    pub(super) columns: Columns,
    pub(super) target: &'a Target,
    pub(super) since: &'a Since,
    pub(super) meter: &'a Mutex<Meter>,
    pub(super) arguments: &'a Arguments,
    pub(super) address: &'a str,
}

impl Run<'_> {
    /// Writes the rows. Dropping the future at any time leaves a target that can be resumed.
    pub(super) async fn write(&self) -> Result<(), Failure> {
        let started = now();
        let Self { arguments, target, .. } = self;
        let mut sink = sink::open(target, &self.columns, arguments.restart).await?;
        let format = target.format();
        let holds = Holds {
            resource: self.resource.name().to_owned(),
            include_archived: arguments.include_archived,
            format: format.map_or("rows of a table", Format::name).to_owned(),
        };
        let existing = sink.state().filter(|_| !arguments.restart).cloned();
        if let Some(difference) = existing.as_ref().and_then(|state| state.difference(&holds, self.address)) {
            return Err(self.mismatch(&difference));
        }
        let mut state = self.plan(existing, holds).await?;
        let query = self.query(state.run.since.as_deref()).await?;
        state.claim(random()?);
        sink.begin(&state, arguments.restart).await?;
        let resumed = state.run.rows;
        let batches = Export::new(self.client, self.resource)
            .contact_query(ContactQuery::from(query).include_archived(arguments.include_archived))
            .take(arguments.batch)
            .on_progress(|progress| lock(self.meter).note(progress, now()))
            .batches()
            .resume(resumed, state.run.last_id);
        // The reader of a stream may take its time, longer than a request may take.
        let mut batches =
            if matches!(self.target, Target::Stream { .. }) { batches } else { batches.prefetch() };
        lock(self.meter).set(resumed, None, None, now());
        while let Some(rows) = batches.next().await.map_err(|error| self.keep(self.failure(&error)))? {
            let mut next = state.clone();
            next.add(&rows, self.columns.has_times());
            sink.write(&rows, &next).await.map_err(|failure| self.keep(failure))?;
            state = next;
            lock(self.meter).set(state.run.rows, batches.total(), None, now());
            if sink.is_closed() {
                // Unlike the output of a call, an export stands for all rows.
                let message = format!("{}: the reader closed the output before all rows", self.resource);
                return Err(Failure::new(Exit::Partly, "closed", message).hint(self.kept()));
            }
        }
        state.complete(self.columns.has_times());
        sink.write(&[], &state).await.map_err(|failure| self.keep(failure))?;
        lock(self.meter).clear();
        output::note(&self.summary(&state.run, resumed, batches.total(), started.elapsed()));
        if let Some(note) = sink.note() {
            output::note(&note);
        }
        Ok(())
    }

    /// Decides where the run starts.
    async fn plan(&self, existing: Option<State>, holds: Holds) -> Result<State, Failure> {
        let (mut source, mut started) = (Source::of(self.address), None);
        if !matches!(self.target, Target::Stream { .. }) {
            (source, started) = self.account().await?;
        }
        let Some(mut state) = existing else {
            let mut state = State::new(holds, source);
            let since = if let Since::Day(day) = self.since { Some(day.clone()) } else { None };
            state.start(since, started);
            return Ok(state);
        };
        if let Some(difference) = state.other_account(&source) {
            return Err(self.mismatch(&difference));
        }
        let next = state.next(self.since, self.target.replaces(), self.arguments.overlap.unwrap_or(OVERLAP));
        match next.map_err(|reason| self.mismatch(&reason))? {
            Next::Resume => state.run.complete = false,
            Next::Start(since) => state.start(since, started),
        }
        Ok(state)
    }

    /// Returns the account of the credentials, and the vendor's clock.
    async fn account(&self) -> Result<(Source, Option<Time>), Failure> {
        let mut source = Source::of(self.address);
        let reply = async || self.client.organizations().current().reply().await;
        let headers = match self.patiently(reply).await {
            Ok(reply) => {
                source.organization = reply.value.organization_name;
                source.membership = Some(reply.value.organization_user_id);
                reply.headers
            }
            // A credential that may read rows, and not this.
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => {
                error.headers().cloned().unwrap_or_default()
            }
            Err(error) => return Err(self.failure(&error)),
        };
        let date = headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
        Ok((source, date.and_then(|date| httpdate::parse_http_date(date).ok()).map(Time::of)))
    }

    async fn query(&self, since: Option<&str>) -> Result<Query, Failure> {
        // The first of several incremental runs reads all rows, and the next one must be possible.
        let Some(day) = since.or((*self.since == Since::Last).then_some("2000-01-01")) else {
            return Ok(Query::all());
        };
        let (group, _, name) = keys(self.resource);
        let options = index::find("virtuous", group, name)
            .and_then(index::Key::operation)
            .ok_or_else(|| Failure::local("the index of operations is damaged"))?;
        let call = async || {
            let request = self.client.request(options.method(), &options.path).operation(options.metadata());
            request.call::<serde_json::Value, Error>(decode::json).send().await
        };
        let options = self.patiently(call).await.map_err(|error| self.failure(&error))?;
        let condition = since::condition(self.resource, &options, day)?;
        Ok(if since.is_some() { Query::matching([condition]) } else { Query::all() })
    }

    /// Makes a call, and again when the limit of calls allows it, as for pages.
    async fn patiently<T>(&self, call: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
        for _ in 0..MAX_WAITS {
            match call().await {
                Err(error) if error.kind() == ErrorKind::Throttled => {
                    let delay = error.retry_after().unwrap_or(DEFAULT_WAIT);
                    lock(self.meter).wait(delay, now());
                    tokio::time::sleep(delay).await;
                }
                outcome => return outcome,
            }
        }
        call().await
    }

    fn summary(&self, run: &state::Run, resumed: u64, total: Option<u64>, time: Duration) -> String {
        let new = run.rows.saturating_sub(resumed);
        let to = self.target.name().map(|name| format!(" in {name}")).unwrap_or_default();
        let earlier = match resumed {
            0 => String::new(),
            rows => format!(", {rows} of them from an earlier run"),
        };
        let since = run.since.as_ref().map(|day| format!(", modified since {day}")).unwrap_or_default();
        let missing = match total {
            Some(total) if total > run.rows => format!("; the vendor counted {total} at the start"),
            _ => String::new(),
        };
        let rows = if run.rows == 1 { "row" } else { "rows" };
        let rate = progress::rate(new, time);
        format!("{}: {} {rows}{to}{since}{earlier}{missing} ({rate} rows/s)", self.resource, run.rows)
    }

    fn mismatch(&self, reason: &str) -> Failure {
        let name = self.target.name().unwrap_or_default();
        let other = if self.target.replaces() {
            "--table NAME writes to another table"
        } else {
            "choose another file"
        };
        mismatch(
            &name,
            reason,
            &format!("{other}; --restart discards the rows of earlier exports, and starts again"),
        )
    }

    fn failure(&self, error: &Error) -> Failure {
        let failure = Failure::call("virtuous", Class::Read, false, error);
        match error.session_problem().filter(|problem| problem.needs_login()) {
            Some(problem) if !self.arguments.globals.emulator => {
                failure.needs_login(problem, &self.arguments.globals)
            }
            _ => failure,
        }
    }

    /// Says what is left after a failure.
    fn keep(&self, failure: Failure) -> Failure {
        match self.target {
            Target::Stream { .. } => failure,
            _ => failure.or_hint(self.kept()),
        }
    }

    /// What is left after a run that has stopped.
    pub(super) fn kept(&self) -> String {
        match self.target {
            Target::Stream { .. } => "output to a pipe or a device can't be resumed".to_owned(),
            _ => format!("{}: the same command resumes", lock(self.meter).kept()),
        }
    }
}

/// A number that no other run has.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| Failure::local(format!("no random number: {error}")))?;
    Ok(format!("{:016x}", u64::from_le_bytes(bytes)))
}
