//! Linking a phone: new instances, the QR code of an instance without a phone, and the phone that scans it. A code
//! only looks like one: a scanner cannot read it. It differs for each instance and time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType, Encoder};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::call::{Answer, Call};
use crate::waapify::send::{NOT_ACTIVATED, with_instance};
use crate::waapify::{Instance, Waapify, php};
use crate::{clock, seed};

/// Squares on each side of a code, the same number as WhatsApp's.
const SQUARES: usize = 57;
/// Squares on each side of a corner mark.
const MARK: usize = 7;
/// White squares around the code.
const MARGIN: usize = 4;
/// Pixels on each side of a square.
const SCALE: usize = 4;

/// The build of the gateway that answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Build {
    /// A QR code is the bytes of a picture.
    #[default]
    Legacy,
    /// A QR code is base64 in JSON.
    Modern,
}

/// `createinstance.php`: creates an instance, or returns one that has no phone yet.
pub(super) fn create_instance(gateway: &Waapify, call: &Call) -> Answer {
    let token = call.query_value("access_token").unwrap_or_default();
    if token.is_empty() {
        return php::error("Access token is required");
    }
    let mut state = gateway.inner.state.lock();
    if !state.accounts.contains(token) {
        return php::error("Access token does not exist");
    }
    let own = || {
        let all = state.instances.iter();
        all.filter(|(_, instance)| instance.access_token == token)
    };
    let linked = own().filter(|(_, instance)| instance.activated).count();
    if let Some(max) = state.max_numbers.filter(|max| linked >= *max) {
        return php::error(&format!("You can only add up to {max} Whatsapp accounts"));
    }
    let free = own().find(|(_, instance)| !instance.activated);
    let id = free.map_or_else(|| clock::hex(13), |(id, _)| id.clone());
    let token = token.to_owned();
    state.instances.entry(id.clone()).or_insert(Instance {
        access_token: token,
        number: String::new(),
        name: String::new(),
        linked: false,
        activated: false,
        shown_since: None,
        webhook: None,
        chats: std::collections::BTreeMap::new(),
        addresses: std::collections::BTreeMap::new(),
        held: Vec::new(),
    });
    php::answer(&json!({
        "status": "success",
        "message": "Instance ID generated successfully",
        "instance_id": id,
    }))
}

/// `getqrcode.php`: the code that a phone has to scan.
pub(super) fn show(gateway: &Waapify, call: &Call) -> Answer {
    let (life, build) = (
        gateway.timings().qr_changes_after,
        gateway.inner.state.lock().build,
    );
    let id = call.query_value("instance_id").unwrap_or_default();
    with_instance(gateway, call, |instance| {
        if instance.activated {
            return php::error("This Instance ID has been used");
        }
        let now = clock::instant();
        let since = *instance.shown_since.get_or_insert(now);
        let turn = now.duration_since(since).as_millis() / life.as_millis().max(1);
        let picture = draw(&format!("{id}/{turn}")).unwrap_or_default();
        match build {
            Build::Legacy => Answer::new(200, "image/png", picture),
            Build::Modern => php::answer(&json!({
                "status": "success",
                "message": "Success",
                "base64": format!("data:image/png;base64,{}", STANDARD.encode(picture)),
            })),
        }
    })
}

/// `reboot.php`: ends the session, so that a phone has to scan again.
pub(super) fn reboot(gateway: &Waapify, call: &Call) -> Answer {
    with_instance(gateway, call, |instance| {
        if !std::mem::take(&mut instance.activated) {
            return php::error(NOT_ACTIVATED);
        }
        instance.linked = false;
        instance.shown_since = None;
        php::answer(&json!({ "status": "success", "message": "Success" }))
    })
}

impl Waapify {
    /// A phone scans the QR code of an instance: the phone with the instance's last number, or
    /// [`seed::NEW_NUMBER`]. False if no code is shown.
    pub async fn scan_qr(&self, instance_id: &str) -> bool {
        let known = self.at(instance_id).owner();
        if known.0.is_empty() {
            self.scan_qr_with(instance_id, seed::NEW_NUMBER, seed::NEW_NAME)
                .await
        } else {
            self.scan_qr_with(instance_id, &known.0, &known.1).await
        }
    }

    /// The phone with this number (digits) scans the QR code of an instance. False if no code is shown.
    pub async fn scan_qr_with(&self, instance_id: &str, number: &str, name: &str) -> bool {
        let handle = self.at(instance_id);
        let is_shown = handle.with(|instance| {
            let is_shown = !instance.activated && instance.shown_since.is_some();
            if is_shown {
                instance.activated = true;
                number.clone_into(&mut instance.number);
                name.clone_into(&mut instance.name);
            }
            is_shown
        });
        if is_shown != Some(true) {
            return false;
        }
        handle.link().await;
        true
    }

    /// The instances that show a QR code which no phone has scanned yet.
    #[must_use]
    pub fn waiting_instances(&self) -> Vec<String> {
        let state = self.inner.state.lock();
        let waiting = state.instances.iter();
        let waiting =
            waiting.filter(|(_, instance)| !instance.activated && instance.shown_since.is_some());
        waiting.map(|(id, _)| id.clone()).collect()
    }

    /// A handle for another instance of this gateway.
    #[must_use]
    pub fn at(&self, instance_id: &str) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            ..self.clone()
        }
    }

    /// Adds an account, which has no instance yet.
    pub fn add_account(&self, access_token: &str) {
        let mut state = self.inner.state.lock();
        state.accounts.insert(access_token.to_owned());
    }

    /// Sets how many linked numbers the plan of each account allows.
    pub fn set_max_numbers(&self, max: Option<usize>) {
        self.inner.state.lock().max_numbers = max;
    }

    /// Sets which build answers.
    pub fn set_build(&self, build: Build) {
        self.inner.state.lock().build = build;
    }
}

/// A picture with the marks of a QR code in three corners, and a pattern of squares that depends on `text`.
fn draw(text: &str) -> Option<Vec<u8>> {
    let side = (SQUARES + 2 * MARGIN) * SCALE;
    let noise = squares(text);
    let is_dark = |x: usize, y: usize| {
        let (x, y) = (x.checked_sub(MARGIN)?, y.checked_sub(MARGIN)?);
        if x >= SQUARES || y >= SQUARES {
            return None;
        }
        Some(mark(x, y).unwrap_or_else(|| noise[y * SQUARES + x]))
    };
    let mut pixels = Vec::with_capacity(side * side);
    for y in 0..side {
        for x in 0..side {
            let dark = is_dark(x / SCALE, y / SCALE).unwrap_or_default();
            pixels.push(if dark { 0 } else { u8::MAX });
        }
    }
    let mut png = Vec::new();
    let pixels_wide = u32::try_from(side).ok()?;
    let mut encoder = Encoder::new(&mut png, pixels_wide, pixels_wide);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(png)
}

/// One bit for each square, from the hashes of the text and a counter.
fn squares(text: &str) -> Vec<bool> {
    let blocks = (0u32..).map(|count| Sha256::digest(format!("{text}/{count}")));
    let bits = blocks.flat_map(|block| {
        let bytes: [u8; 32] = block.into();
        bytes
            .into_iter()
            .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1))
    });
    bits.take(SQUARES * SQUARES).collect()
}

/// The colour of a corner mark at this place: a ring around a block, and white around both. `None` outside the marks.
fn mark(x: usize, y: usize) -> Option<bool> {
    let far = SQUARES - MARK;
    for (left, top) in [(0, 0), (far, 0), (0, far)] {
        let (dx, dy) = (
            (x + 1).checked_sub(left).filter(|dx| *dx <= MARK + 1),
            (y + 1).checked_sub(top).filter(|dy| *dy <= MARK + 1),
        );
        if let (Some(dx), Some(dy)) = (dx, dy) {
            let inside = |d: usize| (1..=MARK).contains(&d);
            let ring = dx == 1 || dx == MARK || dy == 1 || dy == MARK;
            let block = (3..=5).contains(&dx) && (3..=5).contains(&dy);
            return Some(inside(dx) && inside(dy) && (ring || block));
        }
    }
    None
}
