//! Whole flows against the emulator, over a socket.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_emulator::Emulator;
use auth_emulator::providers::verigator::CreateStatus;
use std::time::Duration;
use verigator_client::models::{AuthMethod, NewService, NewUser, User, Verification};
use verigator_client::{Challenge, Client, ErrorKind, FailureReason, Outcome, SecondFactor, SecretString};

struct World {
    emulator: Emulator,
    client: Client,
    service_id: String,
    user: User,
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::start().await.unwrap();
        let client = client(&emulator, &emulator.verigator().password());
        let service = client.services().create(NewService::fqdn("a.example").name("A")).await.unwrap();
        let user = NewUser::id_in_service("anna").phone_number("+372510000");
        let user = client.users(&service.id).create(user).await.unwrap();
        Self { emulator, client, service_id: service.id, user }
    }

    /// The code that the emulator has sent last.
    fn code(&self) -> String {
        self.emulator.pending_codes_for("verigator", "anna").pop().unwrap().code
    }

    async fn verify(&self, code: &str) -> Verification {
        self.client.users(&self.service_id).authentication(&self.user.id).verify(code).await.unwrap()
    }

    async fn start(&self, method: AuthMethod) -> AuthMethod {
        self.client.users(&self.service_id).authentication(&self.user.id).start(method).await.unwrap().method
    }

    fn sent(&self) -> u64 {
        self.emulator.effects().count("verigator", "sms_sent")
    }
}

fn client(emulator: &Emulator, password: &str) -> Client {
    let verigator = emulator.verigator();
    Client::builder(verigator.username(), SecretString::from(password))
        .base_url(verigator.base_url())
        .build()
        .unwrap()
}

#[tokio::test]
async fn services_and_users_live_and_die() {
    let world = World::new().await;
    let services = world.client.services();
    assert_eq!(services.get(&world.service_id).await.unwrap().name, "A");
    let users = world.client.users(&world.service_id);
    assert_eq!(users.list().await.unwrap().users.len(), 1);
    assert_eq!(users.get(&world.user.id).await.unwrap().id_in_service, "anna");

    let again = users.create(NewUser::id_in_service("anna").phone_number("+372510000")).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    users.delete(&world.user.id).await.unwrap();
    assert_eq!(users.get(&world.user.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    services.delete(&world.service_id).await.unwrap();
    assert_eq!(services.get(&world.service_id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_wrong_password_is_refused_once_and_for_all() {
    let emulator = Emulator::start().await.unwrap();
    let error = client(&emulator, "wrong").services().get("s1").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));
}

#[tokio::test]
async fn a_code_is_right_wrong_late_or_once_too_often() {
    let world = World::new().await;
    assert_eq!(world.start(AuthMethod::Totp).await, AuthMethod::Sms, "the user has no app");
    let code = world.code();
    let Verification::Rejected(why) = world.verify("nonsense").await else { panic!("it is wrong") };
    assert!(why.invalid && !why.expired && !why.throttled);
    assert!(world.verify(&code).await.is_verified());
    let login = world.client.users(&world.service_id);
    assert!(login.authentication(&world.user.id).verify(code.as_str()).await.is_err(), "a code works once");

    world.start(AuthMethod::Sms).await;
    let code = world.code();
    world.emulator.clock().advance(Duration::from_secs(301));
    let Verification::Rejected(why) = world.verify(&code).await else { panic!("it is late") };
    assert!(why.expired);
}

/// Runs a step to its end, storing the challenge after each try as a web service does between two requests.
async fn run(world: &World, step: &SecondFactor, mut type_code: impl FnMut(u32) -> String) -> Vec<Outcome> {
    let challenge = step.begin(&world.client, &world.service_id, &world.user.id).await.unwrap();
    let mut session = serde_json::to_string(&challenge).unwrap();
    let mut answers = Vec::new();
    loop {
        // Another instance of the service, with its own client.
        let client = client(&world.emulator, &world.emulator.verigator().password());
        let mut challenge: Challenge = serde_json::from_str(&session).unwrap();
        let typed = type_code(u32::try_from(answers.len()).unwrap());
        let answer = challenge.answer(&client, typed).await.unwrap();
        session = serde_json::to_string(&challenge).unwrap();
        let goes_on = matches!(answer, Outcome::Rejected(_) | Outcome::CodeReplaced);
        answers.push(answer);
        if !goes_on {
            return answers;
        }
    }
}

#[tokio::test]
async fn the_second_factor_step_ends_in_every_way() {
    let world = World::new().await;
    let step = SecondFactor::new(AuthMethod::Sms).max_tries(3);
    let typed = |codes: &'static [&'static str]| {
        let world = &world;
        move |index: u32| match codes[usize::try_from(index).unwrap()] {
            "right" => format!(" {}\n", world.code()),
            other => other.to_owned(),
        }
    };
    let last = |answers: Vec<Outcome>| (answers.len(), answers.last().unwrap().clone());
    assert_eq!(last(run(&world, &step, typed(&["1", " ", "right"])).await), (3, Outcome::Verified));
    assert_eq!(
        last(run(&world, &step, typed(&["1", "2", "3", "right"])).await),
        (3, Outcome::Failed(FailureReason::TooManyTries))
    );
    let patient = step.clone().max_tries(20);
    let (_, throttled) = last(run(&world, &patient, |_| "1".to_owned()).await);
    assert_eq!(throttled, Outcome::Failed(FailureReason::Throttled));
    assert_eq!(world.sent(), 3, "one message per step");
}

#[tokio::test]
async fn an_expired_code_is_replaced_only_when_that_was_allowed() {
    let world = World::new().await;
    for (codes, tries, expected) in [
        (1, 5, vec![Outcome::Failed(FailureReason::Expired)]),
        (2, 5, vec![Outcome::CodeReplaced, Outcome::Verified]),
        (2, 1, vec![Outcome::Failed(FailureReason::TooManyTries)]),
    ] {
        let step = SecondFactor::new(AuthMethod::Sms).max_tries(tries).max_codes(codes);
        let answers = run(&world, &step, |index| {
            let code = world.code();
            if index == 0 {
                world.emulator.clock().advance(Duration::from_secs(301));
            }
            code
        });
        assert_eq!(answers.await, expected);
    }
    assert_eq!(world.sent(), 4, "nothing is sent that nobody can use");
}

#[tokio::test]
async fn a_challenge_counts_lost_responses_and_stays_with_its_account() {
    use auth_emulator::{Effect, Fault, FaultRule};

    let world = World::new().await;
    let step = SecondFactor::new(AuthMethod::Totp).max_tries(2);
    let mut challenge = step.begin(&world.client, &world.service_id, &world.user.id).await.unwrap();
    assert_eq!((challenge.method(), challenge.tries_left()), (&AuthMethod::Sms, 2), "the user has no app");
    let stored = serde_json::to_string(&challenge).unwrap();
    assert!(!stored.contains(&world.emulator.verigator().password()) && !stored.contains(&world.code()));

    let elsewhere = Emulator::start().await.unwrap();
    let other = client(&elsewhere, &elsewhere.verigator().password());
    let error = challenge.answer(&other, world.code()).await.unwrap_err();
    assert_eq!((error.kind(), challenge.tries_left()), (ErrorKind::InvalidInput, 2));
    assert!(elsewhere.journal_of("verigator").is_empty(), "nothing was sent there");
    let base = world.emulator.verigator().base_url();
    let other = Client::builder("another-user", "api-password").base_url(base).build().unwrap();
    let error = challenge.answer(&other, world.code()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("challenge")));

    let lost = FaultRule::new("verigator", Fault::close_before_response()).effect(Effect::Before);
    world.emulator.add_fault(lost).unwrap();
    assert!(challenge.answer(&world.client, "1").await.is_err());
    assert_eq!(challenge.tries_left(), 1, "it may have been counted");
    assert_eq!(challenge.answer(&world.client, world.code()).await.unwrap(), Outcome::Verified);
    assert!(!challenge.answer(&world.client, "1").await.unwrap().is_verified(), "it is over");
}

#[tokio::test]
async fn a_lost_response_sends_no_second_message_and_a_read_gets_through() {
    use auth_emulator::{Effect, Fault, FaultRule};

    let world = World::new().await;
    let lost = FaultRule::new("verigator", Fault::close_before_response()).effect(Effect::Before);
    world.emulator.add_fault(lost.clone()).unwrap();
    let users = world.client.users(&world.service_id);
    let error = users.authentication(&world.user.id).start(AuthMethod::Sms).await.unwrap_err();
    assert!(error.may_have_been_executed(), "{error}");
    assert_eq!(world.sent(), 1, "it was carried out, and not twice");

    world.emulator.add_fault(lost).unwrap();
    assert_eq!(users.list().reply().await.unwrap().attempts, 2);

    world.emulator.add_fault(FaultRule::new("verigator", Fault::status(503))).unwrap();
    let before = world.sent();
    let error = users.authentication(&world.user.id).start(AuthMethod::Sms).await.unwrap_err();
    assert_eq!((error.kind(), world.sent()), (ErrorKind::Server, before));
}

#[tokio::test]
async fn the_other_responses_that_the_vendor_may_give_are_taken() {
    let world = World::new().await;
    let verigator = world.emulator.verigator();
    verigator.set_delete_with_json_body(false);
    verigator.set_create_status(CreateStatus::Created);
    let users = world.client.users(&world.service_id);
    let user = users.create(NewUser::id_in_service("b").phone_number("+1")).await.unwrap();
    users.delete(&user.id).await.unwrap();
}
