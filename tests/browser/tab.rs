//! What a person does and sees in a browser, in the words of the pages. Waits are for conditions, never for a fixed
//! time.

use std::sync::atomic::{AtomicBool, Ordering};

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::driver::Browser;
use crate::stage::came_true;

/// A browser at one page, or in a frame of it.
pub struct Tab {
    pub browser: Browser,
    /// The test has entered the page's frame. chromedriver may have left it: see [`Tab::stay_in_frame`].
    is_in_frame: AtomicBool,
}

impl Tab {
    /// An empty tab in `language`.
    pub async fn open(language: &str) -> Self {
        Self {
            browser: Browser::open(language).await,
            is_in_frame: AtomicBool::new(false),
        }
    }

    pub async fn goto(&self, address: &str) {
        self.note_frame(false);
        self.browser.client.goto(address).await.unwrap();
    }

    fn note_frame(&self, is_in: bool) {
        self.is_in_frame.store(is_in, Ordering::Relaxed);
    }

    /// Enters the frame again if chromedriver has left it: a command that twice meets a frame between two documents is carried out
    /// in the outer page, where all later ones then go, too. A frame that leads itself on (a form that is sent by itself, then a
    /// redirect) is between two documents several times in a row.
    async fn stay_in_frame(&self) {
        if !self.is_in_frame.load(Ordering::Relaxed) {
            return;
        }
        let client = &self.browser.client;
        let is_outside = client.execute("return window === window.top", vec![]).await;
        if is_outside.is_ok_and(|is_outside| is_outside == true)
            && let Ok(frame) = client.find(Locator::Css("iframe")).await
        {
            // Whoever looks looks again if it fails.
            let _ = frame.enter_frame().await;
        }
    }

    /// Looks for a part of the page until it is there.
    async fn wait_for(&self, what: Locator<'_>) -> Result<Element, CmdError> {
        let found = tokio::sync::Mutex::new(None);
        let look = async || {
            self.stay_in_frame().await;
            let looked = self.browser.client.find(what).await;
            let is_there = looked.is_ok();
            *found.lock().await = Some(looked);
            is_there
        };
        came_true(look).await;
        found.into_inner().unwrap()
    }

    /// Runs a script in the page or frame.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.stay_in_frame().await;
        let ran = self.browser.client.execute(script, arguments).await;
        ran.unwrap_or_else(|error| panic!("{error}: {script}"))
    }

    /// The text that a person reads; empty while the page changes.
    pub async fn text(&self) -> String {
        self.stay_in_frame().await;
        let script = "return document.body?.innerText ?? ''";
        let text = self.browser.client.execute(script, vec![]).await;
        let text = text.unwrap_or_default();
        // Non-breaking spaces count as spaces.
        text.as_str().unwrap_or_default().replace('\u{a0}', " ")
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        let seen = std::sync::Mutex::new(String::new());
        let look = async || {
            let text = self.text().await;
            let is_there = text.contains(words);
            *seen.lock().unwrap() = text;
            is_there
        };
        let is_there = came_true(look).await;
        assert!(
            is_there,
            "not there: {words:?} in\n{}",
            seen.lock().unwrap()
        );
    }

    /// Waits until a part of the page shows these words.
    pub async fn shows(&self, css: &str, words: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])].some((one) => one.textContent.includes(arguments[1]))";
        let look = async || {
            self.stay_in_frame().await;
            let arguments = vec![json!(css), json!(words)];
            let found = self.browser.client.execute(script, arguments).await;
            found.is_ok_and(|found| found == true)
        };
        assert!(came_true(look).await, "{css} does not say {words:?}");
    }

    /// Opens another tab and switches to it. Returns the one before.
    pub async fn turn_to_new(&self) -> WindowHandle {
        let client = &self.browser.client;
        let here = client.window().await.unwrap();
        self.note_frame(false);
        let new = client.new_window(true).await.unwrap();
        client.switch_to_window(new.handle).await.unwrap();
        here
    }

    /// Closes this tab and switches to another.
    pub async fn turn_back_to(&self, other: WindowHandle) {
        let client = &self.browser.client;
        self.note_frame(false);
        client.close_window().await.unwrap();
        client.switch_to_window(other).await.unwrap();
    }

    /// Waits for a part of the page.
    pub async fn find(&self, css: &str) -> Element {
        match self.wait_for(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error} in\n{}", self.text().await),
        }
    }

    /// Presses the button, or follows the link, with these words.
    pub async fn press(&self, words: &str) {
        let path = format!(
            "//*[self::a or self::button or self::summary][contains(normalize-space(.), \"{words}\")]"
        );
        match self.wait_for(Locator::XPath(&path)).await {
            Ok(element) => element.click().await.unwrap(),
            Err(error) => panic!("{words:?}: {error} in\n{}", self.text().await),
        }
    }

    /// Replaces the content of a field.
    pub async fn fill(&self, css: &str, value: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(value).await.unwrap();
    }

    /// Enters the page's frame.
    pub async fn enter_frame(&self) {
        self.find("iframe").await.enter_frame().await.unwrap();
        self.note_frame(true);
    }

    /// From inside a frame, makes GHL's page and the window so high that the page in the frame is shown whole.
    pub async fn unroll_frame(&self, width: u32) {
        let height = "return document.documentElement.scrollHeight";
        let framed = self.run(height, vec![]).await;
        self.leave_frame().await;
        let stretch = "document.querySelector('iframe').style.minHeight = `${arguments[0] + 2}px`";
        self.run(stretch, vec![framed]).await;
        let whole = self.run(height, vec![]).await.as_u64().unwrap();
        self.resize(width, u32::try_from(whole).unwrap()).await;
        self.enter_frame().await;
        let painted = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";
        self.browser
            .client
            .execute_async(painted, vec![])
            .await
            .unwrap();
    }

    /// Leaves the frame.
    pub async fn leave_frame(&self) {
        self.note_frame(false);
        self.browser.client.enter_parent_frame().await.unwrap();
    }

    /// Sets the size of the part of the window that shows the page, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.browser
            .devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    /// Shows the page to a person who prefers `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) {
        let wish = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.browser
            .devtools("Emulation.setEmulatedMedia", wish)
            .await;
    }

    /// The browser's complaints since the last call: errors of scripts, of the content security policy, of loading.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self
            .browser
            .ask("se/log", json!({ "type": "browser" }))
            .await;
        let lines = log.as_array().cloned().unwrap_or_default();
        lines
            .iter()
            .filter(|line| line["level"] == "SEVERE" || line["source"] == "security")
            .map(|line| line["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Fails if the browser complained.
    pub async fn assert_quiet(&self, place: &str) {
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "{place}: {complaints:#?}");
    }
}
