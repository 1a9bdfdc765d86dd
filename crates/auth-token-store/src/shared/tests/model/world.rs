//! What the model check explores: processes that share a credential, their store and the token endpoint.
//!
//! The processes run the decisions of the sessions (`auth_core::session`), of the lock (`holder.rs`), of their memory
//! (`seen.rs`) and of the record (`operation.rs`), as they are shipped. Only the database, the server and time are models.

use super::faults::Fault;
use crate::shared::holder::{self, Holder, Next};
use crate::shared::operation::{Operation, Reply};
use crate::shared::record::{Content, Lease, Mark, Micros, Record, Timing, Token};
use crate::shared::seen::Seen;
use auth_core::session::{Event, Failure, Pair, Problem, Renewal, Session, Situation, Step, Stored};
use std::convert::Infallible;
use std::time::SystemTime;

/// The time now. All times move with each step of time instead, so that equal situations are equal states.
pub(super) const NOW: Micros = 1_000;

/// Lengths in units of about four seconds, in the same order as the real ones: a refresh is over later than its lease.
pub(super) const TIMING: Timing = Timing { lease: 8, refresh: 5, step: 1, settle: 3 };

/// Within this time, a process compares the store with what it knows.
const CHECK: Micros = 5;

/// A pair: the number of its refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Numbered {
    pub(super) generation: u64,
    pub(super) id: u8,
    is_rejected: bool,
}

impl Pair for Numbered {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn can_refresh(&self) -> bool {
        true
    }

    fn has_refresh_token_of(&self, other: &Self) -> bool {
        self.id == other.id
    }

    fn is_rejected(&self) -> bool {
        self.is_rejected
    }
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub(super) renewals: u8,
    pub(super) logins: u8,
    pub(super) logouts: u8,
    pub(super) crashes: u8,
    /// Operations of the store whose request or reply is lost.
    pub(super) store_failures: u8,
    /// Requests to the token endpoint that are lost, or whose responses are.
    pub(super) responses: u8,
    /// Acknowledged writes that the store loses.
    pub(super) writes: u8,
    /// Processes that save only after others may refresh.
    pub(super) stalls: u8,
}

/// The token endpoint. A login starts a family of refresh tokens; one that is sent again ends it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    /// Whether the token before the current one may be sent again. The response replaces the current one.
    has_grace: bool,
    tokens: Vec<Issued>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Issued {
    family: u8,
    parent: Option<u8>,
    is_current: bool,
    sent: u8,
}

impl Endpoint {
    fn issue(&mut self, family: u8, parent: Option<u8>) -> u8 {
        self.tokens.push(Issued { family, parent, is_current: true, sent: 0 });
        u8::try_from(self.tokens.len() - 1).unwrap()
    }

    fn log_in(&mut self) -> u8 {
        let families = self.tokens.iter().map(|token| token.family + 1).max().unwrap_or(0);
        self.issue(families, None)
    }

    fn refresh(&mut self, id: u8) -> Option<u8> {
        let token = &mut self.tokens[usize::from(id)];
        token.sent += 1;
        let (family, was_current) = (token.family, token.is_current);
        let current = self.tokens.iter().find(|token| token.family == family && token.is_current).copied();
        let is_forgiven = self.has_grace && current.is_some_and(|current| current.parent == Some(id));
        for token in self.tokens.iter_mut().filter(|token| token.family == family) {
            token.is_current = false;
        }
        (was_current || is_forgiven).then(|| self.issue(family, Some(id)))
    }

    pub(super) fn is_living(&self, id: u8) -> bool {
        self.tokens[usize::from(id)].is_current
    }
}

/// A request to the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sent {
    id: u8,
    deadline: Micros,
    /// Earlier refreshes that the mark of this one reports.
    tries: u32,
    /// `None` before it has arrived.
    response: Option<Option<u8>>,
}

/// What a process is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Task {
    Idle,
    Renew(Renewal<Numbered>, Step<Numbered>),
    LogIn,
    LogOut,
    Release,
}

/// The step of the lock that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Acquire,
    Load,
    Main,
    Withdraw,
    ProveWritable,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Process {
    session: Session<Numbered>,
    /// The pair that calls use.
    pub(super) held: Option<Numbered>,
    seen: Seen,
    holder: Option<Holder>,
    task: Task,
    stage: Stage,
    stored: Option<Numbered>,
    sent: Option<Sent>,
    unsaved: bool,
    /// Logouts before its last login.
    logouts: u8,
    /// Makes random identifiers different.
    count: u8,
}

impl Process {
    fn new(count: u8) -> Self {
        Self {
            session: Session::default(),
            held: None,
            seen: Seen::default(),
            holder: None,
            task: Task::Idle,
            stage: Stage::Main,
            stored: None,
            sent: None,
            unsaved: false,
            logouts: 0,
            count,
        }
    }

    fn is_idle(&self) -> bool {
        self.task == Task::Idle
    }

    /// Whether it has received a pair that is not saved.
    fn has_received(&self) -> bool {
        let is_saving = matches!(self.task, Task::Renew(_, Step::Save(_) | Step::SaveAgain));
        let has_response = self.sent.is_some_and(|sent| matches!(sent.response, Some(Some(_))));
        self.unsaved || is_saving || has_response
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) record: Option<Record>,
    /// The record before the last acknowledged write.
    before: Option<Option<Record>>,
    /// When all processes have compared the store with what they know.
    check_by: Micros,
    logouts: u8,
    pub(super) endpoint: Endpoint,
    pub(super) processes: Vec<Process>,
    pub(super) budget: Budget,
    /// Whether something has happened, or can happen, after which a refresh token may be sent again.
    pub(super) has_faults: bool,
}

/// Whether an operation of the store succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    Fine,
    ReplyLost,
    Unreached,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// Renews before the access token ends, or because the server has rejected it or it has ended.
    Renew(usize, bool),
    LogIn(usize),
    LogOut(usize),
    Operate(usize, Reach),
    GiveUp(usize),
    Arrive(usize),
    Receive(usize),
    LoseResponse(usize),
    FailToSend(usize),
    Crash(usize),
    Check(usize),
    LoseWrite,
    Tick,
}

/// How a step is performed.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) fault: Option<Fault>,
    /// What happens, in words, if wanted.
    pub(super) trace: Option<Vec<String>>,
    pub(super) violation: Option<String>,
}

impl Context {
    fn note(&mut self, note: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(note());
        }
    }

    fn violate(&mut self, violation: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(violation());
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

fn letter(process: usize) -> char {
    char::from(b'A' + u8::try_from(process).unwrap())
}

fn sealed(id: u8) -> Token {
    Token {
        fingerprint: format!("t{id}"),
        key_id: String::new(),
        sealed: String::new(),
        issued: 0,
        life: None,
    }
}

fn id_of(token: &Token) -> u8 {
    token.fingerprint[1..].parse().unwrap()
}

fn described(pair: Numbered) -> holder::Pair {
    holder::Pair {
        generation: pair.generation,
        fingerprint: format!("t{}", pair.id),
        identity: format!("t{}", pair.id),
        is_refreshing: false,
    }
}

/// Random, of one pair.
fn save_id(pair: Numbered) -> String {
    format!("s{}", pair.id)
}

fn stored_in(record: &Record) -> Option<Stored<Numbered>> {
    let id = id_of(record.token()?);
    let pair = Numbered { generation: record.generation, id, is_rejected: false };
    Some(Stored { pair, is_refreshing: record.mark.is_some() })
}

impl World {
    /// Processes that all use the pair of one login.
    pub(super) fn new(processes: usize, has_grace: bool, budget: Budget) -> Self {
        let mut endpoint = Endpoint { has_grace, tokens: Vec::new() };
        let id = endpoint.log_in();
        let mut record = Record::new();
        (record.generation, record.revision, record.login) = (1, 1, "login".to_owned());
        record.content = Content::Token(sealed(id));
        let pair = Numbered { generation: 1, id, is_rejected: false };
        let process = || {
            let mut process = Process::new(0);
            process.session.adopted(pair);
            process.held = Some(pair);
            process.seen.saw(&record, NOW);
            process
        };
        let processes = (0..processes).map(|_| process()).collect();
        let has_faults = budget.crashes + budget.responses + budget.writes + budget.stalls > 0;
        Self {
            record: Some(record),
            before: None,
            check_by: NOW,
            logouts: 0,
            endpoint,
            processes,
            budget,
            has_faults,
        }
    }

    /// The same, after another process has died during a refresh.
    pub(super) fn in_doubt(processes: usize, has_grace: bool, budget: Budget) -> Self {
        let mut world = Self::new(processes, has_grace, budget);
        world.endpoint.refresh(0);
        world.has_faults = true;
        if let Some(record) = &mut world.record {
            record.fence = 1;
            record.mark = Some(Mark { fence: 1, until: NOW + TIMING.refresh + TIMING.step, tries: 0 });
            world.processes.iter_mut().for_each(|process| process.seen.saw(record, NOW));
        }
        world
    }

    /// Whether every process has finished its tasks.
    pub(super) fn is_idle(&self) -> bool {
        self.processes.iter().all(Process::is_idle)
    }

    pub(super) fn actions(&self, actions: &mut Vec<Action>) {
        let budget = &self.budget;
        for (index, process) in self.processes.iter().enumerate() {
            // Processes in the same situation are interchangeable.
            if self.processes[..index].contains(process) {
                continue;
            }
            if process.is_idle() {
                if budget.renewals > 0 {
                    actions.extend([Action::Renew(index, false), Action::Renew(index, true)]);
                }
                if budget.logins > 0 {
                    actions.push(Action::LogIn(index));
                }
                if budget.logouts > 0 && !process.unsaved {
                    actions.push(Action::LogOut(index));
                }
            } else if let Some(sent) = process.sent {
                actions.push(match sent.response {
                    None => Action::Arrive(index),
                    Some(_) => Action::Receive(index),
                });
                if budget.responses > 0 {
                    actions.push(Action::LoseResponse(index));
                    if sent.response.is_none() {
                        actions.push(Action::FailToSend(index));
                    }
                }
            } else {
                actions.push(Action::Operate(index, Reach::Fine));
                if budget.store_failures > 0 {
                    actions.push(Action::Operate(index, Reach::ReplyLost));
                    actions.push(Action::Operate(index, Reach::Unreached));
                }
                let may_wait = matches!(
                    (&process.task, process.stage),
                    (Task::Renew(..), Stage::Acquire) | (Task::Renew(_, Step::Begin(_)), Stage::Main)
                );
                if may_wait && self.record.as_ref().is_some_and(|record| is_waiting(record, process)) {
                    actions.push(Action::GiveUp(index));
                }
            }
            if budget.crashes > 0 && (!process.is_idle() || process.held.is_some()) {
                actions.push(Action::Crash(index));
            }
            if self.is_behind(process) {
                actions.push(Action::Check(index));
            }
        }
        if budget.writes > 0 && self.before.is_some() {
            actions.push(Action::LoseWrite);
        }
        if self.next_time().is_some() {
            actions.push(Action::Tick);
        }
    }

    /// Whether the regular check of this process has something to restore.
    fn is_behind(&self, process: &Process) -> bool {
        match &self.record {
            Some(record) => process.seen.is_behind(record),
            None => process.seen.is_behind(&Record::new()),
        }
    }

    /// The next time at which something ends.
    fn next_time(&self) -> Option<Micros> {
        let is_behind = self.processes.iter().any(|process| self.is_behind(process));
        let check = Some(self.check_by).filter(|_| is_behind);
        if check.is_some_and(|check| check <= NOW) {
            return None;
        }
        let limit = TIMING.refresh + TIMING.settle;
        let record = self.record.as_ref();
        let lease = record.and_then(|record| Some(record.lease.as_ref()?.until));
        let mark = record.and_then(|record| Some(record.mark.as_ref()?.until + TIMING.settle));
        let sent = self.processes.iter().filter_map(|process| Some(process.sent?.deadline));
        let seen = self.processes.iter().filter_map(|process| Some(process.seen.mark_since()? + limit));
        let next = lease
            .into_iter()
            .chain(mark)
            .chain(sent.clone())
            .chain(seen)
            .chain(check)
            .filter(|at| *at > NOW)
            .min();
        // A response arrives before the deadline of its request, or is lost.
        if sent.min().is_some_and(|deadline| deadline <= NOW) {
            return None;
        }
        let is_over = |at: Micros| mark.is_some_and(|mark| at >= mark && mark > NOW);
        let is_stalled = |at| is_over(at) && self.processes.iter().any(Process::has_received);
        next.filter(|at| self.budget.stalls > 0 || !is_stalled(*at))
    }

    pub(super) fn step(&mut self, action: Action, context: &mut Context) {
        match action {
            Action::Renew(index, is_needed) => self.renew(index, is_needed, context),
            Action::LogIn(index) | Action::LogOut(index) => {
                let is_login = matches!(action, Action::LogIn(_));
                let budget = &mut self.budget;
                let left = if is_login { &mut budget.logins } else { &mut budget.logouts };
                *left -= 1;
                context.note(|| {
                    let what = if is_login { "starts a login" } else { "starts a logout" };
                    format!("{}: {what}", letter(index))
                });
                let process = &mut self.processes[index];
                process.task = if is_login { Task::LogIn } else { Task::LogOut };
                if process.unsaved && is_login {
                    process.stage = Stage::Withdraw;
                    self.save_again(index);
                } else {
                    self.lock(index);
                }
            }
            Action::Operate(index, reach) => {
                if reach != Reach::Fine {
                    self.budget.store_failures -= 1;
                }
                self.operate(index, reach, context);
            }
            Action::GiveUp(index) => {
                context.note(|| format!("{}: has waited for too long", letter(index)));
                let is_acquiring = self.processes[index].stage == Stage::Acquire;
                if is_acquiring {
                    self.processes[index].holder = None;
                }
                self.event(index, Event::Failed, context);
            }
            Action::Arrive(index) => {
                let sent = self.processes[index].sent.unwrap();
                self.arrive(index, sent, context);
            }
            Action::Receive(index) => {
                let sent = self.processes[index].sent.take().unwrap();
                let event = match sent.response.unwrap() {
                    Some(id) => {
                        let process = &self.processes[index];
                        let generation = process.session.next_generation(process.stored.as_ref());
                        Event::Granted(Numbered { generation, id, is_rejected: false })
                    }
                    None => Event::Refused,
                };
                context.note(|| format!("{}: receives {event:?}", letter(index)));
                self.event(index, event, context);
            }
            Action::LoseResponse(index) | Action::FailToSend(index) => {
                self.budget.responses -= 1;
                self.processes[index].sent = None;
                let is_lost = matches!(action, Action::LoseResponse(_));
                context.note(|| {
                    let what = if is_lost { "the response is lost" } else { "the request is not sent" };
                    format!("{}: {what}", letter(index))
                });
                let event = if is_lost { Event::Lost } else { Event::NotSent };
                self.event(index, event, context);
            }
            Action::Crash(index) => {
                self.budget.crashes -= 1;
                context.note(|| format!("{}: crashes, and is started again", letter(index)));
                self.processes[index] = Process::new(self.processes[index].count);
            }
            Action::Check(index) => {
                self.apply(index, &Operation::Look, Reach::Fine, context);
            }
            Action::LoseWrite => {
                self.budget.writes -= 1;
                context.note(|| "the store fails over, and loses the last write".to_owned());
                self.record = self.before.take().unwrap();
                self.check_by = NOW + CHECK;
            }
            Action::Tick => {
                let next = self.next_time().unwrap();
                let is_over = |mark: Micros| next >= mark + TIMING.settle && mark + TIMING.settle > NOW;
                let mark = self.record.as_ref().and_then(|record| record.mark.as_ref());
                if mark.is_some_and(|mark| is_over(mark.until))
                    && self.processes.iter().any(Process::has_received)
                {
                    self.budget.stalls -= 1;
                }
                context.note(|| format!("{} units of time pass", next - NOW));
                self.pass(next - NOW);
            }
        }
        if self.budget.writes == 0 {
            self.before = None;
        }
    }

    fn pass(&mut self, time: Micros) {
        // What is over stays over, and is as old as necessary at most.
        let earlier = |at: &mut Micros, oldest: Micros| *at = at.saturating_sub(time).max(oldest);
        let limit = NOW - TIMING.refresh - TIMING.settle;
        let record = |record: &mut Record| {
            if let Some(lease) = &mut record.lease {
                earlier(&mut lease.until, NOW);
            }
            // 0 is no time.
            if let Some(mark) = record.mark.as_mut().filter(|mark| mark.until > 0) {
                earlier(&mut mark.until, NOW - TIMING.settle);
            }
        };
        self.record.iter_mut().for_each(record);
        // A write that a replica has not received after this time is not lost alone.
        self.before = None;
        earlier(&mut self.check_by, NOW);
        for process in &mut self.processes {
            process.seen.age(record, |since| earlier(since, limit));
            if let Some(sent) = &mut process.sent {
                earlier(&mut sent.deadline, NOW);
            }
        }
    }

    fn renew(&mut self, index: usize, is_needed: bool, context: &mut Context) {
        self.budget.renewals = self.budget.renewals.saturating_sub(1);
        let process = &mut self.processes[index];
        if let Some(held) = &mut process.held {
            held.is_rejected = is_needed;
        }
        context.note(|| {
            let why = if is_needed { "needs another token" } else { "renews early" };
            format!("{}: {why}", letter(index))
        });
        let situation = Situation { has_unsaved: process.unsaved, ..Situation::default() };
        let (renewal, step) =
            Renewal::start(&mut process.session, process.held, situation, SystemTime::UNIX_EPOCH);
        self.enter(index, renewal, step, context);
    }

    fn lock(&mut self, index: usize) {
        let process = &mut self.processes[index];
        // Different from those that a record can still contain.
        process.count = (process.count + 1) % 4;
        let owner = format!("{}{}", letter(index), process.count);
        (process.holder, process.stage) = (Some(Holder::new(owner)), Stage::Acquire);
    }

    fn save_again(&mut self, index: usize) {
        let process = &mut self.processes[index];
        let latest = *process.session.latest().unwrap();
        process.holder.as_mut().unwrap().save(described(latest), save_id(latest));
    }

    /// Continues a renewal with an event.
    fn event(&mut self, index: usize, event: Event<Numbered>, context: &mut Context) {
        let process = &mut self.processes[index];
        let Task::Renew(mut renewal, _) = std::mem::replace(&mut process.task, Task::Idle) else { panic!() };
        if let (Event::Superseded(stored), Some(lost)) = (&event, process.session.latest()) {
            let endpoint = &self.endpoint;
            let family = |pair: &Numbered| endpoint.tokens[usize::from(pair.id)].family;
            let is_dead =
                |stored: &Numbered| !endpoint.is_living(stored.id) && family(stored) <= family(lost);
            if endpoint.is_living(lost.id) && stored.as_ref().is_some_and(is_dead) {
                context.violate(|| "a living pair is thrown away for a dead one".to_owned());
            }
        }
        let step = renewal.next(&mut process.session, event, SystemTime::UNIX_EPOCH);
        self.enter(index, renewal, step, context);
    }

    fn enter(
        &mut self,
        index: usize,
        renewal: Renewal<Numbered>,
        mut step: Step<Numbered>,
        context: &mut Context,
    ) {
        let is_lost = step == Step::Fail(Failure::ResponseLost);
        if let (true, true, Some(stored)) =
            (context.has(Fault::UnmarkAfterLoss), is_lost, self.processes[index].stored)
        {
            step = Step::Unmark(stored, false);
        }
        let process = &mut self.processes[index];
        process.stage = Stage::Main;
        match &step {
            Step::Lock => self.lock(index),
            Step::SaveAgain => self.save_again(index),
            Step::Begin(pair) => process.holder.as_mut().unwrap().begin(described(*pair)),
            Step::Save(pair) => process.holder.as_mut().unwrap().save(described(*pair), save_id(*pair)),
            Step::Unmark(pair, is_refreshing) => {
                let pair = holder::Pair { is_refreshing: *is_refreshing, ..described(*pair) };
                process.holder.as_mut().unwrap().save(pair, String::new());
            }
            Step::Clear => process.holder.as_mut().unwrap().clear(),
            Step::Load | Step::Send(_) => {}
            Step::Use(_) | Step::LogIn(_) | Step::Fail(_) => {
                context.note(|| format!("{}: ends with {step:?}", letter(index)));
                if let Step::Use(pair) = &step {
                    process.held = Some(*pair);
                }
                if let Step::LogIn(problem) = &step {
                    process.session.end();
                    if !self.has_faults && *problem == Problem::RefreshRefused {
                        context.violate(|| "a refresh token is rejected without a fault".to_owned());
                    }
                }
                return self.release(index);
            }
        }
        self.processes[index].task = Task::Renew(renewal, step);
    }

    fn release(&mut self, index: usize) {
        let process = &mut self.processes[index];
        process.stored = None;
        process.task = Task::Idle;
        if !process.unsaved
            && let Some(holder) = &mut process.holder
        {
            holder.release();
            (process.task, process.stage) = (Task::Release, Stage::Main);
        }
    }

    fn send(&mut self, index: usize, id: u8, tries: u32) {
        let deadline = NOW + TIMING.refresh;
        self.processes[index].sent = Some(Sent { id, deadline, tries, response: None });
    }

    fn arrive(&mut self, index: usize, sent: Sent, context: &mut Context) {
        let response = self.endpoint.refresh(sent.id);
        let times = self.endpoint.tokens[usize::from(sent.id)].sent;
        context.note(|| {
            let outcome = response.map_or("rejects it".to_owned(), |id| format!("issues t{id}"));
            format!("{}: the endpoint receives t{} and {outcome}", letter(index), sent.id)
        });
        if times > 2 {
            context.violate(|| format!("t{} is sent a third time", sent.id));
        }
        if times == 2 && sent.tries == 0 {
            context.violate(|| format!("t{} is sent again, and the mark does not show it", sent.id));
        }
        if times == 2 && !self.has_faults {
            context.violate(|| format!("t{} is sent again without a fault", sent.id));
        }
        if let Some(sent) = &mut self.processes[index].sent {
            sent.response = Some(response);
        }
    }

    /// Performs an operation on the store.
    fn apply(
        &mut self,
        index: usize,
        operation: &Operation,
        reach: Reach,
        context: &mut Context,
    ) -> Option<(Record, Reply)> {
        if reach == Reach::Unreached {
            context.note(|| format!("{}: {} does not reach the store", letter(index), operation.name()));
            return None;
        }
        let asked = operation;
        let logged_in_at = self.processes[index].logouts;
        let process = &mut self.processes[index];
        let renumber = |_: &mut Token, _, _| Ok::<(), Infallible>(());
        let before = self.record.clone();
        let fence = process.holder.as_ref().map_or(0, Holder::fence);
        let (stored, operation) =
            Fault::before(context.fault, before.clone(), operation, fence, &mut process.seen);
        let computed = process.seen.compute(stored, &operation, NOW, &TIMING, renumber);
        let (mut record, reply) = computed.unwrap_or_else(|never| match never {});
        Fault::after(context.fault, &operation, &reply, &mut record);
        if let Content::Token(token) = &mut record.content {
            token.issued = 0;
        }
        context.note(|| {
            let lost = if reach == Reach::ReplyLost { ", but the reply is lost" } else { "" };
            let lease = |Lease { owner, until }: &Lease| format!("{owner} +{}", until.saturating_sub(NOW));
            format!(
                "{}: {} -> {reply:?}{lost}. Record: gen {}, {}, lease {:?}, {:?}",
                letter(index),
                operation.name(),
                record.generation,
                record.token().map_or(format!("{:?}", record.content), |token| token.fingerprint.clone()),
                record.lease.as_ref().map(lease),
                record.mark,
            )
        });
        let content = |record: &Option<Record>| record.as_ref().map(|record| record.content.clone());
        if let (Some(Content::Token(old)), Content::Token(new)) = (content(&before), &record.content)
            && self.endpoint.is_living(id_of(&old))
            && !self.endpoint.is_living(id_of(new))
        {
            context.violate(|| format!("{} replaces the living pair {}", new.fingerprint, old.fingerprint));
        }
        let doubt = before.as_ref().and_then(|record| record.mark.as_ref());
        if let (Operation::Begin { .. }, Reply::Done, Some(mark)) = (asked, &reply, doubt)
            && mark.fence != record.fence
            && mark.until + TIMING.settle > NOW
        {
            context.violate(|| "a refresh begins while another one may be under way".to_owned());
        }
        let family = |token: &Token| self.endpoint.tokens[usize::from(id_of(token))].family;
        if let (Some(Content::Token(old)), Content::Token(new)) = (content(&before), &record.content)
            && family(&old) > family(new)
        {
            context
                .violate(|| format!("{} of an earlier login replaces {}", new.fingerprint, old.fingerprint));
        }
        let lease =
            before.as_ref().and_then(|record| record.lease.as_ref()).filter(|lease| lease.until > NOW);
        if let Some(lease) = lease
            && record.lease.as_ref().map(|lease| &lease.owner) != Some(&lease.owner)
            && !matches!(asked, Operation::Release { owner } if *owner == lease.owner)
        {
            context.violate(|| format!("{} ends the lease of {}", operation.name(), lease.owner));
        }
        if content(&before) == Some(Content::Cleared)
            && record.content != Content::Cleared
            && !(matches!(operation, Operation::LogIn { .. }) && logged_in_at == self.logouts)
        {
            context.violate(|| format!("{} undoes a logout", operation.name()));
        }
        if matches!((asked, &reply), (Operation::Clear { .. }, Reply::Done)) {
            self.logouts = 1;
        }
        if before.as_ref() != Some(&record) {
            self.before = Some(before).filter(|_| reach == Reach::Fine && self.budget.writes > 0);
            self.record = Some(record.clone());
        }
        if reach == Reach::ReplyLost {
            return None;
        }
        self.processes[index].seen.saw(&record, NOW);
        Some((record, reply))
    }

    /// Performs the next operation of a process, and what follows from it.
    fn operate(&mut self, index: usize, reach: Reach, context: &mut Context) {
        let process = &mut self.processes[index];
        let step = if let Task::Renew(_, step) = &process.task { Some(step.clone()) } else { None };
        if step == Some(Step::Load) {
            if let Some(holder) = &mut process.holder {
                holder.load();
            }
            let event = match self.apply(index, &Operation::Look, reach, context) {
                Some((record, reply)) => {
                    if let Some(holder) = &mut self.processes[index].holder {
                        holder.reply(&record, reply);
                    }
                    let stored = stored_in(&record);
                    self.processes[index].stored = stored.as_ref().map(|stored| stored.pair);
                    Event::Loaded(stored)
                }
                None => Event::Failed,
            };
            return self.event(index, event, context);
        }
        if let (true, Some(Step::Begin(pair))) = (context.has(Fault::MarkAfterSend), &step) {
            self.event(index, Event::Begun, context);
            return self.send(index, pair.id, 0);
        }
        let may_take_over = process.seen.may_take_over(NOW, &TIMING);
        let token = match &step {
            Some(Step::Begin(pair) | Step::Save(pair) | Step::Unmark(pair, _)) => Some(*pair),
            _ if process.stage == Stage::ProveWritable => process.stored,
            _ => process.session.latest().copied(),
        };
        let holder = process.holder.as_mut().unwrap();
        let sealed = |_| Ok::<Token, Infallible>(sealed(token.unwrap().id));
        let operation = holder.operation(may_take_over, sealed).unwrap_or_else(|never| match never {});
        let done = self.apply(index, &operation, reach, context);
        let holder = self.processes[index].holder.as_mut().unwrap();
        let next = done.as_ref().map(|(record, reply)| holder.reply(record, reply.clone()));
        match next {
            Some(Next::Continue | Next::Wait(_)) => {}
            Some(Next::Unexpected(reply)) => context.violate(|| format!("an unexpected reply: {reply:?}")),
            _ => self.advance(index, step, next, done.map(|(record, _)| record), context),
        }
    }

    /// Continues after a step of the lock has ended; `None` if its last operation failed.
    fn advance(
        &mut self,
        index: usize,
        step: Option<Step<Numbered>>,
        next: Option<Next>,
        record: Option<Record>,
        context: &mut Context,
    ) {
        let is_done = next == Some(Next::Done);
        let process = &mut self.processes[index];
        let holder = process.holder.as_mut().unwrap();
        match (process.stage, &step) {
            (Stage::Acquire, _) if is_done => {
                holder.load();
                process.stage = Stage::Load;
            }
            (Stage::Load, step) if is_done => {
                let record = record.unwrap();
                let mut stored = stored_in(&record);
                if let (true, Some(pair)) = (context.has(Fault::LoadBeforeLock), process.stored) {
                    stored = Some(Stored { pair, is_refreshing: false });
                }
                process.stored = stored.as_ref().map(|stored| stored.pair);
                holder.loaded(process.stored.map(|pair| described(pair).identity));
                let was_cleared = holder.was_cleared();
                if step.is_some() {
                    return self.event(index, Event::Locked { stored, was_cleared }, context);
                }
                if process.task == Task::LogOut {
                    holder.clear();
                    process.stage = Stage::Main;
                } else if let Some(stored) = stored {
                    let is_refreshing = stored.is_refreshing;
                    holder.save(holder::Pair { is_refreshing, ..described(stored.pair) }, String::new());
                    process.stage = Stage::ProveWritable;
                } else {
                    self.log_in(index, context);
                }
            }
            (Stage::Acquire | Stage::Load, Some(_)) => {
                process.holder = None;
                self.event(index, Event::Failed, context);
            }
            (Stage::ProveWritable, _) if is_done => self.log_in(index, context),
            (Stage::Withdraw, None) => {
                // The pair that could not be saved before.
                process.unsaved = !is_done && next != Some(Next::Superseded);
                process.holder = if process.unsaved { process.holder.take() } else { None };
                match process.unsaved {
                    true => process.task = Task::Idle,
                    false => self.lock(index),
                }
            }
            (Stage::Withdraw, Some(_)) => {
                holder.failed();
                self.event(index, Event::Failed, context);
            }
            (_, Some(Step::Begin(pair))) => match next {
                Some(Next::Done) => {
                    let pair = *pair;
                    let tries = record.unwrap().mark.map_or(0, |mark| mark.tries);
                    self.event(index, Event::Begun, context);
                    self.send(index, pair.id, tries);
                }
                Some(Next::InDoubt) => self.event(index, Event::InDoubt, context),
                None if holder.failed() => process.stage = Stage::Withdraw,
                _ => self.event(index, Event::Failed, context),
            },
            (_, Some(Step::Save(_) | Step::SaveAgain)) => {
                process.unsaved = !is_done && next != Some(Next::Superseded);
                let event = match next {
                    Some(Next::Done) => Event::Saved,
                    Some(Next::Superseded) => {
                        Event::Superseded(record.and_then(|record| Some(stored_in(&record)?.pair)))
                    }
                    _ => Event::Failed,
                };
                self.event(index, event, context);
            }
            (_, Some(_)) => self.event(index, Event::Settled, context),
            (Stage::Main, None) if process.task == Task::Release => {
                (process.holder, process.task) = (None, Task::Idle);
            }
            (Stage::Main, None) if process.task == Task::LogIn => {
                process.unsaved = !is_done && next != Some(Next::Superseded);
                if next == Some(Next::Superseded) {
                    let stored = record.and_then(|record| Some(stored_in(&record)?.pair));
                    process.held = process.session.superseded(stored, SystemTime::UNIX_EPOCH).ok();
                }
                self.release(index);
            }
            _ => self.release(index),
        }
    }

    /// The login of a user, under the lock.
    fn log_in(&mut self, index: usize, context: &mut Context) {
        let id = self.endpoint.log_in();
        self.processes[index].logouts = self.logouts;
        context.note(|| format!("{}: a login returns t{id}", letter(index)));
        let process = &mut self.processes[index];
        let generation = process.session.next_generation(process.stored.as_ref());
        let pair = Numbered { generation, id, is_rejected: false };
        process.session.renewed(pair);
        process.held = Some(pair);
        process.holder.as_mut().unwrap().save(described(pair), save_id(pair));
        process.stage = Stage::Main;
    }

    /// Whether all processes get a living pair after one login, without further faults.
    pub(super) fn check_recovery(mut self, context: &mut Context) {
        let processes = self.processes.len();
        let renewals = u8::MAX;
        self.budget = Budget { logins: 1, renewals, stalls: u8::MAX, ..Budget::default() };
        self.has_faults = true;
        self.step(Action::LogIn(0), context);
        self.finish(context);
        for index in (0..processes).chain(0..processes) {
            self.step(Action::Renew(index, true), context);
            self.finish(context);
        }
        for (index, process) in self.processes.iter().enumerate() {
            if !process.held.is_some_and(|held| self.endpoint.is_living(held.id)) {
                context.violate(|| format!("{} has no living pair after a login", letter(index)));
            }
        }
    }

    /// Finishes all tasks without faults.
    fn finish(&mut self, context: &mut Context) {
        for _ in 0..400 {
            if context.violation.is_some() || self.is_idle() {
                return;
            }
            let before = self.clone();
            let mut actions = Vec::new();
            self.actions(&mut actions);
            let is_work = |action: &&Action| {
                !matches!(action, Action::Renew(..) | Action::LogIn(_) | Action::GiveUp(_) | Action::Tick)
            };
            for action in actions.iter().filter(is_work) {
                self.step(*action, context);
                if *self != before {
                    break;
                }
            }
            if *self == before {
                match self.next_time() {
                    Some(_) => self.step(Action::Tick, context),
                    None => return context.violate(|| "nothing happens any more".to_owned()),
                }
            }
        }
        context.violate(|| "a task does not end".to_owned());
    }
}

/// Whether the next operation of a process certainly waits.
fn is_waiting(record: &Record, process: &Process) -> bool {
    let is_held = record.lease.as_ref().is_some_and(|lease| lease.until > NOW);
    process.stage == Stage::Acquire && is_held || process.stage == Stage::Main && record.mark.is_some()
}
