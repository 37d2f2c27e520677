//! Closing by two people and composing from closed rounds, as they are done at a terminal.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use domain::access::{Actor, Role};
use service::page::Page;
use service::round::{RecordedDutyList, RoundAt, VersionMove};
use support::server::program;
use support::{World, on_both, plant};

use super::text;
use crate::stand::staff;

on_both!(
    a_round_is_composed_of_a_closed_one_and_closed_by_two,
    a_list_of_duties_is_frozen_and_an_open_round_moves_to_a_corrected_table
);

/// What both tables begin with; nothing has to be put in before their rounds can close.
const HEAD: &str = r#"
format = "mingjian-scheme/1"
version = "1"
name = { zh = "虚构表", en = "Fictional table" }
numbers = { decimals = 2, mode = "half_up" }
grading = { by = "total" }
grade = [
    { code = "good", name = { zh = "好", en = "good" }, from = 60 },
    { code = "poor", name = { zh = "差", en = "poor" } },
]
section = [{ code = "s", kind = "common", name = { zh = "共性", en = "common" }, max = 100 }]
"#;

/// Full marks unless there is a case.
const CARE: &str = r#"
code = "care"
closing = { two_people = false }
category = [{ code = "hospital", kind = "unit", name = { zh = "医院", en = "hospital" } }]
fact = [{ code = "case", name = { zh = "案件", en = "case" }, dated_by = "decision", counts = "case", nil_report = false }]

[[item]]
code = "i"
in = "s"
name = { zh = "项", en = "item" }
max = 100
per_case = { start = "full", points = -10, once = false, facts = { kind = "case", back = { calendar_years = 1 } }, floor = 0 }
"#;

const INDEX: &str = r#"
code = "index"
closing = { two_people = true }
category = [{ code = "district", kind = "unit", name = { zh = "区", en = "district" } }]

[[item]]
code = "hospitals"
in = "s"
name = { zh = "医院", en = "hospitals" }
max = 100
composed = { closed = ["care"], region = true, categories = ["hospital"], without_total = "left_out" }
"#;

/// Another item, whose ten points come from each unit's own list of duties.
const DUTIES: &str = r#"
[[item]]
code = "d"
in = "s"
name = { zh = "责任清单", en = "list of duties" }
max = 10
checklist = { all_or_nothing = false }
"#;

struct Terminal<'a> {
    world: &'a World,
    folder: &'a Path,
}

impl Terminal<'_> {
    fn run(&self, arguments: &str) -> Output {
        let database = &self.world.database;
        Command::new(program())
            .args(arguments.split_whitespace())
            .current_dir(self.folder)
            .env_clear()
            .env("MINGJIAN_DATABASE_URL", &database.url)
            .env("MINGJIAN_DATABASE_MIGRATE_URL", &database.migrate_url)
            .output()
            .unwrap()
    }

    fn done(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    fn refused(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        assert_eq!(text(&output.stdout), "", "{arguments}");
        text(&output.stderr)
    }
}

async fn a_round_is_composed_of_a_closed_one_and_closed_by_two(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let at = Terminal {
        world: &world,
        folder: folder.path(),
    };
    for (code, table) in [("care", CARE), ("index", INDEX)] {
        let file = folder.path().join(format!("{code}.toml"));
        fs::write(file, format!("{HEAD}{table}")).unwrap();
    }
    let roster = "代码,对象类型,类别,地区,名称,英文名称\n\
        h-1,单位,hospital,demo,虚构第一医院,Fictional hospital 1\n\
        d-1,单位,district,demo,虚构区,Fictional district\n";
    fs::write(folder.path().join("roster.csv"), roster).unwrap();
    at.done("region add demo --name 虚构区 --name-en Fictional");
    at.done("import roster roster.csv");
    for code in ["care", "index"] {
        at.done(&format!(
            "round add {code}-2026 --scheme {code}.toml --series {code} --from 2026-01-01 --to 2026-12-31 \
             --name 虚构 --name-en Fictional"
        ));
        at.done(&format!("round open {code}-2026"));
    }

    // Nothing is decided yet, so there is nothing to be composed of, and nothing to be proposed.
    let compose = "round compose index-2026 --of care-2026 --revision 1";
    assert!(at.refused(compose).contains("REVISION_UNKNOWN"));
    assert!(
        at.refused("round compose index-2026 --of nowhere --revision 1")
            .contains("no round `nowhere`")
    );
    assert!(
        at.refused("round propose-close index-2026")
            .contains("hospitals")
    );
    assert!(
        at.refused("round propose-close care-2026")
            .contains("ONE_PERSON_CLOSES")
    );
    assert!(at.done("round close care-2026").contains("revision 1"));

    // What is in the database is compared and tried where it lies.
    let next = format!("{HEAD}{CARE}")
        .replacen("version = \"1\"", "version = \"2\"", 1)
        .replacen("points = -10", "points = -20", 1);
    fs::write(folder.path().join("care-2.toml"), next).unwrap();
    let same = at.done("scheme diff stored:care@1 round:care-2026 --language en");
    assert!(same.contains("care 1 → care 1: no difference"), "{same}");
    let differs = at.run("scheme diff round:care-2026 care-2.toml --language en");
    assert_eq!(differs.status.code(), Some(1), "{}", text(&differs.stderr));
    assert!(text(&differs.stdout).contains("care 1 → care 2: "));
    let tried = at.done("scheme try care-2.toml --on round:care-2026 --language en");
    assert!(tried.contains("round care-2026 under care 2"), "{tried}");
    for (name, why) in [
        ("stored:nothing@1", "no scheme `nothing` in the database"),
        (
            "stored:care@9",
            "name one version of `care`: `stored:care@1`",
        ),
        ("round:nowhere", "no round `nowhere`"),
    ] {
        let refused = at.refused(&format!("scheme diff {name} care-2.toml"));
        assert!(refused.contains(why), "{refused}");
    }
    let open = at.refused("scheme try care-2.toml --on round:index-2026");
    assert!(!open.is_empty());

    let said = at.done(compose);
    assert_eq!(said, "index-2026: composed of care-2026 in revision 1\n");
    assert!(
        at.done("round preflight index-2026")
            .contains("can be closed")
    );
    assert!(
        at.refused("round close index-2026")
            .contains("PROPOSAL_MISSING")
    );
    let proposed = at.done("round propose-close index-2026");
    assert!(proposed.contains("another person closes"), "{proposed}");
    let digest = proposed.rsplit("sha256:").next().unwrap().trim();
    assert_eq!(digest.len(), 64, "{proposed}");
    // The terminal is one person, whoever sits there.
    assert!(at.refused("round close index-2026").contains("SAME_PERSON"));

    let service = &world.service;
    let id = service
        .list_rounds(
            &Actor::Operator,
            Page {
                after: None,
                first: 10,
            },
        )
        .await
        .unwrap()
        .rows
        .into_iter()
        .find(|round| round.content.code == "index-2026")
        .unwrap()
        .id;
    plant::add_staff(service, &[(1, "admin")]).await;
    let other = staff(1, "admin", Role::RoundAdministrator);
    let closing = service.close_round(&other, id).await;
    assert_eq!(closing.unwrap().revision.inputs_digest, digest);
    correct(&at);
}

/// The closed round of care is corrected, and what rests on it is told.
fn correct(at: &Terminal<'_>) {
    at.done("export care-2026 --counts --out first.json");
    let facts = "subject,kind,reference,decision_on,status\nh-1,case,c-1,2026-03-01,confirmed\n";
    fs::write(at.folder.join("facts.csv"), facts).unwrap();
    let import = "import facts facts.csv --round care-2026";
    assert!(at.refused(import).contains("ROUND_NOT_OPEN"));
    let said = at.done("round reopen care-2026 --change history --reason unknown");
    assert_eq!(
        said,
        "care-2026: reopened, revision 1 stands until it is closed again; may change: history\n\
         index-2026: rests on revision 1 of care-2026, and is not recomputed by itself\n"
    );
    assert!(at.refused(import).contains("INPUT_FROZEN"));
    at.done("round reopen care-2026 --change facts --reason overlooked");
    let listed = at.done("round revisions care-2026");
    let under_way = "care-2026 is reopened (unknown); may change: facts, history";
    assert!(listed.contains(under_way), "{listed}");
    at.done(import);
    assert!(at.done("round close care-2026").contains("revision 2"));
    assert!(at.refused(import).contains("ROUND_NOT_OPEN"));
    assert_eq!(at.done("round revisions care-2026").lines().count(), 2);

    let flagged = at.done("round revisions index-2026");
    assert!(
        flagged.contains("rests on revision 1 of care-2026, and there is a revision 2 by now"),
        "{flagged}"
    );
    let compared = at.done("round compare care-2026 --from 1 --to 2");
    assert!(
        compared.contains("1 subjects get something else"),
        "{compared}"
    );
    assert!(compared.contains("100 → 90"), "{compared}");
    assert!(compared.contains("+ facts {"), "{compared}");

    at.done("export care-2026 --counts --revision 1 --out again.json");
    at.done("export care-2026 --counts --out second.json");
    let read = |file: &str| fs::read(at.folder.join(file)).unwrap();
    assert!(read("first.json") == read("again.json"));
    assert!(read("first.json") != read("second.json"));
    at.done("replay again.json");
    at.done("replay second.json");
    assert!(
        at.refused("export care-2026 --revision 3")
            .contains("REVISION_UNKNOWN")
    );
    at.done("report care-2026 --revision 1 --folder sheets");
    let sheet = fs::read_to_string(at.folder.join("sheets/index.html")).unwrap();
    assert!(sheet.contains("100") && !sheet.contains("90.00"), "{sheet}");

    // Where two people close, two reopen, and the terminal is one of them.
    let wanted = "index-2026 --change closed_rounds --reason corrected";
    let alone = at.refused(&format!("round reopen {wanted}"));
    assert!(alone.contains("PROPOSAL_MISSING"), "{alone}");
    let proposed = at.done(&format!("round propose-reopen {wanted}"));
    assert!(proposed.contains("another person reopens it for closed_rounds"));
    let alone = at.refused(&format!("round reopen {wanted}"));
    assert!(alone.contains("SAME_PERSON"), "{alone}");
    let wrong = at.run("round reopen care-2026 --change score --reason r");
    let said = text(&wrong.stderr);
    assert!(said.contains("`score` is no kind of inputs"), "{said}");
}

async fn a_list_of_duties_is_frozen_and_an_open_round_moves_to_a_corrected_table(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let at = Terminal {
        world: &world,
        folder: folder.path(),
    };
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let care = CARE.replace("max = 100", "max = 90");
    let table = format!("{HEAD}{care}{DUTIES}");
    write("duties.toml", &table);
    let corrected = table
        .replace("version = \"1\"", "version = \"2\"")
        .replace("max = 90", "max = 80")
        .replace("max = 10\n", "max = 20\n");
    write("corrected.toml", &corrected);
    write(
        "roster.csv",
        "代码,对象类型,类别,地区,名称,英文名称\nh-1,单位,hospital,demo,虚构第一医院,Fictional hospital 1\n",
    );
    write(
        "duties.csv",
        "单位代码,考评项,任务\nh-1,d,谈话 12 次\nh-1,d,检查 4 次\n",
    );
    write(
        "done.csv",
        "单位代码,考评项,完成数,任务数,未完成序号\nh-1,d,1,2,2\n",
    );
    at.done("region add demo --name 虚构区 --name-en Fictional");
    at.done("import roster roster.csv");
    at.done(
        "round add r-2026 --scheme duties.toml --series r --from 2026-01-01 --to 2026-12-31 --name 虚构 --name-en Fictional",
    );
    assert!(
        at.refused("round open r-2026")
            .contains("DUTY_LIST_MISSING")
    );
    at.done("import duty-lists duties.csv --round r-2026");
    let waiting = at.refused("round open r-2026");
    assert!(waiting.contains("DUTY_LIST_NOT_APPROVED"), "{waiting}");
    // The terminal recorded the list, so a person has to approve it.
    let alone = at.refused("round approve-lists r-2026");
    assert!(alone.contains("SAME_PERSON"), "{alone}");
    plant::add_staff(&world.service, &[(1, "second")]).await;
    let second = staff(1, "second", Role::Reviewer);
    let rounds = Page {
        after: None,
        first: 10,
    };
    let round = world.service.list_rounds(&second, rounds).await.unwrap();
    let round = round.rows[0].id;
    let lists = Page {
        after: None,
        first: 10,
    };
    let listed = world.service.list_duty_lists(&second, (round, None), lists);
    let listed = listed.await.unwrap().rows;
    let lists = listed.iter().map(RecordedDutyList::at);
    let approved = world
        .service
        .approve_duty_lists(&second, round, lists.collect());
    approved.await.unwrap();
    assert!(
        at.done("round approve-lists r-2026")
            .contains("0 lists approved")
    );
    at.done("round open r-2026");
    at.done("template scores r-2026 --out scores.csv");
    let sheet = fs::read_to_string(folder.path().join("scores.csv")).unwrap();
    assert!(sheet.contains("d 完成数,d 任务数,d 未完成序号"), "{sheet}");
    at.done("import scores done.csv --round r-2026");

    let wanted = "r-2026 --scheme corrected.toml --reason misprint";
    let proposed = at.done(&format!("round propose-version {wanted}"));
    assert!(
        proposed.contains("1 scores of d, which is worth another maximum"),
        "{proposed}"
    );
    let alone = at.refused(&format!("round move-version {wanted}"));
    assert!(alone.contains("SAME_PERSON"), "{alone}");
    let found = world.service.find_rounds(&second, &[round]).await.unwrap();
    let proposal = world
        .service
        .find_version_proposal(&second, round)
        .await
        .unwrap()
        .unwrap();
    let moving = VersionMove {
        at: RoundAt {
            id: round,
            row_version: found[&round].row_version,
        },
        version: proposal.version,
        reason: "misprint".to_owned(),
    };
    world.service.move_version(&second, &moving).await.unwrap();
    let preflight = at.done("round preflight r-2026");
    assert!(preflight.contains("1 in the way of closing"), "{preflight}");
    // What was approved is measured against in the corrected table too.
    at.done("import scores done.csv --round r-2026");
    at.done("round close r-2026");
    at.done("report r-2026 --folder sheets");
    let mut sheets = fs::read_dir(folder.path().join("sheets")).unwrap();
    let sheet = sheets.find_map(|entry| {
        let text = fs::read_to_string(entry.unwrap().path()).ok()?;
        text.contains("未完成：").then_some(text)
    });
    let sheet = sheet.unwrap();
    assert!(sheet.contains("未完成：第2项，检查 4 次"), "{sheet}");
    assert!(sheet.contains("not done: 2. 检查 4 次"), "{sheet}");
    assert!(!sheet.contains("谈话 12 次"), "{sheet}");
    at.done("export r-2026 --out package.json");
    let why = at.done("explain package.json h-1 --all");
    assert!(why.contains("· 未完成：第2项，检查 4 次\n"), "{why}");
    assert!(!why.contains("谈话 12 次"), "{why}");
}
