//! Figures of surveys: what is counted where, of how few, by which weights, and what a survey must have to have figures.

use domain::scheme::file::AnswerClass;
use serde_json::json;

use super::case::{Round, Table, decision, figure, gaps, rule};
use domain::explain::Explainer;
use domain::number::Ratio;
use domain::outcome::{GapKind, Shown, Term, Truth3};
use domain::reason::ReasonCode;

fn rate(keys: &str) -> String {
    format!("figure = \"satisfaction_rate\"{keys}")
}

/// Figures of the whole survey, of a question, a panel, a channel.
fn figures() -> Table {
    Table::new()
        .survey(&[])
        .look("whole", &rate(""))
        .look("a", &rate(", question = \"a\""))
        .look("b", &rate(", question = \"b\""))
        .look("p", &rate(", panel = \"p\""))
        .look("q", &rate(", panel = \"q\""))
        .look("web", &rate(", channel = \"web\""))
        .look("paper", &rate(", channel = \"paper\""))
}

/// The names under which a decision shows those figures, in the same order.
fn named(outcome: &domain::outcome::Outcome) -> Vec<String> {
    let rules = ["whole", "a", "b", "p", "q", "web", "paper"];
    let what = rules.map(|code| rule(outcome, "u", code).compared[0].what.to_string());
    what.to_vec()
}

#[test]
fn every_figure_counts_its_own_answers() {
    let round = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[1, 0, 0, 2], [2, 1, 0, 0]])
        .answers("u", ("p", "paper"), [[3, 0, 1, 0], [1, 0, 3, 0]])
        .answers("u", ("q", "web"), [[5, 5, 0, 0], [0, 0, 9, 1]]);
    let outcome = round.decide(&figures());
    let shown: Vec<(Shown, Vec<u64>)> = named(&outcome)
        .iter()
        .map(|what| {
            let found = figure(&outcome, "u", what);
            (
                found.value.clone(),
                found.classes.iter().map(|(_, count)| *count).collect(),
            )
        })
        .collect();
    let counts = |n, d, classes: [u64; 4]| (Shown::Counts(n, d), classes.to_vec());
    assert_eq!(
        shown,
        [
            counts(12, 31, [12, 6, 13, 3]),
            counts(9, 15, [9, 5, 1, 2]),
            counts(3, 16, [3, 1, 12, 1]),
            counts(7, 12, [7, 1, 4, 2]),
            counts(5, 19, [5, 5, 9, 1]),
            counts(8, 23, [8, 6, 9, 3]),
            counts(4, 8, [4, 0, 4, 0]),
        ]
    );
    let whole = &named(&outcome)[0];
    let classes: Vec<AnswerClass> = figure(&outcome, "u", whole)
        .classes
        .iter()
        .map(|(class, _)| *class)
        .collect();
    assert_eq!(classes, AnswerClass::ALL);
}

#[test]
fn a_figure_is_of_few_where_fewer_than_ten_answered_what_it_is_of() {
    // Ten answered the first question and nine the second, nine of them in one panel and by one channel.
    let round = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[9, 0, 0, 0], [8, 0, 0, 1]])
        .answers("u", ("q", "paper"), [[1, 0, 0, 0], [0, 0, 0, 0]]);
    let outcome = round.decide(&figures());
    let few = named(&outcome);
    let few: Vec<bool> = few
        .iter()
        .map(|what| figure(&outcome, "u", what).few)
        .collect();
    assert_eq!(few, [false, false, true, true, true, true, true]);
    let outcome = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[10, 0, 0, 0], [10, 0, 0, 0]])
        .answers("u", ("q", "paper"), [[9, 0, 0, 0], [9, 0, 0, 0]])
        .decide(&figures());
    let names = named(&outcome);
    let few: Vec<bool> = names
        .iter()
        .map(|what| figure(&outcome, "u", what).few)
        .collect();
    assert_eq!(few, [false, false, false, false, true, false, true]);
    // What a rule compares says the same, read back from a package as well.
    let text = serde_json::to_string(&outcome).unwrap();
    for outcome in [&outcome, &serde_json::from_str(&text).unwrap()] {
        assert!(rule(outcome, "u", "q").compared[0].few);
        assert!(!rule(outcome, "u", "p").compared[0].few);
    }
    // Nine answered each of two questions: eighteen answers, and still nine people.
    let outcome = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[9, 0, 0, 0], [9, 0, 0, 0]])
        .decide(&figures());
    assert!(figure(&outcome, "u", &named(&outcome)[0]).few);
}

#[test]
fn a_rate_shows_its_interval_and_classes_and_a_mean_shows_neither() {
    let table = Table::new()
        .survey(&[])
        .look("rate", &rate(""))
        .look("share", "figure = \"dissatisfied_share\"")
        .rule(
            "mean",
            "{ survey = { of = \"v\", figure = \"mean_score\" }, at_least = 10 }",
            "\"alert\"",
            "",
        );
    let outcome = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[10, 0, 0, 0], [5, 0, 5, 0]])
        .decide(&table);
    let found = |code: &str| figure(&outcome, "u", &rule(&outcome, "u", code).compared[0].what);
    let (rate, share, mean) = (found("rate"), found("share"), found("mean"));
    assert_eq!(
        [rate, share, mean].map(|figure| figure.text.to_string()),
        ["75%", "25%", "75"]
    );
    // 15 of 20 by Wilson: between 53.129 % and 88.814 %, shown to the outside.
    assert_eq!(rate.wilson_e4, Some((5312, 8882)));
    assert!(share.wilson_e4.is_some() && mean.wilson_e4.is_none());
    assert_eq!(rate.classes.len(), 4);
    assert!(share.classes.is_empty() && mean.classes.is_empty());
}

#[test]
fn points_that_tell_what_few_answered_are_alarming_and_stop_nobody() {
    let told = |shape: &str, satisfied: u32| {
        let measured = format!(
            "surveyed = {{ value = {{ survey = {{ of = \"v\", figure = \"satisfaction_rate\" }} }}, shape = {shape} }}\nmissing = \"zero\""
        );
        let table = Table::new()
            .with(
                "graded = { step = \"0.01\", several = \"mean\" }",
                &measured,
            )
            .survey(&[]);
        let outcome = Round::of(&[("u", None)])
            .answers("u", ("p", "web"), [[satisfied, 0, 1, 0], [0, 0, 0, 0]])
            .decide(&table);
        assert!(outcome.blocking().next().is_none());
        gaps(&outcome, GapKind::FewAnswers)
    };
    let line = "{ line = { zero_at = 0, full_at = 1 } }";
    let bands = "{ bands = [{ when = { at_least = \"90%\" }, points = 100 }, { when = { at_least = \"50%\" }, points = 60 }] }";
    for shape in [line, bands] {
        assert_eq!(told(shape, 8), ["u i"]);
        assert!(told(shape, 9).is_empty());
    }
    // That a bound is met or not may be told of few.
    assert!(told("{ threshold = { at_least = \"90%\" } }", 8).is_empty());
}

const WEIGHED: &str = "panel = [{ code = \"p\", name = { zh = \"群众\", en = \"public\" }, weight = 1 }, { code = \"q\", name = { zh = \"代表\", en = \"delegates\" }, weight = 3 }]";

#[test]
fn panels_weigh_in_a_pooled_survey_and_in_a_mean_of_questions() {
    let weighting = "weighting = { undefined_stratum = \"undefined\" }";
    let round = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[10, 0, 0, 0], [0, 0, 40, 0]])
        .answers("u", ("q", "web"), [[0, 0, 30, 0], [10, 0, 0, 0]]);
    let value = |combine: &str| {
        let combine = format!("combine = \"{combine}\"");
        let table = Table::new()
            .survey(&[WEIGHED, weighting, &combine])
            .look("whole", &rate(""))
            .look("first", &rate(", question = \"a\""));
        let outcome = round.decide(&table);
        ["whole", "first"].map(|code| rule(&outcome, "u", code).compared[0].left.to_string())
    };
    // Pooled: (1 × 10/50 + 3 × 10/40) / 4. By questions: ((1 × 1 + 3 × 0) / 4 + (1 × 0 + 3 × 1) / 4) / 2.
    assert_eq!(value("pooled"), ["19/80", "1/4"]);
    assert_eq!(value("mean_of_questions"), ["1/2", "1/4"]);
}

/// The parts of the whole survey's satisfaction rate, each as `what: share × value`, of questions that are averaged or
/// pooled. Shares make a whole, and shares times values the figure.
fn terms(table: &Table, round: &Round) -> Vec<String> {
    let outcome = round.decide(table);
    let found = figure(&outcome, "u", "survey/v/satisfaction_rate");
    let exact = |shown: &Shown| match shown {
        Shown::Counts(n, d) => Ratio::of_counts(*n, *d).unwrap(),
        Shown::Exact(value) => value.clone(),
        Shown::Missing => Ratio::zero(),
        other => panic!("{other:?}"),
    };
    if !found.terms.is_empty() {
        let sum = |of: fn(&Term, Ratio) -> Ratio| {
            let each = found.terms.iter().map(|term| of(term, exact(&term.value)));
            each.fold(Ratio::zero(), |sum, one| sum.add(&one))
        };
        assert_eq!(sum(|term, _| term.share.clone()), Ratio::one());
        assert_eq!(
            sum(|term, value| term.share.mul(&value)),
            exact(&found.value)
        );
    }
    let told = |term: &Term| {
        let what = term
            .what
            .strip_prefix("survey/v/satisfaction_rate")
            .unwrap();
        let few = if term.few { ", few" } else { "" };
        format!("{what}: {} × {}{few}", term.share, term.value)
    };
    found.terms.iter().map(told).collect()
}

const CHANNELS: &str =
    "channel = [{ code = \"web\", weight = \"40%\" }, { code = \"paper\", weight = \"60%\" }]";
const SHARE_OUT: &str = "weighting = { undefined_stratum = \"share_out\" }";
const BY_QUESTION: &str = "combine = \"mean_of_questions\"";

#[test]
fn a_weighted_figure_tells_its_parts_with_what_each_weighs() {
    let table = |keys: &[&str]| Table::new().survey(keys).look("whole", &rate(""));
    let round = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[10, 0, 0, 0], [0, 0, 40, 0]])
        .answers("u", ("q", "web"), [[0, 0, 30, 0], [9, 0, 0, 0]]);
    // All answers together have no parts.
    assert!(terms(&table(&[]), &round).is_empty());
    assert_eq!(
        terms(&table(&[BY_QUESTION]), &round),
        ["/question=a: 1/2 × 10/40", "/question=b: 1/2 × 9/49"]
    );
    assert_eq!(
        terms(&table(&[WEIGHED, SHARE_OUT]), &round),
        ["/panel=p: 1/4 × 10/50", "/panel=q: 3/4 × 9/39"]
    );
    assert_eq!(
        terms(&table(&[WEIGHED, SHARE_OUT, BY_QUESTION]), &round),
        [
            "/question=a/panel=p: 1/8 × 10/10",
            "/question=a/panel=q: 3/8 × 0/30",
            "/question=b/panel=p: 1/8 × 0/40",
            "/question=b/panel=q: 3/8 × 9/9, few"
        ]
    );
    // Of paper there is nothing, and of each panel the web weighs the whole.
    assert_eq!(
        terms(&table(&[WEIGHED, CHANNELS, SHARE_OUT]), &round),
        [
            "/panel=p/channel=web: 1/4 × 10/50",
            "/panel=p/channel=paper: 0 × ?",
            "/panel=q/channel=web: 3/4 × 9/39",
            "/panel=q/channel=paper: 0 × ?"
        ]
    );
    let paper = round.answers("u", ("p", "paper"), [[3, 0, 1, 0], [0, 0, 0, 0]]);
    assert_eq!(
        terms(&table(&[WEIGHED, CHANNELS, SHARE_OUT]), &paper),
        [
            "/panel=p/channel=web: 1/10 × 10/50",
            "/panel=p/channel=paper: 3/20 × 3/4, few",
            "/panel=q/channel=web: 3/4 × 9/39",
            "/panel=q/channel=paper: 0 × ?"
        ]
    );
    // Where one must not be missing there is no figure, and nothing that it would be the mean of.
    let strict = "weighting = { undefined_stratum = \"undefined\" }";
    assert!(terms(&table(&[WEIGHED, CHANNELS, strict]), &paper).is_empty());
    // One panel that weighs all is the figure.
    let alone = WEIGHED.replace("weight = 1", "weight = 0");
    assert!(terms(&table(&[&alone, SHARE_OUT]), &paper).is_empty());
}

#[test]
fn parts_read_as_a_sum_and_are_withheld_together_where_one_has_few_answers() {
    let table = Table::new()
        .survey(&[WEIGHED, CHANNELS, SHARE_OUT])
        .look("whole", &rate(""));
    let scheme = table.scheme();
    let told = |paper: u32, withholding: bool| {
        let round = Round::of(&[("u", Some(95))])
            .answers("u", ("p", "web"), [[30, 0, 10, 0], [0, 0, 0, 0]])
            .answers("u", ("p", "paper"), [[paper, 0, 1, 0], [0, 0, 0, 0]]);
        let outcome = round.decide(&table);
        let explainer = Explainer::new(&scheme, []);
        let explainer = if withholding {
            explainer.withholding()
        } else {
            explainer
        };
        explainer.figure(figure(&outcome, "u", "survey/v/satisfaction_rate"))
    };
    let whole = told(9, false);
    assert_eq!(
        whole.zh,
        "21/25（84%）（加权平均：“群众·网络” 30/40（75%），占40%；“群众·纸质” 9/10（90%），占60%；“代表·网络”无人作答，权重由其余分担；“代表·纸质”无人作答，权重由其余分担）（匿名公开参加，不查重）"
    );
    assert_eq!(
        whole.en,
        "21/25 (84%) (the weighted mean of: “public, web” 30/40 (75%), weighing 40%; “public, paper” 9/10 (90%), weighing 60%; “delegates, web”: nobody answered, and the others share its weight; “delegates, paper”: nobody answered, and the others share its weight) (anonymous and open: no duplicates are sought)"
    );
    assert_eq!(told(9, true), whole);
    // Of nine answers on paper the web's figure would tell what they are.
    assert!(told(8, false).en.contains("“public, paper” 8/9"));
    let kept = told(8, true);
    assert!(
        !kept.en.contains("30/40") && kept.en.contains("fewer than 10 answers"),
        "{}",
        kept.en
    );
    assert!(
        !kept.zh.contains("30/40") && kept.zh.contains("不足10份"),
        "{}",
        kept.zh
    );
}

#[test]
fn a_survey_with_just_as_many_sheets_as_demanded_has_figures() {
    // Ten valid sheets; four of them rate anything.
    let round =
        Round::of(&[("u", Some(95))]).answers("u", ("p", "web"), [[4, 0, 0, 6], [4, 0, 0, 0]]);
    let fired = |keys: &[&str], least: u32| {
        let demand = format!("demand = {{ least_valid = {least} }}");
        let keys = [&[demand.as_str()], keys].concat();
        let table = Table::new().survey(&keys).look("whole", &rate(""));
        let outcome = round.decide(&table);
        let whole = rule(&outcome, "u", "whole");
        let why = whole.compared[0].why().map(|why| why.values.join(" "));
        (whole.fired, why)
    };
    let short = |values: &str| (Truth3::Undetermined, Some(values.to_owned()));
    assert_eq!(fired(&[], 10), (Truth3::True, None));
    assert_eq!(fired(&[], 11), short("10 11"));
    // Of ballots only lines that rate the unit are about it.
    let ballot = ["ballot = { one_for = \"round\" }"];
    assert_eq!(fired(&ballot, 4), (Truth3::True, None));
    assert_eq!(fired(&ballot, 5), short("4 5"));
}

#[test]
fn a_least_share_counts_the_panels_that_it_names() {
    let table = |panels: &str, share: &str| {
        let demand = format!(
            "demand = {{ share = [{{ panels = [{panels}], among = \"returned\", at_least = \"{share}\" }}] }}"
        );
        Table::new().survey(&[&demand]).look("whole", &rate(""))
    };
    let round = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[6, 0, 0, 0], [6, 0, 0, 0]])
        .answers("u", ("q", "web"), [[4, 0, 0, 0], [4, 0, 0, 0]]);
    for (panels, share, fired) in [
        ("\"q\"", "40%", Truth3::True),
        ("\"q\"", "41%", Truth3::Undetermined),
        ("\"p\"", "60%", Truth3::True),
        ("\"p\", \"q\"", "100%", Truth3::True),
    ] {
        let outcome = round.decide(&table(panels, share));
        assert_eq!(
            rule(&outcome, "u", "whole").fired,
            fired,
            "{panels} {share}"
        );
    }
}

#[test]
fn the_lower_end_of_an_interval_reaches_a_bound_exactly() {
    let table = |bound: &str| {
        let when = format!(
            "{{ survey = {{ of = \"v\", figure = \"satisfaction_rate\", question = \"a\", lower_bound = true }}, at_least = \"{bound}\" }}"
        );
        Table::new()
            .survey(&[])
            .rule("sure", &when, "\"alert\"", "")
    };
    let fired = |counts: [u32; 4], bound: &str| {
        let outcome = Round::of(&[("u", Some(95))])
            .answers("u", ("p", "web"), [counts, [0, 0, 0, 0]])
            .decide(&table(bound));
        rule(&outcome, "u", "sure").fired
    };
    // Nothing but satisfied answers reach 100 % only where nothing can be above it.
    assert_eq!(fired([10, 0, 0, 0], "100%"), Truth3::True);
    assert_eq!(fired([90, 0, 10, 0], "90%"), Truth3::False);
    // Far below the bound the square of the distance is large too.
    assert_eq!(fired([1, 0, 99, 0], "90%"), Truth3::False);
    // 96 of 100 against 90 %: 100 × 0.06² = 0.36 ≥ 3.8416 × 0.09 = 0.3457; 95 of 100: 0.25 < 0.3457.
    assert_eq!(fired([96, 0, 4, 0], "90%"), Truth3::True);
    assert_eq!(fired([95, 0, 5, 0], "90%"), Truth3::False);
    assert_eq!(fired([0, 0, 0, 0], "90%"), Truth3::Undetermined);
}

#[test]
fn none_of_a_panel_counts_that_sent_back_more_sheets_than_were_issued_until_a_waiver_says_so() {
    let table = |validity: &str| Table::new().survey(&[validity]).look("whole", &rate(""));
    let strict = "validity = { batch_within_issued = true }";
    let round = |issued: u32| {
        Round::of(&[("u", Some(95))])
            .answers("u", ("p", "web"), [[6, 0, 0, 0], [6, 0, 0, 0]])
            .answers("u", ("p", "paper"), [[5, 0, 0, 0], [5, 0, 0, 0]])
            .answers("u", ("q", "web"), [[1, 0, 3, 0], [1, 0, 3, 0]])
            .row(
                "turnouts",
                json!({ "survey": "v", "subject": "u", "panel": "p", "issued": issued }),
            )
    };
    let found = |outcome: &domain::outcome::Outcome| {
        let whole = rule(outcome, "u", "whole").compared[0].left.to_string();
        let open: Vec<String> = (outcome.blocking())
            .map(|gap| {
                format!(
                    "{:?} {} {}",
                    gap.kind,
                    gap.place,
                    gap.reason.values.join("/")
                )
            })
            .collect();
        (whole, open)
    };
    // As many as were issued; one more; where the scheme lets them stand; where somebody decided that they do.
    assert_eq!(
        found(&round(11).decide(&table(strict))),
        ("24/30".to_owned(), vec![])
    );
    assert_eq!(
        found(&round(10).decide(&table(strict))),
        (
            "2/8".to_owned(),
            vec!["MoreThanIssued v p/11/10".to_owned()]
        )
    );
    assert_eq!(
        found(&round(10).decide(&table(""))),
        ("24/30".to_owned(), vec![])
    );
    let waived = round(10).waiver("u", &json!({ "batch": "v/p" }), &json!("counted"));
    assert_eq!(
        found(&waived.decide(&table(strict))),
        ("24/30".to_owned(), vec![])
    );
    // Without the rule nobody is stopped, but told; with it, told by it alone.
    let told = |issued: u32, validity: &str| {
        gaps(
            &round(issued).decide(&table(validity)),
            GapKind::MoreThanIssued,
        )
    };
    assert!(told(11, "").is_empty() && told(11, strict).is_empty());
    assert_eq!(told(10, ""), ["u v"]);
    assert_eq!(told(10, strict), ["u v"]);
    // The waiver of another panel is none of this one, and one of a panel that is not there is refused.
    let other = round(10).waiver("u", &json!({ "batch": "v/q" }), &json!("counted"));
    assert_eq!(found(&other.decide(&table(strict))).0, "2/8");
    let nobody = round(10).waiver("u", &json!({ "batch": "v/z" }), &json!("counted"));
    assert_eq!(nobody.faults(&table(strict)), ["waivers/0: unknown_name"]);
}

/// A rule for each who answers the first question so; it may ask for more than the one that it takes alone.
fn per_answer(table: Table, code: &str, least: u32) -> Table {
    let when = format!(
        "{{ answers = {{ of = \"v\", question = \"a\", options = [\"d\"] }}, at_least = {least} }}"
    );
    table.rule(code, &when, "\"alert\"", "per_event = true")
}

#[test]
fn fewer_than_ten_answers_are_few_in_what_is_compared_and_in_what_follows() {
    let table = per_answer(Table::new().survey(&[]), "each", 1);
    let table = per_answer(table, "never", 2);
    for (count, few) in [(9, true), (10, false)] {
        let outcome = Round::of(&[("u", Some(95))])
            .answers("u", ("p", "web"), [[20, 0, count, 0], [20, 0, 0, 0]])
            .decide(&table);
        assert_eq!(rule(&outcome, "u", "never").compared[0].few, few, "{count}");
        let consequences = &decision(&outcome, "u").consequences;
        let told: Vec<(&str, bool)> = (consequences.iter())
            .map(|one| (one.rule.as_ref(), one.few))
            .collect();
        assert_eq!(told, [("each", few)], "{count}");
    }
}

#[test]
fn a_ballots_figure_tells_the_lines_of_its_own_panel_and_channel() {
    let mut table = Table::new().survey(&["ballot = { one_for = \"round\" }"]);
    let strata = [
        "",
        ", panel = \"p\"",
        ", channel = \"web\"",
        ", panel = \"p\", channel = \"web\"",
    ];
    for (place, keys) in strata.iter().enumerate() {
        table = table.look(&format!("of-{place}"), &rate(keys));
    }
    let lines = |panel: &str, channel: &str, valid: u32, rated: u32, abstained: u32| {
        json!({ "survey": "v", "subject": "u", "panel": panel, "channel": channel, "valid": valid, "rated": rated,
            "abstained": abstained, "invalid": 0, "replaced": 0, "late": 0 })
    };
    let round = Round::of(&[("u", Some(95))])
        .row("sheets", lines("p", "web", 40, 30, 10))
        .row("sheets", lines("p", "paper", 8, 7, 1))
        .row("sheets", lines("q", "web", 5, 3, 2))
        .row("sheets", lines("q", "paper", 100, 99, 0));
    let outcome = round.decide(&table);
    let told = |place: usize| {
        let what = &rule(&outcome, "u", &format!("of-{place}")).compared[0].what;
        let lines = figure(&outcome, "u", what).lines.as_deref();
        lines.map(|lines| [lines.valid, lines.rated, lines.abstained])
    };
    let told: Vec<[u64; 3]> = (0..strata.len()).filter_map(told).collect();
    assert_eq!(
        told,
        [[153, 139, 13], [48, 37, 11], [45, 33, 12], [40, 30, 10]]
    );
}

#[test]
fn a_rule_per_answer_fires_for_each_there_is_and_never_for_none() {
    // Of each alone there is at most one; of none as well, but then there is nothing to fire for.
    let when = r#"{ answers = { of = "v", question = "a", options = ["d"] }, at_most = 1 }"#;
    let table = Table::new()
        .survey(&[])
        .rule("each", when, "\"alert\"", "per_event = true");
    for (count, fired, told) in [(0, Truth3::False, None), (12, Truth3::True, Some(12))] {
        let outcome = Round::of(&[("u", Some(95))])
            .answers("u", ("p", "web"), [[20, 0, count, 0], [20, 0, 0, 0]])
            .decide(&table);
        assert_eq!(rule(&outcome, "u", "each").fired, fired);
        let consequences = &decision(&outcome, "u").consequences;
        let answers = consequences.first().and_then(|one| one.answers);
        assert_eq!(
            (consequences.len(), answers),
            (usize::from(told.is_some()), told)
        );
    }
}

#[test]
fn a_rule_per_answer_takes_one_alone_of_what_it_fires_for_and_all_of_what_else_it_looks_at() {
    let of = |question: &str, limit: &str| {
        format!(
            "{{ answers = {{ of = \"v\", question = \"{question}\", options = [\"d\"] }}, {limit} }}"
        )
    };
    let when = format!(
        "{{ all = [{}, {}] }}",
        of("a", "at_most = 1"),
        of("b", "at_least = 2")
    );
    let table = Table::new()
        .survey(&[])
        .rule("both", &when, "\"alert\"", "per_event = true");
    let outcome = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[20, 0, 15, 0], [20, 0, 12, 0]])
        .decide(&table);
    let told = decision(&outcome, "u")
        .consequences
        .iter()
        .map(|one| one.answers);
    assert_eq!(told.collect::<Vec<_>>(), [Some(15)]);
}

#[test]
fn only_a_survey_that_is_both_open_and_sealed_shows_neither_figures_nor_answers() {
    for (sealed, is_open) in [(false, false), (false, true), (true, false), (true, true)] {
        let table = Table::new()
            .survey(&[&format!("sealed = {sealed}")])
            .look("whole", &rate(""));
        let table = per_answer(table, "each", 1);
        let mut round = Round::of(&[("u", Some(95))]).answers(
            "u",
            ("p", "web"),
            [[20, 0, 5, 0], [20, 0, 5, 0]],
        );
        if is_open {
            round = round.open("v");
        }
        let outcome = round.decide(&table);
        for code in ["whole", "each"] {
            let compared = &rule(&outcome, "u", code).compared[0];
            let is_shown = compared.left != Shown::Missing;
            assert_eq!(is_shown, !(sealed && is_open), "{code} {sealed} {is_open}");
        }
    }
}

#[test]
fn a_share_of_those_invited_is_unknown_where_one_panel_does_not_tell_how_many_were() {
    let table = Table::new()
        .survey(&[
            "demand = { share = [{ panels = [\"p\"], among = \"invited\", at_least = \"50%\" }] }",
        ])
        .look("whole", &rate(""));
    let round = Round::of(&[("u", Some(95))])
        .answers("u", ("p", "web"), [[6, 0, 0, 0], [6, 0, 0, 0]])
        .answers("u", ("q", "web"), [[4, 0, 0, 0], [4, 0, 0, 0]]);
    let fired = |turnouts: &[serde_json::Value]| {
        let round = turnouts.iter().fold(round.clone(), |round, row| {
            round.row("turnouts", row.clone())
        });
        rule(&round.decide(&table), "u", "whole").fired
    };
    let p = json!({ "survey": "v", "subject": "u", "panel": "p", "invited": 20 });
    let q = |invited: Option<u32>| json!({ "survey": "v", "subject": "u", "panel": "q", "invited": invited });
    assert_eq!(fired(&[p.clone(), q(Some(20))]), Truth3::True);
    assert_eq!(fired(&[p.clone(), q(Some(21))]), Truth3::Undetermined);
    assert_eq!(fired(&[p.clone(), q(None)]), Truth3::Undetermined);
    assert_eq!(fired(&[p]), Truth3::Undetermined);
    assert_eq!(fired(&[]), Truth3::Undetermined);
}

#[test]
fn answers_on_a_scale_of_numbers_are_counted_by_their_number() {
    let numbers = "[[scale]]\ncode = \"ten\"\nnumbers = { from = 1, to = 10, dissatisfied_to = 4, satisfied_from = 7, zero_at = 1, full_at = 10 }\noption = [{ code = \"dk\", label = { zh = \"不了解\", en = \"do not know\" }, class = \"no_opinion\" }]";
    let rule_for = |table: Table, code: &str, option: &str| {
        let when = format!(
            "{{ answers = {{ of = \"v\", question = \"a\", options = [\"{option}\"] }}, at_least = 1 }}"
        );
        table.rule(code, &when, "\"alert\"", "per_event = true")
    };
    let table = Table::new().survey(&[]).and(numbers).with(
        "code = \"a\", text = { zh = \"甲问\", en = \"a\" }, scale = \"four\"",
        "code = \"a\", text = { zh = \"甲问\", en = \"a\" }, scale = \"ten\"",
    );
    let table = rule_for(rule_for(table, "one", "1"), "unknown", "dk");
    let tally = |option: &str, count: u32| json!({ "survey": "v", "subject": "u", "panel": "p", "channel": "web", "question": "a", "option": option, "count": count });
    let round = Round::of(&[("u", Some(95))])
        .row("tallies", tally("1", 3))
        .row("tallies", tally("10", 17))
        .row("sheets", json!({ "survey": "v", "subject": "u", "panel": "p", "channel": "web", "valid": 20, "rated": 20, "invalid": 0, "replaced": 0, "late": 0 }));
    let outcome = round.decide(&table);
    let told: Vec<(&str, Option<u64>)> = (decision(&outcome, "u").consequences.iter())
        .map(|one| (one.rule.as_ref(), one.answers))
        .collect();
    assert_eq!(told, [("one", Some(3))]);
}

#[test]
fn a_quorum_is_of_everybody_entitled_and_lies_on_its_side_of_the_bound() {
    let attended = |panel: &str, attended: u64, entitled: u64| json!({ "survey": "v", "subject": "a", "panel": panel, "attended": attended, "entitled": entitled });
    let why = |bound: &str, turnouts: &[serde_json::Value]| {
        let table = Table::new()
            .survey(&[&format!("demand = {{ attended = {{ {bound} }} }}")])
            .look("all", "figure = \"satisfaction_rate\"");
        let round = Round::of(&[("a", Some(95))])
            .answers("a", ("p", "web"), [[9, 1, 0, 0], [10, 0, 0, 0]])
            .answers("a", ("q", "web"), [[9, 1, 0, 0], [10, 0, 0, 0]]);
        let row = |round: Round, row: &serde_json::Value| round.row("turnouts", row.clone());
        let outcome = turnouts.iter().fold(round, row).decide(&table);
        let figure = figure(&outcome, "a", "survey/v/satisfaction_rate");
        figure.why.as_ref().map(|why| why.code)
    };
    // Two thirds of all, over both panels together.
    let two_thirds = [attended("p", 19, 20), attended("q", 21, 40)];
    assert_eq!(why("at_least = \"2/3\"", &two_thirds), None);
    let short = Some(ReasonCode::AttendanceShort);
    assert_eq!(why("more_than = \"2/3\"", &two_thirds), short);
    let more = [attended("p", 20, 20), attended("q", 21, 40)];
    assert_eq!(why("more_than = \"2/3\"", &more), None);
    // Nobody of nobody is no share of anybody.
    let nobody = [attended("p", 0, 0), attended("q", 0, 0)];
    assert_eq!(why("at_least = 0", &nobody), short);
    // A panel that sent sheets and does not tell who came leaves it unknown, whatever the other one tells.
    let unknown = Some(ReasonCode::AttendanceUnknown);
    assert_eq!(why("at_least = \"2/3\"", &[attended("p", 20, 20)]), unknown);
    assert_eq!(why("at_least = \"2/3\"", &[]), unknown);
}
