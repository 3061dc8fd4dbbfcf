//! The form of the rules for numbers: what is known, what was typed, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use crate::clients::ghl::DeliveryHead;
use crate::db::numbers::rules;
use crate::db::numbers::rules::Rule;
use crate::db::views::overview;
use crate::db::views::overview::NumberState;
use crate::http::HttpState;
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm};
use crate::model::ids::is_id;
use crate::model::language::Text;
use crate::model::number_rule::{MAX_SUBJECTS, MAX_TAG, MAX_WEIGHT, RuleKind, WhenHeld};

/// A number that rules can name.
pub(super) struct Place {
    pub number: String,
    pub name: Option<String>,
    pub is_connected: bool,
    pub is_default: bool,
}

impl From<NumberState> for Place {
    fn from(row: NumberState) -> Self {
        Self {
            number: row.number,
            name: row.name,
            is_connected: row.is_connected,
            is_default: row.is_default,
        }
    }
}

/// What is known about a location when its form is shown or checked.
pub(super) struct Known {
    /// Its connected numbers, and others that rules name.
    pub places: Vec<Place>,
    /// The ids of its users that were seen.
    pub users: BTreeSet<String>,
}

impl Known {
    pub async fn find(
        state: &HttpState,
        visitor: &LocationUser,
        stored: &[Rule],
    ) -> sqlx::Result<Self> {
        let (pool, location) = (&state.pool, &visitor.location);
        let numbers = overview::list_numbers(pool, location).await?;
        let connected = numbers.into_iter().filter(|row| row.is_connected);
        let mut places: Vec<Place> = connected.map(Place::from).collect();
        let gone = rules::list_gone(pool, location).await?;
        places.extend(gone.into_iter().map(|number| Place {
            number,
            name: None,
            is_connected: false,
            is_default: false,
        }));
        let deliveries = rules::list_deliveries_of_users(pool, location).await?;
        let wrote = deliveries
            .iter()
            .map(|body| DeliveryHead::read(&whatsapp_events::json::text(body)).sender);
        let recorded = rules::list_recorded_users(pool, location).await?;
        let visited = recorded.iter().map(String::as_str).chain([visitor.user()]);
        let visited = visited.map(|actor| actor.split(" (").next().unwrap_or_default().to_owned());
        let of_users = stored.iter().filter(|rule| rule.kind == RuleKind::User);
        let ruled = of_users.map(|rule| rule.subject.clone());
        let users = wrote.chain(visited).chain(ruled).filter(|id| is_id(id));
        Ok(Self {
            places,
            users: users.collect(),
        })
    }
}

/// What was typed for one number.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub users: String,
    pub tags: String,
    pub share: String,
}

/// The form as it was typed, by number.
pub(super) struct Entered {
    pub numbers: BTreeMap<String, Typed>,
    pub when_held: String,
}

/// What is wrong, with the name of its field.
pub(super) type Fault = (String, Text);

pub(super) const FIELDS: [&str; 3] = ["users", "tags", "share"];

pub(super) fn field(kind: &str, number: &str) -> String {
    format!("{kind}-{number}")
}

impl Entered {
    pub fn of(stored: &[Rule], when_held: WhenHeld) -> Self {
        let mut numbers: BTreeMap<String, Typed> = BTreeMap::new();
        for rule in stored {
            let typed = numbers.entry(rule.number.clone()).or_default();
            match rule.kind {
                RuleKind::User => add_line(&mut typed.users, &rule.subject),
                RuleKind::Tag => add_line(&mut typed.tags, &rule.subject),
                RuleKind::Share => {
                    typed.share = rule.weight.unwrap_or_default().to_string();
                }
            }
        }
        Self {
            numbers,
            when_held: when_held.as_str().to_owned(),
        }
    }

    pub fn from(sent: &VerifiedForm) -> Self {
        let named = sent.names().filter_map(|name| name.split_once('-'));
        let named = named.filter(|(kind, _)| FIELDS.contains(kind));
        let numbers: BTreeSet<&str> = named.map(|(_, number)| number).collect();
        let text = |kind, number: &str| sent.field(&field(kind, number)).replace("\r\n", "\n");
        let typed = |number: &str| Typed {
            users: text("users", number),
            tags: text("tags", number),
            share: text("share", number),
        };
        Self {
            numbers: numbers
                .into_iter()
                .map(|number| (number.to_owned(), typed(number)))
                .collect(),
            when_held: sent.field("held").to_owned(),
        }
    }

    /// What to store, or what is wrong.
    pub fn check(&self, known: &Known) -> Result<(Vec<Rule>, WhenHeld), Fault> {
        let when_held = WhenHeld::find(&self.when_held);
        let when_held = when_held.ok_or_else(|| ("held".to_owned(), choose()))?;
        let mut checked = Vec::new();
        for (number, typed) in &self.numbers {
            if !known.places.iter().any(|place| place.number == *number) {
                return Err((field("users", number), not_yours(number)));
            }
            checked.extend(typed.check(number, known)?);
        }
        let mut seen = BTreeMap::new();
        for rule in &checked {
            let key = (rule.kind.as_str(), rule.subject.as_str());
            if seen.insert(key, rule.number.as_str()).is_some() {
                let kind = if rule.kind == RuleKind::User {
                    "users"
                } else {
                    "tags"
                };
                return Err((field(kind, &rule.number), twice(&rule.subject)));
            }
        }
        let typed_shares = self.numbers.iter().filter(|(_, it)| !it.share.is_empty());
        let first = typed_shares.map(|(number, _)| number).next();
        let has_share = checked.iter().any(|rule| rule.kind == RuleKind::Share);
        match first {
            Some(number) if !has_share => Err((field("share", number), no_sum())),
            _ => Ok((checked, when_held)),
        }
    }
}

fn add_line(lines: &mut String, line: &str) {
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines.push_str(line);
}

fn lines(typed: &str) -> impl Iterator<Item = &str> {
    typed.lines().map(str::trim).filter(|line| !line.is_empty())
}

impl Typed {
    /// The rules of one number.
    fn check(&self, number: &str, known: &Known) -> Result<Vec<Rule>, Fault> {
        let rule = |kind, subject: String, weight| Rule {
            kind,
            subject,
            number: number.to_owned(),
            weight,
        };
        let mut checked = Vec::new();
        for user in lines(&self.users) {
            if !known.users.contains(user) {
                return Err((field("users", number), unknown_user(user)));
            }
            checked.push(rule(RuleKind::User, user.to_owned(), None));
        }
        for tag in lines(&self.tags) {
            if tag.chars().count() > MAX_TAG || tag.contains(char::is_control) {
                return Err((field("tags", number), bad_tag(tag)));
            }
            checked.push(rule(RuleKind::Tag, tag.to_lowercase(), None));
        }
        for (kind, typed) in [("users", &self.users), ("tags", &self.tags)] {
            if lines(typed).count() > MAX_SUBJECTS {
                return Err((field(kind, number), too_many()));
            }
        }
        match self.share.as_str() {
            "" | "0" => {}
            typed => match typed.parse() {
                Ok(weight) if (1..=MAX_WEIGHT).contains(&weight) => {
                    checked.push(rule(RuleKind::Share, number.to_owned(), Some(weight)));
                }
                _ => return Err((field("share", number), bad_share())),
            },
        }
        Ok(checked)
    }
}

pub(super) fn choose() -> Text {
    Text::new("Please choose one of these.", "Sila pilih salah satu.")
}

fn not_yours(number: &str) -> Text {
    let number: String = number.chars().take(20).collect();
    Text::new(
        format!("This number is not connected to this sub-account: {number}."),
        format!("Nombor ini tidak disambungkan ke sub-akaun ini: {number}."),
    )
}

fn twice(subject: &str) -> Text {
    Text::new(
        format!("This stands at two numbers or twice: {subject}. Leave it once."),
        format!("Ini ada pada dua nombor atau dua kali: {subject}. Biarkan sekali sahaja."),
    )
}

fn unknown_user(user: &str) -> Text {
    let user: String = user.chars().take(60).collect();
    Text::new(
        format!(
            "No user of this sub-account with this id was seen here: {user}. A user is known once he has sent a message in GHL."
        ),
        format!(
            "Tiada pengguna sub-akaun ini dengan ID ini pernah dilihat di sini: {user}. Pengguna dikenali selepas menghantar satu mesej dalam GHL."
        ),
    )
}

fn bad_tag(tag: &str) -> Text {
    let tag: String = tag.chars().filter(|c| !c.is_control()).take(40).collect();
    Text::new(
        format!("This is too long for a tag: {tag}. It may have {MAX_TAG} characters."),
        format!("Ini terlalu panjang untuk tag: {tag}. Ia boleh mempunyai {MAX_TAG} aksara."),
    )
}

fn too_many() -> Text {
    Text::new(
        format!("Enter at most {MAX_SUBJECTS} lines."),
        format!("Masukkan paling banyak {MAX_SUBJECTS} baris."),
    )
}

fn bad_share() -> Text {
    Text::new(
        format!("Enter a whole number from 0 to {MAX_WEIGHT}, or nothing."),
        format!("Masukkan nombor bulat dari 0 hingga {MAX_WEIGHT}, atau kosongkan."),
    )
}

fn no_sum() -> Text {
    Text::new(
        "At least one share must be more than 0. Empty them all if new contacts shall not be shared.",
        "Sekurang-kurangnya satu bahagian mesti lebih daripada 0. Kosongkan semuanya jika kenalan baharu tidak perlu dibahagikan.",
    )
}
