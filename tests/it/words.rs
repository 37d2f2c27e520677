//! What people wrote: for those entitled, after the end, without what points at a person, each reading in the log.

use std::collections::BTreeSet;

use domain::access::{Actor, Role};
use domain::id::{self, Id};
use domain::survey::{Entries, validate};
use serde_json::Value;
use service::intake::{Admitted, Beside, Booking, Submission};
use service::page::Page;
use service::survey::{
    Text, TextDecision, TextDecisionDraft, TextId, Words, WordsWanted, WordsWithheld,
};
use service::{Fault, audit};
use support::plant::Plan;
use support::{World, on_both};

use crate::stand::{SCHEME, Stand, refusals, staff, subject};

on_both!(
    texts_are_read_once_the_survey_is_closed_without_what_points_at_a_person,
    a_text_is_hidden_or_released_with_a_reason_that_the_log_keeps,
    of_a_subject_with_few_sheets_nothing_is_read,
    whoever_reads_what_people_wrote_is_entitled_and_logged,
);

const OPERATOR: &Actor = &Actor::Operator;

async fn stand(world: World) -> Stand {
    let scheme = SCHEME.replacen(
        "[[section]]",
        "[[survey.question]]\ncode = \"more\"\ntext = { zh = \"意见\", en = \"Comments\" }\nlongest = 200\n\n[[section]]",
        1,
    );
    let plan = Plan {
        scheme: &scheme,
        units: 2,
    };
    Stand::of(world, plan).await
}

/// A sheet that is satisfied and holds these words.
pub async fn answer(stand: &Stand, unit: usize, words: &str) {
    let link = &stand.links[unit - 1];
    let state = stand.intake.find_link(link).await.unwrap().unwrap();
    let admitted = Admitted::by_link(state.link);
    let key = stand.intake.make_key(&admitted).unwrap();
    let entries: Entries = [("overall", "good"), ("more", words)].into_iter().collect();
    let answers = validate(&stand.definition, &entries).unwrap();
    let submission = Submission {
        admitted,
        key,
        answers,
        beside: Beside::default(),
    };
    let booked = stand.intake.book(submission).await.unwrap();
    assert!(matches!(booked, Booking::Booked(_)), "{booked:?}");
}

fn wanted(stand: &Stand, unit: i64) -> WordsWanted {
    WordsWanted {
        survey: stand.survey,
        subject: subject(unit),
        question: "more".to_owned(),
    }
}

async fn read(stand: &Stand, actor: &Actor, unit: i64) -> Result<Words, Fault> {
    let page = Page {
        after: None,
        first: 100,
    };
    let service = &stand.world.service;
    service.read_words(actor, &wanted(stand, unit), page).await
}

async fn texts(stand: &Stand, unit: i64) -> Vec<Text> {
    match read(stand, OPERATOR, unit).await.unwrap() {
        Words::Shown(part) => part.rows,
        Words::Withheld(why) => panic!("{why:?}"),
    }
}

/// What the log says of changes of a kind.
async fn logged(stand: &Stand, action: &str) -> Vec<(String, String)> {
    let page = audit::Page {
        after: 0,
        limit: 100,
    };
    let log = audit::list(&stand.world.service.database.reader(), page).await;
    let bodies = log.unwrap().into_iter();
    let bodies = bodies.map(|entry| serde_json::from_str::<Value>(&entry.body).unwrap());
    bodies
        .filter(|body| body["action"] == action)
        .map(|body| {
            let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            (text("who"), text("reason"))
        })
        .collect()
}

async fn texts_are_read_once_the_survey_is_closed_without_what_points_at_a_person(world: World) {
    let stand = stand(world).await;
    for number in 0..11 {
        answer(
            &stand,
            1,
            &format!("第{number}条：窗口太少，电话1380013800{number}"),
        )
        .await;
    }
    answer(&stand, 2, "别处的意见").await;
    assert_eq!(
        read(&stand, OPERATOR, 1).await.unwrap(),
        Words::Withheld(WordsWithheld::NotClosed)
    );
    stand.close_survey().await;
    let found = texts(&stand, 1).await;
    assert_eq!(found.len(), 11);
    for text in &found {
        let words = text.text.as_deref().unwrap();
        assert!(words.ends_with("窗口太少，电话〔…〕"), "{words}");
        assert_eq!((text.removed, &text.decision), (1, &None));
    }
    // Not in the order in which they came: the names are hashes.
    let came: Vec<String> = (0..11)
        .map(|number| format!("第{number}条：窗口太少，电话〔…〕"))
        .collect();
    let shown: Vec<String> = found.iter().filter_map(|text| text.text.clone()).collect();
    assert_ne!(shown, came);
    assert_eq!(shown.iter().collect::<BTreeSet<_>>(), came.iter().collect());
    let names: Vec<TextId> = found.iter().map(|text| text.id).collect();
    assert!(names.is_sorted());
    // In pages it is the same list.
    let mut after = None;
    let mut paged = Vec::new();
    loop {
        let page = Page { after, first: 4 };
        let service = &stand.world.service;
        let words = service.read_words(OPERATOR, &wanted(&stand, 1), page).await;
        let Words::Shown(part) = words.unwrap() else {
            panic!("withheld");
        };
        after = part.rows.last().map(|text| text.id);
        paged.extend(part.rows);
        if !part.has_more {
            break;
        }
    }
    assert_eq!(paged, found);
    let all = stand
        .world
        .service
        .read_all_words(OPERATOR, stand.survey)
        .await
        .unwrap();
    assert_eq!(all.len(), 1, "unit 2 has a single sheet");
    assert_eq!((all[0].subject, &all[0].texts), (subject(1), &found));
}

async fn a_text_is_hidden_or_released_with_a_reason_that_the_log_keeps(world: World) {
    let stand = stand(world).await;
    for _ in 0..9 {
        answer(&stand, 1, "很好").await;
    }
    answer(&stand, 1, "请找李四，文号20260302001").await;
    stand.close_survey().await;
    let service = &stand.world.service;
    let written = "请找李四，文号20260302001";
    let found = texts(&stand, 1).await;
    let one = found.iter().find(|text| text.removed > 0).unwrap().id;
    let decide = async |decision, reason: &str, text| {
        let draft = TextDecisionDraft {
            of: wanted(&stand, 1),
            text,
            decision,
            reason: reason.to_owned(),
        };
        service.decide_text(&stand.administrator, &draft).await
    };
    let now = async || {
        let found = texts(&stand, 1).await;
        let text = found.into_iter().find(|text| text.id == one).unwrap();
        (text.text, text.decision.map(|(decision, _)| decision))
    };
    assert_eq!(now().await, (Some("请找李四，文号〔…〕".to_owned()), None));
    decide(TextDecision::Release, "a number of a document", one)
        .await
        .unwrap();
    assert_eq!(
        now().await,
        (Some(written.to_owned()), Some(TextDecision::Release))
    );
    decide(TextDecision::Hide, "it names somebody", one)
        .await
        .unwrap();
    assert_eq!(now().await, (None, Some(TextDecision::Hide)));
    decide(TextDecision::ByRule, "the name is made up", one)
        .await
        .unwrap();
    assert_eq!(now().await.1, None);
    for (action, reason) in [
        ("survey.release_text", "a number of a document"),
        ("survey.hide_text", "it names somebody"),
        ("survey.leave_text", "the name is made up"),
    ] {
        let entries = logged(&stand, action).await;
        assert_eq!(entries.len(), 1, "{action}");
        let (by, told) = &entries[0];
        assert!(
            *by == Id::<id::Staff>::new(3).to_string() && told.ends_with(reason),
            "{by} {told}"
        );
        // What was written stands in no log.
        assert!(!told.contains("李四"), "{told}");
    }
    let refused = refusals(decide(TextDecision::Hide, " ", one).await);
    assert_eq!(refused[0].code, "REASON_NEEDED");
    let nothing: TextId = "0".repeat(26).parse().unwrap();
    let refused = refusals(decide(TextDecision::Hide, "why", nothing).await);
    assert_eq!(refused[0].code, "TEXT_UNKNOWN");
}

async fn of_a_subject_with_few_sheets_nothing_is_read(world: World) {
    let stand = stand(world).await;
    for _ in 0..9 {
        answer(&stand, 1, "很好").await;
    }
    stand.close_survey().await;
    assert_eq!(
        read(&stand, OPERATOR, 1).await.unwrap(),
        Words::Withheld(WordsWithheld::Few)
    );
    let all = stand.world.service.read_all_words(OPERATOR, stand.survey);
    assert_eq!(all.await.unwrap().len(), 0);
}

async fn whoever_reads_what_people_wrote_is_entitled_and_logged(world: World) {
    let stand = stand(world).await;
    for _ in 0..10 {
        answer(&stand, 1, "很好").await;
    }
    stand.close_survey().await;
    let service = &stand.world.service;
    let auditor = staff(3, "admin", Role::Auditor);
    for actor in [&stand.inspector, &Actor::Anonymous] {
        let denied = read(&stand, actor, 1).await;
        assert!(matches!(denied, Err(Fault::Denied)), "{denied:?}");
        let denied = service.read_all_words(actor, stand.survey).await;
        assert!(matches!(denied, Err(Fault::Denied)));
    }
    assert_eq!(logged(&stand, "survey.read_words").await, []);
    for actor in [&stand.administrator, &auditor] {
        read(&stand, actor, 1).await.unwrap();
    }
    service
        .read_all_words(&auditor, stand.survey)
        .await
        .unwrap();
    let reasons: Vec<String> = (logged(&stand, "survey.read_words").await.into_iter())
        .map(|(_, reason)| reason)
        .collect();
    let one = format!("10 answers to `more` about {}", subject(1));
    assert_eq!(
        reasons,
        [one.clone(), one, "all 10 answers in words".to_owned()]
    );
    let text = texts(&stand, 1).await.remove(0).id;
    let draft = TextDecisionDraft {
        of: wanted(&stand, 1),
        text,
        decision: TextDecision::Hide,
        reason: "why".to_owned(),
    };
    assert!(matches!(
        service.decide_text(&auditor, &draft).await,
        Err(Fault::Denied)
    ));
}
