//! The report: every figure that any bench left, as a table and as a drawing.

use std::fmt::Write;

use crate::intake::median;
use crate::measure::{self, Aim, Figure};

/// Reads all figures and writes `report.md` and `report.svg` beside them.
pub fn write() {
    let folder = measure::folder();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("figures")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    files.sort();
    let mut figures: Vec<Figure> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("figures");
        figures.extend(
            text.lines()
                .map(|line| serde_json::from_str(line).expect("a figure")),
        );
    }
    figures.sort_by(|one, other| one.part.cmp(&other.part));
    let table = table(&figures);
    println!("\n{table}");
    std::fs::write(folder.join("report.md"), table).expect("a report");
    std::fs::write(folder.join("report.svg"), draw(&figures)).expect("a drawing");
    println!("written to {}", folder.display());
}

/// What is held against the aim: the ratios of the pairs, or the values themselves.
fn judged(figure: &Figure) -> Vec<f64> {
    if figure.against.is_empty() {
        return figure.measured.clone();
    }
    figure
        .measured
        .iter()
        .zip(&figure.against)
        .map(|(value, baseline)| value / baseline)
        .collect()
}

fn table(figures: &[Figure]) -> String {
    let mut text = "| what | measured | baseline | ratio | aim | reached | beside it |\n|---|---|---|---|---|---|---|\n".to_owned();
    for figure in figures {
        let ratio = if figure.against.is_empty() {
            String::new()
        } else {
            spread(&judged(figure), "")
        };
        let baseline = if figure.against.is_empty() {
            String::new()
        } else {
            format!(
                "{}: {}",
                figure.baseline,
                spread(&figure.against, &figure.unit)
            )
        };
        let _written = writeln!(
            text,
            "| {} | {} | {baseline} | {ratio} | {}{} | {} | {} |",
            figure.job,
            spread(&figure.measured, &figure.unit),
            figure.aim.map(tell).unwrap_or_default(),
            figure
                .then
                .map(|aim| format!(", then {}", tell(aim)))
                .unwrap_or_default(),
            reached(figure),
            figure.note
        );
    }
    text
}

fn reached(figure: &Figure) -> &'static str {
    let keeps = |aim: Aim| match aim {
        Aim::AtLeast(bound) => median(&judged(figure)) >= bound,
        Aim::AtMost(bound) => median(&judged(figure)) <= bound,
    };
    match (figure.aim.map(keeps), figure.then.map(keeps)) {
        (Some(true), Some(true)) => "both",
        (Some(true), _) => "yes",
        (Some(false), _) => "no",
        (None, _) => "",
    }
}

fn tell(aim: Aim) -> String {
    match aim {
        Aim::AtLeast(bound) => format!("≥ {}", number(bound)),
        Aim::AtMost(bound) => format!("≤ {}", number(bound)),
    }
}

/// The median, and the least and the greatest.
fn spread(values: &[f64], unit: &str) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = number(median(values));
    if values.len() == 1 {
        return format!("{middle} {unit}");
    }
    format!("{middle} {unit} ({}–{})", number(low), number(high)).replace("  ", " ")
}

/// Three digits that count.
fn number(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.1 => 3,
        _ => 4,
    };
    format!("{value:.places$}")
}

/// Each figure as its share of the aim on a scale of tens: right of the line is reached, whichever way the aim goes.
fn draw(figures: &[Figure]) -> String {
    const ROW: usize = 26;
    const LEFT: f64 = 560.0;
    const DECADE: f64 = 120.0;
    let shown: Vec<(&Figure, Vec<f64>)> = figures
        .iter()
        .filter_map(|figure| {
            let shares = judged(figure)
                .iter()
                .map(|value| match figure.aim {
                    Some(Aim::AtLeast(bound)) => Some(value / bound),
                    Some(Aim::AtMost(bound)) => Some(bound / value),
                    None => None,
                })
                .collect::<Option<Vec<f64>>>()?;
            Some((figure, shares))
        })
        .collect();
    let height = (shown.len() + 3) * ROW;
    let at = |share: f64| LEFT + 2.0 * DECADE + DECADE * share.log10().clamp(-2.0, 2.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1060\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"1060\" height=\"{height}\" fill=\"white\"/>\n<text x=\"10\" y=\"18\">How far each figure keeps its aim: median and range of five pairs</text>\n"
    );
    for (share, label) in [
        (0.01, "1/100"),
        (0.1, "1/10"),
        (1.0, "aim"),
        (10.0, "10×"),
        (100.0, "100×"),
    ] {
        let _written = writeln!(
            svg,
            "<line x1=\"{x}\" x2=\"{x}\" y1=\"40\" y2=\"{height}\" stroke=\"{}\"/><text x=\"{x}\" y=\"36\" text-anchor=\"middle\">{label}</text>",
            if label == "aim" { "#333" } else { "#ddd" },
            x = at(share)
        );
    }
    for (row, (figure, shares)) in shown.iter().enumerate() {
        let y = (row + 2) * ROW;
        let low = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let high = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let middle = median(shares);
        let colour = if middle >= 1.0 { "#1b7f4b" } else { "#b3261e" };
        let job: String = figure.job.chars().take(84).collect();
        let job = job.replace('&', "&amp;").replace('<', "&lt;");
        let _written = writeln!(
            svg,
            "<text x=\"10\" y=\"{}\">{job}</text><line x1=\"{}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             <circle cx=\"{}\" cy=\"{y}\" r=\"5\" fill=\"{colour}\"/>",
            y + 4,
            at(low),
            at(high),
            at(middle)
        );
    }
    svg.push_str("</svg>\n");
    svg
}
