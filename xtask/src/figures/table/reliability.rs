//! Figures about calls that go wrong and credentials that end.

use super::{Figure, auth, core, planned, shown, verigator};

const NO_TEST: &str = "no test yet";

pub(super) const FIGURES: &[Figure] = &[
    shown(
        "reliability.renewal.single",
        "10,000 calls at once on an expired token, and 10,000 that are refused at once, some refusals late",
        "1 renewal, no failed call, at most 2 sends per call",
        "20,000 calls, 100 late refusals",
        &[
            core("renewal", "ten_thousand_calls_on_an_expired_token_cause_one_renewal"),
            core("renewal", "ten_thousand_refusals_some_of_them_late_cause_one_renewal"),
            auth("token::tests::a_late_refusal_of_an_old_generation_renews_nothing"),
        ],
    ),
    shown(
        "reliability.renewal.failing",
        "calls while the token endpoint fails",
        "1 request to it per back-off; every caller gets an error with the time to come back",
        "5,100 calls",
        &[
            core("renewal", "a_failing_renewal_is_tried_once_per_back_off_and_everybody_is_told"),
            auth("token::tests::a_failed_fetch_is_shared_and_not_repeated_before_its_back_off"),
        ],
    ),
    shown(
        "reliability.renewal.leader-gone",
        "the call that started a renewal is dropped after 1 to 3 polls; a renewal panics",
        "0 hangs, 1 renewal each, followers served",
        "3 drops, 1 panic",
        &[
            core("renewal", "a_caller_who_goes_away_harms_nobody"),
            core("renewal", "a_panic_in_a_renewal_is_an_error_and_not_a_hang"),
        ],
    ),
    shown(
        "reliability.renewal.early",
        "early renewals fail while the old token still serves",
        "0 failed calls before the real end",
        "279 simulated seconds",
        &[
            auth("token::tests::a_failed_early_renewal_serves_until_the_real_end"),
            auth("token::tests::the_early_window_serves_the_old_token_and_starts_one_renewal"),
        ],
    ),
    shown(
        "reliability.renewal.outage",
        "the token endpoint is down for a day and comes back",
        "recovers within one back-off of 30 s, one try per 30 s meanwhile",
        "86,400 simulated seconds",
        &[auth("token::tests::the_back_off_is_capped_and_recovers_after_a_day")],
    ),
    shown(
        "reliability.renewal.refused-for-good",
        "every token is refused, for a minute of calls",
        "at most 2 sends per call and 7 renewals",
        "600 calls in 60 simulated seconds",
        &[core("renewal", "a_permanent_refusal_costs_two_sends_per_call_and_few_renewals")],
    ),
    shown(
        "reliability.renewal.clocks",
        "the wall clock jumps, or stands still while time passes",
        "0 uses of a token that either clock says has ended",
        "2 clocks",
        &[
            auth("token::tests::either_clock_ends_a_token"),
            auth("clock::tests::a_wall_jump_leaves_the_monotonic_clock_alone"),
        ],
    ),
    planned(
        "reliability.renewal.rotation",
        "many tasks and processes share one rotating token; kills between rotating and storing it",
        "0 reuse events, 0 lost tokens",
        NO_TEST,
    ),
    planned(
        "reliability.renewal.lost-answer",
        "the answer to a renewal is lost after the server has rotated the token",
        "success within the server's grace, otherwise 1 typed error and no loop",
        NO_TEST,
    ),
    planned(
        "reliability.renewal.interleavings",
        "the renewal state machine under a model checker",
        "every interleaving of 2 threads",
        NO_TEST,
    ),
    shown(
        "reliability.retry.quota",
        "a client whose every call fails",
        "35 repeats empty the bucket, then 1 send per call",
        "100 calls",
        &[
            core("attempts", "the_quota_ends_the_repeats_of_a_whole_client"),
            core("lib", "retry::quota::tests::it_runs_dry_and_fills_again"),
        ],
    ),
    shown(
        "reliability.retry.no-duplicates",
        "writes whose answer is lost, refused or throttled",
        "0 repeats of a write that may have been executed; the error says whether it may have been",
        "6 faults, 7 refusals; Verigator: 6 faults",
        &[
            core("attempts", "a_write_whose_answer_was_lost_is_not_repeated_and_says_so"),
            core("attempts", "a_write_that_was_refused_was_not_executed"),
            core("attempts", "a_doubt_from_an_earlier_attempt_is_not_forgotten"),
            core("lib", "retry::tests::a_write_is_repeated_only_when_it_was_surely_not_executed"),
            verigator("errors", "starts_and_verifications_are_never_repeated"),
        ],
    ),
    shown(
        "reliability.retry.effects",
        "a text message whose answer is lost, by the emulator's count of messages",
        "1 message",
        "2 faults",
        &[verigator("emulator", "a_lost_answer_sends_no_second_message_and_a_read_gets_through")],
    ),
    planned(
        "reliability.retry.effects-matrix",
        "every fault of the emulator at every write of every provider",
        "0 duplicate effects",
        NO_TEST,
    ),
    shown(
        "reliability.retry.reads",
        "reads after every failure that can pass, and after those that can't",
        "11 of 11 repeated; 0 of 10 repeated",
        "21 failures",
        &[
            core("attempts", "a_read_is_repeated_after_every_passing_failure"),
            core("attempts", "what_cannot_pass_is_not_repeated"),
        ],
    ),
    shown(
        "reliability.retry.retry-after",
        "values of Retry-After as servers send them, and absurd ones",
        "0 panics; kept up to the cap, and beyond it the error has the value",
        "33 values",
        &[
            core("lib", "retry::after::tests::a_corpus_of_values"),
            core("lib", "retry::after::tests::a_date_is_measured_from_the_servers_own_clock"),
            core("attempts", "retry_after_is_kept_in_seconds_and_as_a_date"),
            core("attempts", "retry_after_beyond_the_cap_or_the_deadline_returns_the_error_at_once"),
        ],
    ),
    shown(
        "reliability.signature-age",
        "a call that is repeated after long waits",
        "every attempt is signed at its own second",
        "3 attempts over 110 simulated seconds",
        &[core("attempts", "each_attempt_is_signed_anew")],
    ),
    planned(
        "reliability.clock-skew",
        "signed calls with a clock that is up to an hour off, 100 at once",
        "all succeed with at most 1 extra send each",
        NO_TEST,
    ),
    shown(
        "reliability.slow-server",
        "a server that sends byte by byte, or nothing at all",
        "ends by the deadline + 250 ms",
        "1 drip, 7 hanging answers",
        &[
            core("transport", "a_drip_meets_the_deadline_of_the_attempt"),
            core("attempts", "a_hanging_server_meets_the_deadlines"),
            core("attempts", "the_deadline_covers_waiting_for_a_credential"),
        ],
    ),
    shown(
        "reliability.keep-alive",
        "reads over kept connections that the server has closed",
        "0 failed reads",
        "50 calls",
        &[core("transport", "an_idle_connection_that_the_server_closed_does_not_fail_a_read")],
    ),
    shown(
        "reliability.cut-answer",
        "an answer cut at every byte, with a length, in chunks and without either",
        "0 accepted as complete, 0 reported as decode errors",
        "every byte of 3 framings",
        &[
            core("transport", "a_body_cut_at_any_byte_is_a_transport_error_and_never_accepted"),
            core("lib", "json::tests::a_cut_at_any_byte_is_recognised_as_a_cut"),
        ],
    ),
    shown(
        "reliability.paging",
        "lists whose server repeats a position, or fails in the middle",
        "0 endless lists, 0 rows lost or twice",
        "4 lists",
        &[
            core("paging", "rows_come_in_order_until_the_last_page"),
            core("paging", "a_repeated_position_ends_the_list_with_an_error"),
            core("paging", "after_an_error_the_same_page_is_asked_for_again"),
            core("paging", "a_kept_position_goes_on_where_it_was_and_pages_can_be_limited"),
        ],
    ),
    planned(
        "reliability.clean-up",
        "10,000 clients made, used and dropped during renewals",
        "tasks, sockets and file handles as before",
        NO_TEST,
    ),
    planned(
        "reliability.soak",
        "an hour of calls against random faults",
        "0 broken rules, memory within 1 %",
        NO_TEST,
    ),
];
