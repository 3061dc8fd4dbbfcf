//! Every page that there is, and how one gets there.

use waapify_ghl::sandbox::{ADMIN_TOKEN, InstallKind, seed};

use crate::stage::Stage;
use crate::tab::Tab;

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// After an install in one sub-account.
    Installed,
    /// After an install by an agency.
    Agency,
    /// The form for Waapify's credentials.
    Connect,
    /// An address that is over.
    Error,
    /// GHL's side of it.
    Ghl,
    /// Where the operator enters his token.
    SignIn,
    /// The operator's first page.
    Operator,
    /// His pages of lists.
    OperatorLocations,
    OperatorNumbers,
    OperatorFailures,
    /// One sub-account, its messages, one of them.
    OperatorLocation,
    OperatorMessages,
    OperatorMessage,
}

impl Page {
    /// In an order in which each can be reached: the operator signs in once.
    pub const ALL: [Self; 13] = [
        Self::Installed,
        Self::Agency,
        Self::Connect,
        Self::Error,
        Self::Ghl,
        Self::SignIn,
        Self::Operator,
        Self::OperatorLocations,
        Self::OperatorNumbers,
        Self::OperatorFailures,
        Self::OperatorLocation,
        Self::OperatorMessages,
        Self::OperatorMessage,
    ];

    /// The name of its picture.
    pub fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Agency => "agency",
            Self::Connect => "connect",
            Self::Error => "error",
            Self::Ghl => "ghl",
            Self::SignIn => "operator-sign-in",
            Self::Operator => "operator",
            Self::OperatorLocations => "operator-locations",
            Self::OperatorNumbers => "operator-numbers",
            Self::OperatorFailures => "operator-failures",
            Self::OperatorLocation => "operator-location",
            Self::OperatorMessages => "operator-messages",
            Self::OperatorMessage => "operator-message",
        }
    }

    /// Goes there.
    pub async fn open(self, stage: &Stage, tab: &Tab) {
        match self {
            Self::Installed => tab.goto(&install(stage)).await,
            Self::Agency => tab.goto(&install_agency(stage)).await,
            Self::Connect => {
                tab.goto(&install(stage)).await;
                tab.find("a[href*='/connect/']")
                    .await
                    .click()
                    .await
                    .unwrap();
                tab.find("[name=instance_id]").await;
            }
            Self::Error => tab.goto(&stage.service("/connect/over")).await,
            Self::Ghl => tab.goto(&stage.ghl("/sandbox/ghl")).await,
            Self::SignIn => tab.goto(&stage.service("/operator/sign-in")).await,
            Self::Operator => {
                tab.goto(&stage.service("/operator/sign-in")).await;
                tab.find("[type=password]")
                    .await
                    .send_keys(ADMIN_TOKEN)
                    .await
                    .unwrap();
                tab.find("main button[type=submit]")
                    .await
                    .click()
                    .await
                    .unwrap();
                tab.find("main [href*='/operator/locations']").await;
            }
            Self::OperatorLocations => tab.goto(&stage.service("/operator/locations")).await,
            Self::OperatorNumbers => tab.goto(&stage.service("/operator/numbers")).await,
            Self::OperatorFailures => tab.goto(&stage.service("/operator/failures")).await,
            Self::OperatorLocation => tab.goto(&location(stage, "")).await,
            Self::OperatorMessages => tab.goto(&location(stage, "/messages")).await,
            Self::OperatorMessage => {
                tab.goto(&location(stage, "/messages")).await;
                let first = tab.find("main a[href*='/operator/messages/']").await;
                first.click().await.unwrap();
                tab.find(".timeline").await;
            }
        }
    }
}

fn location(stage: &Stage, rest: &str) -> String {
    stage.service(&format!("/operator/locations/{}{rest}", seed::LOCATION_ID))
}

/// The callback of an install in the seeded sub-account.
pub fn install(stage: &Stage) -> String {
    let location_id = seed::LOCATION_ID.to_owned();
    let kind = InstallKind::Location { location_id };
    let code = stage.sandbox.world.ghl.issue_code(kind);
    stage.service(&format!("/oauth/callback?code={code}"))
}

fn install_agency(stage: &Stage) -> String {
    let location_ids = [seed::LOCATION_ID, seed::SECOND_LOCATION_ID];
    let code = stage.sandbox.world.ghl.issue_code(InstallKind::Company {
        company_id: seed::COMPANY_ID.to_owned(),
        location_ids: location_ids.map(ToOwned::to_owned).to_vec(),
        bulk: true,
    });
    stage.service(&format!("/oauth/callback?code={code}"))
}
