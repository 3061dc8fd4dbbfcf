//! The sub-account that would lose the number: whoever connects it is told before.

use maud::{Markup, html};

use crate::db::numbers::holders;
use crate::db::numbers::holders::Asker;
use crate::http::HttpState;
use crate::http::pages::connect::Opened;
use crate::model::language::Language;

/// The other sub-account that has the number or its instance.
pub(super) struct Other {
    /// Its name, for an admin of its agency.
    name: Option<String>,
}

/// Finds it; `number` in digits, empty where it is not known yet.
pub(super) async fn find(
    state: &HttpState,
    opened: &Opened,
    number: &str,
    instance_id: &str,
) -> sqlx::Result<Option<Other>> {
    let (location, asker) = (opened.location(), Asker::of(opened.agency()));
    let held = holders::list_holders(&state.pool, location, number, instance_id, asker).await?;
    let named = held.iter().find_map(|holder| holder.name.clone());
    Ok((!held.is_empty()).then_some(Other { name: named }))
}

/// The warning.
pub(super) fn warning(language: Language, other: &Other) -> Markup {
    html! {
        p.notice.warn role="alert" {
            @match &other.name {
                Some(name) => {
                    (language.pick("This number is connected to ", "Nombor ini sedang disambungkan kepada "))
                    strong { bdi { (name) } }
                    (language.pick(" now.", "."))
                },
                None => (language.pick(
                    "This number is connected to another sub-account now.",
                    "Nombor ini sedang disambungkan kepada sub-akaun lain.",
                )),
            }
            " "
            (language.pick(
                "If you use it here, it stops there: replies and ticks come here only.",
                "Jika anda menggunakannya di sini, ia berhenti di sana: balasan dan pengesahan datang ke sini sahaja.",
            ))
        }
    }
}
