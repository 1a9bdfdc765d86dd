//! A browser for tests: a minimal WebDriver client for `chromedriver`, which is JSON over HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::{PATIENCE, Request};

/// A headless browser with one page; closed when dropped.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// Starts a browser with a window of this size, in the dark or the light colors.
    pub(crate) async fn start(width: u32, height: u32, dark: bool) -> Self {
        // It takes one port on two interfaces; another process may have it on one of them.
        let (driver, port) = (0..5).find_map(|_| driver()).expect("chromedriver does not start");
        let mut browser = Self { driver, session: format!("http://127.0.0.1:{port}/session") };
        let size = format!("--window-size={width},{height}");
        let mut options =
            vec!["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", &size];
        if dark {
            options.push("--force-dark-mode");
        }
        let chrome = json!({
            "args": options,
            // A window is never narrower than some 500 pixels.
            "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0, "touch": false } },
        });
        let always = json!({ "browserName": "chrome", "goog:chromeOptions": chrome });
        let made = browser.send("POST", "", json!({ "capabilities": { "alwaysMatch": always } })).await;
        browser.session = format!("{}/{}", browser.session, made["sessionId"].as_str().expect("no session"));
        if dark {
            let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
            let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": params });
            browser.send("POST", "/goog/cdp/execute", command).await;
        }
        browser
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Value {
        let request = Request::new(method, &format!("{}{path}", self.session));
        let response = if method == "POST" { request.json(&body) } else { request }.send().await;
        assert_eq!(response.status, 200, "{method} {path}: {}", response.text());
        response.json()["value"].clone()
    }

    pub(crate) async fn open(&self, url: &str) {
        self.send("POST", "/url", json!({ "url": url })).await;
    }

    /// Runs JavaScript, which may `return` a value.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.send("POST", "/execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// The visible text of the elements that a selector finds, one per line.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = format!(
            "return [...document.querySelectorAll({})].map((e) => e.innerText).join('\\n')",
            json!(selector)
        );
        self.run(&script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the text of the elements contains `text`.
    pub(crate) async fn wait_for(&self, selector: &str, text: &str) -> String {
        let waiting = async {
            loop {
                let now = self.text(selector).await;
                if now.contains(text) {
                    return now;
                }
                tokio::task::yield_now().await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{selector} never contained {text:?}: {:?}", self.text("body").await),
        }
    }

    async fn element(&self, selector: &str) -> String {
        let found =
            self.send("POST", "/element", json!({ "using": "css selector", "value": selector })).await;
        let id = found.as_object().and_then(|found| found.values().next()?.as_str());
        id.expect("no element").to_owned()
    }

    /// Clicks like a mouse: the element must be visible and not covered.
    pub(crate) async fn click(&self, selector: &str) {
        let id = self.element(selector).await;
        self.send("POST", &format!("/element/{id}/click"), json!({})).await;
    }

    /// Types into an element.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let id = self.element(selector).await;
        self.send("POST", &format!("/element/{id}/value"), json!({ "text": text })).await;
    }

    /// Presses keys on whatever has the focus.
    pub(crate) async fn press(&self, keys: &str) {
        let steps: Vec<_> = keys
            .chars()
            .flat_map(|key| {
                [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
            })
            .collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": steps }] });
        self.send("POST", "/actions", actions).await;
    }

    /// A screenshot as PNG.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        use base64::Engine as _;
        let png = self.send("GET", "/screenshot", json!({})).await;
        let png = png.as_str().expect("no screenshot");
        base64::engine::general_purpose::STANDARD.decode(png).expect("not base64")
    }
}

/// Starts `chromedriver`; returns it with its port.
fn driver() -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver can't be started; on Debian: apt-get install chromium chromium-driver");
    let mut lines = BufReader::new(driver.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let port = lines.find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        Some(port.trim_end_matches('.').to_owned())
    });
    let Some(port) = port else {
        let _ = driver.wait();
        return None;
    };
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser, which would outlive its driver.
        let (address, path) = super::split_url(&self.session);
        if let Ok(mut stream) = std::net::TcpStream::connect(address) {
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = write!(stream, "DELETE {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            let _ = stream.read(&mut [0; 1024]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
