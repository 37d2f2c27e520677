//! What a survey refuses, asks and counts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::number::Ratio;
use crate::scheme::file;

mod limit;
mod live;
mod redact;
mod result;
mod time_line;
mod warning;

const SCHEME: &str = r#"
[[scale]]
code = "four"
option = [
  { code = "good", label = { zh = "满意", en = "Satisfied" }, class = "satisfied", weight = "100" },
  { code = "fair", label = { zh = "基本满意", en = "Fairly satisfied" }, class = "neutral", weight = "60" },
  { code = "bad", label = { zh = "不满意", en = "Dissatisfied" }, class = "dissatisfied", weight = "0" },
  { code = "unknown", label = { zh = "不了解", en = "I do not know" }, class = "no_opinion" },
]

[survey]
code = "service"
name = { zh = "满意度测评", en = "Satisfaction survey" }
denominator = "rated"
combine = "pooled"
panel = [{ code = "users", name = { zh = "服务对象", en = "Service users" } }]
channel = [{ code = "web" }, { code = "paper" }]

[survey.validity]
most_no_opinion = 1
least_seconds = 5
straight_line = { options = ["good", "bad"], least = 2 }

[[survey.question]]
code = "speed"
text = { zh = "速度", en = "Speed" }
scale = "four"
required = true

[[survey.question]]
code = "manner"
text = { zh = "态度", en = "Manner" }
scale = "four"
required = true

[[survey.question]]
code = "ways"
text = { zh = "途径", en = "Ways" }
several = true
choice = [
  { code = "a", name = { zh = "甲", en = "A" } }, { code = "b", name = { zh = "乙", en = "B" } },
  { code = "c", name = { zh = "丙", en = "C" } }, { code = "d", name = { zh = "丁", en = "D" } },
  { code = "e", name = { zh = "戊", en = "E" } }, { code = "f", name = { zh = "己", en = "F" } },
  { code = "g", name = { zh = "庚", en = "G" } }, { code = "h", name = { zh = "辛", en = "H" } },
  { code = "i", name = { zh = "壬", en = "I" } },
]

[[survey.question]]
code = "first_time"
text = { zh = "首次", en = "First time" }
choice = [{ code = "yes", name = { zh = "是", en = "Yes" } }, { code = "no", name = { zh = "否", en = "No" } }]

[[survey.question]]
code = "more"
text = { zh = "建议", en = "Suggestions" }
longest = 10
"#;

#[derive(serde::Deserialize)]
struct Part {
    scale: Vec<file::Scale>,
    survey: file::Survey,
}

fn part() -> Part {
    toml::from_str(SCHEME).unwrap()
}

fn definition() -> Definition {
    let part = part();
    Definition::of(&part.survey, &part.scale).unwrap()
}

/// Least shares of two marks among sheets, and of a third among those invited, which no sheet carries.
fn with_marks() -> Definition {
    let mut part = part();
    let share = |mark: &str, among| file::ShareDemand {
        panels: Vec::new(),
        mark: Some(mark.to_owned()),
        among,
        at_least: Ratio::of_counts(1, 2).unwrap(),
    };
    part.survey.demand.share = vec![
        share("elder", file::Among::Invited),
        share("front_line", file::Among::Valid),
        share("front_line", file::Among::Returned),
        share("new", file::Among::Returned),
    ];
    Definition::of(&part.survey, &part.scale).unwrap()
}

fn unmarked(state: SheetState) -> Booked {
    Booked {
        state,
        marks: Marks::NONE,
    }
}

#[test]
fn a_sheet_carries_the_marks_alone_of_which_sheets_are_demanded() {
    let definition = with_marks();
    assert_eq!(definition.marks, ["front_line", "new"]);
    let both = Marks::of(&definition, ["new", "front_line", "new"]).unwrap();
    assert_eq!(both.number(), 3);
    assert_eq!(
        both.codes(&definition).collect::<Vec<_>>(),
        ["front_line", "new"]
    );
    assert_eq!(Marks::parse(both.number()), Some(both));
    for wrong in [-1, 1 << 32] {
        assert_eq!(Marks::parse(wrong), None);
    }
    for unknown in ["elder", "nobody"] {
        let refused = Marks::of(&definition, ["new", unknown]);
        assert_eq!(refused, Err(UnknownMark(unknown.to_owned())));
    }
    // Whoever demands nothing of the kind has the definition, and the digest, of before.
    let plain = serde_json::to_string(&self::definition()).unwrap();
    assert!(!plain.contains("\"marks\""));
}

#[test]
fn a_sheet_has_room_for_as_many_marks_as_are_stored_and_for_no_more() {
    let demand = |marks: usize| {
        let mut part = part();
        part.survey.demand.share = (0..marks)
            .map(|number| file::ShareDemand {
                panels: Vec::new(),
                mark: Some(format!("m{number}")),
                among: file::Among::Valid,
                at_least: Ratio::of_counts(1, 2).unwrap(),
            })
            .collect();
        Definition::of(&part.survey, &part.scale)
    };
    let most = demand(MOST_MARKS).unwrap();
    let last = Marks::of(&most, ["m31"]).unwrap();
    assert_eq!(last.number(), 1 << 31);
    assert_eq!(
        demand(MOST_MARKS + 1).unwrap_err(),
        DefinitionError::MarkCount {
            found: 33,
            most: 32
        }
    );
}

fn sheet(pairs: &[(&str, &str)]) -> Entries {
    pairs.iter().copied().collect()
}

fn faults(pairs: &[(&str, &str)]) -> Vec<(String, FaultCode)> {
    let faults = validate(&definition(), &sheet(pairs)).unwrap_err();
    faults
        .into_iter()
        .map(|fault| (fault.question, fault.code))
        .collect()
}

/// Asked only of those who say that it was bad, and then needed.
fn with_condition() -> Definition {
    let mut part = part();
    let question = &mut part.survey.question[1];
    question.show_if = Some(file::ShowIf {
        question: "speed".to_owned(),
        any_of: vec!["bad".to_owned(), "fair".to_owned()],
    });
    let several = &mut part.survey.question[4];
    several.required = true;
    several.show_if = Some(file::ShowIf {
        question: "ways".to_owned(),
        any_of: vec!["i".to_owned()],
    });
    Definition::of(&part.survey, &part.scale).unwrap()
}

#[test]
fn a_question_is_asked_of_those_alone_who_answered_so() {
    let definition = with_condition();
    let read = |pairs: &[(&str, &str)]| validate(&definition, &sheet(pairs));
    let missing = |pairs: &[(&str, &str)]| -> Vec<String> {
        let faults = read(pairs).unwrap_err();
        faults.into_iter().map(|fault| fault.question).collect()
    };
    assert!(read(&[("speed", "good")]).is_ok());
    assert_eq!(missing(&[("speed", "bad")]), ["manner"]);
    assert_eq!(
        missing(&[("speed", "good"), ("ways", "a"), ("ways", "i")]),
        ["more"]
    );
    assert!(read(&[("speed", "good"), ("ways", "h")]).is_ok());
    // What is entered where nobody asked is passed over, whatever it is.
    let passed = read(&[("speed", "good"), ("manner", "nonsense"), ("more", "x")]).unwrap();
    assert_eq!(passed, read(&[("speed", "good")]).unwrap());
    // A fault of the first leaves the second for the next time.
    assert_eq!(missing(&[("speed", "nonsense")]), ["speed"]);
    let on_paper = parse(&definition, &sheet(&[("speed", "good")])).unwrap();
    assert_eq!(judge(&definition, &on_paper, None), Verdict::Valid);
    let on_paper = parse(&definition, &sheet(&[("speed", "bad")])).unwrap();
    assert_eq!(
        judge(&definition, &on_paper, None),
        Verdict::Invalid(Invalidity::RequiredMissing)
    );
}

#[test]
fn a_scale_of_numbers_is_written_short() {
    let scale: file::Scale = toml::from_str(
        "code = \"ten\"\nnumbers = { from = 1, to = 10, dissatisfied_to = 5, satisfied_from = 8, zero_at = 0, full_at = 10 }\n\
         option = [{ code = \"unknown\", label = { zh = \"不了解\", en = \"Not known\" }, class = \"no_opinion\" }]",
    )
    .unwrap();
    let options = scale.options();
    let told: Vec<String> = options
        .iter()
        .map(|option| {
            let weight = option
                .weight
                .as_ref()
                .map_or("-".to_owned(), ToString::to_string);
            format!("{} {:?} {weight}", option.code, option.class)
        })
        .collect();
    assert_eq!(options.len(), 11);
    assert_eq!(
        [
            &told[0], &told[4], &told[5], &told[6], &told[7], &told[9], &told[10]
        ],
        [
            "1 Dissatisfied 10",
            "5 Dissatisfied 50",
            "6 Neutral 60",
            "7 Neutral 70",
            "8 Satisfied 80",
            "10 Satisfied 100",
            "unknown NoOpinion -"
        ]
    );
}

#[test]
fn a_survey_is_about_the_categories_that_it_names_or_about_all() {
    let mut part = part();
    let about = |part: &Part| {
        let definition = Definition::of(&part.survey, &part.scale).unwrap();
        ["organ", "school"].map(|category| definition.is_about(category))
    };
    part.survey.categories = None;
    assert_eq!(about(&part), [true, true]);
    part.survey.categories = Some(vec!["organ".to_owned()]);
    assert_eq!(about(&part), [true, false]);
}

fn ballot() -> Definition {
    let mut part = part();
    part.survey.ballot = Some(file::Ballot {
        one_for: file::BallotScope::Round,
    });
    Definition::of(&part.survey, &part.scale).unwrap()
}

fn lines(lines: &[&[(&str, &str)]]) -> Vec<Entries> {
    lines.iter().map(|pairs| sheet(pairs)).collect()
}

const WHOLE: &[(&str, &str)] = &[("speed", "good"), ("manner", "fair")];

#[test]
fn a_blank_line_is_an_abstention_and_a_line_that_is_begun_is_not() {
    let definition = ballot();
    let good = validate_ballot(&definition, &lines(&[WHOLE, &[], &[("speed", " ")]])).unwrap();
    assert_eq!((good.filled(), good.lines().len()), (1, 3));
    let more = validate_ballot(&definition, &lines(&[WHOLE, WHOLE, &[]])).unwrap();
    assert_eq!(more.filled(), 2);
    assert_eq!(
        judge_ballot(&definition, &good, Some(60)),
        Verdict::Valid,
        "in a blank line nothing is missing"
    );
    let begun = lines(&[WHOLE, &[("manner", "bad")], &[("x", "1")]]);
    let faults = validate_ballot(&definition, &begun).unwrap_err();
    let found: Vec<(usize, &str, FaultCode)> = faults
        .iter()
        .map(|one| (one.line, one.fault.question.as_str(), one.fault.code))
        .collect();
    assert_eq!(
        found,
        [
            (1, "speed", FaultCode::Missing),
            (2, "speed", FaultCode::Missing),
            (2, "manner", FaultCode::Missing),
            (2, "x", FaultCode::UnknownQuestion)
        ]
    );
    let on_paper = parse_ballot(&definition, &begun[..2]).unwrap();
    assert_eq!(
        judge_ballot(&definition, &on_paper, None),
        Verdict::Invalid(Invalidity::RequiredMissing)
    );
}

#[test]
fn rules_of_validity_look_at_all_lines_of_a_ballot_together() {
    let definition = ballot();
    let verdict = |pairs: &[&[(&str, &str)]], seconds| {
        let read = validate_ballot(&definition, &lines(pairs)).unwrap();
        judge_ballot(&definition, &read, seconds)
    };
    let unknown: &[(&str, &str)] = &[("speed", "unknown"), ("manner", "good")];
    assert_eq!(verdict(&[unknown, WHOLE], None), Verdict::Valid);
    assert_eq!(
        verdict(&[unknown, WHOLE, unknown], None),
        Verdict::Invalid(Invalidity::TooManyNoOpinion)
    );
    let good: &[(&str, &str)] = &[("speed", "good"), ("manner", "good")];
    assert_eq!(verdict(&[good, WHOLE], None), Verdict::Valid);
    assert_eq!(
        verdict(&[good, &[], good], None),
        Verdict::Invalid(Invalidity::StraightLine)
    );
    assert_eq!(
        verdict(&[WHOLE], Some(4)),
        Verdict::Invalid(Invalidity::TooFast)
    );
}

#[test]
fn ballots_that_differ_in_one_line_have_other_digests() {
    let definition = ballot();
    let digest = |pairs: &[&[(&str, &str)]]| {
        let read = parse_ballot(&definition, &lines(pairs)).unwrap();
        read.digest(&definition)
    };
    let one = digest(&[WHOLE, &[], &[("more", "a")]]);
    assert_eq!(one, digest(&[WHOLE, &[("speed", "")], &[("more", " a ")]]));
    for other in [
        digest(&[&[], WHOLE, &[("more", "a")]]),
        digest(&[WHOLE, &[("more", "a")], &[]]),
        digest(&[WHOLE, &[], &[("more", "b")]]),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn bytes_of_another_ballot_are_refused() {
    let definition = ballot();
    let bytes = vec![0; definition.width() * 3];
    for wrong in [0, 2, 4] {
        assert!(recount_ballots(&definition, wrong, SheetState::Valid, &bytes).is_err());
    }
}

#[test]
fn a_definition_survives_its_canonical_json() {
    let definition = definition();
    let text = serde_json_canonicalizer::to_string(&definition).unwrap();
    let read: Definition = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json_canonicalizer::to_string(&read).unwrap(), text);
    assert_eq!(definition.width(), 6);
}

#[test]
fn a_survey_that_cannot_be_asked_has_no_definition() {
    let with = |change: &dyn Fn(&mut Part)| {
        let mut part = part();
        change(&mut part);
        Definition::of(&part.survey, &part.scale)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(
        [
            with(&|part| part.survey.question[0].scale = Some("five".to_owned())),
            with(&|part| part.survey.question[0].longest = Some(5)),
            with(&|part| part.survey.question[4].longest = Some(0)),
            with(&|part| part.scale[0].option.clear()),
            with(&|part| part.survey.question.clear()),
            with(&|part| part.survey.question[1].code = "speed".to_owned()),
        ]
        .join("\n"),
        @r"
    question `speed` names the scale `five`, which the scheme does not have
    question `speed` needs exactly one of `scale`, `choice` and `longest`
    question `more` allows 0 characters, where 1 to 4000 are possible
    question `speed` has 0 options, where 1 to 255 are possible
    the survey has 0 questions, where 1 to 500 are possible
    `speed` stands twice, give each question and each option of a question its own code
    "
    );
}

#[test]
fn every_fault_of_a_sheet_is_named_with_its_question() {
    let long = "一二三四五六七八九十十";
    let found = faults(&[
        ("speed", "great"),
        ("ways", "z"),
        ("first_time", "yes"),
        ("first_time", "no"),
        ("more", long),
        ("x", "1"),
    ]);
    let expected = [
        ("speed", FaultCode::UnknownOption),
        ("manner", FaultCode::Missing),
        ("ways", FaultCode::UnknownOption),
        ("first_time", FaultCode::TooMany),
        (
            "more",
            FaultCode::TooLong {
                longest: 10,
                found: 11,
            },
        ),
        ("x", FaultCode::UnknownQuestion),
    ];
    assert_eq!(
        found,
        expected.map(|(question, code)| (question.to_owned(), code))
    );
}

#[test]
fn blank_answers_are_silence_and_silence_is_missing_where_an_answer_is_required() {
    assert_eq!(faults(&[("speed", " "), ("manner", "")]).len(), 2);
    let blank = parse(&definition(), &sheet(&[("more", "\n \u{200f}")])).unwrap();
    assert!(blank.iter().all(|answer| *answer == Answer::Silent));
    assert_eq!(
        judge(&definition(), &blank, None),
        Verdict::Invalid(Invalidity::RequiredMissing)
    );
}

#[test]
fn control_characters_are_refused_and_line_ends_are_not() {
    for control in ['\0', '\u{1}', '\u{7}', '\u{1b}', '\u{7f}', '\u{9b}'] {
        let words = format!("a{control}b");
        assert_eq!(
            faults(&[("speed", "good"), ("manner", "bad"), ("more", &words)]),
            [("more".to_owned(), FaultCode::ControlCharacter)]
        );
        assert_eq!(without_controls(&words), "ab");
    }
    assert_eq!(clean(" a\r\nb\tc\u{202e} "), Some("a\nb c".to_owned()));
}

#[test]
fn one_spelling_of_a_text_is_kept() {
    assert_eq!(clean("e\u{301}"), Some("\u{e9}".to_owned()));
}

#[test]
fn the_same_answers_have_one_digest_whatever_their_spelling() {
    let definition = definition();
    let digest = |pairs: &[(&str, &str)]| {
        validate(&definition, &sheet(pairs))
            .unwrap()
            .digest(&definition)
    };
    let one = digest(&[("speed", "good"), ("manner", "bad"), ("more", "a\r\nb")]);
    assert_eq!(
        one,
        digest(&[("more", "a\nb "), ("manner", "bad"), ("speed", "good")])
    );
    assert_ne!(
        one,
        digest(&[("speed", "good"), ("manner", "bad"), ("more", "ab")])
    );
    assert_ne!(
        one,
        digest(&[("speed", "bad"), ("manner", "bad"), ("more", "a\nb")])
    );
}

fn verdict(pairs: &[(&str, &str)], seconds: Option<u64>) -> Verdict {
    let definition = definition();
    judge(
        &definition,
        &validate(&definition, &sheet(pairs)).unwrap(),
        seconds,
    )
}

#[test]
fn validity_rules_apply_where_their_datum_is_known() {
    let plain = [("speed", "good"), ("manner", "fair")];
    assert_eq!(verdict(&plain, Some(5)), Verdict::Valid);
    assert_eq!(verdict(&plain, None), Verdict::Valid);
    assert_eq!(
        verdict(&plain, Some(4)),
        Verdict::Invalid(Invalidity::TooFast)
    );
    assert_eq!(
        verdict(&[("speed", "unknown"), ("manner", "unknown")], None),
        Verdict::Invalid(Invalidity::TooManyNoOpinion)
    );
}

#[test]
fn a_straight_line_looks_at_rated_answers_of_the_named_options_alone() {
    assert_eq!(
        verdict(&[("speed", "good"), ("manner", "good")], None),
        Verdict::Invalid(Invalidity::StraightLine)
    );
    assert_eq!(
        verdict(&[("speed", "fair"), ("manner", "fair")], None),
        Verdict::Valid
    );
    // One rated answer is shorter than the line that the survey names.
    assert_eq!(
        verdict(&[("speed", "good"), ("manner", "unknown")], None),
        Verdict::Valid
    );
}

#[test]
fn bytes_of_another_definition_are_refused() {
    let definition = definition();
    assert_eq!(
        decode(&definition, &[1, 1]),
        Err(SheetError::Width {
            expected: 6,
            found: 2
        })
    );
    assert!(decode(&definition, &[5, 0, 0, 0, 0, 0]).is_err());
    assert!(decode(&definition, &[0, 0, 0, 2, 0, 0]).is_err());
    assert!(decode(&definition, &[0, 0, 0, 0, 0, 2]).is_err());
    for wrong in [[5, 0, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0], [0, 0, 0, 0, 0, 2]] {
        assert!(recount(&definition, SheetState::Valid, &wrong).is_err());
    }
}

#[test]
fn counts_lie_in_the_order_of_the_questions_behind_the_sheets_that_are_rated() {
    let definition = definition();
    let tally = Tally {
        answers: [(RATED, 7), ((0, 0), 5), ((0, 3), 2)].into(),
        ..Tally::default()
    };
    let line = tally.line_up(&definition);
    assert_eq!(line[..5], [7, 5, 0, 0, 2]);
    assert_eq!(
        Tally::read_line(&definition, &line[1..]),
        Err(LineLength {
            expected: line.len(),
            found: line.len() - 1
        })
    );
}

fn option() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec!["good", "fair", "bad", "unknown"]))
}

prop_compose! {
    fn entries()(
        speed in option(),
        manner in option(),
        ways in prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c", "h", "i"]), 0..5),
        first in prop::option::of(prop::sample::select(vec!["yes", "no"])),
        more in prop::option::of("[a-z满意 ]{0,9}"),
    ) -> Entries {
        let mut entries = Entries::default();
        for (question, value) in [("speed", speed), ("manner", manner), ("first_time", first)] {
            if let Some(value) = value { entries.add(question, value); }
        }
        for way in ways { entries.add("ways", way); }
        if let Some(more) = more { entries.add("more", more); }
        entries
    }
}

proptest! {
    #[test]
    fn answers_survive_their_bytes(entries in entries()) {
        let definition = definition();
        let answers = parse(&definition, &entries).unwrap();
        let bytes = encode(&definition, &answers);
        prop_assert_eq!(bytes.len(), definition.width());
        let read = decode(&definition, &bytes).unwrap();
        prop_assert_eq!(encode(&definition, &read), bytes);
    }

    #[test]
    fn a_recount_agrees_with_the_count_kept_up(
        sheets in prop::collection::vec((entries(), 0..4_i64), 0..40),
    ) {
        let definition = with_marks();
        for state in SheetState::ALL {
            let mut kept = Tally::default();
            let mut by_marks: BTreeMap<Marks, Vec<u8>> = BTreeMap::new();
            for (entries, marks) in &sheets {
                let bytes = encode(&definition, &parse(&definition, entries).unwrap());
                let marks = Marks::parse(*marks).unwrap();
                kept.add(&definition, Booked { state, marks }, &bytes).unwrap();
                by_marks.entry(marks).or_default().extend(bytes);
            }
            let line = kept.line_up(&definition);
            prop_assert_eq!(&Tally::read_line(&definition, &line).unwrap(), &kept.answers);
            let mut again = Tally::default();
            for (marks, bytes) in &by_marks {
                let mut part = recount(&definition, state, bytes).unwrap();
                part.add_marks(Booked { state, marks: *marks }, part.sheets(state));
                again.add_all(&part);
            }
            prop_assert_eq!(&again, &kept);
            let with = |bit: i64| {
                let sheets = sheets.iter().filter(|(_, marks)| marks & bit != 0);
                u64::try_from(sheets.count()).unwrap()
            };
            let came_back = ![SheetState::Late, SheetState::Changed].contains(&state);
            let expected: Vec<(&str, [u64; 2])> = [("front_line", 1), ("new", 2)]
                .into_iter()
                .map(|(code, bit)| (code, [if state == SheetState::Valid { with(bit) } else { 0 }, with(bit)]))
                .filter(|(_, [_, returned])| came_back && *returned > 0)
                .collect();
            prop_assert_eq!(kept.marks(&definition).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_recount_of_ballots_agrees_with_the_counts_kept_up(
        sheets in prop::collection::vec(prop::collection::vec(entries(), 4), 0..20),
    ) {
        let definition = ballot();
        for state in [SheetState::Valid, SheetState::Invalid] {
            let mut kept = vec![Tally::default(); 4];
            let mut all = Vec::new();
            for lines in &sheets {
                let bytes = parse_ballot(&definition, lines).unwrap().encode(&definition);
                prop_assert_eq!(bytes.len(), 4 * definition.width());
                for (tally, line) in kept.iter_mut().zip(bytes.chunks(definition.width())) {
                    tally.add(&definition, unmarked(state), line).unwrap();
                }
                all.extend(bytes);
            }
            prop_assert_eq!(&recount_ballots(&definition, 4, state, &all).unwrap(), &kept);
            for (place, tally) in kept.iter().enumerate() {
                let line = tally.line_up(&definition);
                prop_assert_eq!(&Tally::read_line(&definition, &line).unwrap(), &tally.answers);
                let blank = sheets.iter().filter(|lines| parse(&definition, &lines[place]).unwrap().is_blank());
                let blank = if state == SheetState::Valid { blank.count() } else { 0 };
                prop_assert_eq!(tally.count(ABSTAINED.0, ABSTAINED.1), u64::try_from(blank).unwrap());
            }
        }
    }

    #[test]
    fn any_entry_is_an_answer_or_a_fault(question in "[a-z]{0,4}|speed|more", value in "\\PC{0,20}|.{0,20}") {
        let entries = Entries::from_iter([(question, value)]);
        if let Ok(answers) = parse(&definition(), &entries) {
            prop_assert!(answers.words().all(|(_, words)| !words.contains('\0') && words.chars().count() <= 10));
        }
    }

    #[test]
    fn any_bytes_are_a_sheet_or_an_error(bytes in prop::collection::vec(any::<u8>(), 6)) {
        let definition = definition();
        let decoded = decode(&definition, &bytes).is_ok();
        prop_assert_eq!(recount(&definition, SheetState::Valid, &bytes).is_ok(), decoded);
    }
}
