//! The checks for any page: it fits, its controls have names, it is readable, and it needs no mouse.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::json;

use crate::tab::Tab;

/// More tab stops than the longest page has.
const MAX_STOPS: usize = 120;

/// The Tab key in `WebDriver`'s notation.
const TAB: char = '\u{e004}';
/// The controls that the Tab key must reach. Of a group of radio buttons it reaches one.
const USABLE: &str = "
    const controls = 'input:not([type=hidden], [type=radio]), select, textarea, button, a[href], summary';
    return [...document.querySelectorAll(controls)]
        .filter((one) => !one.disabled && one.checkVisibility() && !one.matches('.skip'))
        .map((one) => (one.dataset.stop ??= String(Math.random()), one.dataset.stop));";
/// Starts at the top, even if a field has the focus or nobody has clicked into the frame.
const BEGIN: &str = "
    window.focus();
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');";
/// The element with the focus, and whether the focus is visible; null at the end.
const FOCUSED: &str = "
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one);
    const seen = one.tagName === 'IFRAME' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
    return { stop: one.dataset.stop ?? '', seen, what: one.outerHTML.slice(0, 120) };";

impl Tab {
    /// The faults of the page at the window's current size.
    pub async fn faults(&self) -> Vec<String> {
        let found = self.run(include_str!("inspect.js"), vec![]).await;
        serde_json::from_value(found).unwrap()
    }

    /// Walks through the page with the Tab key. Returns what is not reached or does not show its focus.
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
