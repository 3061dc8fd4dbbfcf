//! A campaign to a thousand people who never wrote, from the day on which a number is connected: how many leave on each day and in
//! each hour of two weeks. `WRITE_SIMULATION=1 cargo test --test it simulation` draws the picture in the documentation anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use time::OffsetDateTime;
use waapify_ghl::model::protection::RAMP;

use super::{campaign, protected, turns_until, zone};

const DAYS: i64 = 14;
/// More than leave in two weeks.
const PEOPLE: usize = 540;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protection.svg");
/// Units of a cell's width and height, of the left edge, and of the upper one.
const CELL: (i64, i64) = (44, 14);
const LEFT: i64 = 56;
const TOP: i64 = 44;

/// How many left, by day (from 0) and hour.
type Left = BTreeMap<(i64, i64), usize>;

#[tokio::test]
async fn simulation_of_two_weeks_on_a_new_number() {
    let bridge = protected().await;
    let began = bridge.clock.now();
    campaign(&bridge, PEOPLE).await;
    let mut left = Left::new();
    for day in 0..DAYS {
        let midnight = zone().at_minute(began, day + 1, 0);
        let times = turns_until(&bridge, midnight).await;
        let cap = RAMP
            .iter()
            .rfind(|level| level.from_day <= day)
            .unwrap()
            .daily;
        assert_eq!(times.len(), usize::try_from(cap).unwrap(), "day {day}");
        for at in times {
            *left.entry((day, hour(at))).or_default() += 1;
        }
    }
    assert!(
        left.keys().all(|(_, hour)| (9..20).contains(hour)),
        "{left:?}"
    );
    let picture = draw(&left);
    if std::env::var_os("WRITE_SIMULATION").is_some() {
        std::fs::write(FILE, &picture).unwrap();
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        kept == picture,
        "WRITE_SIMULATION=1 cargo test --test it simulation"
    );
}

fn hour(at: OffsetDateTime) -> i64 {
    i64::from(zone().minute(at) / 60)
}

/// Days from left to right, hours from top to bottom; the more left in an hour, the darker, with the count written in it.
fn draw(left: &Left) -> String {
    let (width, height) = (LEFT + DAYS * CELL.0, TOP + 24 * CELL.1 + 24);
    let most = left.values().copied().max().unwrap_or(1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"t d\" \
         font-family=\"system-ui, sans-serif\" font-size=\"10\">\n\
         <title id=\"t\">First contacts of a new number in its first two weeks</title>\n\
         <desc id=\"d\">A campaign to people who never wrote, by day and hour. {}</desc>\n\
         <style>text {{ fill: #222 }} .box {{ fill: #1f6fbf }} .grid {{ fill: #8882 }} .count {{ fill: #fff; text-anchor: middle }} \
         .day {{ text-anchor: middle }} .sum {{ text-anchor: middle; font-weight: 600 }} \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} .box {{ fill: #58b0f5 }} .count {{ fill: #111 }} }}</style>\n",
        told(left)
    );
    for hour in 0..24 {
        let y = TOP + hour * CELL.1;
        if hour % 3 == 0 {
            writeln!(svg, "<text x=\"8\" y=\"{}\">{hour:02}:00</text>", y + 11).unwrap();
        }
        for day in 0..DAYS {
            let x = LEFT + day * CELL.0;
            let (w, h) = (CELL.0 - 3, CELL.1 - 2);
            let at = format!("x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"");
            let Some(count) = left.get(&(day, hour)) else {
                writeln!(svg, "<rect class=\"grid\" {at}/>").unwrap();
                continue;
            };
            let percent = 35 + 65 * count / most;
            writeln!(
                svg,
                "<rect class=\"box\" {at} opacity=\"0.{:02}\"/>",
                percent.min(99)
            )
            .unwrap();
            let middle = x + w / 2;
            writeln!(
                svg,
                "<text class=\"count\" x=\"{middle}\" y=\"{}\">{count}</text>",
                y + 10
            )
            .unwrap();
        }
    }
    for day in 0..DAYS {
        let middle = LEFT + day * CELL.0 + CELL.0 / 2;
        writeln!(
            svg,
            "<text class=\"sum\" x=\"{middle}\" y=\"18\">{}</text>",
            of_day(left, day)
        )
        .unwrap();
        writeln!(
            svg,
            "<text class=\"day\" x=\"{middle}\" y=\"34\">day {}</text>",
            day + 1
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}

fn of_day(left: &Left, day: i64) -> usize {
    left.range((day, 0)..(day + 1, 0))
        .map(|(_, count)| count)
        .sum()
}

fn told(left: &Left) -> String {
    let mut text = String::new();
    for day in 0..DAYS {
        write!(text, "Day {}: {}. ", day + 1, of_day(left, day)).unwrap();
    }
    text.trim_end().to_owned()
}
