//! The program, run like a person or a script runs it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]
#![cfg(unix)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use common::{PATIENCE, Request};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_auth-emulator");

/// A directory that replaces the temporary one, so that concurrent runs don't share a default ready file.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).env("TMPDIR", &self.0).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AUTH_EMULATOR_")) {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command to its end: exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        self.run_with(args, "")
    }

    /// The same with the token of a control API.
    fn run_with(&self, args: &[&str], token: &str) -> (i32, String, String) {
        let mut command = self.command(args);
        command.env("AUTH_EMULATOR_TOKEN", token);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(command.output().unwrap()));
        let output = receiver.recv_timeout(PATIENCE).expect("the program did not end");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().expect("killed"), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running `serve`; killed when dropped.
struct Server {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Server {
    fn start(scratch: &Scratch, args: &[&str]) -> Self {
        let args: Vec<_> = [&["serve"], args].concat();
        let mut child = scratch.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("no line on standard output")
    }

    /// Sends a signal; returns the exit status, the rest of standard output, and all of standard error.
    fn end(mut self, signal: &str) -> (ExitStatus, Vec<String>, String) {
        let sent = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let mut stderr = self.child.stderr.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            let _ = sender.send(text);
        });
        // Standard error ends with the program.
        let errors = receiver.recv_timeout(PATIENCE).expect("the program did not stop");
        let status = self.child.wait().unwrap();
        (status, self.lines.iter().collect(), errors)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(ready: &Value, method: &str, path: &str) -> Request {
    let provider = &ready["providers"]["verigator"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let env = &provider["env"];
    assert_eq!(env["VERIGATOR_BASE_URL"], provider["base_url"]);
    let credential = format!("{}:{}", text(&env["VERIGATOR_USERNAME"]), text(&env["VERIGATOR_PASSWORD"]));
    Request::new(method, &format!("{}/v1/service{path}", text(&provider["base_url"])))
        .header("X-Service-Auth", &credential)
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
}

fn control(ready: &Value, method: &str, path: &str) -> Request {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", text(&ready["control"]["token"]));
    Request::new(method, &format!("{}{path}", text(&ready["control"]["url"])))
        .header("Authorization", &bearer)
}

#[tokio::test]
async fn json_prints_one_line_and_the_emulator_works() {
    let scratch = Scratch::new("json");
    let server = Server::start(&scratch, &["--port", "0", "--json"]);
    let ready: Value = serde_json::from_str(&server.line()).expect("no JSON");
    assert_eq!(ready["version"], env!("CARGO_PKG_VERSION"));
    let keys: Vec<_> = ready.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["control", "providers", "version"]);
    let names: Vec<_> = ready["providers"]["verigator"]["env"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["VERIGATOR_BASE_URL", "VERIGATOR_PASSWORD", "VERIGATOR_USERNAME"]);

    let service = json!({ "fqdn": "coffeeshop.com", "name": "CoffeeShop" });
    let made = request(&ready, "POST", "/service").json(&service).send().await;
    assert_eq!(made.status, 200);
    let users = format!("/service/{}/users", made.json()["id"].as_str().unwrap());
    let user = json!({ "id_in_service": "anna", "phone_number": "+37251000001" });
    let user = request(&ready, "POST", &users).json(&user).send().await.json();
    let auth = format!("{users}/{}/auth", user["id"].as_str().unwrap());
    request(&ready, "POST", &auth).json(&json!({ "method": "totp" })).send().await;
    let codes = control(&ready, "GET", "/pending-codes?provider=verigator&subject=anna").send().await.json();
    let token = json!({ "token": codes[0]["code"] });
    assert_eq!(request(&ready, "PUT", &auth).json(&token).send().await.json()["verified"], true);

    let (status, rest, errors) = server.end("-TERM");
    assert_eq!(status.code(), Some(0));
    assert_eq!(rest, [""; 0], "nothing else on standard output, ever");
    assert!(errors.contains("PUT") && errors.contains("status=200"), "{errors}");
    let password = ready["providers"]["verigator"]["env"]["VERIGATOR_PASSWORD"].as_str().unwrap();
    assert!(!errors.contains(password) && !errors.contains(codes[0]["code"].as_str().unwrap()));
}

#[tokio::test]
async fn the_default_output_is_for_people_and_ctrl_c_is_success() {
    let scratch = Scratch::new("people");
    let server = Server::start(&scratch, &["--log", "off"]);
    let first = server.line();
    assert!(first.starts_with("auth-emulator ") && first.contains("127.0.0.1"), "{first}");
    let (status, rest, errors) = server.end("-INT");
    assert_eq!(status.code(), Some(0));
    let rest = rest.join("\n");
    assert!(
        rest.contains("control API: http://127.0.0.1:")
            && rest.contains("verigator: http://127.0.0.1:")
            && rest.contains("VERIGATOR_PASSWORD="),
        "{rest}"
    );
    assert_eq!(errors, "");
}

#[tokio::test]
async fn env_and_health_find_the_running_emulator() {
    let scratch = Scratch::new("env");
    let (code, out, errors) = scratch.run(&["env"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(errors.contains("start one with the command `serve`"), "{errors}");
    assert_eq!(scratch.run(&["health"]).0, 1);

    let server = Server::start(&scratch, &["--json"]);
    let ready: Value = serde_json::from_str(&server.line()).unwrap();
    let (code, out, _) = scratch.run(&["env"]);
    assert_eq!(code, 0);
    let expected: String = ready["providers"]["verigator"]["env"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("export {name}='{}'\n", value.as_str().unwrap()))
        .collect();
    assert!(out.contains(&expected), "{out}");
    assert_eq!(scratch.run(&["env", "--provider", "verigator"]).1, expected);
    assert_eq!(scratch.run(&["env", "--provider", "nobody"]).0, 2);

    assert_eq!(scratch.run(&["health"]).0, 0);
    let (url, token) =
        (ready["control"]["url"].as_str().unwrap(), ready["control"]["token"].as_str().unwrap());
    for (token, code, problem) in
        [(token, 0, ""), ("wrong", 1, "token is wrong"), ("", 2, "requires the token in AUTH_EMULATOR_TOKEN")]
    {
        let (found, _, errors) = scratch.run_with(&["health", "--control", url], token);
        assert_eq!(found, code, "{errors}");
        assert!(errors.contains(problem), "{errors}");
    }

    let file = scratch.0.join("auth-emulator.json");
    let left = fs::read_to_string(&file).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&left).unwrap(), ready);
    server.end("-TERM");
    assert!(!file.exists(), "the ready file goes with the emulator");
    fs::write(&file, left).unwrap();
    assert_eq!(scratch.run(&["env"]).0, 1, "a file that outlived its emulator is found out");
    assert_eq!(scratch.run(&["health"]).0, 1);
}

#[tokio::test]
async fn the_controls_are_commands() {
    let scratch = Scratch::new("commands");
    assert_eq!(scratch.run(&["journal"]).0, 1, "nothing is running");
    let server = Server::start(&scratch, &["--json", "--frozen-at", "2026-01-31T12:00:00Z"]);
    let ready: Value = serde_json::from_str(&server.line()).unwrap();
    let run = |args: &[&str]| -> Value {
        let (code, out, errors) = scratch.run(args);
        assert_eq!((code, errors.as_str()), (0, ""), "{args:?}");
        serde_json::from_str(&out).unwrap()
    };

    assert_eq!(run(&["clock"])["now"], "2026-01-31T12:00:00.000Z");
    assert_eq!(run(&["clock", "change", "--advance-seconds", "301"])["now"], "2026-01-31T12:05:01.000Z");
    let fault = run(&["faults", "add", "verigator", r#"{"status":503}"#, "--times", "2", "--method", "GET"]);
    assert_eq!(fault["times"], 2);
    assert_eq!(run(&["faults"]), json!([fault]));
    assert_eq!(request(&ready, "GET", "/service/none").send().await.status, 503);
    assert_eq!(run(&["journal", "--limit", "1"])[0]["status"], 503);
    let id = run(&["journal"])[0]["request_id"].as_str().unwrap().to_owned();
    assert_eq!(run(&["explain", &id])["checks"].as_array().unwrap().len(), 2);
    run(&["reset", "all"]);
    assert_eq!(run(&["journal"]), json!([]));
    assert_eq!(run(&["settings", "verigator"])["max_wrong_tries"], 5);
    let changed = run(&["settings", "change", "verigator", "max_wrong_tries=2", "error_body=html"]);
    assert_eq!((&changed["max_wrong_tries"], &changed["error_body"]), (&json!(2), &json!("html")));
    assert_eq!(run(&["codes", "--provider", "verigator"]), json!([]));
    assert_eq!(run(&["livez"])["status"], "ok");
    assert!(run(&["catalog"]).as_array().unwrap().len() > 20);

    run(&["clock", "change", "--advance-seconds", "9", "--namespace", "other"]);
    assert_eq!(run(&["clock", "--namespace", "other"])["now"], "2026-01-31T12:00:09.000Z");
    assert_eq!(run(&["clock"])["now"], "2026-01-31T12:00:00.000Z");
    assert_eq!(run(&["namespaces"]), json!(["default", "other"]));

    let (code, _, errors) = scratch.run(&["codes", "approve", "c-1"]);
    assert_eq!(code, 4);
    assert!(errors.contains("c-1") && errors.contains("404"), "{errors}");
    assert_eq!(scratch.run(&["settings", "change", "verigator", "max_wrong_tries=many"]).0, 4);
    for wrong in [
        &["faults", "add", "verigator"][..],
        &["faults", "add", "verigator", "{"],
        &["reset", "everything"],
        &["clock", "change", "--advance-seconds", "soon"],
        &["settings", "change", "verigator", "max_wrong_tries"],
    ] {
        let (code, out, _) = scratch.run(wrong);
        assert_eq!((code, out.as_str()), (2, ""), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_ready_file_can_have_another_path() {
    let scratch = Scratch::new("elsewhere");
    let file = scratch.0.join("here.json");
    let file = file.to_str().unwrap();
    let server = Server::start(&scratch, &["--json", "--ready-file", file]);
    let line = server.line();
    assert_eq!(fs::read_to_string(file).unwrap(), format!("{line}\n"));
    assert_eq!(scratch.run(&["health", "--ready-file", file]).0, 0);
    // The page shows the command that finds this emulator.
    let ready: Value = serde_json::from_str(&line).unwrap();
    let bearer = format!("Bearer {}", ready["control"]["token"].as_str().unwrap());
    let health = Request::new("GET", &format!("{}/health", ready["control"]["url"].as_str().unwrap()));
    let health = health.header("Authorization", &bearer).send().await.json();
    assert_eq!(health["env_command"], format!("auth-emulator env --ready-file {file}"));
    assert_eq!(scratch.run(&["health"]).0, 1, "the default place was left alone");
    let (code, out, errors) = scratch.run(&["serve", "--json", "--ready-file", file]);
    assert_eq!((code, out.as_str()), (3, ""), "a second one can't take it");
    assert!(errors.contains("belongs to a running emulator"), "{errors}");
    assert_eq!(fs::read_to_string(file).unwrap(), format!("{line}\n"));
    // Killed, so that the file is left over.
    drop(server);
    let next = Server::start(&scratch, &["--json", "--ready-file", file]);
    let line = next.line();
    assert_eq!(fs::read_to_string(file).unwrap(), format!("{line}\n"));
    drop(next);
    let nowhere = scratch.0.join("no/such/place.json");
    let (code, out, errors) = scratch.run(&["serve", "--json", "--ready-file", nowhere.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(errors.contains("ready file"), "{errors}");
}

#[tokio::test]
async fn a_second_emulator_has_a_ready_file_beside_the_default_one() {
    let scratch = Scratch::new("two");
    let first = Server::start(&scratch, &["--json", "--log", "warn"]);
    let line = first.line();
    let second = Server::start(&scratch, &["--log", "warn"]);
    let welcome = |server: &Server| -> Vec<String> {
        let lines = std::iter::from_fn(|| Some(server.line()));
        lines.take_while(|line| line != "Press Ctrl-C to stop.").collect()
    };
    let without_file = Server::start(&Scratch(scratch.0.join("missing")), &["--log", "off"]);
    assert!(!welcome(&without_file).iter().any(|line| line.contains("another terminal")));
    let welcome = welcome(&second);
    let command = welcome.last().unwrap();
    let own = command.split("--ready-file ").nth(1).unwrap().split(')').next().unwrap();
    let (code, variables, _) = scratch.run(&["env", "--format", "json", "--ready-file", own]);
    assert_eq!(code, 0, "{command}");
    let variables: Value = serde_json::from_str(&variables).unwrap();
    let listed = format!("  VERIGATOR_BASE_URL={}", variables["VERIGATOR_BASE_URL"].as_str().unwrap());
    assert!(welcome.contains(&listed), "{welcome:?}");
    let file = scratch.0.join("auth-emulator.json");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{line}\n"));
    assert_eq!(second.end("-TERM").2, "");
    assert!(!fs::exists(own).unwrap());
    first.end("-TERM");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_child_stops_with_its_parent_and_has_no_ready_file() {
    let scratch = Scratch::new("child");
    let mut command = scratch.command(&["serve", "--child", "--log", "warn"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(serde_json::from_str::<Value>(&line).unwrap()["control"]["token"].is_string());
    assert_eq!(scratch.run(&["health"]).0, 1, "others don't find it");
    drop(child.stdin.take());
    line.clear();
    // Standard output ends with the program.
    assert_eq!(stdout.read_line(&mut line).unwrap(), 0);
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn settings_are_set_at_start_and_checked() {
    let scratch = Scratch::new("set");
    let args = [
        "--json",
        "--set",
        "virtuous.calls_per_hour=12",
        "--set",
        "vise.hosts=1",
        "--set",
        "vise.session_cookie=7",
    ];
    let server = Server::start(&scratch, &args);
    server.line();
    let settings =
        |provider: &str| -> Value { serde_json::from_str(&scratch.run(&["settings", provider]).1).unwrap() };
    assert_eq!(settings("virtuous")["calls_per_hour"], 12);
    assert_eq!((&settings("vise")["hosts"], &settings("vise")["session_cookie"]), (&json!(1), &json!("7")));
    drop(server);
    for (setting, message) in [
        ("virtuous.calls_per_huor=1", "did you mean `calls_per_hour`?"),
        ("virtuos.calls_per_hour=1", "did you mean `virtuous`?"),
        (
            "virtuous.calls_per_hour=many",
            "calls_per_hour: expected a whole number, 0 or more, found \"many\"",
        ),
        ("vaultvision.bcrypt_cost=40", "must be between 4 and 14"),
        ("calls_per_hour=1", "unknown provider"),
    ] {
        let (code, _, errors) = scratch.run(&["serve", "--set", setting]);
        assert!(code == 3 && errors.contains(message), "{setting}: {code} {errors}");
    }
    assert_eq!(scratch.run(&["serve", "--set", "virtuous.calls_per_hour"]).0, 2);
    let (code, out, _) = scratch.run(&["serve", "--set", "list"]);
    assert!(code == 0 && out.contains("virtuous.calls_per_hour=") && out.contains("vise.hosts=3\n"), "{out}");
}

#[tokio::test]
async fn the_controls_work_over_a_socket() {
    let scratch = Scratch::new("sock");
    let directory = std::env::temp_dir().join(format!("emulator-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let server = Server::start(&scratch, &["--json", "--socket-dir", directory.to_str().unwrap()]);
    let ready: Value = serde_json::from_str(&server.line()).unwrap();
    let socket = format!("unix:{}", ready["control"]["socket"].as_str().unwrap());
    let token = ready["control"]["token"].as_str().unwrap();
    let (code, out, _) = scratch.run_with(&["clock", "--control", &socket], token);
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()["mode"].clone()), (0, json!("real")));
    server.end("-TERM");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    assert_eq!(scratch.run_with(&["clock", "--control", &socket], token).0, 1);
    fs::remove_dir(&directory).unwrap();
}

#[tokio::test]
async fn variables_have_the_format_of_the_reader() {
    let scratch = Scratch::new("formats");
    let server = Server::start(&scratch, &["--json"]);
    let ready: Value = serde_json::from_str(&server.line()).unwrap();
    let key = ready["providers"]["vaultvision"]["env"]["VV_API_KEY"].as_str().unwrap();
    let env = |format: &str| scratch.run(&["env", "--provider", "vaultvision", "--format", format]).1;
    assert!(env("sh").contains(&format!("export VV_API_KEY='{key}'\n")));
    assert!(env("dotenv").starts_with(&format!("VV_API_KEY='{key}'\n")));
    assert!(env("powershell").starts_with(&format!("$Env:VV_API_KEY = '{key}'\n")));
    assert_eq!(
        serde_json::from_str::<Value>(&env("json")).unwrap(),
        ready["providers"]["vaultvision"]["env"]
    );
    assert_eq!(scratch.run(&["env", "--format", "yaml"]).0, 2);
}

#[tokio::test]
async fn a_port_in_use_is_a_clear_error() {
    let scratch = Scratch::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, out, errors) = scratch.run(&["serve", "--json", "--port", &port]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(errors.contains(&port) && errors.contains("control API"), "{errors}");
    assert!(!scratch.0.join("auth-emulator.json").exists());
}

#[tokio::test]
async fn wrong_command_lines_are_rejected() {
    let scratch = Scratch::new("usage");
    for args in [&[][..], &["serve", "--port", "70000"], &["serve", "--seeed", "1"], &["nothing"]] {
        let (code, out, _) = scratch.run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
    }
    let (code, _, errors) = scratch.run(&["serve", "--relax", "verigator.nothing"]);
    assert_eq!(code, 3);
    assert!(errors.contains("verigator.content-type"), "{errors}");
    let (code, out, _) = scratch.run(&["serve", "--relax", "list"]);
    assert_eq!(code, 0);
    assert!(out.contains("verigator.content-type"), "{out}");
    let (code, out, _) = scratch.run(&["--help"]);
    assert_eq!(code, 0);
    assert!(out.contains("eval \"$(auth-emulator env)\"") && out.contains("Exit codes"), "{out}");
}

#[test]
fn routes_are_listed_without_a_running_emulator() {
    let scratch = Scratch::new("routes");
    let (code, out, errors) = scratch.run(&["routes", "--json"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let all: Vec<Value> = serde_json::from_str(&out).unwrap();
    let of = |name: &str| all.iter().filter(|one| one["provider"] == name).count();
    assert_eq!((of("virtuous"), of("verigator")), (292, 18));
    let token = json!({
        "provider": "virtuous", "operation": "tokens.request", "method": "POST", "path": "/Token",
        "class": "write", "success": 200, "sensitive": true, "documented": true, "assumed": false, "implemented": true,
    });
    assert!(all.contains(&token));
    assert!(all.iter().all(|one| one["implemented"] == true), "no operation returns 501");
    assert!(all.iter().any(|one| one["path"] == "/api/Gift/{giftId}"), "without the type of the parameter");

    let (code, out, _) = scratch.run(&["routes", "--provider", "verigator"]);
    let lines: Vec<_> = out.lines().collect();
    assert_eq!((code, lines.len(), lines[19]), (0, 20, "18 of 18 operations are implemented"));
    assert!(lines[0].starts_with("PROVIDER   METHOD"), "{}", lines[0]);
    assert!(lines[1].starts_with("verigator  ") && lines[1].contains("  yes  "), "{}", lines[1]);
    assert_eq!(scratch.run(&["routes", "--provider", "nobody"]).0, 2);
    assert!(scratch.run(&["routes", "--help"]).1.contains("whether it is implemented"));
}

#[tokio::test]
async fn seed_and_frozen_clock_make_two_runs_the_same() {
    let scratch = Scratch::new("seed");
    let run = async || {
        let args = ["--json", "--seed", "7", "--frozen-at", "2026-01-31T12:00:00Z", "--log", "off"];
        let server = Server::start(&scratch, &args);
        let ready: Value = serde_json::from_str(&server.line()).unwrap();
        let service = json!({ "fqdn": "coffeeshop.com", "name": "CoffeeShop" });
        let made = request(&ready, "POST", "/service").json(&service).send().await;
        let date = made.header("date").unwrap().to_owned();
        server.end("-TERM");
        (made.text(), made.request_id(), date, ready["control"]["token"].clone())
    };
    let first = run().await;
    assert_eq!(first, run().await);
    assert_eq!(first.2, "Sat, 31 Jan 2026 12:00:00 GMT");
}
