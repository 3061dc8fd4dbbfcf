//! How many messages went each way and what became of them, as bars: for a location's users and for the operator.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::db::connection::Pool;
use crate::db::history::hour_counts::Counts;
use crate::db::views::hours;
use crate::http::pages::layout::charts;
use crate::http::pages::layout::charts::{Bar, Part};
use crate::http::pages::layout::times;
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::Direction;
use crate::model::zone::{Span, Zone};

/// The query of an address that chooses how much is drawn.
pub(in crate::http) const PERIOD: &str = "period";

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// Its name in an address.
    const fn key(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    const fn name(self, language: Language) -> &'static str {
        match self {
            Self::Day => language.pick("24 hours", "24 jam"),
            Self::Week => language.pick("7 days", "7 hari"),
            Self::Month => language.pick("30 days", "30 hari"),
            Self::Year => language.pick("A year", "Setahun"),
        }
    }

    const fn span(self) -> Span {
        match self {
            Self::Day => Span::Hour,
            Self::Week | Self::Month => Span::Day,
            Self::Year => Span::Week,
        }
    }

    /// How many bars there are, the unfinished one included.
    const fn bars(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 7,
            Self::Month => 30,
            Self::Year => 52,
        }
    }
}

/// What is drawn.
pub(in crate::http) struct Chart<'a> {
    /// Of which location; none: of all.
    pub location: Option<&'a LocationId>,
    /// In which days are counted.
    pub zone: &'a Zone,
    /// The query's [`PERIOD`].
    pub period: Option<&'a str>,
    /// The address of the page.
    pub address: &'a str,
}

/// The panel.
pub(in crate::http) async fn panel(
    pool: &Pool,
    language: Language,
    chart: Chart<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Markup> {
    let mut all = Period::ALL.into_iter();
    let asked = all.find(|one| chart.period == Some(one.key()));
    let period = asked.unwrap_or(Period::Day);
    let starts = chart.zone.starts(period.span(), period.bars(), now);
    let since = starts.first().map_or(now, |(start, _)| *start);
    let found = hours::list_hours(pool, chart.location, since).await?;
    let counted_at = hours::find_counted_at(pool, chart.location).await?;
    let of = |direction| added(&starts, &found, direction);
    let (outbound, inbound) = (of(Direction::Outbound), of(Direction::Inbound));
    Ok(html! {
        section.panel data-key="charts" data-chart-zone=(chart.zone.name()) {
            h2 { (language.pick("Messages over time", "Mesej mengikut masa")) }
            ul.choices {
                @for one in Period::ALL {
                    li { a href={ (chart.address) "?" (PERIOD) "=" (one.key()) } aria-current=[(one == period).then_some("true")] { (one.name(language)) } }
                }
            }
            (facts(language, &outbound))
            div.panels {
                (charts::bars(language, "chart-out", Direction::Outbound.label(language), &parts_out(language), &bars_out(&outbound)))
                (charts::bars(language, "chart-in", Direction::Inbound.label(language), &parts_in(language), &bars_in(&inbound)))
            }
            p.hint {
                @if let Some(at) = counted_at {
                    (language.pick("As of ", "Setakat ")) (times::minutes(chart.zone, at))
                    (language.pick(": what came or changed since then is not in it yet. ", ": apa yang tiba atau berubah selepas itu belum termasuk. "))
                }
                (language.pick("Each message is in the hour in which it came.", "Setiap mesej dikira dalam jam ia diterima."))
                noscript { " " (language.pick("Hours and days are in the time zone ", "Jam dan hari adalah dalam zon masa ")) (chart.zone.name()) "." }
            }
        }
    })
}

/// What came in each bar's time, with its name.
fn added(
    starts: &[(OffsetDateTime, String)],
    hours: &[hours::Hour],
    direction: Direction,
) -> Vec<(String, Counts)> {
    let mut bars: Vec<_> = starts
        .iter()
        .map(|(_, name)| (name.clone(), Counts::default()))
        .collect();
    for hour in hours.iter().filter(|hour| hour.direction == direction) {
        let next = starts.partition_point(|(start, _)| *start <= hour.start);
        if let Some((_, counts)) = next.checked_sub(1).and_then(|at| bars.get_mut(at)) {
            counts.add(&hour.counts);
        }
    }
    bars
}

/// The share delivered, and the median time.
fn facts(language: Language, hours: &[(String, Counts)]) -> Markup {
    let mut all = Counts::default();
    for (_, counts) in hours {
        all.add(counts);
    }
    html! {
        @if all.sent > 0 {
            ul.counts {
                li { strong { (percent(all.delivered, all.sent)) } span { (language.pick("of those sent were delivered", "daripada yang dihantar telah diterima")) } }
                li { strong { (percent(all.read, all.sent)) } span { (language.pick("were read", "telah dibaca")) } }
                @if let Some((seconds, is_within)) = all.median() {
                    li {
                        strong { @if is_within { "≤ " } @else { "> " } (duration(language, seconds)) }
                        span { (language.pick("is the median time to deliver", "ialah masa median untuk sampai")) }
                    }
                }
            }
        }
    }
}

/// A share, rounded down, so that only all are 100 %.
fn percent(part: i32, all: i32) -> String {
    let share = i64::from(part) * 100 / i64::from(all.max(1));
    format!("{share} %")
}

fn duration(language: Language, seconds: i32) -> String {
    match seconds {
        ..60 => format!("{seconds} {}", language.pick("s", "saat")),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} {}", seconds / 3600, language.pick("h", "jam")),
    }
}

const fn part(class: &'static str, name: &'static str) -> Part {
    Part { class, name }
}

fn parts_out(language: Language) -> [Part; 5] {
    [
        part("read", language.pick("Read", "Dibaca")),
        part(
            "delivered",
            language.pick("Delivered, not read", "Diterima, belum dibaca"),
        ),
        part(
            "sent",
            language.pick("Sent, not delivered", "Dihantar, belum diterima"),
        ),
        part("waiting", language.pick("Waiting", "Menunggu")),
        part("failed", language.pick("Failed", "Gagal")),
    ]
}

fn bars_out(hours: &[(String, Counts)]) -> Vec<Bar> {
    let bar = |(name, counts): &(String, Counts)| Bar {
        name: name.clone(),
        counts: vec![
            counts.read,
            counts.delivered - counts.read,
            counts.sent - counts.delivered,
            counts.total - counts.sent - counts.failed,
            counts.failed,
        ],
    };
    hours.iter().map(bar).collect()
}

fn parts_in(language: Language) -> [Part; 3] {
    [
        part("delivered", language.pick("In GHL", "Dalam GHL")),
        part(
            "waiting",
            language.pick("On their way, or held", "Dalam perjalanan, atau ditahan"),
        ),
        part("failed", language.pick("Failed", "Gagal")),
    ]
}

fn bars_in(hours: &[(String, Counts)]) -> Vec<Bar> {
    let bar = |(name, counts): &(String, Counts)| Bar {
        name: name.clone(),
        counts: vec![
            counts.delivered,
            counts.total - counts.delivered - counts.failed,
            counts.failed,
        ],
    };
    hours.iter().map(bar).collect()
}

/// Days of a sparkline.
pub(in crate::http) const SPARK_DAYS: i64 = 14;

/// The days of the sparklines of these locations' numbers, of UTC: the last [`SPARK_DAYS`].
pub(in crate::http) struct Sparks {
    first: OffsetDateTime,
    days: Vec<hours::Day>,
}

impl Sparks {
    /// Reads them.
    pub(in crate::http) async fn find(
        pool: &Pool,
        locations: &[&str],
        now: OffsetDateTime,
    ) -> sqlx::Result<Self> {
        let first = now.to_offset(UtcOffset::UTC) - Duration::days(SPARK_DAYS - 1);
        let first = first.replace_time(time::Time::MIDNIGHT);
        let days = hours::list_days(pool, locations, first).await?;
        Ok(Self { first, days })
    }

    /// Of a location.
    pub(in crate::http) fn of(&self, language: Language, location: &LocationId) -> Markup {
        self.drawn(language, |day| day.location_id == *location)
    }

    /// Of one of its numbers.
    pub(in crate::http) fn of_number(
        &self,
        language: Language,
        location: &LocationId,
        number: &str,
    ) -> Markup {
        self.drawn(language, |day| {
            day.location_id == *location && day.number == number
        })
    }

    fn drawn(&self, language: Language, is_of: impl Fn(&hours::Day) -> bool) -> Markup {
        let mut counts = vec![(0, 0); usize::try_from(SPARK_DAYS).unwrap_or_default()];
        for day in self.days.iter().filter(|day| is_of(day)) {
            let at = usize::try_from((day.start - self.first).whole_days()).ok();
            if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
                count.0 += day.total;
                count.1 += day.failed;
            }
        }
        charts::sparkline(language, &counts)
    }
}
