//! Ballots: one admission and one receipt, a line for each subject, counted as they come and counted again.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::{Actor, Grant, Role};
use domain::id::{self, Id};
use domain::package;
use domain::survey::{
    ABSTAINED, BallotAnswers, Definition, Entries, RATED, SheetState, parse_ballot,
};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use service::audit::note::Signer;
use service::closeout::{Closing, PackageKind};
use service::intake::{
    Admitted, BallotSubmission, Beside, Booking, FormKey, Intake, IntakeSettings, InvitationToken,
    Proof, ReceiptStatus, RefusedAnswer, Submission,
};
use service::page::Page;
use service::region::RegionDraft;
use service::round::{RosterFilter, RoundAt, RoundDraft, RoundOpening};
use service::subject::SubjectDraft;
use service::survey::{
    Ballot, BallotFor, LinkFor, NewBallotInvitations, NewInvitations, NewLinks, RoundSurvey,
};
use service::waiver::Waiver;
use service::{Fault, Refusal};
use support::{World, on_both, plant};

use crate::intake::receipt;
use crate::stand::{recount, refusals};

mod contact;
mod entry;
mod mark;
mod page;

on_both!(
    the_subjects_of_a_region_stand_on_one_ballot_in_the_order_of_their_codes,
    a_ballot_is_one_sheet_and_a_line_for_each_subject,
    an_invitation_admits_to_one_ballot_and_a_retry_gets_the_same_receipt,
    of_many_copies_at_once_one_is_stored,
    ballots_and_other_sheets_wait_in_one_queue,
    a_ballot_after_the_closing_is_refused_and_a_retry_is_not,
    what_breaks_a_rule_of_validity_counts_for_nobody,
    a_round_with_ballots_is_recomputed_from_its_package,
    a_recount_of_ballots_notices_a_changed_tally,
    links_and_invitations_lead_to_ballots_that_are_there,
    whoever_runs_one_region_invites_to_its_ballot_alone,
    a_ballot_that_nobody_would_fill_in_is_refused,
    ballots_are_sealed_and_an_auditor_makes_the_tree_again
);

const SCHEME: &str = r#"
format = "mingjian-scheme/1"
version = "1"
code = "vote"
name = { zh = "评议", en = "vote" }
numbers = { decimals = 2, mode = "half_up" }
grading = { by = "total" }
closing = { two_people = false }
grade = [{ code = "good", name = { zh = "好", en = "Good" }, from = 60 }, { code = "poor", name = { zh = "差", en = "Poor" } }]
category = [
  { code = "head", kind = "person", name = { zh = "负责人", en = "Head" } },
  { code = "unit", kind = "unit", name = { zh = "单位", en = "Unit" } },
]
section = [
  { code = "h", kind = "common", for = ["head"], name = { zh = "评议", en = "Vote" }, max = 100 },
  { code = "u", kind = "common", for = ["unit"], name = { zh = "测评", en = "Survey" }, max = 100 },
]
item = [
  { code = "H", in = "h", name = { zh = "评议", en = "Vote" }, max = 100, surveyed = { value = { survey = { of = "meeting", figure = "mean_score" } }, shape = { line = { zero_at = 0, full_at = 100 } } } },
  { code = "U", in = "u", name = { zh = "测评", en = "Survey" }, max = 100, surveyed = { value = { survey = { of = "public", figure = "mean_score" } }, shape = { line = { zero_at = 0, full_at = 100 } } } },
]

[[scale]]
code = "three"
option = [
  { code = "good", label = { zh = "好", en = "Good" }, class = "satisfied", weight = 100 },
  { code = "bad", label = { zh = "差", en = "Poor" }, class = "dissatisfied", weight = 0 },
  { code = "unknown", label = { zh = "不了解", en = "Not known" }, class = "no_opinion" },
]

[[survey]]
code = "meeting"
name = { zh = "述责评议会", en = "Appraisal meeting" }
for = ["head"]
ballot = { one_for = "region" }
denominator = "rated"
combine = "pooled"
one_person = "first"
changeable = true
panel = [{ code = "delegates", name = { zh = "代表", en = "Delegates" } }]
channel = [{ code = "web" }, { code = "paper" }]
validity = { least_seconds = 3 }
demand = { returned_within_issued = true }
question = [
  { code = "duty", text = { zh = "履责", en = "Duty" }, scale = "three", required = true },
  { code = "work", text = { zh = "作风", en = "Work" }, scale = "three", required = true },
  { code = "more", text = { zh = "意见", en = "Comments" }, longest = 20 },
]

[[survey]]
code = "public"
name = { zh = "满意度测评", en = "Survey" }
for = ["unit"]
denominator = "rated"
combine = "pooled"
panel = [{ code = "users", name = { zh = "群众", en = "Public" } }]
channel = [{ code = "web" }]
question = [{ code = "overall", text = { zh = "总体", en = "Overall" }, scale = "three", required = true }]
"#;

const OPERATOR: &Actor = &Actor::Operator;

/// What is put into a line: the options of both questions; blank where there are none.
type Line<'a> = Option<(&'a str, &'a str)>;

struct Stand {
    world: World,
    intake: Intake,
    round: Id<id::Round>,
    meeting: RoundSurvey,
    public: RoundSurvey,
    ballots: Vec<Ballot>,
}

impl Stand {
    /// Three heads in the first region, one in the second, and a unit.
    async fn new(world: World) -> Self {
        Self::with(world, 3).await.unwrap()
    }

    async fn with(world: World, heads: usize) -> Result<Self, Fault> {
        Self::under(world, SCHEME, heads).await
    }

    async fn under(world: World, scheme: &str, heads: usize) -> Result<Self, Fault> {
        let service = &world.service;
        let mut regions = Vec::new();
        for code in ["east", "west"] {
            let draft = RegionDraft {
                parent: None,
                code: code.to_owned(),
                name: "虚构镇".to_owned(),
                name_en: "Fictional town".to_owned(),
            };
            regions.push(service.add_region(OPERATOR, draft).await?.id);
        }
        // In an order that is not that of their codes.
        let heads = (1..=heads).rev().map(|number| ("head", number, regions[0]));
        let others = [("head", 901, regions[1]), ("unit", 902, regions[0])];
        for (category, number, region) in heads.chain(others) {
            let draft = SubjectDraft {
                code: format!("{category}-{number:03}"),
                kind: if category == "head" {
                    domain::scheme::file::SubjectKind::Person
                } else {
                    domain::scheme::file::SubjectKind::Unit
                },
                category: category.to_owned(),
                region,
                name: format!("干部 {number:02}"),
                name_en: format!("Leader {number:02}"),
            };
            service.add_subject(OPERATOR, draft).await?;
        }
        let version = service.add_scheme_version(OPERATOR, scheme).await?;
        let draft = RoundDraft {
            code: "r".to_owned(),
            series: "r".to_owned(),
            name: "虚构轮次".to_owned(),
            name_en: "Fictional round".to_owned(),
            scheme_version: version.id,
            period_from: chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
            period_to: chrono::NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
            time_zone: "Asia/Shanghai".to_owned(),
        };
        let added = service.add_round(OPERATOR, draft).await?;
        let opening = RoundOpening {
            at: RoundAt {
                id: added.id,
                row_version: added.row_version,
            },
            region: None,
        };
        let round = service.open_round(OPERATOR, &opening).await?.id;
        let mut surveys = service.list_surveys_of(OPERATOR, &[round]).await?;
        let mut surveys = surveys.remove(&round).unwrap().into_iter();
        let (meeting, public) = (surveys.next().unwrap(), surveys.next().unwrap());
        for survey in [meeting.id, public.id] {
            service.open_survey(OPERATOR, survey).await?;
        }
        let mut ballots = service.list_ballots_of(OPERATOR, &[meeting.id]).await?;
        let intake = Intake::start(service.clone(), IntakeSettings::default()).await?;
        Ok(Self {
            ballots: ballots.remove(&meeting.id).unwrap_or_default(),
            intake,
            round,
            meeting,
            public,
            world,
        })
    }

    /// The subjects by their codes.
    async fn roster(&self) -> BTreeMap<String, Id<id::Subject>> {
        let page = Page {
            after: None,
            first: 100,
        };
        let service = &self.world.service;
        let part = service
            .list_round_subjects(OPERATOR, self.round, &RosterFilter::default(), page)
            .await
            .unwrap();
        let rows = part.rows.into_iter();
        rows.map(|row| (row.code, row.subject)).collect()
    }

    fn definition(&self) -> &Definition {
        &self.meeting.definition
    }

    fn wanted(&self, ballot: i64) -> BallotFor {
        BallotFor {
            survey: self.meeting.id,
            ballot,
            panel: "delegates".to_owned(),
            marks: Vec::new(),
        }
    }

    async fn invite(&self, count: usize) -> Vec<InvitationToken> {
        let new = NewBallotInvitations {
            wanted: self.wanted(1),
            count,
        };
        let issued = self
            .world
            .service
            .issue_ballot_invitations(OPERATOR, &new)
            .await;
        issued.unwrap().into_iter().map(|one| one.token).collect()
    }

    async fn admit(&self, token: &InvitationToken) -> Admitted {
        self.intake.admit(token).await.unwrap().unwrap()
    }

    /// A form that was drawn long enough ago.
    fn form(&self, admitted: &Admitted) -> FormKey {
        let key = self.intake.make_key(admitted).unwrap();
        self.world.clock.advance(Duration::from_secs(5));
        key
    }

    fn answers(&self, lines: &[Line<'_>]) -> BallotAnswers {
        let entries: Vec<Entries> = lines
            .iter()
            .map(|line| {
                line.iter()
                    .flat_map(|(duty, work)| [("duty", *duty), ("work", *work)])
                    .collect()
            })
            .collect();
        parse_ballot(self.definition(), &entries).unwrap()
    }

    async fn book(&self, admitted: &Admitted, key: FormKey, lines: &[Line<'_>]) -> Booking {
        let submission = BallotSubmission {
            admitted: admitted.clone(),
            key,
            answers: self.answers(lines),
            beside: Beside::default(),
        };
        self.intake.book_ballot(submission).await.unwrap()
    }

    /// An invitation, answered.
    async fn vote(&self, lines: &[Line<'_>]) -> Booking {
        let token = self.invite(1).await.remove(0);
        let admitted = self.admit(&token).await;
        let key = self.form(&admitted);
        self.book(&admitted, key, lines).await
    }

    /// By the code of the subject: valid, rated, blank and invalid lines, counted from the sheets and as kept up.
    async fn lines(&self) -> BTreeMap<i64, [u64; 4]> {
        let recount = recount(&self.world.service, self.meeting.id).await;
        assert_eq!(recount.differences, []);
        let mut lines: BTreeMap<i64, [u64; 4]> = BTreeMap::new();
        for (group, tally) in recount.tallies {
            let counts = [
                tally.sheets(SheetState::Valid),
                tally.count(RATED.0, RATED.1),
                tally.count(ABSTAINED.0, ABSTAINED.1),
                tally.sheets(SheetState::Invalid),
            ];
            // From whatever panel and on whatever way.
            let line = lines.entry(group.subject.number()).or_default();
            *line = std::array::from_fn(|place| line[place] + counts[place]);
        }
        lines
    }

    /// The same for the three lines of the first ballot.
    async fn first_ballot(&self) -> [[u64; 4]; 3] {
        let lines = self.lines().await;
        let of = |line: usize| {
            let subject = self.ballots[0].subjects[line].number();
            lines.get(&subject).copied().unwrap_or_default()
        };
        [of(0), of(1), of(2)]
    }
}

impl Stand {
    /// Somebody who may close the round.
    async fn administrator(&self) -> Actor {
        plant::add_staff(&self.world.service, &[(1, "admin")]).await;
        Actor::Staff {
            id: Id::new(1),
            login: "admin".to_owned(),
            grants: vec![Grant {
                role: Role::RoundAdministrator,
                region: None,
                category: None,
                round: None,
                subject: None,
            }],
        }
    }

    /// Closes the round, with nothing for whoever was rated by nobody.
    async fn close_round(&self, administrator: &Actor) -> Closing {
        let service = &self.world.service;
        let preflight = service.preflight(administrator, self.round).await.unwrap();
        let roster = self.roster().await;
        for gap in preflight.outcome.blocking() {
            let waiver = Waiver {
                round: self.round,
                subject: roster[gap.subject.as_deref().unwrap()],
                gap: domain::inputs::WaivedGap::Item(gap.place.to_string()),
                holds: domain::inputs::WaiverHolds::Points(domain::number::Points::ZERO),
                reason: "nobody rated it".to_owned(),
            };
            service.add_waiver(administrator, waiver).await.unwrap();
        }
        service
            .close_round(administrator, self.round)
            .await
            .unwrap()
    }
}

const GOOD: Line<'_> = Some(("good", "good"));
const MIXED: Line<'_> = Some(("bad", "good"));
/// The first is rated and nobody else.
const FIRST: [Line<'_>; 3] = [GOOD, None, None];

async fn the_subjects_of_a_region_stand_on_one_ballot_in_the_order_of_their_codes(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let mut found = Vec::new();
    for ballot in &stand.ballots {
        let subjects = service
            .find_subjects(OPERATOR, &ballot.subjects)
            .await
            .unwrap();
        let codes: Vec<String> = ballot
            .subjects
            .iter()
            .map(|subject| subjects[subject].content.code.clone())
            .collect();
        found.push((ballot.number, codes));
    }
    found.sort_by_key(|(_, codes)| codes.len());
    assert_eq!(found[0].1, ["head-901"]);
    assert_eq!(found[1].1, ["head-001", "head-002", "head-003"]);
}

async fn a_ballot_is_one_sheet_and_a_line_for_each_subject(world: World) {
    let stand = Stand::new(world).await;
    let booked = stand.vote(&[GOOD, None, MIXED]).await;
    stand
        .vote(&[None, None, Some(("unknown", "unknown"))])
        .await;
    assert_eq!(
        stand.first_ballot().await,
        [[2, 1, 1, 0], [2, 0, 2, 0], [2, 1, 0, 0]]
    );
    let found = stand.intake.find_receipt(&receipt(&booked)).await.unwrap();
    assert_eq!(found, ReceiptStatus::Counted);
    // Two sheets came in of two issued, however many lines they have.
    let service = &stand.world.service;
    let progress = service
        .list_progress_of(OPERATOR, &[stand.meeting.id])
        .await
        .unwrap();
    let panel = &progress[&stand.meeting.id][0];
    assert_eq!(panel.issued, Some(2));
    assert_eq!((panel.returned, &panel.sheets), (2, &None));
}

async fn an_invitation_admits_to_one_ballot_and_a_retry_gets_the_same_receipt(world: World) {
    let stand = Stand::new(world).await;
    let token = stand.invite(1).await.remove(0);
    let seen = stand.intake.find_ballot_invitation(&token).await.unwrap();
    assert!(!seen.unwrap().is_used);
    assert!(
        stand
            .intake
            .find_invitation(&token)
            .await
            .unwrap()
            .is_none(),
        "it is about no single subject"
    );
    let admitted = stand.admit(&token).await;
    let key = stand.form(&admitted);
    let first = receipt(&stand.book(&admitted, key, &[GOOD, None, None]).await);
    let again = receipt(&stand.book(&admitted, key, &[GOOD, None, None]).await);
    assert_eq!(first, again);
    let other = stand.book(&admitted, key, &[None, GOOD, None]).await;
    assert_eq!(other, Booking::Refused(RefusedAnswer::OtherAnswers));
    let fresh = stand.form(&admitted);
    let second = stand.book(&admitted, fresh, &[GOOD, None, None]).await;
    assert_eq!(second, Booking::Refused(RefusedAnswer::AlreadyAnswered));
    let seen = stand.intake.find_ballot_invitation(&token).await.unwrap();
    assert!(seen.unwrap().is_used);
    assert_eq!(stand.first_ballot().await[0], [1, 1, 0, 0]);
}

async fn of_many_copies_at_once_one_is_stored(world: World) {
    let stand = Stand::new(world).await;
    let token = stand.invite(1).await.remove(0);
    let admitted = stand.admit(&token).await;
    let key = stand.form(&admitted);
    let other = stand.form(&admitted);
    let copies = (0..20).map(|copy| {
        let key = if copy % 2 == 0 { key } else { other };
        stand.book(&admitted, key, &[GOOD, MIXED, None])
    });
    let booked = join_all(copies).await;
    let receipts: Vec<_> = booked
        .iter()
        .filter_map(|one| match one {
            Booking::Booked(receipt) => Some(*receipt),
            Booking::Refused(_) => None,
        })
        .collect();
    assert_eq!(receipts.len(), 10);
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(
        stand.first_ballot().await,
        [[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    );
}

async fn ballots_and_other_sheets_wait_in_one_queue(world: World) {
    let stand = Stand::new(world).await;
    let wanted = LinkFor {
        subject: stand.roster().await["unit-902"],
        panel: "users".to_owned(),
        marks: Vec::new(),
    };
    let link = stand
        .world
        .service
        .add_survey_link(OPERATOR, stand.public.id, wanted)
        .await
        .unwrap();
    let state = stand.intake.find_link(&link.code).await.unwrap().unwrap();
    let by_link = Admitted::by_link(state.link);
    let tokens = stand.invite(20).await;
    let mut ballots = Vec::new();
    for token in &tokens {
        let admitted = stand.admit(token).await;
        ballots.push((admitted.clone(), stand.form(&admitted)));
    }
    let sheets: Vec<FormKey> = (0..20).map(|_| stand.form(&by_link)).collect();
    let entries: Entries = [("overall", "good")].into_iter().collect();
    let answers = domain::survey::validate(&stand.public.definition, &entries).unwrap();
    let booked = join_all(ballots.iter().zip(&sheets).map(|((admitted, key), sheet)| {
        let submission = Submission {
            admitted: by_link.clone(),
            key: *sheet,
            answers: answers.clone(),
            beside: Beside::default(),
        };
        let ballot = stand.book(admitted, *key, &FIRST);
        let sheet = stand.intake.book(submission);
        async move { tokio::join!(ballot, sheet) }
    }))
    .await;
    for (ballot, sheet) in booked {
        assert!(matches!(ballot, Booking::Booked(_)));
        assert!(matches!(sheet, Ok(Booking::Booked(_))));
    }
    assert_eq!(stand.first_ballot().await[0], [20, 20, 0, 0]);
    let service = &stand.world.service;
    let public = recount(service, stand.public.id).await;
    assert_eq!(public.differences, []);
    assert_eq!(
        public
            .tallies
            .into_values()
            .next()
            .unwrap()
            .sheets(SheetState::Valid),
        20
    );
}

async fn a_ballot_after_the_closing_is_refused_and_a_retry_is_not(world: World) {
    let stand = Stand::new(world).await;
    let tokens = stand.invite(2).await;
    let (first, second) = (stand.admit(&tokens[0]).await, stand.admit(&tokens[1]).await);
    let (key, late) = (stand.form(&first), stand.form(&second));
    let booked = stand.book(&first, key, &[GOOD, None, None]).await;
    let service = &stand.world.service;
    service
        .close_survey(OPERATOR, stand.meeting.id, None)
        .await
        .unwrap();
    assert_eq!(stand.book(&first, key, &[GOOD, None, None]).await, booked);
    assert_eq!(
        stand.book(&second, late, &[GOOD, None, None]).await,
        Booking::Refused(RefusedAnswer::Closed)
    );
    assert_eq!(stand.first_ballot().await[0], [1, 1, 0, 0]);
}

async fn what_breaks_a_rule_of_validity_counts_for_nobody(world: World) {
    let stand = Stand::new(world).await;
    // A page does not send a line that is begun; whoever sends one all the same spoils the sheet.
    let spoilt = stand.vote(&[GOOD, Some(("good", "")), None]).await;
    let token = stand.invite(1).await.remove(0);
    let admitted = stand.admit(&token).await;
    let fast = stand.intake.make_key(&admitted).unwrap();
    stand.book(&admitted, fast, &[GOOD, GOOD, GOOD]).await;
    assert_eq!(stand.first_ballot().await, [[0, 0, 0, 2]; 3]);
    let found = stand.intake.find_receipt(&receipt(&spoilt)).await.unwrap();
    assert_eq!(found, ReceiptStatus::NotCounted);
}

async fn a_round_with_ballots_is_recomputed_from_its_package(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.vote(&[GOOD, MIXED, None]).await;
    stand.vote(&[GOOD, None, None]).await;
    stand
        .vote(&[MIXED, Some(("bad", "bad")), Some(("good", ""))])
        .await;
    for survey in [stand.meeting.id, stand.public.id] {
        service.close_survey(OPERATOR, survey, None).await.unwrap();
    }
    // Whoever was rated by nobody has no result; that is waived, so that the round can be closed.
    let preflight = service.preflight(OPERATOR, stand.round).await.unwrap();
    let total = |code: &str| preflight.outcome.find(code).unwrap().total;
    assert_eq!(total("head-001"), Some("100".parse().unwrap()));
    assert_eq!(total("head-002"), Some("50".parse().unwrap()));
    assert_eq!(total("head-003"), None);
    let figures = &preflight.outcome.find("head-002").unwrap().figures;
    let lines = figures
        .iter()
        .find_map(|figure| figure.lines.as_deref())
        .unwrap();
    assert_eq!([lines.valid, lines.rated, lines.abstained], [2, 1, 1]);

    let administrator = stand.administrator().await;
    let closing = stand.close_round(&administrator).await;
    for (kind, sheets) in [(PackageKind::Counts, 0), (PackageKind::Sheets, 3)] {
        let bytes = service
            .export_round(&administrator, stand.round, kind)
            .await
            .unwrap();
        let same = package::replay(&bytes).unwrap();
        assert_eq!(same.sheets, sheets);
        assert_eq!(same.outcome_digest, closing.revision.outcome_digest);
        if kind == PackageKind::Sheets {
            // One line of one ballot is moved to another subject: the counts no longer follow from the sheets.
            let text = String::from_utf8(bytes).unwrap();
            let turned = text.replacen(
                "[\"head-001\",\"head-002\"",
                "[\"head-002\",\"head-001\"",
                1,
            );
            assert_ne!(turned, text);
            assert!(package::replay(turned.as_bytes()).is_err());
        }
    }
}

async fn a_recount_of_ballots_notices_a_changed_tally(world: World) {
    let stand = Stand::new(world).await;
    stand.vote(&[GOOD, None, None]).await;
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    let subject = stand.ballots[0].subjects[1].number();
    let sql = format!("UPDATE sheet_tally SET count = 2 WHERE subject_id = {subject}");
    transaction.execute_unprepared(&sql).await.unwrap();
    transaction.commit().await.unwrap();
    let recount = recount(&stand.world.service, stand.meeting.id).await;
    let subjects: Vec<i64> = recount
        .differences
        .iter()
        .map(|one| one.group.subject.number())
        .collect();
    assert_eq!(subjects, [subject]);
}

async fn links_and_invitations_lead_to_ballots_that_are_there(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let code = |result: Result<(), Fault>| -> String {
        let found: Vec<Refusal> = refusals(result);
        found[0].code.clone()
    };
    let subject = stand.ballots[0].subjects[0];
    let about_one = NewInvitations {
        survey: stand.meeting.id,
        subject,
        panel: "delegates".to_owned(),
        marks: Vec::new(),
        count: 1,
    };
    let made = service.issue_survey_invitations(OPERATOR, &about_one).await;
    assert_eq!(code(made.map(drop)), "SURVEY_IS_BALLOT");
    let links = NewLinks {
        survey: stand.meeting.id,
        panel: "delegates".to_owned(),
        marks: Vec::new(),
        subjects: vec![subject],
    };
    let made = service.make_links(OPERATOR, &links).await;
    assert_eq!(code(made.map(drop)), "SURVEY_IS_BALLOT");
    let made = service.add_ballot_link(OPERATOR, &stand.wanted(7)).await;
    assert_eq!(code(made.map(drop)), "BALLOT_UNKNOWN");
    let wanted = BallotFor {
        survey: stand.public.id,
        ..stand.wanted(1)
    };
    let made = service.add_ballot_link(OPERATOR, &wanted).await;
    assert_eq!(code(made.map(drop)), "BALLOT_UNKNOWN");
    let wanted = BallotFor {
        panel: "nobody".to_owned(),
        ..stand.wanted(1)
    };
    let made = service.add_ballot_link(OPERATOR, &wanted).await;
    assert_eq!(code(made.map(drop)), "PANEL_UNKNOWN");
    let made = service
        .add_ballot_link(OPERATOR, &stand.wanted(1))
        .await
        .unwrap();
    let links = service.list_ballot_links(OPERATOR, stand.meeting.id).await;
    assert_eq!(links.unwrap(), [made]);
    service
        .close_survey(OPERATOR, stand.meeting.id, None)
        .await
        .unwrap();
    let made = service.add_ballot_link(OPERATOR, &stand.wanted(1)).await;
    assert_eq!(code(made.map(drop)), "SURVEY_CLOSED");
}

async fn whoever_runs_one_region_invites_to_its_ballot_alone(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let [one, other] = &stand.ballots[..] else {
        panic!("two ballots")
    };
    let actor = Actor::Staff {
        id: Id::new(1),
        login: "town".to_owned(),
        grants: vec![Grant {
            role: Role::RoundAdministrator,
            region: one.region,
            category: None,
            round: None,
            subject: None,
        }],
    };
    let denied = service
        .add_ballot_link(&actor, &stand.wanted(other.number))
        .await;
    assert!(matches!(denied, Err(Fault::Denied)));
    // The log names the person, who has to be there.
    plant::add_staff(service, &[(1, "town")]).await;
    service
        .add_ballot_link(&actor, &stand.wanted(one.number))
        .await
        .unwrap();
    let all = service.list_ballot_links(&actor, stand.meeting.id).await;
    assert!(matches!(all, Err(Fault::Denied)));
}

async fn a_ballot_that_nobody_would_fill_in_is_refused(world: World) {
    let refused = Stand::with(world, 201).await.map(drop);
    assert_eq!(refusals(refused)[0].code, "BALLOT_TOO_LONG");
}

async fn ballots_are_sealed_and_an_auditor_makes_the_tree_again(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let mut receipts = Vec::new();
    for lines in [[GOOD, MIXED, None], [MIXED, GOOD, None], [GOOD, GOOD, GOOD]] {
        receipts.push(receipt(&stand.vote(&lines).await));
    }
    for survey in [stand.meeting.id, stand.public.id] {
        service.close_survey(OPERATOR, survey, None).await.unwrap();
    }
    let signer = Signer::generate().unwrap();
    let seal = service
        .seal_survey(&signer, stand.meeting.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seal.size, 3);
    let again = service
        .seal_survey(&signer, stand.meeting.id)
        .await
        .unwrap();
    assert_eq!(again, None, "the same sheets");
    for receipt in &receipts {
        let Proof::Sealed(sealed) = stand.intake.prove_receipt(receipt).await.unwrap() else {
            panic!("not sealed");
        };
        let keys = verify::note::Keys::read([sealed.verifier_key.clone()]).unwrap();
        let proven = verify::receipt::check(&sealed.file, &receipt.to_string(), &keys).unwrap();
        assert_eq!((proven.size, proven.is_counted), (3, true));
    }

    // One of those on the ballot leaves the round: it is not named, and the tree can be made again all the same.
    let administrator = stand.administrator().await;
    let transaction = service.database.begin_write().await.unwrap();
    let leave = format!(
        "UPDATE round_subject SET left_on = '2026-06-01' WHERE subject_id = {}",
        stand.ballots[0].subjects[1].number()
    );
    transaction.execute_unprepared(&leave).await.unwrap();
    transaction.commit().await.unwrap();
    stand.close_round(&administrator).await;
    let bytes = service
        .export_round(&administrator, stand.round, PackageKind::Sheets)
        .await
        .unwrap();
    assert_eq!(package::replay(&bytes).unwrap().sheets, 3);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("\"gone\":[\"") && !text.contains("head-002"));
    // Of the lines of whoever left nothing is counted; the seal still binds them.
    let (before, rest) = text.split_once("\"answers\":\"").unwrap();
    let (answers, after) = rest.split_once('"').unwrap();
    let line = stand.definition().width() * 2;
    let (first, rest) = answers.split_at(line);
    let (second, rest) = rest.split_at(line);
    let forged = format!(
        "{before}\"answers\":\"{first}{}{rest}\"{after}",
        "0".repeat(second.len())
    );
    assert_ne!(forged, text);
    let difference = package::replay(forged.as_bytes()).unwrap_err();
    assert!(difference.path.ends_with("/seal"), "{difference}");
    // A mark changes places with another one.
    let (before, rest) = text.split_once("\"gone\":[\"").unwrap();
    let forged = format!("{before}\"gone\":[\"{}{}", &rest[1..2], &rest[1..]);
    let difference = package::replay(forged.as_bytes()).unwrap_err();
    assert!(difference.path.ends_with("/seal"), "{difference}");
}
