//! `authctl run`: what the command gets, and how it ends.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Emulator, Fault, FaultRule};
use common::{Home, Outcome};
use std::io::{BufRead as _, BufReader};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_calls_without_the_credentials() {
    let emulator = Emulator::start().await.unwrap();
    let mut home = Home::of(&emulator);
    let secrets = [emulator.virtuous().api_key(), emulator.virtuous().private_key()];
    home.env.push(("OTHER_NAME", secrets[0].clone()));
    home.env.push(("NO_PROXY", "internal".to_owned()));
    home.env.push(("AUTHCTL_PROFILE", String::new()));
    home.file(".config/authctl/config.toml", "[profiles.x.virtuous]\napi_key = \"env:OTHER_NAME\"\n");
    let script = "env; exec 3<>/dev/tcp/${AUTHCTL_PROXY_URL#http://}; \
        printf 'GET /virtuous/api/Contact/QueryOptions HTTP/1.0\\r\\nhost: %s\\r\\nauthorization: Bearer %s\\r\\n\\r\\n' ${AUTHCTL_PROXY_URL#http://} $VIRTUOUS_API_KEY >&3; head -1 <&3";
    let script = script
        .replace("/dev/tcp/${AUTHCTL_PROXY_URL#http://}", "/dev/tcp/127.0.0.1/${AUTHCTL_PROXY_URL##*:}");
    let outcome = home.run(&["run", "--", "/bin/bash", "-c", &script]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains(" 200 OK"), "{outcome:?}");
    for name in [
        "VIRTUOUS_BASE_URL=http://127.0.0.1:",
        "VV_API_KEY=actl_",
        "REVESECURE_API_KEY=actl_",
        "VERIGATOR_PASSWORD=actl_",
        "VISE_API_TOKEN=actl_",
        "NO_PROXY=internal,127.0.0.1",
    ] {
        assert!(outcome.out.contains(name), "{name}: {outcome:?}");
    }
    for absent in ["VIRTUOUS_PRIVATE_KEY", "OTHER_NAME", "AUTHCTL_PROFILE"] {
        assert!(!outcome.out.contains(absent), "{absent}: {outcome:?}");
    }
    let of_emulator: Vec<String> = emulator
        .env()
        .into_iter()
        .filter(|(name, _)| !name.ends_with("URL") && !name.ends_with("USERNAME") && !name.ends_with("HOST"))
        .map(|(_, value)| value)
        .collect();
    assert!(
        of_emulator.len() > 5 && of_emulator.iter().all(|value| !outcome.out.contains(value)),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_of_this_workspace_work_as_commands() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    for (arguments, operation) in [
        (
            &["verigator", "services", "create", "--fqdn", "a.example.com", "--name", "A"] as &[_],
            "services.create",
        ),
        (&["revesecure", "validation", "check_key"], "validation.check_key"),
        (&["revesecure", "users", "list"], "users.list"),
        (&["vaultvision", "tenants", "list"], "tenants.list"),
        (&["virtuous", "contacts", "query_options"], "contacts.query_options"),
        (&["vise", "domains"], "domains.list"),
    ] {
        let audit = home.folder.join(operation);
        let run = ["run", "--audit", audit.to_str().unwrap(), "--", common::PROGRAM];
        let outcome = home.run(&[&run as &[_], arguments].concat()).expect(0, "");
        assert!(!outcome.out.is_empty(), "{outcome:?}");
        let log = std::fs::read_to_string(&audit).unwrap();
        assert!(log.contains(&format!("\"operation\":\"{operation}\"")), "{log}");
        // The key of the account is a path parameter of one, and no id.
        let key = emulator.revesecure().api_key();
        assert!(!log.contains(&key) && !log.contains("actl_"), "{log}");
    }
}

/// The chain of VISE: the list, a session per host, calls with its cookie and the token.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_vise_works_as_a_command() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    let mut home = Home::of(&emulator);
    let audit = home.folder.join("audit");
    let run = |home: &Home, own: &[&str], arguments: &[&str]| {
        let run = ["run", "--audit", audit.to_str().unwrap()];
        home.run(&[&run, own, &["--", common::PROGRAM, "vise"], arguments].concat())
    };
    let domains = run(&home, &[], &["domains"]).expect(0, "").out;
    assert!(domains.contains(&vise.host(0)) && !domains.contains(&vise.phrase(0)), "{domains}");
    let each = run(&home, &[], &["each", "get", "/domains"]).expect(0, "shop-1.example").out;
    assert!(each.contains(&vise.host(1)) && each.contains("shop-3.example"), "{each}");
    run(&home, &[], &[&vise.host(1), "post", "/notes", "--data", "{\"text\":\"a\"}"])
        .expect(0, "\"number\": 1");
    run(&home, &[], &[&vise.host(1), "get", "/notes"]).expect(0, "\"a\"");
    run(&home, &[], &["other.example", "get", "/notes"]).expect(5, "has no host other.example");
    // Rules are about the host, and the list is a read.
    run(&home, &["--read-only"], &["domains"]).expect(0, &vise.host(0));
    run(&home, &["--read-only"], &[&vise.host(1), "get", "/notes"]).expect(3, "--read-only rules out");
    let log = std::fs::read_to_string(&audit).unwrap();
    for part in ["\"operation\":\"domains.list\"".to_owned(), format!("\"operation\":\"{}\"", vise.host(1))] {
        assert!(log.contains(&part), "{part}: {log}");
    }
    assert!((0..3).all(|number| !log.contains(&vise.phrase(number))), "{log}");
    // A host and its phrase instead of the list.
    home.env.retain(|(name, _)| *name != "VISE_DASHBOARD_URL");
    home.env.push(("VISE_HOST", format!("http://{}", vise.host(2))));
    home.env.push(("VISE_PHRASE", vise.phrase(2)));
    let script = "[ $VISE_PHRASE = \"$0\" ] && curl -s -o /dev/null -w '%{http_code}' -c jar \"$VISE_HOST/auth?pfk=$VISE_PHRASE\" && \
        curl -s -b jar -H \"authorization: Bearer $VISE_API_TOKEN\" $VISE_HOST/domains && curl -s -b jar -o /dev/null -w '%{http_code}' $VISE_HOST/domains";
    let own = home.run(&["run", "--", "/bin/sh", "-c", script, &vise.host(2)]).expect(0, "shop-3.example");
    assert!(own.out.starts_with("200") && own.out.ends_with("401"), "{own:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_limit_and_the_trace_are_those_of_every_call() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    emulator.add_fault(FaultRule::new("virtuous", Fault::delay_ms(60_000)).always()).unwrap();
    let script = "exec 3<>/dev/tcp/127.0.0.1/${AUTHCTL_PROXY_URL##*:}; printf \"GET /virtuous/api/Contact/QueryOptions HTTP/1.0\\r\\nhost: ${AUTHCTL_PROXY_URL#http://}\\r\\nx-authctl-token: $AUTHCTL_PROXY_TOKEN\\r\\n\\r\\n\" >&3; head -1 <&3";
    let outcome = home.run(&["run", "--timeout", "1", "--trace", "--", "/bin/bash", "-c", script]);
    assert!(outcome.out.contains(" 504 Gateway Timeout"), "{outcome:?}");
    outcome.expect(0, "trace: virtuous contacts.query_options started");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_is_that_of_the_command() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    home.run(&["run", "--", "sh", "-c", "exit 7"]).expect(7, "");
    home.run(&["run", "--", "sh", "-c", "kill -9 $$"]).expect(137, "");
    home.run(&["run", "--", "no-such-command"]).expect(127, "no-such-command can't be run");
    home.run(&["run", "--", "/"]).expect(126, "can't be run");
    // Its own failures have another code than those of a command.
    Home::new().run(&["run", "--", "true"]).expect(125, "there are no credentials for any provider");
    home.run(&["run"]).expect(2, "COMMAND");
    home.run(&["run", "--caller", "a", "--", "true"]).expect(2, "--policy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_passed_on_to_the_command() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    for (signal, code) in [("TERM", 21), ("INT", 22), ("HUP", 23)] {
        let script = "trap 'exit 21' TERM; trap 'exit 22' INT; trap 'exit 23' HUP; echo ready; while :; do sleep 0.05; done";
        let mut child = home.command(&["run", "--", "sh", "-c", script]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let sent = std::process::Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        Outcome::of(child).expect(code, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_a_caller_of_the_policy() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let policy = home.run(&["policy", "token", "reader"]).expect(0, "token: actl_").out;
    let file = home.file("policy.toml", policy);
    let file = file.to_str().unwrap();
    let script = "exec 3<>/dev/tcp/127.0.0.1/${AUTHCTL_PROXY_URL##*:}; printf \"$0 HTTP/1.0\\r\\nhost: ${AUTHCTL_PROXY_URL#http://}\\r\\nx-authctl-token: $AUTHCTL_PROXY_TOKEN\\r\\n\\r\\n\" >&3; head -1 <&3";
    let call = |request: &str| home.run(&["run", "--policy", file, "--", "/bin/bash", "-c", script, request]);
    call("GET /virtuous/api/Contact/QueryOptions").expect(0, " 200 OK");
    call("DELETE /virtuous/api/Contact/1").expect(0, " 403 Forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ctrl_c_is_for_the_command() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let script =
        "trap 'n=$((n+1)); echo $n; [ $n = 3 ] && exit 30' INT; echo 0; while :; do sleep 0.05; done";
    let mut child = home.command(&["run", "--", "sh", "-c", script]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for pressed in 0..3 {
        assert_eq!(lines.next().unwrap().unwrap(), pressed.to_string());
        let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
    assert_eq!(lines.next().unwrap().unwrap(), "3");
    Outcome::of(child).expect(30, "");
}
