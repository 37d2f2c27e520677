//! Signs that answers were not given freely: many from one network or within a quarter of an hour, whole sheets that are
//! alike, and days on which the answers change their way.
//!
//! They come from counts alone. None says that anything is wrong: a meeting fills in its sheets within minutes, and an
//! office has one network. Whoever reads them asks further.
//!
//! Nothing is listed that fewer than [`FEW`] answers make, and while answers come in no count moves by fewer.
//! Deliberately absent: any address, and any sheet.

use std::collections::BTreeMap;

use crate::inputs::Date;
use crate::number::Ratio;
use crate::outcome::FEW;
use crate::scheme::file::Channel;

/// Seconds of the spans in which arrivals are counted.
pub const SPAN_SECONDS: i64 = 15 * 60;

/// Signs of one kind that are listed at most: the greatest.
const MOST: usize = 20;

/// Answers that arrived within one span, on one way, from one network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// On what way.
    pub channel: Channel,
    /// Which quarter of an hour, counted from the epoch.
    pub span: i64,
    /// The day of it, by the clocks of the round.
    pub day: Date,
    /// A number that stands for the network and some others; nothing for sheets that staff put in.
    pub network: Option<u16>,
    /// How many.
    pub answers: u64,
    /// How many of them were filled in too fast.
    pub fast: u64,
}

/// Sheets about one subject on which every question is answered alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alike<S> {
    /// Whom they are about.
    pub subject: S,
    /// How many there are.
    pub sheets: u64,
    /// Of how many valid ones.
    pub of: u64,
}

/// What the counts of a survey say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    /// How many answers came in on each way.
    pub channels: Vec<Arrived>,
    /// Quarters of an hour that brought many, the greatest first.
    pub bursts: Vec<Burst>,
    /// Networks that sent many, the greatest first.
    pub networks: Vec<Shared>,
    /// Days on which the answers changed their way, in their order.
    pub jumps: Vec<Jump>,
}

/// The answers of one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// The way.
    pub channel: Channel,
    /// How many.
    pub answers: u64,
    /// How many of them were filled in too fast; nothing where these or the others are few, and while answers come in.
    pub fast: Option<u64>,
}

/// A quarter of an hour that brought many answers: a fifth of those of its way, or ten times the mean over the time from
/// the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// The way.
    pub channel: Channel,
    /// Which quarter of an hour, counted from the epoch.
    pub span: i64,
    /// How many.
    pub answers: u64,
}

/// A network that sent many answers. Others may stand behind the same number, and one behind several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// The way.
    pub channel: Channel,
    /// How many.
    pub answers: u64,
    /// In how many quarters of an hour.
    pub spans: u64,
}

/// A day on which a way's share of the answers differs by half of all or more from the day before that had any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    /// The way.
    pub channel: Channel,
    /// The day before.
    pub from: Date,
    /// The day.
    pub to: Date,
    /// Its share on the day before.
    pub before: Ratio,
    /// Its share on the day.
    pub after: Ratio,
}

/// Reads the signs off the counts of a survey that takes no more answers, in whatever order these come.
pub fn read_signs(arrivals: &[Arrival]) -> Signs {
    let ways = by_way(arrivals.iter());
    let mut signs = Signs::default();
    for (channel, arrivals) in &ways {
        let way = Way::of(arrivals);
        let slow = way.answers.saturating_sub(way.fast);
        signs.channels.push(Arrived {
            channel: *channel,
            answers: way.answers,
            fast: (way.fast >= FEW && slow >= FEW).then_some(way.fast),
        });
        signs.bursts.extend(way.bursts(*channel));
        signs.networks.extend(way.shared(*channel));
    }
    signs.jumps = find_jumps(arrivals.iter());
    signs.cut()
}

/// The same while answers come in, at a quarter of an hour of a day: only of quarters and of days that are over, and of
/// each way and each network up to where [`FEW`] answers or more had come since it last moved. Whoever looks twice sees a
/// difference of none or of so many. How many were filled in too fast is told at the end, for that is said of answers.
pub fn read_signs_so_far(arrivals: &[Arrival], (span, day): (i64, Date)) -> Signs {
    let over = || arrivals.iter().filter(|arrival| arrival.span < span);
    let mut signs = Signs::default();
    for (channel, arrivals) in &by_way(over()) {
        let told = settle(arrivals);
        if told.is_empty() {
            continue;
        }
        let way = Way::of(&told);
        signs.channels.push(Arrived {
            channel: *channel,
            answers: way.answers,
            fast: None,
        });
        signs.bursts.extend(way.bursts(*channel));
        let mut networks: BTreeMap<u16, Vec<&Arrival>> = BTreeMap::new();
        for arrival in told {
            if let Some(network) = arrival.network {
                networks.entry(network).or_default().push(arrival);
            }
        }
        let settled: Vec<&Arrival> = networks
            .values()
            .flat_map(|of_one| settle(of_one))
            .collect();
        signs.networks.extend(Way::of(&settled).shared(*channel));
    }
    signs.jumps = find_jumps(over().filter(|arrival| arrival.day < day));
    signs.cut()
}

fn by_way<'a>(arrivals: impl Iterator<Item = &'a Arrival>) -> BTreeMap<Channel, Vec<&'a Arrival>> {
    let mut ways: BTreeMap<Channel, Vec<&Arrival>> = BTreeMap::new();
    for arrival in arrivals {
        ways.entry(arrival.channel).or_default().push(arrival);
    }
    ways
}

/// What lies before the last quarter of an hour with which [`FEW`] answers or more had come since the one before.
fn settle<'a>(arrivals: &[&'a Arrival]) -> Vec<&'a Arrival> {
    let mut spans: BTreeMap<i64, u64> = BTreeMap::new();
    for arrival in arrivals {
        add(spans.entry(arrival.span).or_default(), arrival.answers);
    }
    let (mut end, mut since) = (None, 0_u64);
    for (span, answers) in spans {
        add(&mut since, answers);
        if since >= FEW {
            (end, since) = (Some(span), 0);
        }
    }
    let told = arrivals
        .iter()
        .filter(|one| end.is_some_and(|end| one.span <= end));
    told.copied().collect()
}

impl Signs {
    /// The greatest of each kind.
    fn cut(mut self) -> Self {
        self.bursts
            .sort_by_key(|one| (std::cmp::Reverse(one.answers), one.span));
        self.bursts.truncate(MOST);
        (self.networks).sort_by_key(|one| (std::cmp::Reverse(one.answers), one.spans));
        self.networks.truncate(MOST);
        self.jumps.truncate(MOST);
        self
    }
}

/// What came in on one way.
#[derive(Default)]
struct Way {
    answers: u64,
    fast: u64,
    spans: BTreeMap<i64, u64>,
    /// Answers and spans by network.
    networks: BTreeMap<u16, (u64, u64)>,
}

impl Way {
    fn of(arrivals: &[&Arrival]) -> Self {
        let mut way = Self::default();
        for arrival in arrivals {
            way.add(arrival);
        }
        way
    }

    fn add(&mut self, arrival: &Arrival) {
        add(&mut self.answers, arrival.answers);
        add(&mut self.fast, arrival.fast);
        add(self.spans.entry(arrival.span).or_default(), arrival.answers);
        if let Some(network) = arrival.network {
            let (answers, spans) = self.networks.entry(network).or_default();
            add(answers, arrival.answers);
            add(spans, 1);
        }
    }

    fn bursts(&self, channel: Channel) -> impl Iterator<Item = Burst> {
        let ends = (self.spans.keys().next(), self.spans.keys().next_back());
        let length = match ends {
            (Some(first), Some(last)) => last.saturating_sub(*first).saturating_add(1),
            _ => 1,
        };
        let length = u128::try_from(length).unwrap_or(1);
        let whole = u128::from(self.answers);
        let is_burst = move |count: u64| {
            let count = u128::from(count);
            count.saturating_mul(5) >= whole
                || count.saturating_mul(length) >= whole.saturating_mul(10)
        };
        let many =
            (self.spans.iter()).filter(move |(_, answers)| **answers >= FEW && is_burst(**answers));
        many.map(move |(span, answers)| Burst {
            channel,
            span: *span,
            answers: *answers,
        })
    }

    fn shared(&self, channel: Channel) -> impl Iterator<Item = Shared> {
        let many = self
            .networks
            .values()
            .filter(|(answers, _)| *answers >= FEW);
        many.map(move |(answers, spans)| Shared {
            channel,
            answers: *answers,
            spans: *spans,
        })
    }
}

/// Days with few answers say nothing, and are passed over.
fn find_jumps<'a>(arrivals: impl Iterator<Item = &'a Arrival>) -> Vec<Jump> {
    let mut days: BTreeMap<Date, BTreeMap<Channel, u64>> = BTreeMap::new();
    for arrival in arrivals {
        let of_day = days.entry(arrival.day).or_default();
        add(of_day.entry(arrival.channel).or_default(), arrival.answers);
    }
    let whole =
        |of_day: &BTreeMap<Channel, u64>| of_day.values().copied().fold(0, u64::saturating_add);
    let busy: Vec<_> = days
        .iter()
        .map(|(day, of_day)| (*day, of_day, whole(of_day)))
        .filter(|(_, _, whole)| *whole >= FEW)
        .collect();
    let mut jumps = Vec::new();
    for (before, after) in busy.iter().zip(busy.iter().skip(1)) {
        let ways: std::collections::BTreeSet<Channel> =
            before.1.keys().chain(after.1.keys()).copied().collect();
        for channel in ways {
            let count = |(_, of_day, _): &(Date, &BTreeMap<Channel, u64>, u64)| {
                of_day.get(&channel).copied().unwrap_or(0)
            };
            let (one, other) = (count(before), count(after));
            let left = u128::from(one).saturating_mul(u128::from(after.2));
            let right = u128::from(other).saturating_mul(u128::from(before.2));
            let all = u128::from(before.2).saturating_mul(u128::from(after.2));
            if left.abs_diff(right).saturating_mul(2) < all {
                continue;
            }
            let shares = Ratio::of_counts(one, before.2).zip(Ratio::of_counts(other, after.2));
            if let Some((share_before, share_after)) = shares {
                jumps.push(Jump {
                    channel,
                    from: before.0,
                    to: after.0,
                    before: share_before,
                    after: share_after,
                });
            }
        }
    }
    jumps
}

fn add(sum: &mut u64, part: u64) {
    *sum = sum.saturating_add(part);
}

/// How many of those who were asked whether anybody told them what to answer said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told<S> {
    /// Whom their answers are about, or the number of their ballot; all together without it.
    pub about: Option<S>,
    /// Those who said that somebody did, and those who said that nobody did; nothing where they are few.
    pub said: Option<(u64, u64)>,
}

/// What may be shown of these counts: of all together, then of each in their order. A group of fewer than [`FEW`] is
/// shown to nobody, nor one from which it could be worked out.
pub fn show_told<S: Ord + Copy>(counts: &BTreeMap<S, (u64, u64)>) -> Vec<Told<S>> {
    let size = |(yes, no): (u64, u64)| yes.saturating_add(no);
    let sum = |one: (u64, u64), other: (u64, u64)| {
        (one.0.saturating_add(other.0), one.1.saturating_add(other.1))
    };
    let all = counts.values().copied().fold((0, 0), sum);
    let hidden = counts.values().copied().filter(|said| size(*said) < FEW);
    let hidden = size(hidden.fold((0, 0), sum));
    let whole = size(all) >= FEW && (hidden == 0 || hidden >= FEW);
    let each = counts.iter().map(|(about, said)| Told {
        about: Some(*about),
        said: Some(*said).filter(|said| size(*said) >= FEW),
    });
    let together = Told {
        about: None,
        said: whole.then_some(all),
    };
    std::iter::once(together).chain(each).collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn arrival(channel: Channel, span: i64, network: u16, answers: u64) -> Arrival {
        let day = u32::try_from(span / 96).unwrap();
        Arrival {
            channel,
            span,
            day: Date(NaiveDate::from_ymd_opt(2026, 3, 1 + day).unwrap()),
            network: (channel == Channel::Web).then_some(network),
            answers,
            fast: 0,
        }
    }

    #[test]
    fn a_day_has_96_spans() {
        assert_eq!(96 * SPAN_SECONDS, 24 * 60 * 60);
    }

    #[test]
    fn how_many_were_too_fast_is_told_only_where_neither_these_nor_the_others_are_few() {
        let told = |answers, fast| {
            let one = Arrival {
                fast,
                ..arrival(Channel::Web, 0, 1, answers)
            };
            read_signs(&[one]).channels[0].fast
        };
        assert_eq!(told(20, 10), Some(10));
        assert_eq!((told(19, 10), told(19, 9), told(20, 9)), (None, None, None));
        assert_eq!((told(12, 12), told(30, 0)), (None, None));
    }

    #[test]
    fn few_answers_are_no_sign() {
        let signs = read_signs(&[
            arrival(Channel::Web, 0, 1, 9),
            arrival(Channel::Paper, 96, 0, 9),
        ]);
        assert_eq!(
            (signs.bursts, signs.networks, signs.jumps),
            (vec![], vec![], vec![])
        );
    }

    #[test]
    fn a_quarter_of_an_hour_stands_out_by_its_share_or_against_the_mean() {
        let quiet = (0..100).map(|span| arrival(Channel::Web, span, 1, 1));
        let mut all: Vec<Arrival> = quiet.collect();
        // A hundred and eleven over a hundred spans: twelve in one are more than ten times the mean, and no fifth.
        all.push(arrival(Channel::Web, 50, 2, 11));
        let bursts = read_signs(&all).bursts;
        assert_eq!(bursts.len(), 1);
        assert_eq!((bursts[0].span, bursts[0].answers), (50, 12));
        all[50].answers = 0;
        assert_eq!(read_signs(&all).bursts.len(), 1, "110 × 10 ≤ 11 × 100");
        all.last_mut().unwrap().answers = 10;
        assert_eq!(read_signs(&all).bursts, [], "109 × 10 > 10 × 100");
        let meeting = [arrival(Channel::Paper, 7, 0, 40)];
        assert_eq!(read_signs(&meeting).bursts.len(), 1);
    }

    #[test]
    fn networks_are_added_up_over_time_and_listed_without_their_numbers() {
        let signs = read_signs(&[
            arrival(Channel::Web, 1, 7, 6),
            arrival(Channel::Web, 90, 7, 6),
            arrival(Channel::Web, 40, 8, 9),
        ]);
        let shared = Shared {
            channel: Channel::Web,
            answers: 12,
            spans: 2,
        };
        assert_eq!(signs.networks, [shared]);
    }

    #[test]
    fn a_jump_is_a_change_of_half_of_all_between_two_busy_days() {
        let days = |last: u64| {
            [
                arrival(Channel::Web, 0, 1, 10),
                // Too few to say anything.
                arrival(Channel::Paper, 96, 0, 9),
                arrival(Channel::Web, 192, 1, 10),
                arrival(Channel::Paper, 193, 0, last),
            ]
        };
        assert_eq!(read_signs(&days(9)).jumps, []);
        let jumps = read_signs(&days(10)).jumps;
        assert_eq!(jumps.len(), 2, "web fell to a half, and paper rose to it");
        assert_eq!(jumps[0].after, Ratio::of_counts(1, 2).unwrap());
    }

    #[test]
    fn while_answers_come_in_no_count_moves_by_fewer_than_ten() {
        let comes: Vec<Arrival> = (0..40)
            .map(|span| arrival(Channel::Web, span, 1 + u16::from(span % 3 == 0), 3))
            .collect();
        let day = |number| Date(NaiveDate::from_ymd_opt(2026, 3, number).unwrap());
        let looks: Vec<Signs> = (0..=40)
            .map(|now| read_signs_so_far(&comes, (now, day(1))))
            .collect();
        let whole = |signs: &Signs| signs.channels.first().map_or(0, |one| one.answers);
        let of_network = |signs: &Signs, place: usize| {
            let mut answers: Vec<u64> = signs.networks.iter().map(|one| one.answers).collect();
            answers.sort_unstable_by(|one, other| other.cmp(one));
            answers.get(place).copied().unwrap_or(0)
        };
        for two in looks.windows(2) {
            let steps = [
                (whole(&two[0]), whole(&two[1])),
                (of_network(&two[0], 0), of_network(&two[1], 0)),
                (of_network(&two[0], 1), of_network(&two[1], 1)),
            ];
            assert!(
                steps
                    .iter()
                    .all(|(before, after)| before == after || *after >= before + FEW),
                "{two:?}"
            );
            assert!(two[1].channels.iter().all(|one| one.fast.is_none()));
        }
        // Ten quarters of twelve answers; what has come of a thirteenth is not told.
        assert_eq!((whole(&looks[40]), looks[40].networks.len()), (120, 2));
        assert_eq!(whole(&read_signs_so_far(&comes[..39], (40, day(1)))), 108);
        // The quarter and the day that run are not over.
        let busy = [
            arrival(Channel::Web, 95, 1, 10),
            arrival(Channel::Paper, 96, 0, 10),
        ];
        let tells = |now| {
            let signs = read_signs_so_far(&busy, now);
            (signs.channels.len(), signs.jumps.len())
        };
        assert_eq!(tells((95, day(1))), (0, 0));
        assert_eq!(tells((96, day(2))), (1, 0));
        assert_eq!(tells((97, day(2))), (2, 0));
        assert_eq!(tells((192, day(3))), (2, 2));
    }

    #[test]
    fn what_few_said_of_being_told_is_shown_to_nobody_and_cannot_be_worked_out() {
        let said = |counts: &[(u8, (u64, u64))]| {
            let shown = show_told(&counts.iter().copied().collect());
            shown.into_iter().map(|one| one.said).collect::<Vec<_>>()
        };
        assert_eq!(
            said(&[(1, (2, 8)), (2, (0, 9))]),
            [None, Some((2, 8)), None]
        );
        assert_eq!(
            said(&[(1, (2, 8)), (2, (0, 9)), (3, (1, 0))]),
            [Some((3, 17)), Some((2, 8)), None, None]
        );
        assert_eq!(said(&[(1, (4, 5))]), [None, None]);
        assert_eq!(said(&[]), [None]);
    }
}
