use time::macros::datetime;

use super::*;

const CONNECTED: OffsetDateTime = datetime!(2026-11-01 00:00 UTC);

fn kuala_lumpur() -> Zone {
    Zone::find("Asia/Kuala_Lumpur").unwrap()
}

fn usual() -> Limits {
    limits(&Settings::default(), CONNECTED, &kuala_lumpur(), CONNECTED)
}

fn with_hours(from: i32, until: i32, zone: &str) -> Limits {
    Limits {
        hours: (from, until),
        zone: Zone::find(zone).unwrap(),
        ..usual()
    }
}

fn verdict(limits: &Limits, today: i32, this_hour: i32, now: OffsetDateTime) -> Verdict {
    decide(limits, Counts { today, this_hour }, true, None, now)
}

/// When it may leave, and why not before.
fn waits(verdict: Verdict) -> Option<(OffsetDateTime, Reason)> {
    match verdict {
        Verdict::Later { at, why } => Some((at, why)),
        Verdict::Now => None,
    }
}

/// When it may leave, and the reason's code.
fn later(verdict: Verdict) -> (OffsetDateTime, String) {
    let (at, why) = waits(verdict).unwrap();
    (at, why.code().to_owned())
}

#[test]
fn the_ramp_only_rises_and_an_old_number_begins_higher() {
    for pair in RAMP.windows(2) {
        assert!(pair[0].from_day < pair[1].from_day && pair[0].daily < pair[1].daily);
    }
    let daily = |is_old, days| {
        let settings = Settings {
            is_old,
            ..Settings::default()
        };
        let now = CONNECTED + Duration::days(days);
        limits(&settings, CONNECTED, &Zone::utc(), now).daily
    };
    let young: Vec<_> = [0, 2, 3, 7, 13, 14, 60, 4000]
        .map(|days| daily(false, days))
        .into();
    assert_eq!(young, [20, 20, 30, 50, 50, 80, 250, 250]);
    assert_eq!(
        [daily(true, 0), daily(true, 9), daily(true, 39)],
        [120, 160, 250]
    );
    // A clock that was put back makes it no younger than new.
    assert_eq!(daily(false, -5), 20);
}

#[test]
fn an_hour_has_a_fifth_of_the_day_and_what_people_choose_counts() {
    let hourly = |daily, hourly| {
        let settings = Settings {
            daily,
            hourly,
            ..Settings::default()
        };
        let found = limits(&settings, CONNECTED, &Zone::utc(), CONNECTED);
        (found.daily, found.hourly, found.level)
    };
    assert_eq!(hourly(None, None), (20, 5, Some(0)));
    assert_eq!(hourly(Some(500), None), (500, 100, None));
    assert_eq!(hourly(Some(3), None), (3, 3, None));
    assert_eq!(hourly(Some(100), Some(7)), (100, 7, None));
    assert_eq!(hourly(Some(4), Some(7)), (4, 4, None));
}

#[test]
fn a_used_up_day_waits_for_midnight_and_says_when_tomorrow() {
    let now = datetime!(2026-11-01 05:00 UTC);
    let midnight = datetime!(2026-11-01 16:00 UTC);
    let (at, code) = later(verdict(&usual(), 20, 0, now));
    assert_eq!((at, code.as_str()), (midnight, "first_contacts_of_day"));
    let (_, why) = waits(verdict(&usual(), 20, 0, now)).unwrap();
    assert_eq!(
        why,
        Wait::FirstContactsOfDay {
            time: "09:00".to_owned(),
            used: 20,
            cap: 20
        }
        .into()
    );
    // At midnight nothing is used, and it is night.
    let (at, code) = later(verdict(&usual(), 0, 0, midnight));
    let nine = datetime!(2026-11-02 01:00 UTC);
    assert_eq!((at, code.as_str()), (nine, "hours_of_strangers"));
    assert_eq!(verdict(&usual(), 0, 0, nine), Verdict::Now);
}

#[test]
fn a_second_message_to_the_same_phone_needs_no_place_but_the_hours() {
    let counts = Counts {
        today: 20,
        this_hour: 5,
    };
    let noon = datetime!(2026-11-01 04:00 UTC);
    assert_eq!(decide(&usual(), counts, false, None, noon), Verdict::Now);
    let night = datetime!(2026-11-01 14:00 UTC);
    let (_, code) = later(decide(&usual(), counts, false, None, night));
    assert_eq!(code, "hours_of_strangers");
}

#[test]
fn a_used_up_hour_waits_for_the_next_of_the_zone() {
    let now = datetime!(2026-11-01 04:59:59 UTC);
    let (at, code) = later(verdict(&usual(), 5, 5, now));
    let one = datetime!(2026-11-01 05:00 UTC);
    assert_eq!((at, code.as_str()), (one, "first_contacts_of_hour"));
    // The last hour of a day: the next morning.
    let evening = datetime!(2026-11-01 11:30 UTC);
    let (at, _) = later(verdict(&usual(), 15, 5, evening));
    assert_eq!(at, datetime!(2026-11-02 01:00 UTC));
    // An hour of a zone may begin at half past.
    let india = with_hours(FROM_MINUTE, UNTIL_MINUTE, "Asia/Kolkata");
    let (at, _) = later(verdict(&india, 5, 5, datetime!(2026-11-01 06:10 UTC)));
    assert_eq!(at, datetime!(2026-11-01 06:30 UTC));
}

#[test]
fn hours_may_go_across_midnight_or_around_the_clock() {
    let nightly = with_hours(22 * 60, 6 * 60, "UTC");
    for (at, open) in [
        (datetime!(2026-11-01 21:59 UTC), false),
        (datetime!(2026-11-01 22:00 UTC), true),
        (datetime!(2026-11-02 00:00 UTC), true),
        (datetime!(2026-11-02 05:59 UTC), true),
        (datetime!(2026-11-02 06:00 UTC), false),
    ] {
        assert_eq!(verdict(&nightly, 0, 0, at) == Verdict::Now, open, "{at}");
    }
    let (at, _) = later(verdict(&nightly, 0, 0, datetime!(2026-11-02 12:00 UTC)));
    assert_eq!(at, datetime!(2026-11-02 22:00 UTC));
    // The cap of a day ends at midnight, within the hours.
    let (at, _) = later(verdict(&nightly, 20, 0, datetime!(2026-11-01 23:00 UTC)));
    assert_eq!(at, datetime!(2026-11-02 00:00 UTC));
    let always = with_hours(0, 0, "UTC");
    let whole = with_hours(0, DAY_MINUTES, "UTC");
    for at in [
        datetime!(2026-11-01 00:00 UTC),
        datetime!(2026-11-01 23:59 UTC),
    ] {
        assert_eq!(verdict(&always, 0, 0, at), Verdict::Now);
        assert_eq!(verdict(&whole, 0, 0, at), Verdict::Now);
    }
}

#[test]
fn days_with_a_changed_clock_open_at_the_hour_on_the_wall() {
    let berlin = with_hours(FROM_MINUTE, UNTIL_MINUTE, "Europe/Berlin");
    // Clocks go forward in the night to 29 March: nine is an hour earlier in UTC.
    let (at, _) = later(verdict(&berlin, 0, 0, datetime!(2026-03-28 21:00 UTC)));
    assert_eq!(at, datetime!(2026-03-29 07:00 UTC));
    let (at, _) = later(verdict(&berlin, 0, 0, datetime!(2026-10-24 21:00 UTC)));
    assert_eq!(at, datetime!(2026-10-25 08:00 UTC));
    // An opening in the hour that does not exist comes right after it.
    let early = with_hours(150, UNTIL_MINUTE, "Europe/Berlin");
    let (at, _) = later(verdict(&early, 0, 0, datetime!(2026-03-29 00:30 UTC)));
    assert_eq!(at, datetime!(2026-03-29 01:30 UTC));
    assert_eq!(verdict(&early, 0, 0, at), Verdict::Now);
    // The hour that comes twice is two hours.
    let whole = with_hours(0, DAY_MINUTES, "Europe/Berlin");
    let (at, _) = later(verdict(&whole, 5, 5, datetime!(2026-10-25 00:10 UTC)));
    assert_eq!(at, datetime!(2026-10-25 01:00 UTC));
}

#[test]
fn a_refusal_stops_strangers_for_a_day_and_each_further_one_for_twice_as_long() {
    let days: Vec<_> = (1..=7).map(|n| stop_after(n).whole_days()).collect();
    assert_eq!(days, [1, 2, 4, 8, 16, 16, 16]);
    assert_eq!(stop_after(0), Duration::days(1));
    let now = datetime!(2026-11-01 04:00 UTC);
    let until = now + Duration::days(1);
    let decided = |at| decide(&usual(), Counts::default(), true, Some(until), at);
    let (at, code) = later(decided(now));
    assert_eq!((at, code.as_str()), (until, "number_restricted"));
    assert_eq!(decided(until), Verdict::Now);
}

#[test]
fn the_next_one_comes_after_a_pause_by_chance_or_when_a_cap_allows_it() {
    let noon = datetime!(2026-11-01 04:00 UTC);
    let after = |today, this_hour, random| {
        let counts = Counts { today, this_hour };
        let (at, why) = next(&usual(), counts, noon, random);
        (at - noon, why.map(|why| why.code().to_owned()))
    };
    assert_eq!(after(1, 1, 0.0), (Duration::seconds(20), None));
    assert_eq!(after(1, 1, 1.0), (Duration::seconds(60), None));
    let code = |code: &str| Some(code.to_owned());
    assert_eq!(
        after(5, 5, 0.5),
        (Duration::HOUR, code("first_contacts_of_hour"))
    );
    assert_eq!(
        after(20, 5, 0.5),
        (Duration::hours(12), code("first_contacts_of_day"))
    );
    assert_eq!(pause(f64::NAN.max(7.0)), Duration::seconds(60));
}

#[test]
fn a_time_of_the_day_is_read_as_people_write_it() {
    for (text, minute) in [
        ("9:00", 540),
        ("09:05", 545),
        (" 20:30 ", 1230),
        ("0:00", 0),
        ("24:00", 1440),
    ] {
        assert_eq!(minute_of(text), Some(minute), "{text}");
    }
    for text in [
        "", "9", "24:01", "25:00", "9:60", "9:5", "-1:00", "+9:00", "9:00 am", "009:00", "九:00",
    ] {
        assert_eq!(minute_of(text), None, "{text}");
    }
    assert_eq!(written(545), "09:05");
    assert_eq!(written(DAY_MINUTES), "24:00");
}

proptest::proptest! {
    #[test]
    fn a_wait_ends_in_the_future_and_within_two_days(
        seconds in 0_i64..400_000_000, from in 0_i32..1440, until in 0_i32..=1440,
        today in 0_i32..30, this_hour in 0_i32..10, zone in 0_usize..4,
    ) {
        let zone = ["UTC", "Asia/Kuala_Lumpur", "Europe/Berlin", "America/St_Johns"][zone];
        let now = CONNECTED + Duration::seconds(seconds);
        match verdict(&with_hours(from, until, zone), today, this_hour, now) {
            Verdict::Now => {}
            Verdict::Later { at, .. } => {
                proptest::prop_assert!(at > now && at - now <= Duration::hours(49), "{at} {now}");
            }
        }
    }
}
