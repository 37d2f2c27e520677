//! What is shown of results, and that nothing withheld follows from what is shown.

use std::collections::BTreeSet;

use super::super::{Choice, Line, Part as Whose, show_question};
use super::*;
use crate::number::Ratio;
use crate::outcome::FEW;
use crate::scheme::file::Channel;

const PANELS: [&str; 3] = ["users", "staff", "public"];
const CHANNELS: [Channel; 3] = [Channel::Web, Channel::Paper, Channel::Phone];

fn with_panels() -> Definition {
    let mut part = part();
    let first = part.survey.panel[0].clone();
    part.survey.panel = PANELS
        .iter()
        .map(|code| file::Panel {
            code: (*code).to_owned(),
            ..first.clone()
        })
        .collect();
    let first = part.survey.channel[0].clone();
    part.survey.channel = CHANNELS
        .iter()
        .map(|code| file::ChannelUse {
            code: *code,
            ..first.clone()
        })
        .collect();
    Definition::of(&part.survey, &part.scale).unwrap()
}

/// So many sheets that answer the first question, all alike.
fn tally(count: u64) -> Tally {
    let mut tally = Tally::default();
    if count > 0 {
        tally.sheets.insert(SheetState::Valid, count);
        tally.answers.insert((0, 0), count);
    }
    tally
}

/// A group of sheets: whom they are about, the place of the panel, the place of the channel.
type Cell = (u8, usize, usize);

fn show(counts: &[(Cell, u64)]) -> Vec<Line<u8>> {
    let tallies: Vec<(Cell, Tally)> = counts
        .iter()
        .map(|(cell, count)| (*cell, tally(*count)))
        .collect();
    let strata: Vec<(u8, &str, Channel, &Tally)> = tallies
        .iter()
        .map(|((subject, panel, channel), tally)| {
            (*subject, PANELS[*panel], CHANNELS[*channel], tally)
        })
        .collect();
    show_question(&with_panels(), 0, &strata)
}

fn shown(lines: &[Line<u8>], subject: Option<u8>, whose: &Whose) -> Option<u64> {
    let line = (lines.iter()).find(|line| line.subject == subject && line.part == *whose);
    Some(line.unwrap().counts.as_ref()?.of)
}

fn panel(place: usize) -> Whose {
    Whose::Panel(PANELS[place].to_owned())
}

#[test]
fn a_group_of_fewer_than_ten_is_not_shown_and_no_group_from_which_it_follows() {
    let lines = show(&[
        ((1, 0, 0), 10),
        ((1, 1, 0), 9),
        ((2, 0, 0), 30),
        ((2, 1, 1), 20),
    ]);
    assert_eq!(shown(&lines, Some(1), &Whose::Whole), Some(19));
    // The other panel's ten would say that nine are left.
    assert_eq!(shown(&lines, Some(1), &panel(0)), None);
    assert_eq!(shown(&lines, Some(1), &panel(1)), None);
    assert_eq!(shown(&lines, Some(2), &panel(0)), Some(30));
    assert_eq!(shown(&lines, Some(2), &panel(2)), Some(0));
    assert_eq!(shown(&lines, None, &Whose::Whole), Some(69));
    // Of all together, what unit 2 is shown with could be taken off.
    assert_eq!(shown(&lines, None, &panel(1)), None);
    assert_eq!(shown(&lines, None, &Whose::Channel(Channel::Web)), Some(49));
}

#[test]
fn panels_and_channels_that_are_large_enough_are_shown_of_each_and_of_all() {
    let lines = show(&[
        ((1, 0, 0), 10),
        ((1, 1, 1), 15),
        ((2, 0, 0), 30),
        ((2, 1, 1), 20),
    ]);
    let whose = [
        panel(0),
        panel(1),
        Whose::Channel(Channel::Web),
        Whose::Channel(Channel::Paper),
    ];
    for (subject, counts) in [
        (Some(1), [10, 15, 10, 15]),
        (Some(2), [30, 20, 30, 20]),
        (None, [40, 35, 40, 35]),
    ] {
        let found = whose.each_ref().map(|whose| shown(&lines, subject, whose));
        assert_eq!(found, counts.map(Some), "{subject:?}");
    }
}

#[test]
fn a_small_channel_of_units_that_hide_theirs_hides_those_of_all() {
    let all = |phone: u64| {
        let lines = show(&[
            ((1, 0, 0), 10),
            ((1, 0, 1), 9),
            ((1, 0, 2), phone),
            ((2, 0, 0), 40),
            ((2, 0, 1), 30),
            ((3, 0, 0), 12),
            ((3, 0, 1), 4),
        ]);
        CHANNELS.map(|channel| shown(&lines, None, &Whose::Channel(channel)))
    };
    assert_eq!(all(0), [Some(62), Some(43), Some(0)]);
    assert_eq!(all(5), [None; 3]);
    assert_eq!(all(10), [Some(62), Some(43), Some(10)]);
}

#[test]
fn a_choice_has_its_share_and_the_bounds_of_it() {
    let choice = |count, of| Choice { count, of };
    let ratio = |n, of| Ratio::of_counts(n, of).unwrap();
    assert_eq!(choice(90, 100).share(), Some(ratio(9, 10)));
    assert_eq!(
        choice(90, 100).bounds(),
        Some((ratio(8_256, 10_000), ratio(9_448, 10_000)))
    );
    assert_eq!((choice(0, 0).share(), choice(0, 0).bounds()), (None, None));
}

#[test]
fn a_unit_about_which_few_answered_hides_all_together_unless_another_hides_it() {
    let lines = show(&[((1, 0, 0), 9), ((2, 0, 0), 30)]);
    assert_eq!(shown(&lines, Some(1), &Whose::Whole), None);
    assert_eq!(shown(&lines, Some(2), &Whose::Whole), Some(30));
    assert_eq!(shown(&lines, None, &Whose::Whole), None);
    let lines = show(&[((1, 0, 0), 9), ((2, 0, 0), 30), ((3, 0, 0), 1)]);
    assert_eq!(shown(&lines, None, &Whose::Whole), Some(40));
}

#[test]
fn shares_of_several_choices_and_of_words_are_of_the_sheets() {
    let mut tally = tally(12);
    tally.answers.insert((2, 0), 11);
    tally.answers.insert((2, 1), 4);
    tally.answers.insert((4, 0), 3);
    tally.sheets.insert(SheetState::Invalid, 5);
    let strata = [(1_u8, "users", Channel::Web, &tally)];
    let counts = |place| {
        let lines = show_question(&definition(), place, &strata);
        lines[0].counts.clone().unwrap()
    };
    assert_eq!(
        (counts(2).of, &counts(2).options[..3]),
        (12, &[11, 4, 0][..])
    );
    assert_eq!((counts(4).of, counts(4).options), (12, vec![3]));
    assert_eq!((counts(0).of, counts(0).options), (12, vec![12, 0, 0, 0]));
    assert_eq!(show_question(&definition(), 5, &strata), []);
}

const PRIME: i128 = (1 << 61) - 1;

fn inverse(value: i128) -> i128 {
    let (mut base, mut exponent, mut found) = (value.rem_euclid(PRIME), PRIME - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            found = found * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    found
}

/// Everything that follows from known sums by adding them up and taking them off each other.
#[derive(Default)]
pub(super) struct Span(Vec<Vec<i128>>);

impl Span {
    fn reduce(&self, mut row: Vec<i128>) -> Vec<i128> {
        for known in &self.0 {
            let lead = known.iter().position(|value| *value != 0).unwrap();
            let factor = row[lead];
            for (value, other) in row.iter_mut().zip(known) {
                *value = (*value - factor * other).rem_euclid(PRIME);
            }
        }
        row
    }

    pub(super) fn add(&mut self, row: Vec<i128>) {
        let mut row = self.reduce(row);
        if let Some(lead) = row.iter().position(|value| *value != 0) {
            let factor = inverse(row[lead]);
            for value in &mut row {
                *value = *value * factor % PRIME;
            }
            self.0.push(row);
        }
    }

    pub(super) fn holds(&self, row: Vec<i128>) -> bool {
        self.reduce(row).iter().all(|value| *value == 0)
    }
}

fn is_in((subject, panel, channel): Cell, about: Option<u8>, whose: &Whose) -> bool {
    about.is_none_or(|about| about == subject)
        && match whose {
            Whose::Whole => true,
            Whose::Panel(code) => code == PANELS[panel],
            Whose::Channel(code) => *code == CHANNELS[channel],
        }
}

proptest! {
    /// Somebody who has every line that is shown, and knows that where nobody answered nobody did, works out no group
    /// of one to nine answers.
    #[test]
    fn whoever_takes_shown_lines_off_each_other_finds_no_small_group(
        counts in proptest::collection::vec(
            prop_oneof![3 => Just(0_u64), 4 => 1_u64..10, 4 => 10_u64..40], 4 * 3 * 2)
    ) {
        let mut cells: Vec<Cell> = Vec::new();
        for subject in 0..4 {
            for panel in 0..3 {
                cells.extend((0..2).map(|channel| (subject, panel, channel)));
            }
        }
        let all: Vec<(Cell, u64)> = cells.iter().copied().zip(counts.iter().copied()).collect();
        let lines = show(&all);
        let row = |is_in: &dyn Fn(Cell) -> bool| -> Vec<i128> {
            cells.iter().map(|cell| i128::from(is_in(*cell))).collect()
        };
        let mut span = Span::default();
        let mut empty = BTreeSet::new();
        for line in &lines {
            if let Some(counts) = &line.counts {
                span.add(row(&|cell| is_in(cell, line.subject, &line.part)));
                if counts.of == 0 {
                    let none = cells.iter().filter(|cell| is_in(**cell, line.subject, &line.part));
                    empty.extend(none.copied());
                }
            }
        }
        for cell in empty {
            span.add(row(&|other| other == cell));
        }
        let mut groups: Vec<Vec<i128>> = Vec::new();
        let subjects = [None, Some(0), Some(1), Some(2), Some(3)];
        for about in subjects {
            let mut whose = vec![Whose::Whole];
            whose.extend((0..3).map(panel));
            whose.extend(CHANNELS.map(Whose::Channel));
            groups.extend(whose.iter().map(|whose| row(&|cell| is_in(cell, about, whose))));
        }
        groups.extend(cells.iter().map(|cell| row(&|other| other == *cell)));
        for group in groups {
            let sum: i128 = group.iter().zip(&counts).map(|(one, count)| one * i128::from(*count)).sum();
            if (1..i128::from(FEW)).contains(&sum) {
                prop_assert!(!span.holds(group.clone()), "{group:?} of {sum} follows from {lines:?}");
            }
        }
    }
}
