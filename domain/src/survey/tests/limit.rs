//! The last that a survey takes and the first that it does not, and what others ask of sheets and counts.

use super::*;

fn definition_with(change: impl Fn(&mut Part)) -> Result<Definition, DefinitionError> {
    let mut part = part();
    change(&mut part);
    Definition::of(&part.survey, &part.scale)
}

#[test]
fn a_survey_takes_500_questions_255_options_64_choices_and_4000_characters() {
    let questions = |count: usize| {
        definition_with(|part| {
            let first = part.survey.question[0].clone();
            part.survey.question = (0..count)
                .map(|number| file::Question {
                    code: format!("q{number}"),
                    ..first.clone()
                })
                .collect();
        })
    };
    assert!(questions(500).is_ok() && questions(501).is_err());
    let options = |count: usize| {
        definition_with(|part| {
            let first = part.scale[0].option[0].clone();
            part.scale[0].option = (0..count)
                .map(|number| file::ScaleOption {
                    code: format!("o{number}"),
                    ..first.clone()
                })
                .collect();
        })
    };
    assert!(options(255).is_ok() && options(256).is_err());
    let choices = |count: usize| {
        definition_with(|part| {
            let first = part.survey.question[2].choice[0].clone();
            part.survey.question[2].choice = (0..count)
                .map(|number| file::Choice {
                    code: format!("c{number}"),
                    ..first.clone()
                })
                .collect();
        })
    };
    assert!(choices(64).is_ok() && choices(65).is_err());
    let longest = |characters: u32| {
        definition_with(|part| part.survey.question[4].longest = Some(characters))
    };
    assert!(longest(4_000).is_ok() && longest(4_001).is_err());
}

#[test]
fn words_may_be_as_long_as_the_question_says() {
    let sheet = |words: &str| {
        validate(
            &definition(),
            &sheet(&[("speed", "good"), ("manner", "fair"), ("more", words)]),
        )
    };
    assert!(sheet("一二三四五六七八九十").is_ok());
    assert!(sheet("一二三四五六七八九十零").is_err());
}

#[test]
fn entries_panels_and_channels_are_found_by_their_codes() {
    let entries = sheet(&[("ways", "a"), ("ways", "b")]);
    assert!(entries.holds("ways", "b") && !entries.holds("ways", "c"));
    assert!(!entries.holds("speed", "a"));
    assert!(!entries.is_empty() && sheet(&[]).is_empty());
    let definition = definition();
    assert_eq!(
        definition.panel("users").map(|panel| panel.code.as_str()),
        Some("users")
    );
    assert!(definition.panel("delegates").is_none());
    assert!(definition.takes(file::Channel::Web) && !definition.takes(file::Channel::Phone));
}

#[test]
fn every_state_of_a_sheet_is_found_by_its_word() {
    for state in SheetState::ALL {
        assert_eq!(SheetState::parse(state.word()), Some(state));
    }
    assert_eq!(SheetState::parse("lost"), None);
}

/// Sheets by their bytes: `speed`, `manner`, two bytes of `ways`, `first_time`, `more`; 0 is silence, else the place
/// from 1.
fn tally(sheets: &[[u8; 6]]) -> Tally {
    let mut tally = Tally::default();
    for bytes in sheets {
        tally
            .add(&definition(), unmarked(SheetState::Valid), bytes)
            .unwrap();
    }
    tally
}

#[test]
fn a_sheet_is_rated_by_an_opinion_on_a_scale_and_by_nothing_else() {
    for (bytes, rated) in [
        ([1, 0, 0, 0, 0, 0], 1),
        ([0, 3, 0, 0, 0, 0], 1),
        ([4, 1, 0, 0, 0, 0], 1),
        // "I do not know" and what is no scale.
        ([4, 4, 0, 0, 0, 0], 0),
        ([0, 0, 1, 0, 1, 1], 0),
        ([0, 0, 0, 0, 0, 0], 0),
    ] {
        let kept = tally(&[bytes]);
        assert_eq!(kept.count(RATED.0, RATED.1), rated, "{bytes:?}");
        let again = recount(&definition(), SheetState::Valid, &bytes).unwrap();
        assert_eq!(again.count(RATED.0, RATED.1), rated, "{bytes:?}");
    }
}

#[test]
fn counts_of_two_parts_add_up_to_those_of_the_whole() {
    let one = [[1, 2, 1, 0, 1, 0], [4, 4, 0, 1, 0, 1]];
    let other = [[1, 3, 3, 0, 2, 1]];
    let mut sum = tally(&one);
    sum.add_all(&tally(&other));
    let whole = tally(&[one[0], one[1], other[0]]);
    assert_eq!(sum, whole);
    assert_eq!(
        (
            whole.sheets(SheetState::Valid),
            whole.sheets(SheetState::Late)
        ),
        (3, 0)
    );
    assert_eq!(
        (whole.count(0, 0), whole.count(0, 1), whole.count(2, 0)),
        (2, 0, 2)
    );
}

#[test]
fn no_ways_at_all_are_silence() {
    let answers = decode(&definition(), &[0; 6]).unwrap();
    assert!(answers.iter().all(|answer| *answer == Answer::Silent));
}

#[test]
fn a_recount_refuses_half_a_sheet_and_a_survey_without_questions() {
    let definition = definition();
    assert!(recount(&definition, SheetState::Valid, &[1; 7]).is_err());
    assert_eq!(
        recount(&definition, SheetState::Valid, &[]),
        Ok(Tally::default())
    );
    let empty = Definition {
        questions: Vec::new(),
        ..definition
    };
    assert!(recount(&empty, SheetState::Valid, &[]).is_err());
}

#[test]
fn every_choice_of_several_is_kept() {
    let definition = definition();
    let entries = sheet(&[
        ("speed", "good"),
        ("manner", "bad"),
        ("ways", "a"),
        ("ways", "c"),
        ("ways", "i"),
        ("first_time", "no"),
    ]);
    let bytes = encode(&definition, &validate(&definition, &entries).unwrap());
    assert_eq!(bytes, [1, 3, 0b101, 1, 2, 0]);
    let answers = decode(&definition, &bytes).unwrap();
    let several = answers.iter().nth(2);
    assert_eq!(several, Some(&Answer::Several(0b1_0000_0101)));
}

#[test]
fn every_fault_has_a_word_of_its_own() {
    let faults = [
        FaultCode::UnknownQuestion,
        FaultCode::UnknownOption,
        FaultCode::Missing,
        FaultCode::TooMany,
        FaultCode::TooLong {
            longest: 1,
            found: 2,
        },
        FaultCode::ControlCharacter,
    ];
    assert_eq!(
        faults.map(FaultCode::word).join(" "),
        "UNKNOWN_QUESTION UNKNOWN_OPTION MISSING TOO_MANY TOO_LONG CONTROL_CHARACTER"
    );
}

#[test]
fn every_reason_that_makes_a_sheet_invalid_has_a_word_of_its_own() {
    assert_eq!(
        Invalidity::ALL.map(Invalidity::word).join(" "),
        "required_missing too_many_no_opinion straight_line too_fast"
    );
}
