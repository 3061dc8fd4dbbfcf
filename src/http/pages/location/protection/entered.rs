//! The form of a number's protection as it was typed, and what is wrong with it.

use crate::http::pages::location::location_user::VerifiedForm;
use crate::model::language::Text;
use crate::model::protection::{MAX_DAILY, MAX_HOURLY, Settings, minute_of, written};
use crate::model::zone::Zone;

/// The form as it was typed.
pub(super) struct Entered {
    pub(super) is_on: bool,
    pub(super) is_old: bool,
    pub(super) daily: String,
    pub(super) hourly: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) zone: String,
}

/// A field of the form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Daily,
    Hourly,
    From,
    Until,
    Zone,
}

impl Field {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Hourly => "hourly",
            Self::From => "from",
            Self::Until => "until",
            Self::Zone => "zone",
        }
    }
}

/// What is wrong with a field.
pub(super) type Fault = (Field, Text);

impl Entered {
    pub(super) fn of(settings: &Settings, is_on: bool) -> Self {
        let number = |number: Option<i32>| number.map(|n| n.to_string()).unwrap_or_default();
        Self {
            is_on: settings.is_on.unwrap_or(is_on),
            is_old: settings.is_old,
            daily: number(settings.daily),
            hourly: number(settings.hourly),
            from: written(settings.from_minute),
            until: written(settings.until_minute),
            zone: settings.zone.clone().unwrap_or_default(),
        }
    }

    pub(super) fn from(sent: &VerifiedForm) -> Self {
        let text = |field: Field| sent.field(field.name()).to_owned();
        Self {
            is_on: sent.is_ticked("on"),
            is_old: sent.is_ticked("old"),
            daily: text(Field::Daily),
            hourly: text(Field::Hourly),
            from: text(Field::From),
            until: text(Field::Until),
            zone: text(Field::Zone),
        }
    }

    /// What to store, or what is wrong. A number that follows the deployment goes on to do so, until somebody decides otherwise.
    pub(super) fn check(&self, before: &Settings, is_on: bool) -> Result<Settings, Fault> {
        let daily = count_of(Field::Daily, &self.daily, MAX_DAILY)?;
        let hourly = count_of(Field::Hourly, &self.hourly, MAX_HOURLY)?;
        if daily.zip(hourly).is_some_and(|(day, hour)| hour > day) {
            return Err((Field::Hourly, more_than_a_day()));
        }
        let minute = |field, text: &str| minute_of(text).ok_or_else(|| (field, no_time()));
        let from_minute = minute(Field::From, &self.from)?;
        let until_minute = minute(Field::Until, &self.until)?;
        if from_minute >= until_minute {
            return Err((Field::Until, no_hours()));
        }
        let zone = Some(self.zone.clone()).filter(|zone| !zone.is_empty());
        if zone
            .as_deref()
            .is_some_and(|name| Zone::find(name).is_none())
        {
            return Err((Field::Zone, no_zone()));
        }
        let follows = before.is_on.is_none() && self.is_on == is_on;
        Ok(Settings {
            is_on: (!follows).then_some(self.is_on),
            is_old: self.is_old,
            daily,
            hourly,
            from_minute,
            until_minute,
            zone,
        })
    }
}

/// A cap from 1 to `most`; none where nothing was typed.
fn count_of(field: Field, text: &str, most: i32) -> Result<Option<i32>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let count = text.parse::<i32>().ok();
    let count = count.filter(|count| (1..=most).contains(count));
    count.map(Some).ok_or_else(|| {
        let fault = Text::new(
            format!("Please enter a whole number from 1 to {most}, or nothing."),
            format!("Sila masukkan nombor bulat dari 1 hingga {most}, atau kosongkan."),
        );
        (field, fault)
    })
}

fn more_than_a_day() -> Text {
    Text::new(
        "An hour cannot have more than the day.",
        "Sejam tidak boleh melebihi sehari.",
    )
}

fn no_time() -> Text {
    Text::new(
        "Please enter a time such as 09:00.",
        "Sila masukkan waktu seperti 09:00.",
    )
}

fn no_hours() -> Text {
    Text::new(
        "The end must be later than the beginning, on the same day: a stranger's message at night is reported.",
        "Waktu tamat mesti lewat daripada waktu mula, pada hari yang sama: mesej orang tidak dikenali pada waktu malam akan dilaporkan.",
    )
}

fn no_zone() -> Text {
    Text::new(
        "There is no such time zone. Enter one like Asia/Kuala_Lumpur, or nothing.",
        "Tiada zon waktu begitu. Masukkan seperti Asia/Kuala_Lumpur, atau kosongkan.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protection::DAY_MINUTES;

    fn typed(daily: &str, hourly: &str, from: &str, until: &str, zone: &str) -> Entered {
        Entered {
            is_on: true,
            is_old: false,
            daily: daily.to_owned(),
            hourly: hourly.to_owned(),
            from: from.to_owned(),
            until: until.to_owned(),
            zone: zone.to_owned(),
        }
    }

    fn fault_of(entered: &Entered) -> Option<&'static str> {
        let checked = entered.check(&Settings::default(), true);
        checked.err().map(|(field, _)| field.name())
    }

    #[test]
    fn what_cannot_be_is_refused_at_its_field() {
        let most = (MAX_DAILY + 1).to_string();
        for daily in ["-1", "0", "1.5", "many", "99999999999", &most] {
            assert_eq!(
                fault_of(&typed(daily, "", "9:00", "20:00", "")),
                Some("daily"),
                "{daily}"
            );
        }
        assert_eq!(
            fault_of(&typed("", "-5", "9:00", "20:00", "")),
            Some("hourly")
        );
        assert_eq!(
            fault_of(&typed("10", "11", "9:00", "20:00", "")),
            Some("hourly")
        );
        assert_eq!(fault_of(&typed("", "", "nine", "20:00", "")), Some("from"));
        assert_eq!(fault_of(&typed("", "", "9:00", "25:00", "")), Some("until"));
        for (from, until) in [("9:00", "9:00"), ("22:00", "06:00"), ("24:00", "24:00")] {
            assert_eq!(fault_of(&typed("", "", from, until, "")), Some("until"));
        }
        for zone in ["Nowhere/Else", "GMT+8 (MY)", "../etc"] {
            assert_eq!(
                fault_of(&typed("", "", "9:00", "20:00", zone)),
                Some("zone"),
                "{zone}"
            );
        }
        assert_eq!(
            fault_of(&typed("", "", "0:00", "24:00", "asia/kuala_lumpur")),
            None
        );
    }

    #[test]
    fn a_number_follows_the_deployment_until_somebody_decides_otherwise() {
        let entered = typed("", "", &written(0), &written(DAY_MINUTES), "");
        let stored = |before: Option<bool>, is_on| {
            let before = Settings {
                is_on: before,
                ..Settings::default()
            };
            entered
                .check(&before, is_on)
                .map(|settings| settings.is_on)
                .ok()
        };
        assert_eq!(stored(None, true), Some(None));
        assert_eq!(stored(None, false), Some(Some(true)));
        assert_eq!(stored(Some(true), true), Some(Some(true)));
    }
}
