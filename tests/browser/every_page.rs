//! Checks on every page: it fits a desktop and a phone in both languages, works with the keyboard, is readable in both
//! colour schemes, and axe finds nothing.
//! If `SCREENSHOTS` names a folder, a picture of each page is written there.

use std::path::PathBuf;

use crate::pages::Page;
use crate::stage::Controls;
use crate::tab::Tab;
use crate::{pages, picture};

/// Width and height of the window, and the name of that size. Pictures are taken in the named sizes.
const SIZES: [(u32, u32, Option<&str>); 3] = [
    (1280, 900, Some("desktop")),
    (390, 844, Some("phone")),
    // The narrowest phones in use.
    (360, 640, None),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_and_can_be_read_in_english() {
    look_at_all("en-US", "en").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_and_can_be_read_in_malay() {
    look_at_all("ms-MY", "ms").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_used_with_the_keyboard_alone() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    let mut faults = Vec::new();
    for (page, _) in pages::ALL {
        page.open(&stage, &tab).await;
        let found = tab.keyboard_faults().await;
        faults.extend(found.into_iter().map(|fault| format!("{page:?}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

async fn look_at_all(language: &str, tag: &str) {
    let folder = std::env::var_os("SCREENSHOTS").map(PathBuf::from);
    let (stage, tab) = (Controls::lively().await, Tab::open(language).await);
    let mut faults = Vec::new();
    for (page, name) in pages::ALL {
        page.open(&stage, &tab).await;
        if page.is_ours() {
            assert_eq!(
                tab.run("return document.documentElement.lang", vec![])
                    .await,
                tag
            );
        }
        for (width, height, size) in SIZES {
            tab.resize(width, height).await;
            let found = tab.faults().await;
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{page:?}, {tag}, {width} px: {fault}")),
            );
            if let (Some(folder), Some(name), Some(size)) = (&folder, name, size) {
                if page.is_framed() {
                    tab.unroll_frame(width).await;
                }
                let file = folder.join(format!("{name}-{size}-{tag}.png"));
                picture::keep(&tab, &file).await;
            }
        }
        for scheme in ["dark", "light"] {
            tab.prefer(scheme).await;
            // The sizes above were looked at in the light.
            let mut found = if scheme == "dark" {
                tab.faults().await
            } else {
                Vec::new()
            };
            found.extend(tab.axe_findings().await);
            let place = format!("{page:?}, {tag}, {scheme}");
            faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
        }
        let complaints = tab.complaints().await;
        // Browsers also complain about an answer of 404 or 422.
        let is_refusal = matches!(page, Page::Error | Page::ConnectWrong);
        let complaints = complaints.into_iter().filter(|_| !is_refusal);
        faults.extend(complaints.map(|what| format!("{page:?}: {what}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
