//! What is shown of a survey that takes answers: an attacker who looks at any moments and subtracts finds no small group.

use super::super::Live;
use super::*;
use crate::outcome::FEW;
use crate::scheme::file::Denominator;

fn with(denominator: Denominator) -> Definition {
    let mut part = part();
    part.survey.denominator = denominator;
    Definition::of(&part.survey, &part.scale).unwrap()
}

/// A sheet: what it answers to "speed" and to the choices, to "first time", and whether it holds words and counts.
#[derive(Debug, Clone)]
struct Sheet {
    speed: Option<u16>,
    ways: u64,
    first_time: Option<u16>,
    words: bool,
    valid: bool,
}

impl Sheet {
    fn add_to(&self, tally: &mut Tally) {
        let state = if self.valid {
            SheetState::Valid
        } else {
            SheetState::Invalid
        };
        *tally.sheets.entry(state).or_default() += 1;
        if !self.valid {
            return;
        }
        let mut add = |place: (u16, u16)| *tally.answers.entry(place).or_default() += 1;
        if let Some(option) = self.speed {
            add((0, option));
            if option < 3 {
                add(RATED);
            }
        }
        (0..9)
            .filter(|bit| (self.ways >> bit) & 1 == 1)
            .for_each(|bit| add((2, bit)));
        if let Some(option) = self.first_time {
            add((3, option));
        }
        if self.words {
            add((4, 0));
        }
    }
}

fn any_sheet() -> impl Strategy<Value = Sheet> {
    let one_in = |many: u8| (0..many).prop_map(|number| number == 0);
    (
        (one_in(5), 0..4_u16),
        0..512_u64,
        (one_in(5), 0..2_u16),
        one_in(10),
        one_in(10),
    )
        .prop_map(|(speed, ways, first_time, words, is_invalid)| Sheet {
            speed: (!speed.0).then_some(speed.1),
            ways,
            first_time: first_time.0.then_some(first_time.1),
            words,
            valid: !is_invalid,
        })
}

/// What is told of one question, and how many answers that are at least.
fn of_question(tally: &Tally, number: u16) -> (Vec<u64>, u64) {
    let counts: Vec<u64> = (0..9).map(|option| tally.count(number, option)).collect();
    let size = match number {
        0 => counts[..3].iter().sum(),
        2 => counts.iter().copied().max().unwrap_or(0),
        _ => counts.iter().sum(),
    };
    (counts, size)
}

fn find_small_group(looks: &[Tally]) -> Option<String> {
    for (place, before) in looks.iter().enumerate() {
        for after in &looks[place..] {
            let valid = |tally: &Tally| tally.sheets(SheetState::Valid);
            if valid(before) > 0 && before != after && valid(after) < valid(before) + FEW {
                return Some(format!("{before:?} then {after:?}"));
            }
            for number in 0..5 {
                let (told, many) = of_question(before, number);
                let (told_after, many_after) = of_question(after, number);
                if many > 0 && told != told_after && many_after < many + FEW {
                    return Some(format!("question {number}: {told:?} then {told_after:?}"));
                }
            }
        }
    }
    None
}

proptest! {
    #[test]
    fn two_looks_at_an_open_survey_or_its_end_never_leave_fewer_than_ten(
        sheets in proptest::collection::vec((any_sheet(), any::<bool>()), 0..160),
        of_all in any::<bool>(),
    ) {
        let definition = with(if of_all { Denominator::Valid } else { Denominator::Rated });
        let (mut live, mut kept, mut looks) = (Live::default(), Tally::default(), Vec::new());
        for (sheet, is_looked_at) in &sheets {
            sheet.add_to(&mut kept);
            if *is_looked_at {
                live.advance(&definition, &kept);
                looks.push(live.shown.clone());
            }
        }
        // What is shown could have been: a question has no more answers than there are sheets.
        for look in &looks {
            let valid = look.sheets(SheetState::Valid);
            prop_assert!((0..5).all(|number| of_question(look, number).1 <= valid), "{look:?}");
        }
        looks.push(kept);
        let small = find_small_group(&looks);
        prop_assert!(small.is_none(), "{}", small.unwrap_or_default());
    }
}

#[test]
fn figures_are_shown_once_ten_more_sheets_have_come() {
    let definition = with(Denominator::Rated);
    let sheet = Sheet {
        speed: Some(0),
        ways: 0,
        first_time: None,
        words: false,
        valid: true,
    };
    let (mut live, mut kept) = (Live::default(), Tally::default());
    let mut moved_at = Vec::new();
    for count in 1..=35_u64 {
        sheet.add_to(&mut kept);
        if live.advance(&definition, &kept) {
            moved_at.push((count, live.shown.count(0, 0)));
        }
    }
    assert_eq!(moved_at, [(10, 0), (20, 10), (30, 20)]);
}

#[test]
fn a_question_that_few_answer_waits_and_holds_up_the_others_only_where_rates_are_of_all_sheets() {
    let common = Sheet {
        speed: Some(0),
        ways: 1,
        first_time: None,
        words: false,
        valid: true,
    };
    let rare = Sheet {
        first_time: Some(1),
        ..common.clone()
    };
    let run = |definition: &Definition, other: &Sheet| {
        let (mut live, mut kept) = (Live::default(), Tally::default());
        for _ in 0..10 {
            (0..9).for_each(|_| common.add_to(&mut kept));
            other.add_to(&mut kept);
            live.advance(definition, &kept);
        }
        live.shown
    };
    let shown = run(&with(Denominator::Rated), &rare);
    assert_eq!((shown.count(0, 0), shown.count(3, 1)), (90, 0));
    // What no rate is made of holds up nothing, whatever rates are of.
    assert_eq!(run(&with(Denominator::Valid), &rare).count(0, 0), 90);
    let silent = Sheet {
        speed: None,
        ..common.clone()
    };
    assert_eq!(run(&with(Denominator::Rated), &silent).count(0, 0), 72);
    let of_all = run(&with(Denominator::Valid), &silent);
    let rate = (of_all.count(0, 0), of_all.sheets(SheetState::Valid));
    assert!(rate.1 > 0 && rate.0 * 10 == rate.1 * 9, "{rate:?}");
}

#[test]
fn nothing_moves_on_where_sheets_set_aside_would_leave_fewer_than_a_question_shows_answers() {
    let sheets = |answered: usize, silent: usize| {
        let mut tally = Tally::default();
        let sheet = |first_time| Sheet {
            speed: None,
            ways: 0b11,
            first_time,
            words: false,
            valid: true,
        };
        (0..answered).for_each(|_| sheet(Some(1)).add_to(&mut tally));
        (0..silent).for_each(|_| sheet(None).add_to(&mut tally));
        tally
    };
    let definition = with(Denominator::Rated);
    // Of a question that 18 answered and 10 still do, too few went to be told; of 10 sheets it cannot have 18.
    let mut live = Live::from_shown(sheets(18, 12));
    assert!(!live.advance(&definition, &sheets(10, 0)));
    assert_eq!(live, Live::from_shown(sheets(18, 12)));
    // Of 20 sheets it can; each of these took two ways.
    assert!(live.advance(&definition, &sheets(10, 10)));
    assert_eq!(live.next.count(3, 1), 18);
}

#[test]
fn nothing_moves_on_where_fewer_sheets_would_rate_anything_than_a_question_shows_rated() {
    // As many sheets as rate, and as many that do not.
    let sheets = |rated: usize, unrated: usize| {
        let mut tally = Tally::default();
        let sheet = |option| Sheet {
            speed: Some(option),
            ways: 0b11,
            first_time: None,
            words: false,
            valid: true,
        };
        (0..rated).for_each(|_| sheet(0).add_to(&mut tally));
        (0..unrated).for_each(|_| sheet(3).add_to(&mut tally));
        tally
    };
    let definition = with(Denominator::Rated);
    // Of 30 sheets 18 rated the speed; of 40 only 10 still do, too few less to be told, and they cannot be 18.
    let mut live = Live::from_shown(sheets(18, 12));
    assert!(!live.advance(&definition, &sheets(10, 30)));
    assert_eq!(live, Live::from_shown(sheets(18, 12)));
    // Where as many rate as before it moves on.
    assert!(live.advance(&definition, &sheets(18, 22)));
}
