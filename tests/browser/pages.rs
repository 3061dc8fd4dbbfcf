//! Every page that there is, and how one gets there.

use waapify_ghl::sandbox::{InstallKind, seed};

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
}

impl Page {
    pub const ALL: [Self; 5] = [
        Self::Installed,
        Self::Agency,
        Self::Connect,
        Self::Error,
        Self::Ghl,
    ];

    /// The name of its picture.
    pub fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Agency => "agency",
            Self::Connect => "connect",
            Self::Error => "error",
            Self::Ghl => "ghl",
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
        }
    }
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
