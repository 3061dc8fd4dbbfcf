//! What holds for every page: it fits a desk and a phone in both languages, and needs neither mouse nor sharp eyes. With
//! `SCREENSHOTS` set to a folder, each is kept there as a picture.

use std::path::PathBuf;

use crate::pages::Page;
use crate::picture;
use crate::stage::Stage;
use crate::tab::Tab;

/// Width and height of the window, and the name of that size; a picture is taken of the named ones.
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
    let (stage, tab) = (Stage::lively().await, Tab::open("en-US").await);
    let mut faults = Vec::new();
    for page in Page::ALL {
        page.open(&stage, &tab).await;
        let found = tab.keyboard_faults().await;
        faults.extend(found.into_iter().map(|fault| format!("{page:?}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

async fn look_at_all(language: &str, tag: &str) {
    let folder = std::env::var_os("SCREENSHOTS").map(PathBuf::from);
    let (stage, tab) = (Stage::lively().await, Tab::open(language).await);
    let mut faults = Vec::new();
    for page in Page::ALL {
        page.open(&stage, &tab).await;
        if page != Page::Ghl && page != Page::Error {
            assert_eq!(
                tab.run("return document.documentElement.lang", vec![])
                    .await,
                tag
            );
        }
        for (width, height, name) in SIZES {
            tab.resize(width, height).await;
            let found = tab.faults().await;
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{page:?}, {tag}, {width} px: {fault}")),
            );
            if let (Some(folder), Some(size)) = (&folder, name) {
                let file = folder.join(format!("{}-{size}-{tag}.png", page.name()));
                picture::keep(&tab, &file).await;
            }
        }
        tab.prefer("dark").await;
        let found = tab.faults().await;
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("{page:?}, {tag}, dark: {fault}")),
        );
        tab.prefer("light").await;
        let complaints = tab.complaints().await;
        let complaints = complaints.into_iter().filter(|_| page != Page::Error);
        faults.extend(complaints.map(|what| format!("{page:?}: {what}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
