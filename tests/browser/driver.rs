//! chromedriver: one process for all tests that run at the same time, and one browser for each test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

const INSTALL: &str =
    "This test needs Chromium and chromedriver: `./dev test` installs them, or says how.";
/// Folders in which packages install a browser, beside `PATH`; the same as in `./dev`.
const FOLDERS: [&str; 2] = [
    "/snap/bin",
    "/Applications/Google Chrome.app/Contents/MacOS",
];
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "Google Chrome",
];
/// Becomes chromedriver. Beside it runs a watcher that kills it when this process ends for any reason, because its
/// input is closed then.
const WATCHED: &str = r#"exec 3<&0
{ read -r _ <&3; kill $$; } >/dev/null 2>&1 &
exec "$0" --port=0 --log-level=SEVERE"#;
/// chromedriver picks a free port, and can lose it again before it listens.
const STARTS: usize = 5;

/// A running chromedriver.
pub struct Driver {
    process: Child,
    _said: BufReader<ChildStdout>,
    port: u16,
}

impl Driver {
    /// The running one, or a new one.
    pub fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.upgrade().unwrap_or_else(|| {
            let driver = Arc::new(Self::start());
            *running = Arc::downgrade(&driver);
            driver
        })
    }

    fn start() -> Self {
        let program = find(&["chromedriver"]);
        let started = (0..STARTS).find_map(|_| Self::try_start(&program));
        started.expect("chromedriver ends before it listens")
    }

    fn try_start(program: &Path) -> Option<Self> {
        let mut process = Command::new("sh")
            .args(["-c", WATCHED])
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while said.read_line(&mut line).unwrap() > 0 {
            if let Some((_, rest)) = line.split_once("successfully on port ") {
                let port = rest.trim().trim_end_matches('.').parse().unwrap();
                return Some(Self {
                    process,
                    _said: said,
                    port,
                });
            }
            line.clear();
        }
        process.wait().unwrap();
        None
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Finds a program on `PATH` or in [`FOLDERS`], by the first of these names.
fn find(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    let folders: Vec<PathBuf> = folders.collect();
    let places = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = places.into_iter().find(|place| place.is_file());
    found.unwrap_or_else(|| panic!("{INSTALL}"))
}

/// A browser without a window. It ends when this value is dropped.
pub struct Browser {
    pub client: Client,
    session: String,
    driver: Arc<Driver>,
}

impl Browser {
    /// Opens one that asks for pages in `language`, such as `en-US`, and blocks third-party cookies.
    pub async fn open(language: &str) -> Self {
        let driver = Driver::shared();
        let browser = find(&BROWSERS);
        let capabilities = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "binary": browser,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--no-first-run", "--hide-scrollbars", "--disable-extensions", "--disable-background-networking",
                    format!("--lang={language}"),
                ],
                "prefs": {
                    "intl.accept_languages": language,
                    // The strictest setting of browsers: a frame of another site keeps only partitioned cookies.
                    "profile.cookie_controls_mode": 1,
                    "profile.block_third_party_cookies": true,
                },
            },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        Self {
            client,
            session,
            driver,
        }
    }

    /// Sends chromedriver a command that is not in the standard.
    pub async fn ask(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Further { path, body }).await.unwrap()
    }

    /// Sends the browser a command of its own protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.ask("goog/cdp/execute", body).await
    }
}

impl Drop for Browser {
    /// Ends the browser, also when a test fails.
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.driver.port)) else {
            return;
        };
        // A browser that does not end must not block the others; it ends with chromedriver.
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let head = format!(
            "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            self.session
        );
        if stream.write_all(head.as_bytes()).is_ok() {
            let _ = stream.read(&mut [0]);
        }
    }
}

#[derive(Debug)]
struct Further {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Further {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
