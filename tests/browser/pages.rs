//! Every page, and the way to open it.

use simulators::{DefaultProvider, InstallKind, seed};
use waapify_ghl::cli::sandbox::ADMIN_TOKEN;

use crate::stage::Controls;
use crate::tab::Tab;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The first page after an install: the way to the QR code, and the form for Waapify's keys.
    Connect,
    /// The same page with a token that Waapify refuses.
    ConnectWrong,
    /// The QR code that a phone has to scan.
    ConnectQr,
    /// The code alone, on another screen.
    Scan,
    /// A phone has scanned it: "Is this your number?"
    ConnectConfirm,
    /// A number is connected, and one step is left.
    Connected,
    /// Nothing is left.
    Done,
    /// An install in a sub-account that already has a number.
    ConnectAgain,
    /// An install by an agency in several sub-accounts.
    Agency,
    /// A link that has expired.
    Error,
    /// The page in GHL of a whole agency.
    AppAgency,
    /// The page in GHL: overview, checks, opt-outs, rules for numbers, the agency's alerts, a number's settings, messages, one message.
    App,
    AppChecks,
    AppOptOut,
    AppNumberRules,
    AppAlerts,
    AppSettings,
    AppMessages,
    AppMessage,
    /// The operator's sign-in page, and the pages behind it.
    SignIn,
    Operator,
    OperatorLocations,
    OperatorNumbers,
    OperatorFailures,
    OperatorLocation,
    OperatorMessages,
    OperatorMessage,
    /// What the counts of its overview lead to.
    OperatorQueue,
    OperatorAgencies,
    OperatorSearch,
    OperatorReplay,
    OperatorAudit,
    /// A page of the simulated GHL.
    Ghl,
}

/// All pages with the names of their pictures. Each can be opened after the one before it: the operator signs in
/// once.
pub const ALL: [(Page, Option<&str>); 33] = [
    (Page::Connect, Some("connect")),
    (Page::ConnectWrong, Some("connect-wrong-token")),
    (Page::ConnectQr, Some("connect-qr")),
    (Page::Scan, None),
    (Page::ConnectConfirm, Some("connect-confirm")),
    (Page::Agency, Some("agency-install")),
    (Page::Connected, Some("connected")),
    (Page::Done, Some("connect-done")),
    (Page::ConnectAgain, None),
    (Page::Error, Some("error")),
    (Page::AppAgency, Some("app-agency")),
    (Page::App, Some("app")),
    (Page::AppChecks, Some("app-checks")),
    (Page::AppOptOut, Some("app-opt-out")),
    (Page::AppNumberRules, None),
    (Page::AppAlerts, None),
    (Page::AppSettings, Some("app-settings")),
    (Page::AppMessages, Some("app-messages")),
    (Page::AppMessage, Some("app-message")),
    (Page::SignIn, None),
    (Page::Operator, Some("operator")),
    (Page::OperatorLocations, None),
    (Page::OperatorNumbers, None),
    (Page::OperatorFailures, None),
    (Page::OperatorLocation, Some("operator-location")),
    (Page::OperatorMessages, None),
    (Page::OperatorMessage, Some("operator-message")),
    (Page::OperatorQueue, None),
    (Page::OperatorAgencies, None),
    (Page::OperatorSearch, None),
    (Page::OperatorReplay, None),
    (Page::OperatorAudit, Some("operator-audit")),
    (Page::Ghl, None),
];

/// The instance of a sub-account that is connected during the test.
const BUTIK: (&str, &str, &str) = ("68C0FFEE9D8E7", "sandbox-butik-token", "60129998877");

impl Page {
    /// Whether it is in GHL's frame.
    pub fn is_framed(self) -> bool {
        matches!(
            self,
            Self::App
                | Self::AppAgency
                | Self::AppChecks
                | Self::AppOptOut
                | Self::AppNumberRules
                | Self::AppAlerts
                | Self::AppSettings
                | Self::AppMessages
                | Self::AppMessage
        )
    }

    pub fn is_operators(self) -> bool {
        matches!(
            self,
            Self::SignIn
                | Self::Operator
                | Self::OperatorLocations
                | Self::OperatorNumbers
                | Self::OperatorFailures
                | Self::OperatorLocation
                | Self::OperatorMessages
                | Self::OperatorMessage
                | Self::OperatorQueue
                | Self::OperatorAgencies
                | Self::OperatorSearch
                | Self::OperatorReplay
                | Self::OperatorAudit
        )
    }

    /// Whether it is a page of the service, so that it exists in two languages.
    pub fn is_ours(self) -> bool {
        self != Self::Ghl
    }

    /// Opens it; if it is in a frame, enters the frame.
    #[allow(clippy::too_many_lines, reason = "one short arm for each page")]
    pub async fn open(self, stage: &Controls, tab: &Tab) {
        match self {
            Self::Error => tab.goto(&stage.service("/connect/over")).await,
            Self::Ghl => tab.goto(&stage.ghl("/sandbox/ghl")).await,
            page if page.is_framed() => page.open_inside(stage, tab).await,
            page if page.is_operators() => page.open_operators(stage, tab).await,
            page => page.open_connecting(stage, tab).await,
        }
    }

    async fn open_connecting(self, stage: &Controls, tab: &Tab) {
        match self {
            Self::Connect => open_form(stage, tab, seed::SECOND_LOCATION_ID).await,
            Self::ConnectWrong => {
                open_form(stage, tab, seed::SECOND_LOCATION_ID).await;
                enter_keys(tab, (seed::INSTANCE_ID, "wrong")).await;
                tab.find("[aria-invalid=true]").await;
            }
            Self::ConnectQr => {
                open_form(stage, tab, seed::SECOND_LOCATION_ID).await;
                show_qr(tab).await;
            }
            Self::Scan => {
                Box::pin(Self::ConnectQr.open(stage, tab)).await;
                let address = "return document.getElementById('share').value";
                let address = tab.run(address, vec![]).await;
                tab.goto(address.as_str().unwrap()).await;
                tab.find("figure.qr img").await;
            }
            Self::ConnectConfirm => {
                Box::pin(Self::ConnectQr.open(stage, tab)).await;
                let waapify = &stage.sandbox.simulation.waapify;
                for instance in waapify.waiting_instances() {
                    waapify.scan_qr(&instance).await;
                }
                tab.find(".big-number").await;
            }
            Self::Connected => {
                let (instance, token, number) = BUTIK;
                let name = seed::SECOND_LOCATION_NAME;
                let _ = stage
                    .sandbox
                    .simulation
                    .waapify
                    .add_instance(instance, token, number, name);
                open_form(stage, tab, seed::SECOND_LOCATION_ID).await;
                enter_keys(tab, (instance, token)).await;
                click(tab, "form[action$='/confirm'] button").await;
                tab.find(".last-mile [data-state=bad]").await;
            }
            Self::Done => {
                // On the page before this one.
                let ghl = &stage.sandbox.simulation.ghl;
                ghl.set_default_provider(seed::SECOND_LOCATION_ID, DefaultProvider::Ours);
                // The open page goes on by itself.
                tab.find("main:not(:has(.last-mile)) #to").await;
                tab.fill("#to", "012-345 6789").await;
                click(tab, "form[action$='/test'] button").await;
                tab.find("main:not(:has(#to)) [data-next]").await;
                ghl.set_default_provider(seed::SECOND_LOCATION_ID, DefaultProvider::Twilio);
            }
            Self::ConnectAgain => {
                tab.goto(&install(stage, seed::LOCATION_ID)).await;
                tab.find(".last-mile [data-state=bad]").await;
            }
            Self::Agency => tab.goto(&install_agency(stage)).await,
            other => panic!("{other:?} is no page of connecting"),
        }
    }

    async fn open_inside(self, stage: &Controls, tab: &Tab) {
        match self {
            Self::AppAgency => {
                open_app(stage, tab, "").await;
                tab.find("table.rows").await;
            }
            Self::App => open_app(stage, tab, seed::LOCATION_ID).await,
            Self::AppChecks => {
                Box::pin(Self::App.open(stage, tab)).await;
                click(tab, ".tabs a[href$='/checks']").await;
                tab.find(".findings li").await;
            }
            Self::AppOptOut => {
                Box::pin(Self::App.open(stage, tab)).await;
                click(tab, ".tabs a[href$='/opt-out']").await;
                tab.find("[name=stop]").await;
            }
            Self::AppNumberRules => {
                Box::pin(Self::App.open(stage, tab)).await;
                click(tab, "main a[href$='/number-rules']").await;
                tab.find("[name=held]").await;
            }
            Self::AppAlerts => {
                Box::pin(Self::App.open(stage, tab)).await;
                click(tab, ".tabs a[href$='/alerts']").await;
                tab.find("[name=template]").await;
            }
            Self::AppSettings => {
                Box::pin(Self::App.open(stage, tab)).await;
                click(tab, "main a[href*='/numbers/']").await;
                tab.find("[name=groups]").await;
            }
            Self::AppMessages => {
                Box::pin(Self::App.open(stage, tab)).await;
                click(tab, ".tabs a[href$='/messages']").await;
                tab.find("[name=state]").await;
            }
            Self::AppMessage => {
                Box::pin(Self::AppMessages.open(stage, tab)).await;
                let failed = tab.find("tr:has(.pill.bad) a[href*='/messages/']").await;
                failed.click().await.unwrap();
                tab.find(".timeline").await;
            }
            other => panic!("{other:?} is not inside GHL"),
        }
    }

    async fn open_operators(self, stage: &Controls, tab: &Tab) {
        let operator = |path: &str| stage.service(&format!("/operator{path}"));
        let location = |path: &str| operator(&format!("/locations/{}{path}", seed::LOCATION_ID));
        match self {
            Self::SignIn => tab.goto(&operator("/sign-in")).await,
            Self::Operator => {
                tab.goto(&operator("/sign-in")).await;
                let field = tab.find("[type=password]").await;
                field.send_keys(ADMIN_TOKEN).await.unwrap();
                click(tab, "main button[type=submit]").await;
                tab.find("main [href*='/operator/locations']").await;
            }
            Self::OperatorLocations => tab.goto(&operator("/locations")).await,
            Self::OperatorNumbers => tab.goto(&operator("/numbers")).await,
            Self::OperatorFailures => tab.goto(&operator("/failures")).await,
            Self::OperatorLocation => tab.goto(&location("")).await,
            Self::OperatorMessages => tab.goto(&location("/messages")).await,
            Self::OperatorMessage => {
                tab.goto(&operator("/failures")).await;
                let first = tab.find("main a[href*='/operator/messages/']").await;
                first.click().await.unwrap();
                tab.find(".timeline").await;
            }
            Self::OperatorQueue => {
                let list = "/queues?queue=outbound&state=accepted";
                tab.goto(&operator(list)).await;
            }
            Self::OperatorAgencies => tab.goto(&operator("/agencies")).await,
            Self::OperatorSearch => tab.goto(&operator("/search?q=number")).await,
            Self::OperatorReplay => tab.goto(&operator("/replay")).await,
            Self::OperatorAudit => tab.goto(&operator("/audit")).await,
            other => panic!("{other:?} is not the operator's"),
        }
    }
}

/// The callback address of an install in a sub-account.
pub fn install(stage: &Controls, location: &str) -> String {
    let location_id = location.to_owned();
    let kind = InstallKind::Location { location_id };
    let code = stage.sandbox.simulation.ghl.issue_code(kind);
    stage.service(&format!("/oauth/callback?code={code}"))
}

fn install_agency(stage: &Controls) -> String {
    let location_ids = [seed::LOCATION_ID, seed::SECOND_LOCATION_ID];
    let code = stage
        .sandbox
        .simulation
        .ghl
        .issue_code(InstallKind::Company {
            company_id: seed::COMPANY_ID.to_owned(),
            location_ids: location_ids.map(ToOwned::to_owned).to_vec(),
            bulk: true,
        });
    stage.service(&format!("/oauth/callback?code={code}"))
}

/// Opens the page after an install.
pub async fn open_form(stage: &Controls, tab: &Tab, location: &str) {
    tab.goto(&install(stage, location)).await;
    tab.find("[name=instance_id]").await;
}

/// Unfolds the form of Waapify's keys, fills in instance id and token, and sends it.
pub async fn enter_keys(tab: &Tab, (instance, token): (&str, &str)) {
    tab.find("#instance_id").await;
    let unfold = "for (let part = document.getElementById('instance_id').closest('details'); part; part = part.parentElement.closest('details')) part.open = true;";
    tab.run(unfold, vec![]).await;
    tab.fill("#instance_id", instance).await;
    tab.fill("#access_token", token).await;
    let button = tab.find("form:has(#instance_id) button[type=submit]").await;
    button.click().await.unwrap();
}

/// Goes to the QR code with a token.
pub async fn show_qr(tab: &Tab) {
    tab.fill("#qr_access_token", seed::ACCESS_TOKEN).await;
    let button = tab
        .find("form:has(#qr_access_token) button[type=submit]")
        .await;
    button.click().await.unwrap();
    tab.find("figure.qr img").await;
}

/// Opens the app's page in GHL as an agency admin: in a sub-account, or in the agency's view if `location` is empty.
pub async fn open_app(stage: &Controls, tab: &Tab, location: &str) {
    let path = format!("/sandbox/ghl/custom-page?location={location}");
    tab.goto(&stage.ghl(&path)).await;
    tab.enter_frame().await;
    if !location.is_empty() {
        tab.find("main .tabs, main .error-page, main h1 + p").await;
    }
}

async fn click(tab: &Tab, selector: &str) {
    tab.find(selector).await.click().await.unwrap();
}
