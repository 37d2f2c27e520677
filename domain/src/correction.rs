//! Corrections (更正): what may change in a round that was closed, what stays frozen, and what is carried over.
//!
//! Whoever reopens a round names kinds of inputs. The inputs of the next revision are those of the one that is
//! corrected, with the rows of these kinds, and of no other, as they lie now: what is not named cannot slip in, however
//! it may have changed since. Deliberately absent: who may reopen, and when.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::inputs::{Inputs, Round, WaivedGap};
use crate::outcome::{Action, Gap, GapKind};
use crate::reason::{Reason, ReasonCode};

/// A kind of inputs that a reopening can name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// Who takes part, under which name, in which category and region, and whom they carry on.
    Roster,
    /// Relations between subjects.
    Relations,
    /// Points awarded by inspectors.
    Scores,
    /// Tasks done.
    Checklists,
    /// Values of measures.
    Measures,
    /// Facts, and confirmations that there was none.
    Facts,
    /// Grades that were recorded as proposed.
    ProposedGrades,
    /// Investigations and what they found.
    Investigations,
    /// Gaps that are waived.
    Waivers,
    /// Grades that the committee gives, and its choices among the tied.
    Adjustments,
    /// Grades in earlier rounds.
    History,
    /// Results of closed rounds that this one is composed of.
    ClosedRounds,
    /// Answers to the survey of this code, and who was asked.
    Survey(String),
}

impl InputKind {
    /// Every kind but surveys, which are named one by one.
    pub const PLAIN: [Self; 12] = [
        Self::Roster,
        Self::Relations,
        Self::Scores,
        Self::Checklists,
        Self::Measures,
        Self::Facts,
        Self::ProposedGrades,
        Self::Investigations,
        Self::Waivers,
        Self::Adjustments,
        Self::History,
        Self::ClosedRounds,
    ];
}

const SURVEY: &str = "survey:";

impl fmt::Display for InputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Roster => "roster",
            Self::Relations => "relations",
            Self::Scores => "scores",
            Self::Checklists => "checklists",
            Self::Measures => "measures",
            Self::Facts => "facts",
            Self::ProposedGrades => "proposed_grades",
            Self::Investigations => "investigations",
            Self::Waivers => "waivers",
            Self::Adjustments => "adjustments",
            Self::History => "history",
            Self::ClosedRounds => "closed_rounds",
            Self::Survey(code) => return write!(f, "{SURVEY}{code}"),
        })
    }
}

impl FromStr for InputKind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if let Some(code) = word.strip_prefix(SURVEY).filter(|code| !code.is_empty()) {
            return Ok(Self::Survey(code.to_owned()));
        }
        let mut plain = Self::PLAIN.into_iter();
        plain.find(|kind| kind.to_string() == word).ok_or_else(|| {
            let known = Self::PLAIN.map(|kind| kind.to_string()).join(", ");
            format!("`{word}` is no kind of inputs: name one of {known}, or `survey:CODE`")
        })
    }
}

/// The inputs of a revision that corrects another: of the kinds that are named as they lie now, of all others as they
/// were kept. Waivers, findings and what the committee decided are always taken as they lie: they are put in for this
/// round alone, and withdrawing one is part of every correction.
pub fn freeze(live: Inputs, kept: Inputs, named: &BTreeSet<InputKind>) -> Inputs {
    let may = |kind: InputKind| named.contains(&kind);
    let answers = |survey: &str| may(InputKind::Survey(survey.to_owned()));
    let (roster, closed, history) = (
        may(InputKind::Roster),
        may(InputKind::ClosedRounds),
        may(InputKind::History),
    );
    let known = roster.then(|| Known::of(&live));
    let mut regions = pick(roster, live.regions.clone(), kept.regions);
    if closed && !roster {
        // Results of closed rounds may lie in regions that nobody lay in before.
        let more: Vec<_> = (live.regions.into_iter())
            .filter(|region| !regions.iter().any(|known| known.code == region.code))
            .collect();
        regions.extend(more);
    }
    let mut inputs = Inputs {
        format: live.format,
        round: Round {
            open_surveys: by_survey(
                &answers,
                live.round.open_surveys,
                kept.round.open_surveys,
                String::as_str,
            ),
            earlier: pick(history, live.round.earlier, kept.round.earlier),
            ..kept.round
        },
        regions,
        subjects: pick(roster, live.subjects, kept.subjects),
        relations: pick(may(InputKind::Relations), live.relations, kept.relations),
        successions: pick(roster, live.successions, kept.successions),
        scores: pick(may(InputKind::Scores), live.scores, kept.scores),
        checklists: pick(may(InputKind::Checklists), live.checklists, kept.checklists),
        duty_lists: pick(roster, live.duty_lists, kept.duty_lists),
        measures: pick(may(InputKind::Measures), live.measures, kept.measures),
        facts: pick(may(InputKind::Facts), live.facts, kept.facts),
        nil_reports: pick(may(InputKind::Facts), live.nil_reports, kept.nil_reports),
        tallies: by_survey(&answers, live.tallies, kept.tallies, |row| &row.survey),
        sheets: by_survey(&answers, live.sheets, kept.sheets, |row| &row.survey),
        ballots: by_survey(&answers, live.ballots, kept.ballots, |row| &row.survey),
        turnouts: by_survey(&answers, live.turnouts, kept.turnouts, |row| &row.survey),
        investigations: live.investigations,
        history: pick(history, live.history, kept.history),
        closed_rounds: pick(closed, live.closed_rounds, kept.closed_rounds),
        closed_results: pick(closed, live.closed_results, kept.closed_results),
        proposed: pick(may(InputKind::ProposedGrades), live.proposed, kept.proposed),
        waivers: live.waivers,
        adjustments: live.adjustments,
        tie_choices: live.tie_choices,
        withheld: kept.withheld,
        given_labels: kept.given_labels,
    };
    if let Some(known) = known {
        known.retain(&mut inputs);
    }
    inputs
}

/// Whom rows may be about once the roster has changed: of somebody who left the round nothing is taken in.
struct Known {
    subjects: BTreeSet<String>,
    predecessors: BTreeSet<String>,
}

impl Known {
    fn of(live: &Inputs) -> Self {
        let successions = live.successions.iter();
        Self {
            subjects: live.subjects.iter().map(|one| one.code.clone()).collect(),
            predecessors: successions.map(|one| one.predecessor.clone()).collect(),
        }
    }

    fn retain(&self, inputs: &mut Inputs) {
        let takes_part = |code: &String| self.subjects.contains(code);
        let counts = |code: &String| takes_part(code) || self.predecessors.contains(code);
        (inputs.relations).retain(|row| takes_part(&row.from) && takes_part(&row.to));
        inputs.scores.retain(|row| takes_part(&row.subject));
        inputs.checklists.retain(|row| takes_part(&row.subject));
        inputs.duty_lists.retain(|row| takes_part(&row.subject));
        inputs.measures.retain(|row| counts(&row.subject));
        inputs.facts.retain(|row| counts(&row.subject));
        inputs.nil_reports.retain(|row| takes_part(&row.subject));
        inputs.tallies.retain(|row| takes_part(&row.subject));
        inputs.sheets.retain(|row| takes_part(&row.subject));
        inputs.turnouts.retain(|row| takes_part(&row.subject));
        inputs.history.retain(|row| counts(&row.subject));
        inputs.proposed.retain(|row| takes_part(&row.subject));
    }
}

fn pick<T>(named: bool, live: T, kept: T) -> T {
    if named { live } else { kept }
}

fn by_survey<T>(
    answers: &impl Fn(&str) -> bool,
    live: Vec<T>,
    kept: Vec<T>,
    survey: impl Fn(&T) -> &str,
) -> Vec<T> {
    let kept = kept.into_iter().filter(|row| !answers(survey(row)));
    let live = live.into_iter().filter(|row| answers(survey(row)));
    kept.chain(live).collect()
}

/// What people decided on the way to a revision and what is carried over to the one that corrects it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    /// What it is.
    pub kind: CarriedKind,
    /// Whom it is about, by code.
    pub subject: String,
    /// Of a waiver the gap, as `item/A1`, `rule/veto`, `batch/survey/panel`, `contradiction` or `grade`; of a finding the rule; of an
    /// adjustment the grade; of a choice the quota.
    pub place: String,
}

/// Kinds of what is carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CarriedKind {
    /// A waiver.
    Waiver,
    /// The finding of an investigation.
    Finding,
    /// A grade that the committee gave.
    Adjustment,
    /// Somebody whom the committee chose among the tied.
    TieChoice,
}

impl CarriedKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Waiver,
        Self::Finding,
        Self::Adjustment,
        Self::TieChoice,
    ];

    /// The word that is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiver => "waiver",
            Self::Finding => "finding",
            Self::Adjustment => "adjustment",
            Self::TieChoice => "tie_choice",
        }
    }

    /// The kind of a word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// How a waived gap is written: `item/A1`, `rule/veto`, `batch/survey/panel`, `contradiction` or `grade`.
pub fn name_gap(gap: &WaivedGap) -> String {
    match gap {
        WaivedGap::Item(code) => format!("item/{code}"),
        WaivedGap::Rule(code) => format!("rule/{code}"),
        WaivedGap::Contradiction => "contradiction".to_owned(),
        WaivedGap::Grade => "grade".to_owned(),
        WaivedGap::Batch(code) => format!("batch/{code}"),
    }
}

/// What stands now just as it stood in the revision that is corrected. What was changed or put in since was decided
/// anew and is not among it.
pub fn list_carried(kept: &Inputs, live: &Inputs) -> BTreeSet<Carried> {
    let carried = |kind, subject: &str, place: &str| Carried {
        kind,
        subject: subject.to_owned(),
        place: place.to_owned(),
    };
    let waivers = (kept.waivers.iter())
        .filter(|row| live.waivers.contains(row))
        .map(|row| carried(CarriedKind::Waiver, &row.subject, &name_gap(&row.gap)));
    let findings = (kept.investigations.iter())
        .filter(|row| row.finding.is_some() && live.investigations.contains(row))
        .map(|row| carried(CarriedKind::Finding, &row.subject, &row.rule));
    let adjustments = (kept.adjustments.iter())
        .filter(|row| live.adjustments.contains(row))
        .map(|row| carried(CarriedKind::Adjustment, &row.subject, &row.grade));
    let choices = (kept.tie_choices.iter())
        .filter(|row| live.tie_choices.contains(row))
        .map(|row| carried(CarriedKind::TieChoice, &row.subject, &row.quota));
    waivers
        .chain(findings)
        .chain(adjustments)
        .chain(choices)
        .collect()
}

impl Carried {
    /// What it is while nobody has confirmed it: it keeps the round from being closed again.
    pub fn to_gap(&self) -> Gap {
        Gap {
            subject: Some(Arc::from(self.subject.as_str())),
            kind: GapKind::Unconfirmed,
            place: Arc::from(self.place.as_str()),
            what: Some(Arc::from(self.kind.word())),
            reason: ReasonCode::CarriedOver.into(),
            blocks: true,
            action: Action::ConfirmCarried,
        }
    }
}

/// A revision of another round that a round rests on: by grades of its history, or by results that it is composed of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The code of the round.
    pub round: String,
    /// The number of its revision.
    pub revision: u32,
}

/// The revisions of other rounds that these inputs hold something of.
pub fn list_sources(inputs: &Inputs) -> BTreeSet<Source> {
    let source = |round: &str, revision| Source {
        round: round.to_owned(),
        revision,
    };
    let history = (inputs.history.iter())
        .filter_map(|row| row.revision.map(|revision| source(&row.round, revision)));
    let composed = (inputs.closed_rounds.iter()).map(|row| source(&row.round, row.revision));
    history.chain(composed).collect()
}

impl Source {
    /// What it is where that round has a later revision, or is being corrected: something to look at, for nothing is
    /// recomputed by itself.
    pub fn to_gap(&self, later: Later) -> Gap {
        let used = self.revision.to_string();
        Gap {
            subject: None,
            kind: GapKind::OutdatedSource,
            place: Arc::from(self.round.as_str()),
            what: None,
            reason: match later {
                Later::Revision(latest) => {
                    Reason::with(ReasonCode::SourceCorrected, [used, latest.to_string()])
                }
                Later::UnderWay => Reason::with(ReasonCode::SourceReopened, [used]),
            },
            blocks: false,
            action: Action::Look,
        }
    }
}

/// How a round went on after the revision that another rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// This is its latest revision.
    Revision(u32),
    /// It was reopened, and the next revision is not there yet.
    UnderWay,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document with a row in every list, marked by a word.
    fn inputs(mark: &str, finding: &str) -> Inputs {
        let json = serde_json::json!({
            "format": crate::inputs::FORMAT,
            "round": {
                "code": "r", "series": "s", "name": "轮", "period_from": "2026-01-01", "period_to": "2026-12-31",
                "time_zone": "Asia/Shanghai", "open_surveys": [], "earlier": [{ "code": mark, "closed_on": null }]
            },
            "regions": [{ "code": mark, "parent": null, "name": mark }],
            "subjects": [{ "code": mark, "kind": "unit", "category": "c", "region": mark, "name": mark }],
            "relations": [{ "kind": "leads", "from": mark, "to": mark, "from_on": null, "to_on": null }],
            "scores": [{ "subject": mark, "item": "A", "part": null, "period": null, "inspector": "i", "points": "1", "order": 0 }],
            "checklists": [{ "subject": mark, "item": "A", "done": 1, "tasks": 2, "undone": [2] }],
            "duty_lists": [{ "subject": mark, "item": "A", "tasks": ["a", "b"] }],
            "measures": [{ "subject": mark, "measure": "m", "period": "round", "value": "1" }],
            "facts": [{ "subject": mark, "kind": "case", "reference": "1", "event_on": null, "decision_on": null, "persons": 1, "fields": {} }],
            "nil_reports": [{ "subject": mark, "kind": "case" }],
            "tallies": [
                { "survey": "one", "subject": mark, "panel": "p", "channel": "web", "question": "q", "option": "a", "count": 1 },
                { "survey": "two", "subject": mark, "panel": "p", "channel": "web", "question": "q", "option": "a", "count": 1 }
            ],
            "investigations": [{ "subject": "u", "rule": "r", "by_hand": false, "finding": finding }],
            "history": [{ "subject": "u", "round": mark, "revision": 1, "grade": "good" }],
            "closed_rounds": [{ "round": mark, "revision": 2, "scheme": "s", "scheme_version": "1", "outcome_digest": "" }],
            "proposed": [{ "subject": mark, "grade": "good" }],
            "waivers": [{ "subject": "u", "gap": { "item": "A1" }, "holds": "held", "reason": "r" }],
            "adjustments": [{ "subject": "u", "grade": "good", "by": mark, "on": "2026-01-01", "reason": "r" }],
            "tie_choices": [{ "quota": "q", "subject": "u" }],
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        let survey = InputKind::Survey("public".to_owned());
        for kind in InputKind::PLAIN.into_iter().chain([survey]) {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for wrong in ["", "score", "survey:", "survey"] {
            assert!(wrong.parse::<InputKind>().unwrap_err().contains("scores"));
        }
    }

    #[test]
    fn what_is_not_named_stays_as_it_was_kept() {
        let frozen = freeze(
            inputs("now", "verified"),
            inputs("then", "verified"),
            &BTreeSet::new(),
        );
        let mut expected = inputs("then", "verified");
        // Decided for this round alone, and gone only where it was withdrawn.
        expected.adjustments = inputs("now", "verified").adjustments;
        assert_eq!(frozen, expected);
    }

    #[test]
    fn each_kind_lets_its_own_lists_through_and_no_other() {
        let survey = InputKind::Survey("two".to_owned());
        let mut moved = Vec::new();
        for kind in InputKind::PLAIN.into_iter().chain([survey]) {
            let (live, kept) = (inputs("now", "verified"), inputs("then", "verified"));
            let frozen = freeze(live, kept, &BTreeSet::from([kind.clone()]));
            let before = serde_json::to_value(inputs("then", "verified")).unwrap();
            let after = serde_json::to_value(&frozen).unwrap();
            let lists: Vec<&str> = (before.as_object().unwrap().keys())
                .filter(|list| *list != "adjustments" && before[*list] != after[*list])
                .map(String::as_str)
                .collect();
            moved.push(format!("{kind}: {}", lists.join(" ")));
        }
        assert_eq!(
            moved,
            [
                "roster: checklists duty_lists facts history measures nil_reports proposed regions relations scores subjects tallies",
                "relations: relations",
                "scores: scores",
                "checklists: checklists",
                "measures: measures",
                "facts: facts nil_reports",
                "proposed_grades: proposed",
                "investigations: ",
                "waivers: ",
                "adjustments: ",
                "history: history round",
                "closed_rounds: closed_rounds regions",
                "survey:two: tallies",
            ]
        );
    }

    #[test]
    fn what_stands_as_it_stood_is_carried_and_what_changed_was_decided_anew() {
        let kept = inputs("then", "verified");
        let carried = |live: &Inputs| -> Vec<String> {
            let all = list_carried(&kept, live);
            all.iter()
                .map(|one| format!("{}/{}", one.kind.word(), one.place))
                .collect()
        };
        assert_eq!(
            carried(&kept),
            [
                "waiver/item/A1",
                "finding/r",
                "adjustment/good",
                "tie_choice/q"
            ]
        );
        // Another finding, and an adjustment by somebody else.
        let live = inputs("now", "unfounded");
        assert_eq!(carried(&live), ["waiver/item/A1", "tie_choice/q"]);
    }

    #[test]
    fn sources_are_rounds_of_the_history_and_of_the_composition() {
        let sources: Vec<_> = list_sources(&inputs("x", "verified"))
            .into_iter()
            .map(|one| (one.round, one.revision))
            .collect();
        assert_eq!(sources, [("x".to_owned(), 1), ("x".to_owned(), 2)]);
    }
}
