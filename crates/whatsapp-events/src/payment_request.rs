//! Reads requests for a payment (Pix, a link, a bank slip), which stand as JSON texts in the buttons of an
//! `interactiveMessage`.

use serde_json::Value;

use crate::{Content, Kind, MediaFile, fields, json};

/// Most ways to pay that are shown.
const MAX_WAYS: usize = 10;

/// The content, no file, and the field of a message that asks for a payment.
pub(super) fn find(message: &Value) -> Option<(Content, Option<MediaFile>, &Value)> {
    let body = message.get("interactiveMessage")?;
    let buttons = body.pointer("/nativeFlowMessage/buttons")?.as_array()?;
    let (params, ways) = buttons.iter().find_map(|button| {
        let params = params(button)?;
        let ways = params.get("payment_settings")?.as_array()?.clone();
        Some((params, ways))
    })?;
    let mut lines: Vec<String> = amount(&params).into_iter().collect();
    lines.extend(ways.iter().take(MAX_WAYS).flat_map(way));
    let merchant = ways.iter().find_map(|way| {
        fields::title(
            way,
            &[
                "/pix_static_code/merchant_name",
                "/pix_dynamic_code/merchant_name",
            ],
        )
    });
    let content = Content::NotText {
        kind: Kind::PaymentRequest,
        title: merchant,
        caption: fields::first_text(body, &["/body/text"]),
        lines,
    };
    Some((content, None, body))
}

fn params(button: &Value) -> Option<Value> {
    match button.get("buttonParamsJson")? {
        Value::String(text) => json::parse(text.as_bytes()).ok(),
        params => Some(params.clone()),
    }
}

/// `Amount: BRL 12.50`, unless it is left open.
fn amount(params: &Value) -> Option<String> {
    let total = params.get("total_amount")?;
    let value = fields::integer(total.get("value")).filter(|value| *value > 0)?;
    let offset = fields::integer(total.get("offset")).filter(|offset| *offset > 0)?;
    let currency = fields::title(params, &["/currency"]).unwrap_or_default();
    let decimals = offset.checked_ilog10().unwrap_or_default() as usize;
    let (whole, rest) = (value / offset, value % offset);
    let text = if decimals == 0 {
        format!("Amount: {currency} {whole}")
    } else {
        format!("Amount: {currency} {whole}.{rest:0decimals$}")
    };
    Some(text)
}

/// The lines of one way to pay.
fn way(way: &Value) -> Vec<String> {
    let at = |pointer: &str| fields::title(way, &[pointer]);
    let mut lines = Vec::new();
    if let Some(key) = at("/pix_static_code/key") {
        let kind = at("/pix_static_code/key_type");
        let kind = kind.map_or_else(String::new, |kind| format!(" ({kind})"));
        lines.push(format!("Pix key{kind}: {key}"));
    }
    for (pointer, what) in [
        ("/pix_dynamic_code/code", "Pix code"),
        ("/payment_link/uri", "Pay here"),
        ("/boleto/digitable_line", "Boleto"),
    ] {
        let text = fields::first_text(way, &[pointer]);
        lines.extend(text.map(|text| format!("{what}: {}", text.trim())));
    }
    lines
}
