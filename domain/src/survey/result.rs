//! What a survey has found, as it may be shown: for each question the whole, by panel and by channel, of all subjects
//! together and of each.
//!
//! A group of fewer than [`FEW`] answers is shown to nobody, and nothing is shown from which one could be worked out by
//! taking shown groups off each other. A subject is divided by panels, or by channels, only if every part of it may be
//! shown. All subjects together are shown only if those who are withheld make a group of their own that may be shown.

use std::collections::BTreeMap;

use super::{Asked, Definition, SheetState, Tally};
use crate::number::Ratio;
use crate::outcome::{FEW, wilson_e4};
use crate::scheme::file::Channel;

/// Whose answers a line counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Everybody's.
    Whole,
    /// Those of a panel, by its code.
    Panel(String),
    /// Those that came in on one way.
    Channel(Channel),
}

/// The answers to one question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// What shares are of: those who answered; where any number of options may be chosen, or words written, the valid
    /// sheets.
    pub of: u64,
    /// By the place of the option; of a question answered in words one number, the sheets that hold words.
    pub options: Vec<u64>,
}

/// One group of answers to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<S> {
    /// Whom they are about; all subjects together without it.
    pub subject: Option<S>,
    /// Whose they are.
    pub part: Part,
    /// Nothing where they are withheld.
    pub counts: Option<Counts>,
}

/// A survey's answers in groups that do not overlap, each with whom it is about, its panel and its channel.
pub type Strata<'a, S> = &'a [(S, &'a str, Channel, &'a Tally)];

/// The lines of the question at this place: first of all subjects together, then of each in their order; of each the
/// whole, by panel and by channel. Empty if the definition has no such question.
pub fn show_question<S: Ord + Copy>(
    definition: &Definition,
    place: usize,
    strata: Strata<'_, S>,
) -> Vec<Line<S>> {
    let mut all = Cut::new(definition);
    let mut each: BTreeMap<S, Cut> = BTreeMap::new();
    for (subject, panel, channel, tally) in strata {
        let Some(counts) = count(definition, place, tally) else {
            return Vec::new();
        };
        let of_subject = each.entry(*subject).or_insert_with(|| Cut::new(definition));
        for cut in [&mut all, of_subject] {
            cut.add(panel, *channel, &counts);
        }
    }
    // What is not shown of the subjects must make a group of its own, or be nothing.
    let hidden = |shown: fn(&Cut) -> bool| {
        let mut rest = Cut::new(definition);
        for cut in each.values().filter(|cut| !shown(cut)) {
            rest.add_all(cut);
        }
        rest
    };
    let whole = Cut::shows_whole(&hidden(Cut::shows_whole));
    let shown = Shown {
        whole,
        panels: whole && hidden(Cut::shows_panels).panels.iter().all(may_show),
        channels: whole && hidden(Cut::shows_channels).channels.iter().all(may_show),
    };
    let mut lines = all.lines(None, shown);
    for (subject, cut) in each {
        let shown = Shown {
            whole: cut.shows_whole(),
            panels: cut.shows_panels(),
            channels: cut.shows_channels(),
        };
        lines.extend(cut.lines(Some(subject), shown));
    }
    lines
}

/// What a tally says about the question at this place.
fn count(definition: &Definition, place: usize, tally: &Tally) -> Option<Counts> {
    let question = definition.questions.get(place)?;
    let number = u16::try_from(place).ok()?;
    let options = question.options().len().max(1);
    let options: Vec<u64> = (0_u16..)
        .take(options)
        .map(|option| tally.answers.get(&(number, option)).copied().unwrap_or(0))
        .collect();
    let of = match question.asked {
        Asked::Rated(_) | Asked::One(_) => options.iter().sum(),
        Asked::Several(_) | Asked::Words { .. } => {
            let valid = tally.sheets.get(&SheetState::Valid);
            valid.copied().unwrap_or(0)
        }
    };
    Some(Counts { of, options })
}

/// Whether a group may be shown: nobody is in it, or enough.
const fn may_show<L>((_, counts): &(L, Counts)) -> bool {
    counts.of == 0 || counts.of >= FEW
}

#[derive(Clone, Copy)]
struct Shown {
    whole: bool,
    panels: bool,
    channels: bool,
}

/// The answers about one subject, or about all, cut in three ways.
struct Cut {
    whole: ((), Counts),
    panels: Vec<(String, Counts)>,
    channels: Vec<(Channel, Counts)>,
}

impl Cut {
    fn new(definition: &Definition) -> Self {
        let panels = definition.panels.iter();
        let channels = definition.channels.iter();
        Self {
            whole: ((), Counts::default()),
            panels: panels
                .map(|panel| (panel.code.clone(), Counts::default()))
                .collect(),
            channels: channels
                .map(|channel| (channel.code, Counts::default()))
                .collect(),
        }
    }

    fn add(&mut self, panel: &str, channel: Channel, counts: &Counts) {
        self.whole.1.add(counts);
        add_to(&mut self.panels, |code| code == panel, counts);
        add_to(&mut self.channels, |code| *code == channel, counts);
    }

    fn add_all(&mut self, other: &Self) {
        self.whole.1.add(&other.whole.1);
        for (code, counts) in &other.panels {
            add_to(&mut self.panels, |mine| mine == code, counts);
        }
        for (code, counts) in &other.channels {
            add_to(&mut self.channels, |mine| mine == code, counts);
        }
    }

    const fn shows_whole(&self) -> bool {
        may_show(&self.whole)
    }

    fn shows_panels(&self) -> bool {
        self.shows_whole() && self.panels.iter().all(may_show)
    }

    fn shows_channels(&self) -> bool {
        self.shows_whole() && self.channels.iter().all(may_show)
    }

    fn lines<S: Copy>(self, subject: Option<S>, shown: Shown) -> Vec<Line<S>> {
        let line = |part: Part, counts: Counts, shown: bool| Line {
            subject,
            part,
            counts: shown.then_some(counts),
        };
        let whole = line(Part::Whole, self.whole.1, shown.whole);
        let panels = (self.panels.into_iter())
            .map(|(code, counts)| line(Part::Panel(code), counts, shown.panels));
        let channels = (self.channels.into_iter())
            .map(|(code, counts)| line(Part::Channel(code), counts, shown.channels));
        std::iter::once(whole)
            .chain(panels)
            .chain(channels)
            .collect()
    }
}

fn add_to<C>(parts: &mut [(C, Counts)], is_it: impl Fn(&C) -> bool, counts: &Counts) {
    if let Some((_, mine)) = parts.iter_mut().find(|(code, _)| is_it(code)) {
        mine.add(counts);
    }
}

/// How often an option was chosen, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// How often.
    pub count: u64,
    /// What its share is of.
    pub of: u64,
}

impl Choice {
    /// Its exact share; nothing where nobody answered.
    pub fn share(self) -> Option<Ratio> {
        Ratio::of_counts(self.count, self.of)
    }

    /// Bounds of the 95 % Wilson interval of the share in ten-thousandths, the lower rounded down and the upper up;
    /// nothing where nobody answered.
    pub fn bounds(self) -> Option<(Ratio, Ratio)> {
        let (low, high) = wilson_e4(self.count, self.of)?;
        Ratio::of_counts(low.into(), 10_000).zip(Ratio::of_counts(high.into(), 10_000))
    }
}

impl Counts {
    /// The option at this place.
    pub fn choice(&self, place: usize) -> Choice {
        Choice {
            count: self.options.get(place).copied().unwrap_or(0),
            of: self.of,
        }
    }

    fn add(&mut self, other: &Self) {
        self.of = self.of.saturating_add(other.of);
        self.options
            .resize(self.options.len().max(other.options.len()), 0);
        for (mine, count) in self.options.iter_mut().zip(&other.options) {
            *mine = mine.saturating_add(*count);
        }
    }
}
