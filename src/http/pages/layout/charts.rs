//! Charts as SVG, drawn by the server: bars of messages, and sparklines.
//!
//! A picture has a title and a description for who cannot see it, and the numbers stand in a table behind it. Colours come
//! from classes of `charts.css`, in light and in dark; no picture says anything by colour alone. Pictures stretch to
//! their place, so what is written beside them is HTML.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::model::language::Language;

/// Units of a bar's width, and of the gap behind it.
const BAR: usize = 8;
const GAP: usize = 2;
/// Units of a chart's height.
const HEIGHT: i32 = 100;
/// Units of a sparkline's height.
const SPARK_HEIGHT: i32 = 20;

/// A part of a bar: the lowest first.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Part {
    /// Its class in the style sheet.
    pub class: &'static str,
    /// What it counts.
    pub name: &'static str,
}

/// A bar.
#[derive(Clone, Debug)]
pub(in crate::http) struct Bar {
    /// When it is.
    pub name: String,
    /// The count of each part.
    pub counts: Vec<i32>,
}

impl Bar {
    fn total(&self) -> i32 {
        self.counts.iter().sum()
    }
}

/// Bars with what belongs to them. `id` is unique on the page.
pub(in crate::http) fn bars(
    language: Language,
    id: &str,
    title: &str,
    parts: &[Part],
    bars: &[Bar],
) -> Markup {
    let most = bars.iter().map(Bar::total).max().unwrap_or_default();
    let total: i32 = bars.iter().map(Bar::total).sum();
    let width = bars.len() * (BAR + GAP);
    html! {
        figure.chart {
            figcaption { (title) }
            svg.bars role="img" aria-labelledby={ (id) "-title " (id) "-description" }
                viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
                title id={ (id) "-title" } { (title) }
                desc id={ (id) "-description" } { (description(language, parts, bars, total, most)) }
                @for (at, bar) in bars.iter().enumerate() { (drawn(bar, parts, at * (BAR + GAP), most)) }
            }
            div.scale aria-hidden="true" {
                span { @if let Some(first) = bars.first() { (first.name) } }
                span { (language.pick("highest: ", "tertinggi: ")) (most) }
                span { @if let Some(last) = bars.last() { (last.name) } }
            }
            ul.legend {
                @for (at, part) in parts.iter().enumerate() {
                    @let count: i32 = bars.iter().filter_map(|bar| bar.counts.get(at)).sum();
                    li { span.key.(part.class) aria-hidden="true" {} (part.name) " " strong { (count) } }
                }
            }
            @if total > 0 { (numbers(language, parts, bars)) }
        }
    }
}

fn description(language: Language, parts: &[Part], bars: &[Bar], total: i32, most: i32) -> String {
    let busiest = bars.iter().find(|bar| bar.total() == most && most > 0);
    let mut text = match (language, busiest) {
        (_, None) => return language.pick("No message.", "Tiada mesej.").to_owned(),
        (Language::English, Some(busiest)) => {
            format!("{total} messages, most at {}: {most}.", busiest.name)
        }
        (Language::Malay, Some(busiest)) => {
            format!("{total} mesej, terbanyak pada {}: {most}.", busiest.name)
        }
    };
    for (at, part) in parts.iter().enumerate() {
        let count: i32 = bars.iter().filter_map(|bar| bar.counts.get(at)).sum();
        // Writing to a `String` cannot fail.
        let _ = write!(text, " {}: {count}.", part.name);
    }
    text
}

fn drawn(bar: &Bar, parts: &[Part], x: usize, most: i32) -> Markup {
    let mut top = HEIGHT;
    let mut boxes = Vec::new();
    for (part, &count) in parts.iter().zip(&bar.counts) {
        let height = scaled(count, most, HEIGHT);
        top -= height;
        if height > 0 {
            boxes.push((part.class, top.max(0), height));
        }
    }
    html! {
        g {
            title { (bar.name) ": " (bar.total()) }
            // The whole height, so that a low bar can be pointed at.
            rect.touch x=(x) y="0" width=(BAR + GAP) height=(HEIGHT) {}
            @for (class, y, height) in boxes { rect.(class) x=(x) y=(y) width=(BAR) height=(height) {} }
        }
    }
}

/// `count` of `most` in units; what is not nothing is seen.
fn scaled(count: i32, most: i32, height: i32) -> i32 {
    if count <= 0 || most <= 0 {
        return 0;
    }
    let scaled = i64::from(count) * i64::from(height) / i64::from(most);
    i32::try_from(scaled).unwrap_or(height).max(1)
}

fn numbers(language: Language, parts: &[Part], bars: &[Bar]) -> Markup {
    let when = language.pick("When", "Bila");
    let all = language.pick("All", "Semua");
    html! {
        details {
            summary { (language.pick("The figures", "Angka-angkanya")) }
            table.rows {
                thead { tr {
                    th scope="col" { (when) }
                    th.number scope="col" { (all) }
                    @for part in parts { th.number scope="col" { (part.name) } }
                } }
                tbody {
                    @for bar in bars.iter().rev().filter(|bar| bar.total() > 0) {
                        tr {
                            th scope="row" data-label=(when) { (bar.name) }
                            td.number data-label=(all) { (bar.total()) }
                            @for (part, count) in parts.iter().zip(&bar.counts) {
                                td.number data-label=(part.name) { (count) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The messages of some days in one small picture: of each day all, and how many failed.
pub(in crate::http) fn sparkline(language: Language, days: &[(i32, i32)]) -> Markup {
    let most = days
        .iter()
        .map(|(total, _)| *total)
        .max()
        .unwrap_or_default();
    let total: i32 = days.iter().map(|(total, _)| total).sum();
    let failed: i32 = days.iter().map(|(_, failed)| failed).sum();
    let count = days.len();
    let label = match language {
        Language::English => format!("{total} messages in {count} days, {failed} failed"),
        Language::Malay => format!("{total} mesej dalam {count} hari, {failed} gagal"),
    };
    html! {
        span.spark title=(label) {
            svg role="img" aria-label=(label) viewBox={ "0 0 " (count * (BAR + GAP)) " " (SPARK_HEIGHT) } preserveAspectRatio="none" {
                @for (at, (total, failed)) in days.iter().enumerate() {
                    @let height = scaled(*total, most, SPARK_HEIGHT);
                    @let bad = scaled(*failed, most, SPARK_HEIGHT);
                    @let x = at * (BAR + GAP);
                    @if height > 0 { rect.sent x=(x) y=(SPARK_HEIGHT - height) width=(BAR) height=(height) {} }
                    @if bad > 0 { rect.failed x=(x) y=(SPARK_HEIGHT - bad) width=(BAR) height=(bad) {} }
                }
            }
            span.amount aria-hidden="true" { (total) }
        }
    }
}

/// Units of a ramp's width.
const RAMP_WIDTH: i32 = 400;

/// How much of a cap is used, as a bar, with the steps of a ramp below it: how many there are, and how many are reached; none
/// where there are no steps. `id` is unique on the page.
pub(in crate::http) fn ramp(
    id: &str,
    label: &str,
    (used, cap): (i32, i32),
    (steps, reached): (usize, Option<usize>),
) -> Markup {
    let class = if used >= cap { "waiting" } else { "delivered" };
    let width = scaled(used.min(cap), cap, RAMP_WIDTH);
    let count = i32::try_from(steps).unwrap_or(1).max(1);
    let step = RAMP_WIDTH / count;
    html! {
        svg.ramp role="img" aria-labelledby={ (id) "-ramp" } viewBox={ "0 0 " (RAMP_WIDTH) " 22" } preserveAspectRatio="none" {
            title id={ (id) "-ramp" } { (label) }
            rect.empty x="0" y="0" width=(RAMP_WIDTH) height="12" {}
            @if width > 0 { rect.(class) x="0" y="0" width=(width) height="12" {} }
            @if let Some(reached) = reached {
                @for (at, x) in (0..count).map(|at| (at, at * step)) {
                    @let is_reached = usize::try_from(at).is_ok_and(|at| at < reached);
                    rect.(if is_reached { "read" } else { "empty" }) x=(x) y="16" width=(step - 4) height="6" {}
                }
            }
        }
    }
}

/// Longest age that an age's picture tells apart from longer ones, in seconds: a day.
const OLDEST: f64 = 86_400.0;

/// How old something is, as a bar that grows with the age's digits: a second is short, an hour long.
pub(in crate::http) fn age(seconds: i64) -> Markup {
    let class = match seconds {
        ..60 => "delivered",
        60..600 => "waiting",
        _ => "failed",
    };
    // Ages of queues are far below what a float can tell apart.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a picture's width"
    )]
    let width = ((seconds.max(1) as f64).ln() / OLDEST.ln() * 100.0).clamp(2.0, 100.0) as i32;
    html! {
        svg.age aria-hidden="true" viewBox="0 0 100 8" preserveAspectRatio="none" {
            rect.(class) x="0" y="0" width=(width) height="8" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_share_and_never_higher_than_the_picture() {
        assert_eq!(scaled(5, 10, HEIGHT), 50);
        assert_eq!(scaled(10, 10, HEIGHT), 100);
        assert_eq!(scaled(1, 100_000, HEIGHT), 1);
        assert_eq!(scaled(0, 10, HEIGHT), 0);
        assert_eq!(scaled(i32::MAX, i32::MAX, HEIGHT), HEIGHT);
        assert_eq!(scaled(3, 0, HEIGHT), 0);
    }

    #[test]
    fn a_picture_says_in_words_what_it_shows() {
        let parts = [
            Part {
                class: "sent",
                name: "Sent",
            },
            Part {
                class: "failed",
                name: "Failed",
            },
        ];
        let bars = [("13:00", vec![1, 0]), ("14:00", vec![3, 2])];
        let bars = bars.map(|(name, counts)| Bar {
            name: name.to_owned(),
            counts,
        });
        let text = description(Language::English, &parts, &bars, 6, 5);
        assert_eq!(text, "6 messages, most at 14:00: 5. Sent: 4. Failed: 2.");
        let drawn = super::bars(Language::English, "c", "Messages", &parts, &bars).into_string();
        assert!(
            !drawn.contains("style=") && !drawn.contains("<script"),
            "{drawn}"
        );
    }
}
