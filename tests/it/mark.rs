//! Marks of respondents: from link, invitation and table onto the sheet, into the tallies, and into a least share.

use std::collections::BTreeMap;

use domain::access::{Actor, Role};
use domain::id::{self, Id};
use domain::package::{self, Package};
use domain::scheme::Scheme;
use domain::scheme::file::Finding;
use domain::survey::{Definition, Entries, validate};
use sea_orm::ConnectionTrait;
use service::Service;
use service::closeout::PackageKind;
use service::inspection::import::{ImportKind, Report, Request, Row, Table};
use service::intake::{
    Admitted, Beside, Booking, Intake, IntakeSettings, InvitationToken, Submission,
};
use service::survey::{self, LinkFor, NewInvitations, NewSurvey};
use support::plant::{Plan, plant};
use support::poll::show_answers;
use support::{World, on_both};

use crate::contact::Post;
use crate::stand::{ROUND, SCHEME, recount, refusals, staff, subject};

mod moved;

on_both!(
    half_of_the_respondents_are_from_the_front_line_or_bortalas_survey_has_no_figures,
    a_sheet_takes_its_marks_from_what_admitted_its_respondent,
    marks_come_with_lists_of_contacts_and_are_recomputed_from_the_package,
    a_mark_that_the_survey_does_not_count_is_refused_wherever_it_is_given
);

const OPERATOR: &Actor = &Actor::Operator;
const BORTALA: &str = include_str!("../../schemes/bortala/county.toml");

/// Bortala's scheme with the share taken among other people than those invited.
fn bortala(among: &str) -> String {
    let text = BORTALA.replacen(
        "mark = \"front_line\", among = \"invited\"",
        &format!("mark = \"front_line\", among = \"{among}\""),
        1,
    );
    assert_ne!(text, BORTALA);
    text
}

fn table(columns: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rows: (2..)
            .zip(rows)
            .map(|(number, cells)| Row { number, cells })
            .collect(),
    }
}

async fn import(world: &World, survey: Id<id::Survey>, what: (ImportKind, Table)) -> Report {
    let (kind, table) = what;
    let request = Request {
        round: None,
        survey: Some(survey),
        kind,
        table,
        dry_run: false,
        leave_out: false,
        sample: None,
    };
    world.service.import(OPERATOR, request).await.unwrap()
}

/// Counts from the sheets, which must be those that were kept up: by subject, valid and returned ones of respondents who
/// bear the one mark that the survey counts.
pub async fn count_marked(
    service: &Service,
    (survey, definition): (Id<id::Survey>, &Definition),
) -> BTreeMap<i64, [u64; 2]> {
    let recount = recount(service, survey).await;
    assert_eq!(recount.differences, []);
    assert_eq!(definition.marks.len(), 1);
    let mut counts: BTreeMap<i64, [u64; 2]> = BTreeMap::new();
    for (group, tally) in &recount.tallies {
        let [valid, returned] = counts.entry(group.subject.number()).or_default();
        for (_, [more_valid, more_returned]) in tally.marks(definition) {
            *valid += more_valid;
            *returned += more_returned;
        }
    }
    counts
}

/// Bortala's survey of opinion about two leading teams.
struct Poll {
    world: World,
    intake: Intake,
    survey: Id<id::Survey>,
    definition: Definition,
}

impl Poll {
    async fn new(world: World, scheme: &str) -> Self {
        let parsed = Scheme::parse(scheme).unwrap_or_else(|faults| panic!("{faults:?}"));
        let mut asked = parsed.file.survey.iter();
        let asked = asked
            .find(|survey| survey.code == "public_opinion")
            .unwrap();
        let definition = Definition::of(asked, &parsed.file.scale).unwrap();
        let transaction = world.service.database.begin_write().await.unwrap();
        plant(&transaction, Plan { scheme, units: 2 }).await;
        for table in ["subject", "round_subject"] {
            let sql = format!("UPDATE {table} SET category = 'team'");
            transaction.execute_unprepared(&sql).await.unwrap();
        }
        let sql = "UPDATE subject SET kind = 'team'";
        transaction.execute_unprepared(sql).await.unwrap();
        let new = NewSurvey {
            round: ROUND,
            definition: &definition,
            opens_at: None,
            closes_at: None,
        };
        let ids = &world.service.ids;
        let survey = survey::add(&transaction, ids, new).await.unwrap();
        survey::open(&transaction, survey).await.unwrap();
        transaction.commit().await.unwrap();
        let settings = IntakeSettings::default();
        Self {
            intake: Intake::start(world.service.clone(), settings)
                .await
                .unwrap(),
            world,
            survey,
            definition,
        }
    }

    async fn invite(
        &self,
        (unit, panel): (i64, &str),
        marks: &[&str],
        count: usize,
    ) -> Vec<InvitationToken> {
        let new = NewInvitations {
            survey: self.survey,
            subject: subject(unit),
            panel: panel.to_owned(),
            marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
            count,
        };
        let service = &self.world.service;
        let issued = service.issue_survey_invitations(OPERATOR, &new).await;
        issued.unwrap().into_iter().map(|one| one.token).collect()
    }

    async fn answer(&self, admitted: Admitted) {
        let key = self.intake.make_key(&admitted).unwrap();
        let entries: Entries = [("overall", "satisfied")].into_iter().collect();
        let submission = Submission {
            admitted,
            key,
            answers: validate(&self.definition, &entries).unwrap(),
            beside: Beside::default(),
        };
        let booked = self.intake.book(submission).await.unwrap();
        assert!(matches!(booked, Booking::Booked(_)), "{booked:?}");
    }

    async fn answer_by(&self, tokens: &[InvitationToken]) {
        for token in tokens {
            let admitted = self.intake.admit(token).await.unwrap().unwrap();
            self.answer(admitted).await;
        }
    }

    /// Sheets on paper: the code of an invitation, marks, and how the question was answered.
    async fn enter(&self, unit: i64, rows: &[(&str, &str, &str)]) -> Report {
        let rows = rows.iter().map(|(code, marks, option)| {
            let (whom, panel) = match *code {
                "" => (format!("u-{unit:03}"), "service_users"),
                _ => (String::new(), ""),
            };
            let cells = [whom.as_str(), panel, "paper", code, marks, option];
            cells.map(str::to_owned).to_vec()
        });
        let columns = ["subject", "panel", "channel", "code", "marks", "overall"];
        let table = table(&columns, rows.collect());
        import(&self.world, self.survey, (ImportKind::Answers, table)).await
    }

    async fn report_issued(&self, unit: i64, count: u32) {
        let row = [
            format!("u-{unit:03}"),
            "service_users".into(),
            "paper".into(),
            count.to_string(),
        ];
        let table = table(
            &["subject", "panel", "channel", "issued"],
            vec![row.to_vec()],
        );
        let report = import(&self.world, self.survey, (ImportKind::Issues, table)).await;
        assert!(report.stored, "{report:?}");
    }

    /// By unit, valid and returned sheets of the front line.
    async fn front_line(&self) -> BTreeMap<i64, [u64; 2]> {
        count_marked(&self.world.service, (self.survey, &self.definition)).await
    }

    /// Why a unit's survey has no figures, if what was answered is shown; nothing where it has.
    async fn why(&self, unit: i64) -> Option<String> {
        show_answers(&self.world.service).await;
        let preflight = self.world.service.preflight(OPERATOR, ROUND).await.unwrap();
        let decision = preflight.outcome.find(&format!("u-{unit:03}")).unwrap();
        let mut figures = decision.figures.iter();
        let figure = figures.find(|one| &*one.what == "survey/public_opinion/satisfaction_rate");
        figure.unwrap().why.clone().map(|why| why.words().en)
    }
}

async fn half_of_the_respondents_are_from_the_front_line_or_bortalas_survey_has_no_figures(
    world: World,
) {
    let poll = Poll::new(world, &bortala("valid")).await;
    // Of each team's twelve valid sheets six and five are from the front line: from invitations, from paper with a code,
    // and from paper without one.
    for (unit, on_paper) in [(1, "front_line"), (2, "")] {
        let front = poll.invite((unit, "delegates"), &["front_line"], 5).await;
        let others = poll.invite((unit, "commission"), &[], 5).await;
        poll.answer_by(&front[..4]).await;
        poll.answer_by(&others).await;
        poll.report_issued(unit, 5).await;
        let code = front[4].expose();
        let sheets = [
            (code.as_str(), "", "satisfied"),
            ("", on_paper, "dissatisfied"),
            ("", "", "satisfied"),
        ];
        let report = poll.enter(unit, &sheets).await;
        assert_eq!(report.made.as_deref(), Some("valid 3"), "{report:?}");
    }
    assert_eq!(
        poll.front_line().await,
        BTreeMap::from([(1, [6, 6]), (2, [5, 5])])
    );
    assert_eq!(poll.why(1).await, None);
    let short = "5/12 come from front_line, less than 1/2";
    assert_eq!(poll.why(2).await.as_deref(), Some(short));
    // What is not valid is not counted among the valid ones.
    let report = poll
        .enter(2, &[("", "front_line", ""), ("", "front_line", "")])
        .await;
    assert_eq!(report.made.as_deref(), Some("invalid 2"), "{report:?}");
    assert_eq!(poll.front_line().await[&2], [5, 7]);
    assert_eq!(poll.why(2).await.as_deref(), Some(short));
    let report = poll.enter(2, &[("", "front_line", "satisfied")]).await;
    assert_eq!(report.made.as_deref(), Some("valid 1"), "{report:?}");
    assert_eq!(
        poll.why(2).await.as_deref(),
        Some("6/13 come from front_line, less than 1/2")
    );
}

async fn a_sheet_takes_its_marks_from_what_admitted_its_respondent(world: World) {
    let scheme =
        bortala("returned").replace("one_person = \"channel_order\"", "one_person = \"first\"");
    let poll = Poll::new(world, &scheme).await;
    let wanted = |marks: &[&str]| LinkFor {
        subject: subject(1),
        panel: "delegates".to_owned(),
        marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
    };
    let service = &poll.world.service;
    for marks in [&["front_line"][..], &[]] {
        let made = service
            .add_survey_link(OPERATOR, poll.survey, wanted(marks))
            .await;
        let made = made.unwrap();
        assert_eq!(made.link.marks, marks);
        for _ in 0..2 {
            let state = poll.intake.find_link(&made.code).await.unwrap().unwrap();
            poll.answer(Admitted::by_link(state.link)).await;
        }
    }
    assert_eq!(poll.front_line().await, BTreeMap::from([(1, [2, 2])]));
    // A second sheet by the same invitation is replaced, and came back all the same.
    let tokens = poll.invite((1, "commission"), &["front_line"], 1).await;
    poll.answer_by(&tokens).await;
    let code = tokens[0].expose();
    for marks in ["front_line", ""] {
        let report = poll.enter(1, &[(&code, marks, "satisfied")]).await;
        assert_eq!(report.made.as_deref(), Some("replaced 1"), "{report:?}");
    }
    assert_eq!(poll.front_line().await, BTreeMap::from([(1, [3, 5])]));
    // Another mark than the invitation's, and one that nobody knows.
    let other = poll.invite((1, "commission"), &[], 1).await[0].expose();
    for (marks, fault) in [
        ("front_line", "CODE_OF_ANOTHER"),
        ("nobody", "MARK_UNKNOWN"),
    ] {
        let told = poll.enter(1, &[(&other, marks, "satisfied")]).await;
        assert_eq!(told.faults[0].code, fault, "{told:?}");
        assert!(!told.stored);
    }
    assert_eq!(poll.front_line().await, BTreeMap::from([(1, [3, 5])]));
}

async fn marks_come_with_lists_of_contacts_and_are_recomputed_from_the_package(world: World) {
    let scheme = SCHEME.replacen(
        "demand = { least_valid = 3 }\n",
        "demand = { least_valid = 3, share = [{ mark = \"front\", among = \"returned\", at_least = \"0%\" }] }\n",
        1,
    );
    assert_ne!(scheme, SCHEME);
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let rows = (0..4).map(|person| {
        let marks = if person < 2 { "front" } else { "" };
        [
            "u-001".into(),
            "users".into(),
            format!("1380013800{person}"),
            marks.to_owned(),
        ]
        .to_vec()
    });
    let contacts = table(&["subject", "panel", "phone", "marks"], rows.collect());
    let report = import(&stand.world, stand.survey, (ImportKind::Contacts, contacts)).await;
    assert!(report.stored, "{report:?}");
    let list = report.made.unwrap().parse().unwrap();
    let service = &stand.world.service;
    service.confirm_contact_list(OPERATOR, list).await.unwrap();
    let links = service.hand_out_contact_list(OPERATOR, list).await.unwrap();
    for link in links.links {
        let admitted = stand.intake.admit(&link.token).await.unwrap().unwrap();
        let key = stand.intake.make_key(&admitted).unwrap();
        let entries: Entries = [("overall", "good")].into_iter().collect();
        let submission = Submission {
            admitted,
            key,
            answers: validate(&stand.definition, &entries).unwrap(),
            beside: Beside::default(),
        };
        let booked = stand.intake.book(submission).await.unwrap();
        assert!(matches!(booked, Booking::Booked(_)));
    }
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let administrator = staff(3, "admin", Role::RoundAdministrator);
    let closing = service.close_round(&administrator, ROUND).await.unwrap();
    let sheets = service
        .export_round(&administrator, ROUND, PackageKind::Sheets)
        .await;
    let sheets = sheets.unwrap();
    let same = package::replay(&sheets).unwrap();
    assert_eq!(same.outcome_digest, closing.revision.outcome_digest);
    assert_eq!(same.sheets, 12);
    // How many bear the mark is said of a group as a whole: nobody can tell which of the answers theirs are.
    let read: Package = serde_json::from_slice(&sheets).unwrap();
    let groups = read.sheets.as_ref().unwrap()[0].groups.iter();
    let marks: Vec<_> = groups
        .map(|group| (group.subject.as_str(), group.marks.clone()))
        .collect();
    let two = BTreeMap::from([("front".to_owned(), 2)]);
    assert_eq!(marks, [("u-001", two.clone()), ("u-002", BTreeMap::new())]);
    assert_eq!(read.inputs.sheets[0].returned_marks, two);
    let text = String::from_utf8(sheets).unwrap();
    let one_more = text.replacen(
        "\"marks\":{\"front\":2},\"panel\"",
        "\"marks\":{\"front\":3},\"panel\"",
        1,
    );
    assert_ne!(one_more, text);
    package::replay(one_more.as_bytes()).unwrap_err();
    // Fewer than ten people bear the mark, so the public package says nothing of them.
    let public = service
        .export_round(&administrator, ROUND, PackageKind::Public)
        .await;
    let public = String::from_utf8(public.unwrap()).unwrap();
    assert!(!public.contains("\"front\":"));
    package::replay(public.as_bytes()).unwrap();
}

async fn a_mark_that_the_survey_does_not_count_is_refused_wherever_it_is_given(world: World) {
    // Of those invited it is reported how many bear a mark, so that no sheet need carry it.
    let poll = Poll::new(world, BORTALA).await;
    assert!(poll.definition.marks.is_empty());
    let marks = vec!["front_line".to_owned()];
    let service = &poll.world.service;
    let wanted = LinkFor {
        subject: subject(1),
        panel: "delegates".to_owned(),
        marks: marks.clone(),
    };
    let link = service.add_survey_link(OPERATOR, poll.survey, wanted).await;
    assert_eq!(refusals(link)[0].code, "MARK_UNKNOWN");
    let new = NewInvitations {
        survey: poll.survey,
        subject: subject(1),
        panel: "delegates".to_owned(),
        marks,
        count: 1,
    };
    let issued = service.issue_survey_invitations(OPERATOR, &new).await;
    assert_eq!(refusals(issued)[0].path, ["marks"]);
    let report = poll.enter(1, &[("", "front_line", "satisfied")]).await;
    let told: Vec<_> = report
        .faults
        .iter()
        .map(|fault| fault.code.as_str())
        .collect();
    assert_eq!((told, report.stored), (vec!["MARK_UNKNOWN"], false));
}
