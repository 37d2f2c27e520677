//! Lists of tasks that subjects have of their own: recorded for a draft, approved by another person, frozen when the round
//! opens, and what counts is measured against them.

use std::sync::Arc;

use domain::access::{Actor, Grant, Role};
use domain::id::{self, Id};
use domain::outcome::{ItemResult, Undone};
use service::Fault;
use service::inspection::import::{self, ImportKind, Report};
use service::inspection::{Checklist, Put};
use service::page::Page;
use service::round::{
    DutyList, DutyListAt, DutyListKey, RecordedDutyList, RosterStep, Round, RoundAt, RoundDraft,
    RoundOpening,
};
use service::subject::{SubjectDraft, SubjectKind};
use support::plant::REGION;
use support::{World, on_both};

use crate::stand::{ROUND, SCHEME, Stand, elsewhere, refusals, staff, subject, table};

on_both!(
    a_round_opens_only_with_lists_that_another_person_approved,
    what_is_done_is_measured_against_the_list_of_the_subject,
    a_list_that_is_not_fit_is_refused_with_its_place_and_nothing_is_stored,
    a_table_of_tasks_is_stored_whole_and_in_its_order,
    lists_are_read_by_whoever_may_read_what_is_reported
);

/// A draft under a scheme whose item A1 is a list of each unit's own.
struct Draft {
    stand: Stand,
    round: Id<id::Round>,
}

fn reviewer() -> Actor {
    staff(2, "ins-2", Role::Reviewer)
}

fn list(unit: i64, tasks: &[&str]) -> DutyList {
    DutyList {
        subject: subject(unit),
        item: "A1".to_owned(),
        part: None,
        tasks: tasks.iter().map(|task| (*task).to_owned()).collect(),
    }
}

const FIRST: [&str; 3] = ["谈话 12 次", "检查 4 次", "公示 2 次"];
const SECOND: [&str; 2] = ["谈话 6 次", "检查 4 次"];

impl Draft {
    async fn new(world: World) -> Self {
        let stand = Stand::new(world).await;
        let inspected = "graded = { step = \"0.5\", several = \"mean\" }";
        assert!(SCHEME.contains(inspected));
        let source = SCHEME
            .replace(inspected, "checklist = { all_or_nothing = false }")
            .replace("version = \"1\"", "version = \"2\"");
        let service = &stand.world.service;
        let version = service.add_scheme_version(&Actor::Operator, &source).await;
        let draft = RoundDraft {
            code: "r2".to_owned(),
            series: "r".to_owned(),
            name: "二轮".to_owned(),
            name_en: "Second".to_owned(),
            scheme_version: version.unwrap().id,
            period_from: "2026-01-01".parse().unwrap(),
            period_to: "2026-12-31".parse().unwrap(),
            time_zone: "Asia/Shanghai".to_owned(),
        };
        let round = service.add_round(&Actor::Operator, draft).await.unwrap().id;
        Self { stand, round }
    }

    /// The same with the lists of both units, approved.
    async fn approved(world: World) -> Self {
        let draft = Self::new(world).await;
        draft
            .record(vec![list(1, &FIRST), list(2, &SECOND)])
            .await
            .unwrap();
        draft.approve(&reviewer()).await.unwrap();
        draft
    }

    async fn record(&self, lists: Vec<DutyList>) -> Result<(), Fault> {
        let changes = lists.into_iter().map(Put::Put).collect();
        let service = &self.stand.world.service;
        service
            .change_duty_lists(&self.stand.administrator, self.round, changes)
            .await
    }

    /// Every list, as it is on record, by whether it is approved.
    async fn lists(&self) -> Vec<(DutyListAt, bool)> {
        let page = Page {
            after: None,
            first: 100,
        };
        let service = &self.stand.world.service;
        let listed = service
            .list_duty_lists(&self.stand.administrator, (self.round, None), page)
            .await
            .unwrap();
        let at = |one: &RecordedDutyList| (one.at(), one.approved_at.is_some());
        listed.rows.iter().map(at).collect()
    }

    async fn is_approved(&self) -> Vec<bool> {
        self.lists().await.into_iter().map(|(_, is)| is).collect()
    }

    async fn approve(&self, actor: &Actor) -> Result<(), Fault> {
        let lists = self.lists().await.into_iter().map(|(at, _)| at).collect();
        let service = &self.stand.world.service;
        service.approve_duty_lists(actor, self.round, lists).await
    }

    async fn open(&self) -> Result<Round, Fault> {
        let service = &self.stand.world.service;
        let administrator = &self.stand.administrator;
        let found = service
            .find_rounds(administrator, &[self.round])
            .await
            .unwrap();
        let opening = RoundOpening {
            at: RoundAt {
                id: self.round,
                row_version: found[&self.round].row_version,
            },
            region: None,
        };
        service.open_round(administrator, &opening).await
    }

    async fn done(&self, unit: i64, [done, tasks]: [u32; 2], undone: &[u32]) -> Result<(), Fault> {
        let row = Checklist {
            subject: subject(unit),
            item: "A1".to_owned(),
            part: None,
            done,
            tasks,
            undone: undone.to_vec(),
        };
        let service = &self.stand.world.service;
        service
            .change_checklists(&self.stand.inspector, self.round, vec![Put::Put(row)])
            .await
    }

    /// What a unit would have for its list.
    async fn item(&self, unit: &str) -> ItemResult {
        let service = &self.stand.world.service;
        let found = service
            .preflight(&self.stand.administrator, self.round)
            .await
            .unwrap();
        let items = &found.outcome.find(unit).unwrap().items;
        let item = items.iter().find(|item| &**item.code == "A1").unwrap();
        (*item).clone()
    }

    /// Its points, if they are known.
    async fn points(&self, unit: &str) -> Option<String> {
        let points = self.item(unit).await.points;
        points.map(|points| points.to_string())
    }

    /// What it did not do.
    async fn undone(&self, unit: &str) -> Vec<Undone> {
        let trace = self.item(unit).await.trace.unwrap();
        trace.parts[0].beside().undone.to_vec()
    }
}

fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> Vec<(String, String)> {
    let refusals = refusals(result).into_iter();
    refusals.map(|one| (one.code, one.path.join("/"))).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(code, path)| (code.to_owned(), path.to_owned()))
        .to_vec()
}

async fn a_round_opens_only_with_lists_that_another_person_approved(world: World) {
    let draft = Draft::new(world).await;
    assert_eq!(
        told(draft.open().await),
        pairs([
            ("DUTY_LIST_MISSING", "dutyLists/u-001/A1"),
            ("DUTY_LIST_MISSING", "dutyLists/u-002/A1")
        ])
    );
    draft
        .record(vec![list(1, &FIRST), list(2, &SECOND)])
        .await
        .unwrap();
    let waiting = pairs([
        ("DUTY_LIST_NOT_APPROVED", "dutyLists/u-001/A1"),
        ("DUTY_LIST_NOT_APPROVED", "dutyLists/u-002/A1"),
    ]);
    assert_eq!(told(draft.open().await), waiting);

    let own = draft.approve(&draft.stand.administrator).await;
    assert_eq!(
        told(own),
        pairs([("SAME_PERSON", "lists/0"), ("SAME_PERSON", "lists/1")])
    );
    let inspector = draft.approve(&draft.stand.inspector).await;
    assert!(matches!(inspector, Err(Fault::Denied)));
    assert_eq!(draft.is_approved().await, [false, false]);

    // What was read is approved, and nothing that came later.
    let seen: Vec<DutyListAt> = draft.lists().await.into_iter().map(|(at, _)| at).collect();
    draft.record(vec![list(2, &["谈话 1 次"])]).await.unwrap();
    let service = &draft.stand.world.service;
    let late = service
        .approve_duty_lists(&reviewer(), draft.round, seen)
        .await;
    assert_eq!(told(late), pairs([("DUTY_LIST_CHANGED", "lists/1")]));
    assert_eq!(draft.is_approved().await, [false, false]);

    draft.approve(&reviewer()).await.unwrap();
    assert_eq!(draft.is_approved().await, [true, true]);
    // The same words again change nothing; other words have to be approved.
    draft
        .record(vec![list(1, &FIRST), list(2, &SECOND)])
        .await
        .unwrap();
    assert_eq!(draft.is_approved().await, [true, false]);
    draft.approve(&reviewer()).await.unwrap();
    draft.open().await.unwrap();

    let frozen = pairs([("DUTY_LIST_FROZEN", "lists/0/item")]);
    assert_eq!(told(draft.record(vec![list(1, &SECOND)]).await), frozen);
    let back = vec![Put::TakeBack(list(1, &[]))];
    let back = service
        .change_duty_lists(&draft.stand.administrator, draft.round, back)
        .await;
    assert_eq!(told(back), frozen);
    draft.record(vec![list(1, &FIRST)]).await.unwrap();
    assert_eq!(draft.is_approved().await, [true, true]);
}

async fn what_is_done_is_measured_against_the_list_of_the_subject(world: World) {
    let draft = Draft::approved(world).await;
    draft.open().await.unwrap();
    assert_eq!(draft.points("u-001").await, None);
    let wrong = draft.done(1, [2, 2], &[]).await;
    assert_eq!(told(wrong), pairs([("OTHER_NUMBER", "checklists/0/tasks")]));
    for undone in [&[][..], &[4], &[1, 2]] {
        let unnamed = draft.done(1, [2, 3], undone).await;
        assert_eq!(
            told(unnamed),
            pairs([("UNDONE_UNNAMED", "checklists/0/undone")])
        );
    }
    draft.done(1, [2, 3], &[2]).await.unwrap();
    draft.done(2, [2, 2], &[]).await.unwrap();
    assert_eq!(draft.points("u-001").await.as_deref(), Some("40"));
    assert_eq!(draft.points("u-002").await.as_deref(), Some("60"));
    // What is not done is told in the words of the subject's own list.
    let task = Some(Arc::from(FIRST[1]));
    assert_eq!(draft.undone("u-001").await, [Undone { number: 2, task }]);
    assert_eq!(draft.undone("u-002").await, []);

    // Whoever joins gets a list in the same two steps.
    let service = &draft.stand.world.service;
    let administrator = &draft.stand.administrator;
    let late = SubjectDraft {
        code: "u-003".to_owned(),
        kind: SubjectKind::Unit,
        category: "organ".to_owned(),
        region: REGION,
        name: "3 局".to_owned(),
        name_en: "Bureau 3".to_owned(),
    };
    let late = service.add_subject(administrator, late).await.unwrap().id;
    let before = draft.record(vec![list(late.number(), &SECOND)]).await;
    assert_eq!(
        told(before),
        pairs([("SUBJECT_OUTSIDE_ROUND", "lists/0/subject")])
    );
    let step = RosterStep {
        round: draft.round,
        subject: late,
        on: "2026-06-01".parse().unwrap(),
        reason: "新设".to_owned(),
    };
    service.join_round(administrator, &step).await.unwrap();
    let missing = draft.done(late.number(), [1, 2], &[1]).await;
    assert_eq!(
        told(missing),
        pairs([("DUTY_LIST_MISSING", "checklists/0/item")])
    );
    draft
        .record(vec![list(late.number(), &SECOND)])
        .await
        .unwrap();
    let unapproved = draft.done(late.number(), [1, 2], &[1]).await;
    assert_eq!(
        told(unapproved),
        pairs([("DUTY_LIST_MISSING", "checklists/0/item")])
    );
    draft.approve(&reviewer()).await.unwrap();
    draft.done(late.number(), [1, 2], &[1]).await.unwrap();
    assert_eq!(draft.points("u-003").await.as_deref(), Some("30"));
}

async fn a_list_that_is_not_fit_is_refused_with_its_place_and_nothing_is_stored(world: World) {
    let draft = Draft::new(world).await;
    let other_item = DutyList {
        item: "A2".to_owned(),
        ..list(1, &FIRST)
    };
    let long = "长".repeat(501);
    let many = ["一项"; 201];
    let wrong = draft.record(vec![
        list(9, &FIRST),
        other_item,
        list(1, &[]),
        list(2, &["检查", " "]),
        list(2, &FIRST),
    ]);
    assert_eq!(
        told(wrong.await),
        pairs([
            ("SUBJECT_OUTSIDE_ROUND", "lists/0/subject"),
            ("NO_OWN_LIST", "lists/1/item"),
            ("TASKS_UNFIT", "lists/2/tasks"),
            ("TASKS_UNFIT", "lists/3/tasks"),
            ("ROW_TWICE", "lists/4/item"),
        ])
    );
    for unfit in [&[long.as_str()][..], &["一\n二"], &many] {
        let told = told(draft.record(vec![list(1, unfit), list(2, &FIRST)]).await);
        assert_eq!(told, pairs([("TASKS_UNFIT", "lists/0/tasks")]));
    }
    let many = (0..251).map(|_| list(1, &FIRST)).collect();
    assert_eq!(
        told(draft.record(many).await),
        pairs([("TOO_MANY_ROWS", "lists")])
    );
    assert!(draft.lists().await.is_empty());
    // The planted round asks for no such list, and inspectors set no round up.
    let service = &draft.stand.world.service;
    let put = || vec![Put::Put(list(1, &FIRST))];
    let none = service
        .change_duty_lists(&draft.stand.administrator, ROUND, put())
        .await;
    assert_eq!(told(none), pairs([("NO_OWN_LIST", "lists/0/item")]));
    let denied = service
        .change_duty_lists(&draft.stand.inspector, draft.round, put())
        .await;
    assert!(matches!(denied, Err(Fault::Denied)));
    let unknown = service
        .approve_duty_lists(
            &reviewer(),
            draft.round,
            vec![DutyListAt {
                subject: subject(1),
                item: "A1".to_owned(),
                part: None,
                version: "0".to_owned(),
            }],
        )
        .await;
    assert_eq!(told(unknown), pairs([("DUTY_LIST_MISSING", "lists/0")]));
}

const TASKS: [&str; 3] = ["subject", "item", "task"];

/// Rows and codes of what is wrong.
fn faults(report: &Report) -> Vec<(u32, &str)> {
    let faults = report.faults.iter();
    faults
        .map(|fault| (fault.row, fault.code.as_str()))
        .collect()
}

async fn a_table_of_tasks_is_stored_whole_and_in_its_order(world: World) {
    let draft = Draft::new(world).await;
    let service = draft.stand.world.service.clone();
    let import = |table, dry_run| import::Request {
        round: Some(draft.round),
        dry_run,
        ..import::Request::of(ImportKind::DutyLists, table)
    };
    let wrong = table(
        &TASKS,
        &[
            &["u-001", "A1", "谈话"],
            &["u-009", "A1", "谈话"],
            &["u-002", "A2", "谈话"],
            &["u-002", "A2", "检查"],
        ],
    );
    let report = service
        .import(&Actor::Operator, import(wrong, false))
        .await
        .unwrap();
    assert_eq!(
        faults(&report),
        [(3, "SUBJECT_OUTSIDE_ROUND"), (4, "NO_OWN_LIST")]
    );
    assert!(!report.stored && draft.lists().await.is_empty());

    // Rows of one list need not stand together; their order is that of the table.
    let right = table(
        &TASKS,
        &[
            &["u-002", "A1", "乙"],
            &["u-001", "A1", "一"],
            &["u-002", "A1", "甲"],
        ],
    );
    let dry = service
        .import(&Actor::Operator, import(right.clone(), true))
        .await
        .unwrap();
    assert!(!dry.stored && dry.faults.is_empty() && draft.lists().await.is_empty());
    let report = service
        .import(&Actor::Operator, import(right, false))
        .await
        .unwrap();
    assert!(report.stored, "{:?}", report.faults);
    let page = Page {
        after: None,
        first: 1,
    };
    let administrator = &draft.stand.administrator;
    let one = |page| service.list_duty_lists(administrator, (draft.round, None), page);
    let first = one(page).await.unwrap();
    assert!(first.has_more);
    let after = first.rows.first().map(|one| DutyListKey::of(&one.list));
    let second = one(Page {
        after,
        ..page_of(1)
    })
    .await
    .unwrap();
    assert_eq!(second.rows[0].code, "u-002");
    assert_eq!(second.rows[0].list.tasks, ["乙", "甲"]);
    assert!(!second.has_more);
    // The command line is one person too.
    assert_eq!(
        told(draft.approve(&Actor::Operator).await)[0].0,
        "SAME_PERSON"
    );
    draft.approve(&reviewer()).await.unwrap();
    draft.open().await.unwrap();

    // Which tasks are not done is a column of the table of scores.
    let done = table(
        &["subject", "item", "done", "tasks", "undone"],
        &[
            &["u-001", "A1", "1", "1", ""],
            &["u-002", "A1", "1", "2", "2"],
        ],
    );
    let mut unnamed = done.clone();
    "两项".clone_into(&mut unnamed.rows[1].cells[4]);
    "2".clone_into(&mut unnamed.rows[0].cells[3]);
    let scores = |table| import::Request {
        kind: ImportKind::Scores,
        ..import(table, false)
    };
    let report = service
        .import(&Actor::Operator, scores(unnamed))
        .await
        .unwrap();
    assert_eq!(
        faults(&report),
        [
            (2, "OTHER_NUMBER"),
            (2, "UNDONE_UNNAMED"),
            (3, "CELL_UNREADABLE")
        ]
    );
    let report = service
        .import(&Actor::Operator, scores(done))
        .await
        .unwrap();
    assert!(report.stored, "{:?}", report.faults);
    assert_eq!(draft.points("u-002").await.as_deref(), Some("30"));
}

fn page_of(first: u32) -> Page<DutyListKey> {
    Page { after: None, first }
}

async fn lists_are_read_by_whoever_may_read_what_is_reported(world: World) {
    let draft = Draft::approved(world).await;
    elsewhere::plant(&draft.stand.world).await;
    let service = &draft.stand.world.service;
    let within = |region, category: Option<&str>| Actor::Staff {
        id: Id::new(1),
        login: "ins-1".to_owned(),
        grants: vec![Grant {
            role: Role::Inspector,
            region,
            category: category.map(str::to_owned),
            round: None,
            subject: None,
        }],
    };
    let count = |actor: Actor| async move {
        let part = service
            .list_duty_lists(&actor, (draft.round, None), page_of(10))
            .await;
        part.map(|part| part.rows.len())
    };
    assert_eq!(count(within(Some(REGION), Some("organ"))).await.unwrap(), 2);
    assert_eq!(
        count(within(Some(elsewhere::REGION), None)).await.unwrap(),
        0
    );
    assert_eq!(count(within(None, Some("school"))).await.unwrap(), 0);
    for outsider in [Actor::Anonymous, staff(9, "unit", Role::UnitReporter)] {
        assert!(matches!(count(outsider).await, Err(Fault::Denied)));
    }
    let one = service
        .list_duty_lists(
            &draft.stand.administrator,
            (draft.round, Some(subject(2))),
            page_of(10),
        )
        .await
        .unwrap();
    assert_eq!(one.rows.len(), 1);
    assert_eq!(one.rows[0].list.tasks, SECOND);
}
