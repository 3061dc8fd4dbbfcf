//! The layout of tables on the terminal.

use anstyle::Style;

use crate::cli::answer::{HEAD, PLAIN, paint};

/// A cell of a table: its text, and its style on a terminal.
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell in a style.
    pub(super) fn new(style: Style, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, style }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(PLAIN, text)
    }
}

/// The header and the rows as lines with aligned columns. Styles take no room.
pub(super) fn align<const N: usize>(header: [&str; N], rows: &[[Cell; N]]) -> Vec<String> {
    let header = header.map(|name| Cell::new(HEAD, name));
    let lines = || [&header].into_iter().chain(rows);
    let widths: [usize; N] = std::array::from_fn(|column| {
        lines()
            .map(|line| line[column].text.chars().count())
            .max()
            .unwrap_or_default()
    });
    lines().map(|cells| line(cells, &widths)).collect()
}

fn line<const N: usize>(cells: &[Cell; N], widths: &[usize; N]) -> String {
    let last = cells.iter().rposition(|cell| !cell.text.is_empty());
    let mut line = String::new();
    for (column, cell) in cells
        .iter()
        .enumerate()
        .take(last.map_or(0, |last| last + 1))
    {
        if column > 0 {
            line.push_str("  ");
        }
        line.push_str(&paint(cell.style, &cell.text));
        if last != Some(column) {
            let rest = widths[column] - cell.text.chars().count();
            line.push_str(&" ".repeat(rest));
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::answer::BAD;

    #[test]
    fn columns_are_aligned_whatever_their_colours() {
        let rows = [
            [Cell::new(BAD, "failed"), "x".to_owned().into()],
            [Cell::new(PLAIN, "é"), String::new().into()],
        ];
        let lines = align(["A", "B"], &rows);
        assert_eq!(
            lines.concat(),
            "\u{1b}[1mA\u{1b}[0m       \u{1b}[1mB\u{1b}[0m\n\u{1b}[1m\u{1b}[31mfailed\u{1b}[0m  x\né\n"
        );
    }
}
