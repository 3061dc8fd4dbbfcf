//! What has to hold for any page: it fits, has names for what can be used, can be read, and needs no mouse.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::json;

use crate::tab::Tab;

/// Tab stops of the longest page, with room to grow.
const MAX_STOPS: usize = 120;

/// The Tab key, as `WebDriver` writes it.
const TAB: char = '\u{e004}';
/// What can be used: each must be reached by the Tab key. Of a group of radio buttons one is.
const USABLE: &str = "
    const controls = 'input:not([type=hidden], [type=radio]), select, textarea, button, a[href], summary';
    return [...document.querySelectorAll(controls)]
        .filter((one) => !one.disabled && one.checkVisibility() && !one.matches('.skip'))
        .map((one) => (one.dataset.stop ??= String(Math.random()), one.dataset.stop));";
/// The way begins at the top, also where a field had the focus, and in a frame that nobody has clicked into.
const BEGIN: &str = "
    window.focus();
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');";
/// The part that has the focus, and whether that can be seen; null at the end.
const FOCUSED: &str = "
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one);
    const seen = one.tagName === 'IFRAME' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
    return { stop: one.dataset.stop ?? '', seen, what: one.outerHTML.slice(0, 120) };";

impl Tab {
    /// The page's faults, at the size that the window has.
    pub async fn faults(&self) -> Vec<String> {
        let found = self.run(include_str!("inspect.js"), vec![]).await;
        serde_json::from_value(found).unwrap()
    }

    /// Goes through the page with the Tab key, and gives what is not reached or does not show that it has the focus.
    pub async fn keyboard_faults(&self) -> Vec<String> {
        let usable = self.run(USABLE, vec![]).await;
        let mut missing: Vec<String> = serde_json::from_value(usable).unwrap();
        let mut faults = Vec::new();
        self.run(BEGIN, vec![]).await;
        for _ in 0..MAX_STOPS {
            let press = KeyActions::new("keyboard".to_owned())
                .then(KeyAction::Down { value: TAB })
                .then(KeyAction::Up { value: TAB });
            self.browser.client.perform_actions(press).await.unwrap();
            let focused = self.run(FOCUSED, vec![]).await;
            if focused.is_null() || missing.is_empty() {
                break;
            }
            if focused["seen"] == false {
                faults.push(format!("the focus is not seen: {}", focused["what"]));
            }
            missing.retain(|stop| focused["stop"] != stop.as_str());
        }
        for stop in missing {
            let script = "return document.querySelector(`[data-stop=\"${arguments[0]}\"]`)?.outerHTML.slice(0, 120)";
            let what = self.run(script, vec![json!(stop)]).await;
            faults.push(format!("the Tab key does not reach it: {what}"));
        }
        faults
    }
}
