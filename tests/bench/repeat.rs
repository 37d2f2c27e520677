//! Sample rounds made large, for benches and for the law of what a decision costs.

use std::collections::BTreeMap;

use domain::inputs::Inputs;

/// The sample's subjects over and over, under codes of their own, with all that is known about each.
pub fn repeat(sample: &Inputs, size: usize) -> Inputs {
    let mut inputs = sample.clone();
    let codes: Vec<String> = sample
        .subjects
        .iter()
        .map(|subject| subject.code.clone())
        .collect();
    let mut copies: Vec<Vec<String>> = vec![Vec::new(); codes.len()];
    for number in 0..size {
        let place = number % codes.len();
        copies[place].push(format!("{}-{number:06}", codes[place]));
    }
    let copies: BTreeMap<&str, &[String]> = codes
        .iter()
        .map(String::as_str)
        .zip(copies.iter().map(Vec::as_slice))
        .collect();
    macro_rules! repeat {
        ($list:ident by $code:ident) => {
            inputs.$list = (sample.$list.iter())
                .flat_map(|row| {
                    copies[row.$code.as_str()].iter().map(|code| {
                        let mut copy = row.clone();
                        copy.$code.clone_from(code);
                        copy
                    })
                })
                .collect();
        };
        ($($list:ident)+) => { $(repeat!($list by subject);)+ };
    }
    repeat!(subjects by code);
    repeat!(scores checklists duty_lists measures facts nil_reports tallies sheets turnouts investigations history proposed waivers);
    inputs.relations = (sample.relations.iter())
        .flat_map(|row| {
            let ends = copies[row.from.as_str()]
                .iter()
                .zip(copies[row.to.as_str()]);
            ends.map(|(from, to)| {
                let mut copy = row.clone();
                copy.from.clone_from(from);
                copy.to.clone_from(to);
                copy
            })
        })
        .collect();
    // What a committee decided was about few.
    inputs.adjustments.clear();
    inputs.tie_choices.clear();
    inputs.sort();
    inputs
}
