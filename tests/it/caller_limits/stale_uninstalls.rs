//! An UNINSTALL that is older than what a browser installed since: it comes late, and undoes nothing.

use serde_json::{Value, json};
use simulators::{InstallKind, seed};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use waapify_ghl::model::states::InstallStatus;

use crate::harness::Bridge;
use crate::installs::posts;

fn said_at(mut event: Value, at: OffsetDateTime) -> Value {
    event["timestamp"] = at.format(&Rfc3339).unwrap().into();
    event["webhookId"] = format!("{:016x}", rand::random::<u64>()).into();
    event
}

#[tokio::test]
async fn of_a_location() {
    let bridge = Bridge::new().await;
    let event = || bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    let now = bridge.clock.now();
    let earlier = now - Duration::MINUTE;
    let mut in_milliseconds = said_at(event(), earlier);
    in_milliseconds["timestamp"] = (earlier.unix_timestamp() * 1_000).into();
    for late in [said_at(event(), earlier), in_milliseconds] {
        posts(&bridge, &late).await;
        bridge.settle().await;
        let status = bridge.install_status(seed::LOCATION_ID).await;
        assert_eq!(
            status,
            InstallStatus::Installed,
            "the browser's install is newer: {late}"
        );
    }
    posts(&bridge, &said_at(event(), now + Duration::MINUTE)).await;
    bridge.settle().await;
    let status = bridge.install_status(seed::LOCATION_ID).await;
    assert_eq!(status, InstallStatus::Uninstalled);
}

#[tokio::test]
async fn of_a_company_and_of_its_locations() {
    let bridge = Bridge::bare().await;
    let code = bridge.simulation.ghl.issue_code(InstallKind::Company {
        company_id: seed::COMPANY_ID.to_owned(),
        location_ids: vec![seed::LOCATION_ID.to_owned()],
        bulk: true,
    });
    bridge.callback(&code).await;
    bridge.settle().await;
    let now = bridge.clock.now();
    let company = json!({
        "type": "UNINSTALL",
        "appId": bridge.simulation.ghl.app_id(),
        "companyId": seed::COMPANY_ID,
    });
    let location = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    for event in [&company, &location] {
        posts(&bridge, &said_at(event.clone(), now - Duration::MINUTE)).await;
        bridge.settle().await;
        let status = bridge.install_status(seed::LOCATION_ID).await;
        assert_eq!(status, InstallStatus::Installed, "{event}");
    }
    posts(&bridge, &said_at(company, now + Duration::MINUTE)).await;
    bridge.settle().await;
    let status = bridge.install_status(seed::LOCATION_ID).await;
    assert_eq!(status, InstallStatus::Uninstalled);
}
