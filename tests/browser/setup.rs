//! From the marketplace to the first message and its ticks.

use waapify_ghl::sandbox::seed;

use crate::harness::wait;
use crate::stage::Stage;
use crate::tab::Tab;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn someone_installs_the_app_connects_a_number_and_writes_to_a_customer() {
    let stage = Stage::bare().await;
    let tab = Tab::open("en-US").await;
    tab.goto(&stage.ghl("/sandbox/ghl")).await;
    tab.press("Install the app").await;
    tab.sees("Where should it be installed?").await;
    tab.press("Allow and install").await;
    tab.sees("The app is installed").await;
    tab.press("Connect").await;
    tab.fill("instance_id", seed::INSTANCE_ID).await;
    tab.fill("access_token", seed::ACCESS_TOKEN).await;
    tab.fill("number", seed::NUMBER).await;
    tab.press("Check and connect").await;
    tab.sees("Your WhatsApp number is connected").await;
    tab.assert_quiet("setup").await;
    wait("the number is connected", async || {
        stage.sandbox.world.waapify.webhook().is_some()
    })
    .await;
}
