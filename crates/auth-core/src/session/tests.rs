//! Tests of the decisions: which pair is newer, what is refreshed, and each step of a renewal.

use super::*;
use std::time::Duration;

/// A pair, with the letter of its refresh token.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Made {
    generation: u64,
    refresh: Option<char>,
    ends: Option<u64>,
    accepted: bool,
    rejected: bool,
    valid: bool,
}

impl Pair for Made {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn can_refresh(&self) -> bool {
        self.refresh.is_some()
    }

    fn has_refresh_token_of(&self, other: &Self) -> bool {
        self.refresh == other.refresh
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.ends.map(at)
    }

    fn is_accepted(&self) -> bool {
        self.accepted
    }

    fn is_rejected(&self) -> bool {
        self.rejected
    }

    fn is_valid(&self) -> bool {
        self.valid
    }
}

/// The time of all tests, in seconds.
const NOW: u64 = 1_000;
const OPEN: Situation = Situation { has_unsaved: false, can_log_in: false, is_paused: false };

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A pair whose access token ends at this time.
fn made(generation: u64, refresh: char, ends: u64) -> Made {
    Made {
        generation,
        refresh: Some(refresh),
        ends: Some(ends),
        accepted: false,
        rejected: false,
        valid: true,
    }
}

/// A pair whose access token has ended.
fn ended(generation: u64, refresh: char) -> Made {
    made(generation, refresh, NOW)
}

fn stored(pair: Made) -> Option<Stored<Made>> {
    Some(Stored { pair, is_refreshing: false })
}

fn marked(pair: Made) -> Option<Stored<Made>> {
    Some(Stored { pair, is_refreshing: true })
}

fn loaded(pair: Made) -> Event<Made> {
    Event::Loaded(stored(pair))
}

fn locked(stored: Option<Stored<Made>>) -> Event<Made> {
    Event::Locked { stored, was_cleared: false }
}

/// Runs one renewal, and compares each step with the expected one.
fn run(
    session: &mut Session<Made>,
    held: Option<Made>,
    situation: Situation,
    first: Step<Made>,
    script: &[(Event<Made>, Step<Made>)],
) {
    let (mut renewal, step) = Renewal::start(session, held, situation, at(NOW));
    assert_eq!(step, first);
    for (event, expected) in script {
        let step = renewal.next(session, event.clone(), at(NOW));
        assert_eq!(&step, expected, "after {event:?}, of {script:?}");
    }
}

/// Runs one renewal of a fresh session that begins with `Load`.
fn fresh(held: Option<Made>, script: &[(Event<Made>, Step<Made>)]) -> Session<Made> {
    let mut session = Session::default();
    run(&mut session, held, OPEN, Step::Load, script);
    session
}

/// The steps of a renewal of the stored pair, up to its request.
fn sent(pair: Made, is_marked: bool) -> Vec<(Event<Made>, Step<Made>)> {
    let stored = Some(Stored { pair, is_refreshing: is_marked });
    vec![
        (Event::Loaded(stored.clone()), Step::Lock),
        (locked(stored), Step::Begin(pair)),
        (Event::Begun, Step::Send(pair)),
    ]
}

#[test]
fn the_stored_pair_is_newer_by_generation_or_by_expiry_of_a_given_one() {
    let accepted = Made { accepted: true, ..made(0, 'k', 0) };
    let endless = |pair: Made| Made { ends: None, ..pair };
    for (found, known, is_newer) in [
        (made(2, 's', 2000), None, true),
        (made(3, 's', 2000), Some(made(2, 'k', 2000)), true),
        (made(2, 's', 3000), Some(made(2, 'k', 2000)), false),
        (made(1, 's', 3000), Some(made(2, 'k', 2000)), false),
        (made(1, 's', 2001), Some(made(0, 'k', 2000)), true),
        (made(1, 's', 2000), Some(made(0, 'k', 2000)), false),
        (made(1, 's', 1999), Some(made(0, 'k', 2000)), false),
        (made(1, 's', 2000), Some(endless(made(0, 'k', 0))), true),
        (made(1, 's', 2000), Some(endless(accepted)), false),
        (endless(made(1, 's', 0)), Some(made(0, 'k', 2000)), false),
        (endless(made(1, 's', 0)), Some(endless(made(0, 'k', 0))), false),
        // Newer, but of no use.
        (made(3, 's', NOW), Some(made(2, 'k', 2000)), false),
        (Made { valid: false, ..made(3, 's', 2000) }, Some(made(2, 'k', 2000)), false),
    ] {
        let newer = Session::default().newer(Some(&found), known.as_ref(), at(NOW));
        assert_eq!(newer.is_some(), is_newer, "{found:?} {known:?}");
    }
    assert_eq!(Session::default().newer(None, Some(&made(1, 'k', 2000)), at(NOW)), None);
}

#[test]
fn after_a_refusal_any_other_pair_is_newer() {
    let has_ended = || Session { has_ended: true, ..Session::default() };
    let has_refused = |pair| Session { refused: vec![pair], ..Session::default() };
    let known = made(5, 'k', 2000);
    let given = made(0, 'k', 2000);
    for (session, found, known, is_newer) in [
        (has_ended(), made(1, 's', 1500), known, true),
        (has_ended(), made(5, 'k', 1500), known, false),
        (has_ended(), made(1, 'k', 1500), given, true),
        (has_refused(known), made(1, 's', 1500), known, true),
        (has_refused(made(4, 'x', 0)), made(1, 's', 1500), known, false),
        (has_refused(known), made(5, 'k', 1500), known, false),
    ] {
        let newer = session.newer(Some(&found), Some(&known), at(NOW));
        assert_eq!(newer.is_some(), is_newer, "{session:?} {found:?}");
    }
}

#[test]
fn each_refresh_token_that_may_work_is_sent_once_and_the_likeliest_first() {
    let letters = |session: &Session<Made>, stored: Option<Made>, known: Option<Made>| {
        let pairs = session.to_refresh(stored.as_ref(), known.as_ref(), at(NOW));
        pairs.iter().filter_map(|pair| pair.refresh).collect::<String>()
    };
    let given = Session::new(Some(made(0, 'g', 0)));
    let none = Session::default();
    let refused = Session { refused: vec![made(0, 'g', 0)], ..given.clone() };
    for (session, stored, known, expected) in [
        (&given, Some(made(2, 's', 2000)), Some(made(1, 'k', 2000)), "sg"),
        (&given, Some(made(2, 's', 2000)), Some(made(2, 'k', 2000)), "sg"),
        (&given, Some(made(1, 's', 2000)), Some(made(2, 'k', 2000)), "ksg"),
        (&given, Some(made(1, 's', 3000)), Some(made(0, 'k', 2000)), "skg"),
        (&given, Some(made(1, 's', 2000)), Some(made(0, 'k', 3000)), "ksg"),
        (&given, None, Some(made(1, 'k', 2000)), "kg"),
        (&given, None, Some(made(0, 'g', 2000)), "g"),
        (&given, None, None, "g"),
        (&refused, Some(made(1, 's', 2000)), None, "s"),
        (&none, Some(Made { refresh: None, ..made(1, 's', 2000) }), None, ""),
    ] {
        assert_eq!(letters(session, stored, known), expected, "{stored:?} {known:?}");
    }
}

#[test]
fn refused_pairs_are_remembered_after_a_renewal() {
    let refused = made(1, 'r', 2000);
    let mut session = Session { refused: vec![refused], ..Session::default() };
    session.renewed(made(2, 'n', 2000));
    assert_eq!(session.to_refresh(Some(&refused), None, at(NOW)), []);
}

#[test]
fn the_next_generation_follows_the_later_one() {
    let session = |generation| Session { latest: Some(made(generation, 'l', 0)), ..Session::default() };
    assert_eq!(Session::<Made>::default().next_generation(None), 1);
    assert_eq!(session(4).next_generation(Some(&made(2, 's', 0))), 5);
    assert_eq!(session(4).next_generation(Some(&made(7, 's', 0))), 8);
}

#[test]
fn another_process_that_was_faster_ends_the_renewal_at_each_reading() {
    let (old, new) = (ended(1, 'a'), made(2, 'b', 2000));
    let using = (loaded(new), Step::Use(new));
    let failing = (loaded(old), Step::Fail(Failure::Store));
    let held = Some(old);
    let session = fresh(held, std::slice::from_ref(&using));
    assert_eq!(session.latest(), Some(&new));
    fresh(held, &[(loaded(old), Step::Lock), (locked(stored(new)), Step::Use(new))]);
    for end in [&using, &failing] {
        fresh(held, &[(loaded(old), Step::Lock), (Event::Failed, Step::Load), end.clone()]);
        let steps = [(loaded(old), Step::Lock), (locked(stored(old)), Step::Begin(old))];
        fresh(held, &[&steps[..], &[(Event::Failed, Step::Load), end.clone()]].concat());
    }
    fresh(held, &[&sent(old, false)[..], &[(Event::Refused, Step::Load), using]].concat());
}

#[test]
fn a_pair_that_the_server_issues_is_saved_and_used() {
    let (old, new) = (ended(1, 'a'), made(2, 'b', 2000));
    let rest = [(Event::Granted(new), Step::Save(new)), (Event::Saved, Step::Use(new))];
    fresh(Some(old), &[&sent(old, false)[..], &rest].concat());
    // Of a later login, and of a logout.
    for (found, end) in [
        (Some(made(9, 'z', 2000)), Step::Use(made(9, 'z', 2000))),
        (Some(ended(9, 'z')), Step::Fail(Failure::Expired)),
        (None, Step::Fail(Failure::LoggedOut)),
    ] {
        let rest = [(Event::Granted(new), Step::Save(new)), (Event::Superseded(found), end)];
        fresh(Some(old), &[&sent(old, false)[..], &rest].concat());
    }
}

#[test]
fn an_unsaved_pair_is_saved_first() {
    let situation = Situation { has_unsaved: true, ..OPEN };
    let serving = made(2, 'b', 2000);
    for (latest, after) in [(serving, Step::Use(serving)), (ended(2, 'b'), Step::Load)] {
        let mut session = Session::default();
        session.renewed(latest);
        // Also if it is the one in use.
        for held in [ended(1, 'a'), latest] {
            let saved = [(Event::Saved, after.clone())];
            run(&mut session, Some(held), situation, Step::SaveAgain, &saved);
        }
        let lost = [(Event::Superseded(None), Step::Fail(Failure::LoggedOut))];
        run(&mut session, Some(ended(1, 'a')), situation, Step::SaveAgain, &lost);
    }
}

#[test]
fn a_login_of_this_process_is_used_by_a_renewal_that_waited() {
    let session = |latest| Session { latest: Some(latest), ..Session::default() };
    let (held, latest) = (ended(2, 'a'), made(3, 'b', 2000));
    run(&mut session(latest), Some(held), OPEN, Step::Use(latest), &[]);
    run(&mut session(latest), None, OPEN, Step::Use(latest), &[]);
    // An ended one is refreshed in place of the held one, and an older one is not.
    for (latest, refreshed) in
        [(ended(3, 'b'), ended(3, 'b')), (made(2, 'b', 2000), held), (made(1, 'b', 2000), held)]
    {
        // Nor is the older one of the store marked in its place.
        for found in [None, stored(ended(1, 's'))] {
            let script =
                [(Event::Loaded(found.clone()), Step::Lock), (locked(found), Step::Begin(refreshed))];
            run(&mut session(latest), Some(held), OPEN, Step::Load, &script);
        }
    }
}

#[test]
fn without_a_way_to_tokens_nothing_is_locked() {
    let mut dead = Session::default();
    dead.end();
    let nothing = Made { refresh: None, ..ended(1, 'a') };
    let can_log_in = Situation { can_log_in: true, ..OPEN };
    let is_paused = Situation { is_paused: true, ..OPEN };
    for (session, held, situation, expected) in [
        (dead.clone(), nothing, OPEN, Step::Fail(Failure::Idle)),
        (dead.clone(), nothing, can_log_in, Step::Lock),
        (dead, ended(1, 'a'), OPEN, Step::Lock),
        (Session::default(), nothing, OPEN, Step::Lock),
        (Session::default(), ended(1, 'a'), is_paused, Step::Fail(Failure::Idle)),
    ] {
        let mut session = session;
        run(&mut session, Some(held), situation, Step::Load, &[(loaded(held), expected)]);
    }
}

#[test]
fn a_refresh_of_another_process_in_doubt_is_left_alone_while_the_access_token_lasts() {
    let (minute, longer) = (made(1, 'a', NOW + 60), made(1, 'a', NOW + 61));
    for (pair, is_refreshing, is_left) in [
        (longer, true, true),
        (Made { ends: None, ..longer }, true, true),
        (longer, false, false),
        (minute, true, false),
        (Made { rejected: true, ..longer }, true, false),
        (Made { generation: 0, ..longer }, true, false),
    ] {
        let found = Some(Stored { pair, is_refreshing });
        let end = if is_left { Step::Fail(Failure::InDoubt) } else { Step::Begin(pair) };
        fresh(Some(pair), &[(Event::Loaded(found.clone()), Step::Lock), (locked(found), end)]);
    }
}

#[test]
fn a_logout_ends_the_tokens_of_the_store_and_no_others() {
    let cleared = Event::Locked { stored: None, was_cleared: true };
    let login = Step::LogIn(Problem::NotLoggedIn);
    let (old, given) = (ended(3, 'a'), ended(0, 'g'));
    let steps = |end| [(Event::Loaded(None), Step::Lock), (cleared.clone(), end)];
    let mut session = fresh(Some(old), &steps(login.clone()));
    // Nor do they return with the next renewal.
    let again = [(Event::Loaded(None), Step::Lock), (locked(None), login)];
    run(&mut session, Some(old), OPEN, Step::Load, &again);
    let newer = ended(4, 'n');
    let later = [(Event::Loaded(None), Step::Lock), (locked(None), Step::Begin(newer))];
    run(&mut session, Some(newer), OPEN, Step::Load, &later);
    fresh(Some(given), &steps(Step::Begin(given)));
}

#[test]
fn without_a_refresh_token_there_is_a_login_that_says_why() {
    let nothing = Made { refresh: None, ..ended(1, 'a') };
    for (held, found, problem) in [
        (None, None, Problem::NotLoggedIn),
        (Some(nothing), None, Problem::NoRefreshToken),
        (None, stored(nothing), Problem::NoRefreshToken),
    ] {
        let steps = [(Event::Loaded(found.clone()), Step::Lock), (locked(found), Step::LogIn(problem))];
        fresh(held, &steps);
    }
}

#[test]
fn a_refused_refresh_token_is_unmarked_and_not_sent_again() {
    let pair = ended(1, 'a');
    let unmark = || Step::Unmark(pair, false);
    for (events, problem) in [
        (vec![(Event::Refused, Step::Load), (loaded(pair), unmark())], Problem::RefreshRefused),
        (vec![(Event::Refused, Step::Load), (Event::Failed, unmark())], Problem::RefreshRefused),
        (vec![(Event::CodeRequired, unmark())], Problem::CodeRequired),
    ] {
        let end = [(Event::Settled, Step::LogIn(problem))];
        let mut session = fresh(Some(pair), &[&sent(pair, false)[..], &events, &end].concat());
        let again =
            [(loaded(pair), Step::Lock), (locked(stored(pair)), Step::LogIn(Problem::NoRefreshToken))];
        run(&mut session, Some(pair), OPEN, Step::Load, &again);
    }
}

#[test]
fn the_mark_of_an_earlier_refresh_remains_after_a_refusal() {
    let pair = ended(1, 'a');
    let lost = || Step::LogIn(Problem::RefreshLost);
    let refused = [(Event::Refused, Step::Load), (Event::Loaded(marked(pair)), lost())];
    fresh(Some(pair), &[&sent(pair, true)[..], &refused].concat());
    let code = [(Event::CodeRequired, Step::LogIn(Problem::CodeRequired))];
    fresh(Some(pair), &[&sent(pair, true)[..], &code].concat());
    let doubt = [
        (Event::Loaded(marked(pair)), Step::Lock),
        (locked(marked(pair)), Step::Begin(pair)),
        (Event::InDoubt, lost()),
    ];
    fresh(Some(pair), &doubt);
}

#[test]
fn a_lost_response_is_remembered_by_the_session() {
    let pair = ended(1, 'a');
    let lost = [(Event::Lost, Step::Fail(Failure::ResponseLost))];
    let mut session = fresh(Some(pair), &[&sent(pair, false)[..], &lost].concat());
    let refused = [
        (Event::Refused, Step::Load),
        (loaded(pair), Step::Unmark(pair, false)),
        (Event::Settled, Step::LogIn(Problem::RefreshLost)),
    ];
    run(&mut session, Some(pair), OPEN, Step::Load, &[&sent(pair, false)[..], &refused].concat());
}

#[test]
fn a_request_that_was_not_accepted_leaves_the_store_as_it_was() {
    let (pair, given, other) = (ended(1, 'a'), ended(0, 'g'), ended(1, 'o'));
    let not_sent = |step| [(Event::NotSent, step), (Event::Settled, Step::Fail(Failure::NotSent))];
    for is_marked in [false, true] {
        let rest = not_sent(Step::Unmark(pair, is_marked));
        fresh(Some(pair), &[&sent(pair, is_marked)[..], &rest].concat());
    }
    let begun = |found: Option<Stored<Made>>, begin, send| {
        [
            (Event::Loaded(found.clone()), Step::Lock),
            (locked(found), Step::Begin(begin)),
            (Event::Begun, Step::Send(send)),
        ]
    };
    fresh(Some(given), &[&begun(None, given, given)[..], &not_sent(Step::Clear)].concat());
    fresh(Some(pair), &[&begun(None, pair, pair)[..], &not_sent(Step::Unmark(pair, false))].concat());
    // A given pair that ends later is sent first, and the store keeps its own until the server has accepted it.
    let given = made(0, 'g', NOW + 5);
    let rest = not_sent(Step::Unmark(other, false));
    fresh(Some(given), &[&begun(stored(other), other, given)[..], &rest].concat());
}

#[test]
fn after_a_refusal_the_next_pair_is_tried() {
    let (given, other) = (made(0, 'g', NOW + 5), ended(1, 'o'));
    let steps = [
        (loaded(other), Step::Lock),
        (locked(stored(other)), Step::Begin(other)),
        (Event::Begun, Step::Send(given)),
        (Event::CodeRequired, Step::Unmark(other, false)),
        (Event::Settled, Step::Begin(other)),
        (Event::Begun, Step::Send(other)),
    ];
    fresh(Some(given), &steps);
}

/// A pair of a provider that knows nothing but its generation and, maybe, its end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plain(u64, Option<u64>);

impl Pair for Plain {
    fn generation(&self) -> u64 {
        self.0
    }

    fn can_refresh(&self) -> bool {
        true
    }

    fn has_refresh_token_of(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.1.map(at)
    }
}

#[test]
fn a_pair_counts_as_valid_and_as_neither_accepted_nor_rejected_unless_the_provider_says_so() {
    let newer = |found, known| Session::default().newer(Some(&found), Some(&known), at(NOW));
    let (valid, stored) = (Plain(2, None), Plain(1, Some(2000)));
    assert_eq!(newer(valid, Plain(1, None)), Some(valid));
    assert_eq!(newer(stored, Plain(0, None)), Some(stored), "the given one has not been accepted");
    // It is not rejected, so it serves while another process may be refreshing it.
    let found = || Some(Stored { pair: valid, is_refreshing: true });
    let mut session = Session::default();
    let (mut renewal, _) = Renewal::start(&mut session, Some(valid), OPEN, at(NOW));
    assert_eq!(renewal.next(&mut session, Event::Loaded(found()), at(NOW)), Step::Lock);
    let locked = Event::Locked { stored: found(), was_cleared: false };
    assert_eq!(renewal.next(&mut session, locked, at(NOW)), Step::Fail(Failure::InDoubt));
}

#[test]
fn an_event_that_does_not_fit_is_a_failure_of_the_store() {
    fresh(None, &[(Event::Saved, Step::Fail(Failure::Store))]);
    fresh(None, &[(Event::Failed, Step::Fail(Failure::Store))]);
}
