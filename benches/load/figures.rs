//! Medians, and the format of figures.

use std::time::Duration;

/// The middle value; 0 if there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The median ratio of the pairs of rounds; a dash if there is nothing to compare with.
pub fn ratio(ours: &[f64], theirs: &[f64]) -> String {
    let pairs = ours.iter().zip(theirs);
    let ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours / theirs).collect();
    if ratios.is_empty() {
        "-".to_owned()
    } else {
        format!("{:.2}", median(&ratios))
    }
}

/// The milliseconds within which this percentage was done. `took` is sorted.
pub fn percentile(took: &[Duration], percent: usize) -> f64 {
    let at = (took.len().max(1) - 1) * percent / 100;
    took.get(at).map_or(0.0, Duration::as_secs_f64) * 1000.0
}

/// The rate per second.
pub fn per_second(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64()
}

#[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
