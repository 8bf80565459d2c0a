//! A report is sections of prose and tables, printed as text for a terminal or
//! as Markdown for the documentation: the same words and figures in both.

use std::fmt::Write;

pub struct Table {
    pub header: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

pub struct Section {
    pub title: String,
    pub prose: String,
    pub table: Table,
}

impl Table {
    fn widths(&self) -> Vec<usize> {
        let cells = |column: usize| self.rows.iter().map(move |row| row[column].chars().count());
        self.header
            .iter()
            .enumerate()
            .map(|(column, name)| cells(column).chain([name.chars().count()]).max().unwrap_or(0))
            .collect()
    }

    /// The first column to the left, figures to the right.
    pub fn to_text(&self) -> String {
        let widths = self.widths();
        let mut text = String::new();
        let header = self.header.iter().map(|name| (*name).to_owned()).collect();
        for row in [&header].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                let _ = match column {
                    0 => write!(line, "  {cell:<width$}"),
                    _ => write!(line, "  {cell:>width$}"),
                };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    fn to_markdown(&self) -> String {
        let mut text = format!("| {} |\n| ---", self.header.join(" | "));
        text += &" | ---:".repeat(self.header.len() - 1);
        text += " |\n";
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

pub fn to_text(sections: &[Section]) -> String {
    sections
        .iter()
        .map(|section| format!("{}\n{}\n\n{}\n", section.title, section.prose, section.table.to_text()))
        .collect()
}

pub fn to_markdown(introduction: &str, sections: &[Section]) -> String {
    let body: Vec<String> = sections
        .iter()
        .map(|section| format!("## {}\n\n{}\n\n{}", section.title, section.prose, section.table.to_markdown()))
        .collect();
    format!("{introduction}\n{}", body.join("\n"))
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped_from_the_right() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn a_table_reads_the_same_both_ways() {
        let table = Table { header: vec!["what", "ns"], rows: vec![vec!["mutex".into(), "8.0".into()]] };
        assert_eq!(table.to_text(), "  what    ns\n  mutex  8.0\n");
        assert_eq!(table.to_markdown(), "| what | ns |\n| --- | ---: |\n| mutex | 8.0 |\n");
    }
}
