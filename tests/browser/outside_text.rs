//! What others write may be one word of any length: no page becomes wider than its window by it.

use crate::checks::execute;
use crate::pages;
use crate::stage::Controls;
use crate::tab::Tab;

/// Names, texts and reasons of one word each.
const LONG_WORDS: [&str; 7] = [
    "insert into account_names (owner_id, name)
     select location_id, repeat('W', 192) from locations
     union select company_id, repeat('M', 192) from locations where company_id is not null
     on conflict (owner_id) do update set name = excluded.name",
    "update contacts set name = repeat('Q', 192)",
    "update numbers set name = repeat('N', 60), hold_code = 'gateway_fails', hold_args = jsonb_build_object('cause',
         jsonb_build_object('code', 'waapify_said', 'args', jsonb_build_object('words', repeat('H', 192))))
     where hold_code is null",
    "update inbound set text = repeat('T', 192)",
    "update audit set place = repeat('P', 100), actor = repeat('A', 100)",
    "update outbound set reason_code = 'rejected', reason_args = jsonb_build_object('words', repeat('R', 192))
     where state = 'failed'",
    "update timeline set cause_code = 'waapify_said', cause_args = jsonb_build_object('words', repeat('S', 192))
     where state = 'failed'",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_of_192_letters_makes_no_page_wider_than_its_window() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    let mut faults = Vec::new();
    for (page, _) in pages::ALL {
        if !page.is_framed() && !page.is_operators() {
            continue;
        }
        execute(&stage, &LONG_WORDS).await;
        page.open(&stage, &tab).await;
        for width in [360, 768, 1280] {
            tab.resize(width, 800).await;
            let found = tab.faults().await;
            let wide = found.into_iter().filter(|fault| fault.contains("px wide"));
            faults.extend(wide.map(|fault| format!("{page:?}, {width} px: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
