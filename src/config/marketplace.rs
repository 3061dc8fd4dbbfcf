//! The guide to GHL's developer portal: every field of the app's screens with the exact value to enter.
//!
//! Owns the fields of the external authentication and the guide's Markdown. All values are made from the settings, so that nothing is mistyped. The guide must not contain a secret
//! that was not passed in, because guides are shared. Pure: no clock, no network.

use std::fmt::Write as _;

use url::Url;

use crate::config::install_link::{APP_ID, CLIENT_ID, SCOPES, find_brand, install_link, under};

/// Stands for the secret last part of an address.
pub const SECRET: &str = "SECRET";

/// A field that people fill in when they install: its key in the portal and in the body, its label, its hint.
struct Field {
    key: &'static str,
    label: &'static str,
    hint: &'static str,
}

/// GHL allows three at most.
const FIELDS: [Field; 3] = [
    Field {
        key: "instanceId",
        label: "Waapify instance ID",
        hint: "Shown in Waapify under the linked number.",
    },
    Field {
        key: "accessToken",
        label: "Waapify access token",
        hint: "Shown in your Waapify profile under API.",
    },
    Field {
        key: "number",
        label: "WhatsApp number",
        hint: "With its country code, such as 60123456789.",
    },
];

/// What the guide is made from.
#[derive(Clone, Debug)]
pub struct Guide<'a> {
    /// The public address of the service.
    pub public_url: &'a Url,
    /// Root of the pages where people install apps.
    pub marketplace_base: &'a Url,
    /// The app's client id; none before the app is created.
    pub client_id: Option<&'a str>,
    /// The secret last parts of addresses; none: they are left open.
    pub secrets: Option<GuideSecrets<'a>>,
}

/// The secret last parts of the addresses in the guide.
#[derive(Clone, Copy, Debug)]
pub struct GuideSecrets<'a> {
    /// Of the Delivery URL.
    pub delivery: &'a str,
    /// Of the Default Webhook URL.
    pub app: &'a str,
    /// Of the endpoint of external authentication.
    pub external_auth: &'a str,
}

impl GuideSecrets<'_> {
    const OPEN: Self = Self {
        delivery: SECRET,
        app: SECRET,
        external_auth: SECRET,
    };
}

impl Guide<'_> {
    /// The guide, as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        [
            self.beginning(),
            app(),
            self.auth(),
            self.webhooks(),
            self.provider(),
            self.page(),
            self.external_auth(),
            settings(),
            self.install(),
            self.check(),
        ]
        .join("\n")
    }

    fn under(&self, path: &str) -> String {
        under(self.public_url, path)
    }

    fn secrets(&self) -> GuideSecrets<'_> {
        self.secrets.unwrap_or(GuideSecrets::OPEN)
    }

    fn beginning(&self) -> String {
        let mut text = format!(
            "# The app in GHL's marketplace

Every screen of the developer portal (<https://marketplace.gohighlevel.com>, My Apps) with what to enter there, for the
service at `{}`. Copy the values from here; a slash or a letter less, and something stays silent.

`waapify-ghl marketplace` prints this guide for your own `PUBLIC_URL`. Go through it in this order: a conversation
provider that is made **after** the app was installed does not appear in that sub-account until the app is uninstalled
there and installed again.
",
            self.under("")
        );
        if self.secrets.is_none() {
            let _ = writeln!(
                text,
                "\n`{SECRET}` at the end of an address stands for a secret of your service, another one in each address.\n\
                 `waapify-ghl marketplace --show-secrets` prints the whole addresses. GHL signs for all apps with one key, so these\n\
                 parts are what tells your app's messages from another app's: keep them out of tickets and chats."
            );
        }
        if let Some(brand) = find_brand(self.public_url) {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "\n> **This will not work yet.** GHL refuses redirect URLs that contain its own names, and yours contains \
                 `{brand}`. Give the service another address (`PUBLIC_URL`) first."
            );
        }
        text
    }

    fn auth(&self) -> String {
        let mut text = format!(
            "## 2. Auth (Advanced Settings › Auth)

| field | enter |
|---|---|
| Redirect URL | `{}` |
| Client keys | press Add; the id becomes `GHL_CLIENT_ID`, the secret `GHL_CLIENT_SECRET`; the secret is shown once |
| Shared Secret | press Generate; it becomes `GHL_SHARED_SECRET` |

Give the service the client keys now, and print this guide again with `waapify-ghl marketplace --show-secrets`: the
addresses of the next sections hold secrets that follow from them.

Scopes, all of them and no other:

```text
",
            self.under("/oauth/callback")
        );
        for scope in SCOPES {
            let _ = writeln!(text, "{scope}");
        }
        text.push_str(
            "```

If the portal does not offer `oauth.readonly` and `oauth.write` for this kind of app, leave these two out. Scopes
change only with a new version of the app; who has it installed must agree to them again.
",
        );
        text
    }

    fn webhooks(&self) -> String {
        format!(
            "## 3. Webhooks (Advanced Settings › Webhooks)

| field | enter |
|---|---|
| Default Webhook URL | `{}` |

Switch these events on, with the default address:

| event | what for |
|---|---|
| `INSTALL` (AppInstall) | sub-accounts that an agency adds later, which no page is opened for |
| `UNINSTALL` (AppUninstall) | keys are destroyed and nothing more is sent |
| `InboundMessage`, `OutboundMessage` | proof that GHL stored a message when its answer was lost: without them a reply may appear twice |
| `ContactDndUpdate` | Do Not Disturb that people set in GHL also ends messages that wait here |
| `EXTERNAL_AUTH_CONNECTED` (ExternalAuthConnected) | only with section 6 |

Leave every other event off. They would be stored and never used.
",
            self.under(&format!("/hooks/app/{}", self.secrets().app))
        )
    }

    fn provider(&self) -> String {
        let delivery = self.under(&format!("/hooks/delivery/{}", self.secrets().delivery));
        format!(
            "## 4. Conversation provider (Conversation Providers)

| field | enter |
|---|---|
| Name | what businesses choose in their settings, such as `WhatsApp` |
| Type | `SMS` |
| Delivery URL | `{delivery}` |
| Is this a Custom Conversation Provider | **leave it unticked**: ticked, it is one more channel that workflows, campaigns and the AI bot do not use |
| Always show this Conversation Provider | leave it unticked |
| Alias | `WhatsApp`, or leave it empty |
| Logo | yours, or leave it empty |

Save. The id that it gets becomes `GHL_CONVERSATION_PROVIDER_ID`, by which checks tell it from others.

If calls shall stand in GHL's call log, add a second provider; without it a call is a line of text:

| field | enter |
|---|---|
| Name | such as `WhatsApp calls` |
| Type | `Call` |
| Delivery URL | `{delivery}` |

Its id becomes `GHL_CALL_PROVIDER_ID`.
"
        )
    }

    fn page(&self) -> String {
        format!(
            "## 5. Custom page (Custom Pages)

| field | enter |
|---|---|
| Name | such as `WhatsApp` |
| Live URL, Testing URL | `{}` |
| Placement | left navigation menu, of the sub-account |

The page shows the sub-account's number, what is wrong, and what became of its last messages. It knows who looks at it
by the Shared Secret of section 2: without `GHL_SHARED_SECRET` it stays closed.
",
            self.under("/app")
        )
    }

    fn external_auth(&self) -> String {
        let secret = self.secrets().external_auth;
        let mut text = String::from(
            "## 6. External Authentication (optional)

It asks for the Waapify account while the app is being installed, so that the number is connected at once. Without it
the page after the install asks. Choose **API Key / Basic Auth**.

Configure Your Fields:

| key | label | hint | required |
|---|---|---|---|
",
        );
        for Field { key, label, hint } in FIELDS {
            let _ = writeln!(text, "| `{key}` | {label} | {hint} | yes |");
        }
        let _ = write!(
            text,
            "
Configure authentication endpoint:

| field | enter |
|---|---|
| Method | `POST` |
| URL | `{}` |
| Headers | `Content-Type`: `application/json` |
| Multi-Account Support | leave it off |

Request body:

```json
{{
",
            self.under(&format!("/hooks/external-auth/{secret}"))
        );
        for (at, Field { key, .. }) in FIELDS.iter().enumerate() {
            let comma = if at + 1 < FIELDS.len() { "," } else { "" };
            let _ = writeln!(text, "  \"{key}\": \"{{{{userData.{key}}}}}\"{comma}");
        }
        text.push_str("}\n```\n");
        text.push_str("\nAnyone who knows this address can connect numbers.\n");
        text
    }

    fn install(&self) -> String {
        let client_id = self.client_id.unwrap_or(CLIENT_ID);
        let mut text = format!(
            "## 8. Install

Hand out this link. It sends the browser to GHL with everything GHL wants, and back:

```text
{}
```

It leads to an address of this form, which the portal shows, too (an agency with its own domain uses
`marketplace.leadconnectorhq.com`):

```text
{}
```
",
            self.under("/oauth/install"),
            install_link(self.marketplace_base, self.public_url, client_id)
        );
        if self.client_id.is_none() {
            let _ = writeln!(
                text,
                "\n`{CLIENT_ID}` is `GHL_CLIENT_ID`, and `{APP_ID}` the part of it before its first hyphen. Without `version_id` \
                 GHL says `error.noversionid`."
            );
        }
        text.push_str(
            "
Then, in each sub-account, an **agency admin** opens Settings › Phone Numbers › Advanced Settings › SMS Provider,
chooses the provider by the name of section 4, and saves. GHL shows that setting to nobody else, and no program can
change it.
",
        );
        text
    }

    fn check(&self) -> String {
        format!(
            "## 9. Check

1. `{}` answers `ready` in a browser.
2. `{}` leads to GHL's choice of sub-accounts, and back to a page of the service.
3. `waapify-ghl installs` shows the sub-account as `installed`, with its number.
4. The provider stands in that sub-account's SMS Provider setting and is chosen. If it is missing there, the app was
   installed before the provider was made: uninstall it in that sub-account, then install it again.
5. Write to your own phone from GHL's Conversations: the message arrives on WhatsApp, and its tick in GHL.
6. Answer on the phone: the answer stands in the same conversation.
7. `waapify-ghl messages list` shows both.
",
            self.under("/readyz"),
            self.under("/oauth/install")
        )
    }
}

fn app() -> String {
    "## 1. The app (Create App)

| field | enter |
|---|---|
| App Name | yours, without GHL's names in it |
| App Type | Private while you try it out (at most five agencies), Public for everyone |
| Target User | Sub-account |
| Who Can Install | Both Agency & Sub-account |
| Can be bulk-installed | Yes |
| Listing Type | White-label |
"
    .to_owned()
}

fn settings() -> String {
    "## 7. What the service needs to know

| variable | from |
|---|---|
| `GHL_CLIENT_ID`, `GHL_CLIENT_SECRET` | section 2, Client keys |
| `GHL_SHARED_SECRET` | section 2, Shared Secret |
| `GHL_CONVERSATION_PROVIDER_ID` | section 4, the provider of type SMS |
| `GHL_CALL_PROVIDER_ID` | section 4, the provider of type Call, if you made one |

Restart the service with them **before** the first install.
"
    .to_owned()
}
