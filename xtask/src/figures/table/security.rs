//! Figures about secrets, and about what others can make a client do.

use super::{Figure, auth, core, emulator, planned, shown, verigator};

const NO_TEST: &str = "no test yet";

pub(super) const FIGURES: &[Figure] = &[
    shown(
        "security.printing.verigator",
        "planted secrets in Debug of every public type, in errors with their causes, and in all logs at TRACE",
        "0 traces of one, in any encoding",
        "7 types, 7 values, 26 errors",
        &[
            verigator("secrets", "no_public_type_prints_a_secret"),
            verigator("secrets", "no_error_and_no_log_line_shows_a_secret"),
        ],
    ),
    shown(
        "security.printing.shared",
        "planted secrets in signers, credentials, tokens and requests",
        "0 traces of one",
        "7 kinds",
        &[
            auth("secret::tests::a_secret_header_does_not_print"),
            auth("sign::tests::parts_print_names_and_no_values"),
            auth("store::tests::a_stored_token_does_not_print"),
            auth("scheme::basic::tests::nothing_of_it_prints"),
            auth("scheme::header_pair::tests::nothing_of_it_prints"),
            core("lib", "model::tests::a_secret_field_is_sent_and_not_printed"),
            core("renewal", "nothing_held_is_printed"),
        ],
    ),
    planned(
        "security.printing.complete",
        "the same for all public types of all crates, the list taken from the compiler",
        "0 traces, and every type covered",
        NO_TEST,
    ),
    shown(
        "security.echoes",
        "servers that repeat the credential in an error",
        "0 bytes of it in the printed error",
        "bodies and headers",
        &[
            core("lib", "error::tests::nothing_that_the_server_sent_is_printed"),
            core("lib", "json::tests::values_of_the_body_are_never_part_of_the_reason"),
        ],
    ),
    shown(
        "security.redirects",
        "redirects to another origin",
        "0 followed; a typed error that names scheme and host only, also where a caller's own client has followed",
        "5 statuses",
        &[
            core("transport", "a_redirect_is_never_followed"),
            core("transport", "a_redirect_that_a_foreign_client_followed_is_reported"),
        ],
    ),
    planned(
        "security.redirects.matrix",
        "5 statuses × 9 kinds of other origin × 5 ways to authenticate",
        "0 credential or body bytes at the second origin",
        NO_TEST,
    ),
    planned(
        "security.proxies",
        "proxies, alternative services and cookies that another origin names",
        "0 bytes to them",
        NO_TEST,
    ),
    shown(
        "security.origin",
        "credentials of another host, port or scheme",
        "0 attached, 0 sent",
        "3 origins",
        &[core("attempts", "a_credential_of_another_origin_is_not_attached")],
    ),
    shown(
        "security.plain-http",
        "base URLs that would show a secret or leave the host",
        "0 accepted; plain http for loopback only",
        "13 addresses",
        &[
            core("lib", "base_url::tests::addresses_that_would_leak_are_refused"),
            core("lib", "base_url::tests::http_is_fine_on_loopback"),
            verigator("errors", "addresses_that_would_leak_the_password_are_refused"),
        ],
    ),
    shown(
        "security.header-injection",
        "control characters in credentials; callers' headers that are the engine's",
        "0 reach the wire, and the error shows none",
        "33 characters, 6 headers",
        &[
            auth("secret::tests::every_control_character_is_refused_and_none_is_shown"),
            auth("scheme::header_pair::tests::line_breaks_are_refused_in_both"),
            core("attempts", "headers_of_the_client_cannot_be_replaced"),
            verigator("errors", "credentials_that_cannot_be_sent_are_refused_and_not_shown"),
        ],
    ),
    shown(
        "security.path-ids",
        "ids made to reach another endpoint, curated and generated, against another parser of URLs",
        "0 reach another path; each is refused or comes back as one segment",
        "20 curated, 256 generated",
        &[
            core("lib", "path::tests::ids_that_would_reach_another_endpoint_are_refused_by_name"),
            core("lib", "path::tests::everything_else_becomes_one_segment"),
            core("lib", "path::tests::any_id_is_refused_or_comes_back_as_one_segment"),
            verigator("errors", "ids_that_would_reach_another_endpoint_are_refused_before_anything_is_sent"),
        ],
    ),
    shown(
        "security.large-answers",
        "answers over the limit, with a length, in chunks, and with an absurd length",
        "0 read beyond the limit",
        "2 framings, 2 absurd lengths",
        &[
            core("transport", "bodies_over_the_limit_are_refused_and_errors_over_it_are_cut"),
            core("transport", "an_absurd_length_reserves_no_memory_and_is_refused"),
            core("attempts", "bodies_have_limits"),
        ],
    ),
    planned(
        "security.large-answers.memory",
        "the memory that such answers take",
        "≤ the limit + 64 KiB",
        NO_TEST,
    ),
    shown(
        "security.emulator.credentials",
        "every operation of the emulated Verigator with bad credentials",
        "0 accepted",
        "every operation",
        &[emulator("verigator", "every_operation_refuses_a_bad_credential")],
    ),
    shown(
        "security.emulator.journal",
        "secrets in the emulator's journal and explanations",
        "0",
        "journal, explanations",
        &[
            emulator("control", "the_journal_shows_requests_and_no_secrets"),
            emulator("verigator", "explanations_name_the_failed_check_and_no_secret"),
        ],
    ),
    shown(
        "security.emulator.foreign-hosts",
        "requests to the emulator under another host name, and control calls without the token",
        "0 answered",
        "every listener",
        &[
            emulator("lifecycle", "foreign_hosts_are_refused_on_every_listener"),
            emulator("control", "nothing_is_told_without_the_token"),
        ],
    ),
    planned(
        "security.signature-collisions",
        "pairs of different requests with the same canonical string",
        "0 in 10,000,000 generated pairs",
        NO_TEST,
    ),
    planned(
        "security.signature-vectors",
        "signatures of requests against the vendor's own and an independent implementation",
        "at least 40 per signer, all equal",
        NO_TEST,
    ),
    planned(
        "security.tamper",
        "every bit of every signed part flipped",
        "100 % of the changes that mean something refused",
        NO_TEST,
    ),
    planned("security.fuzz", "parsers and signers under a fuzzer", "0 crashes in 10⁹ executions", NO_TEST),
    planned(
        "security.secret-types",
        "code that compares, serialises or takes out a secret in passing",
        "0 compile",
        NO_TEST,
    ),
    planned("security.wiping", "copies of secrets in freed memory", "0 in buffers of ours", NO_TEST),
    planned(
        "security.mutants",
        "faults planted in signers, renewal and retry",
        "≥ 95 % found by tests",
        NO_TEST,
    ),
];
