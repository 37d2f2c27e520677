//! Surveys that take answers: their figures move in steps, or stay sealed, for everybody and wherever they are looked at.

use domain::access::Actor;
use domain::correction::InputKind;
use domain::outcome::{Decision, Shown};
use domain::reason::ReasonCode;
use domain::scheme::file::Finding;
use sea_orm::{EntityTrait, QueryOrder};
use service::closeout::ReopeningDraft;
use service::intake::Booking;
use service::round::RoundAt;
use service::standing::{Figures, Seen, Wanted};
use support::plant::Plan;
use support::{World, on_both};

use crate::stand::{ROUND, SCHEME, Stand, subject};

on_both!(
    figures_of_an_open_survey_move_by_ten_answers_wherever_they_are_looked_at,
    looking_while_answers_come_and_at_the_end_tells_of_no_group_under_ten,
    workers_at_once_leave_no_smaller_step_between_them,
    a_sealed_survey_shows_how_many_came_and_nothing_else,
    a_survey_that_is_opened_again_shows_what_everybody_has_seen,
);

const OPERATOR: &Actor = &Actor::Operator;
const RATE: &str = "survey/public/satisfaction_rate";

async fn answer(stand: &Stand, option: &str, count: usize) {
    for _ in 0..count {
        let booked = stand.answer(1, option).await;
        assert!(matches!(booked, Booking::Booked(_)), "{booked:?}");
    }
}

async fn preflight(stand: &Stand) -> Decision {
    let found = stand.world.service.preflight(OPERATOR, ROUND).await;
    let outcome = found.unwrap().outcome;
    let mut decisions = outcome.decisions.iter();
    let first = decisions.find(|decision| *decision.subject == *"u-001");
    first.unwrap().clone()
}

/// What a ranking shows of the first unit.
async fn ranked(stand: &Stand) -> Figures {
    let wanted = Wanted {
        round: ROUND,
        category: "organ".to_owned(),
        after: None,
        first: 10,
        revision: None,
    };
    let page = stand.world.service.list_ranking(OPERATOR, &wanted).await;
    let mut places = page.unwrap().places.into_iter();
    places
        .find(|place| place.subject == subject(1))
        .unwrap()
        .figures
}

/// Satisfied and all, as a dry run and a ranking show them alike.
async fn rate(stand: &Stand) -> Option<(u64, u64)> {
    let counts = |figures: &[domain::outcome::FigureResult]| {
        let figure = figures.iter().find(|figure| *figure.what == *RATE).unwrap();
        match figure.value {
            Shown::Counts(n, d) => Some((n, d)),
            _ => None,
        }
    };
    let found = counts(&preflight(stand).await.figures);
    assert_eq!(counts(&ranked(stand).await.surveys), found);
    found
}

/// What a worker does about once a second.
async fn work(stand: &Stand, seen: &Seen) {
    let service = &stand.world.service;
    service.advance_live_figures().await.unwrap();
    service.refresh_standings(seen).await.unwrap();
}

async fn figures_of_an_open_survey_move_by_ten_answers_wherever_they_are_looked_at(world: World) {
    let stand = Stand::new(world).await;
    let seen = Seen::default();
    answer(&stand, "good", 8).await;
    answer(&stand, "bad", 2).await;
    work(&stand, &seen).await;
    assert_eq!(rate(&stand).await, None);
    answer(&stand, "bad", 9).await;
    work(&stand, &seen).await;
    assert_eq!(rate(&stand).await, None);
    answer(&stand, "bad", 1).await;
    work(&stand, &seen).await;
    assert_eq!(rate(&stand).await, Some((8, 10)));
    let database = &stand.world.service.database;
    let before = database.statement_count();
    assert_eq!(stand.world.service.advance_live_figures().await.unwrap(), 0);
    assert_eq!(database.statement_count() - before, 2);
    // How many came is told as it is, and what became of them is not.
    let progress = stand
        .world
        .service
        .list_progress_of(OPERATOR, &[stand.survey])
        .await
        .unwrap();
    let panel = &progress[&stand.survey][0];
    assert_eq!((panel.returned, &panel.sheets), (20, &None));
    let of_round = stand.world.service.get_progress(OPERATOR, ROUND).await;
    let of_round = of_round.unwrap();
    assert_eq!((of_round.sheets, of_round.valid_sheets), (20, 0));
    answer(&stand, "good", 1).await;
    stand.close_survey().await;
    assert_eq!(
        preflight(&stand).await.figures[0].value,
        Shown::Counts(9, 21)
    );
}

async fn looking_while_answers_come_and_at_the_end_tells_of_no_group_under_ten(world: World) {
    let stand = Stand::new(world).await;
    let seen = Seen::default();
    let mut looks = Vec::new();
    for step in 0..60_usize {
        let option = if step % 3 == 0 { "bad" } else { "good" };
        answer(&stand, option, 1).await;
        // Whenever the worker happens to be about.
        if step % 4 != 1 {
            work(&stand, &seen).await;
        }
        looks.push(preflight(&stand).await.figures[0].value.clone());
    }
    stand.close_survey().await;
    looks.push(preflight(&stand).await.figures[0].value.clone());
    let counts: Vec<(u64, u64)> = looks
        .iter()
        .filter_map(|look| match look {
            Shown::Counts(n, d) => Some((*n, *d)),
            _ => None,
        })
        .collect();
    assert_eq!(counts.last(), Some(&(40, 60)));
    assert!(counts.len() > 30, "{counts:?}");
    for (place, before) in counts.iter().enumerate() {
        for after in &counts[place..] {
            assert!(
                before == after || after.1 >= before.1 + 10,
                "{before:?} {after:?}"
            );
        }
    }
}

async fn workers_at_once_leave_no_smaller_step_between_them(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let end = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (service, end) = (service.clone(), end.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !end.load(std::sync::atomic::Ordering::SeqCst) {
                    service.advance_live_figures().await.unwrap();
                    let rows = entity::shown_tally::Entity::find()
                        .order_by_asc(entity::shown_tally::Column::SubjectId)
                        .all(&service.database.reader())
                        .await
                        .unwrap();
                    seen.extend(rows.into_iter().map(|row| (row.steps, row.next_valid)));
                }
                seen
            })
        })
        .collect();
    answer(&stand, "good", 150).await;
    end.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut steps = std::collections::BTreeMap::new();
    for worker in workers {
        for (step, valid) in worker.await.unwrap() {
            assert_eq!(*steps.entry(step).or_insert(valid), valid, "step {step}");
        }
    }
    let valid: Vec<i64> = steps.values().copied().collect();
    assert!(valid.len() > 3, "{valid:?}");
    assert!(
        valid.windows(2).all(|two| two[1] >= two[0] + 10),
        "{valid:?}"
    );
}

async fn a_sealed_survey_shows_how_many_came_and_nothing_else(world: World) {
    let sealed = SCHEME.replace(
        "demand = { least_valid = 3 }",
        "demand = { least_valid = 3 }\nsealed = true",
    );
    let plan = Plan {
        scheme: &sealed,
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let seen = Seen::default();
    answer(&stand, "bad", 35).await;
    work(&stand, &seen).await;
    assert_eq!(rate(&stand).await, None);
    let decision = preflight(&stand).await;
    let why = decision.figures.iter().map(|figure| figure.why.as_ref());
    assert!(
        why.clone()
            .all(|why| why.unwrap().code == ReasonCode::SurveySealed)
    );
    assert!((decision.figures.iter()).all(|figure| figure.classes.is_empty()));
    let shown = ranked(&stand).await;
    assert_eq!(
        shown.whys[RATE].en,
        "the survey is sealed, so it has no figures until it closes"
    );
    // No alarm either: everybody is dissatisfied, which would call for an investigation.
    let opened = (stand.world.service)
        .open_due_investigations(&stand.administrator, ROUND)
        .await;
    assert_eq!(opened.unwrap().len(), 0);
    let rows = entity::shown_tally::Entity::find()
        .all(&stand.world.service.database.reader())
        .await;
    assert!(rows.unwrap().is_empty());
    let progress = stand
        .world
        .service
        .list_progress_of(OPERATOR, &[stand.survey])
        .await
        .unwrap();
    assert_eq!(progress[&stand.survey][0].returned, 35);
    stand.close_survey().await;
    assert_eq!(
        preflight(&stand).await.figures[0].value,
        Shown::Counts(0, 35)
    );
}

async fn a_survey_that_is_opened_again_shows_what_everybody_has_seen(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let seen = Seen::default();
    answer(&stand, "good", 19).await;
    // Three more are satisfied, and one is not.
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let administrator = &stand.administrator;
    service.close_round(administrator, ROUND).await.unwrap();
    let rounds = service.find_rounds(administrator, &[ROUND]).await.unwrap();
    let draft = ReopeningDraft {
        at: RoundAt {
            id: ROUND,
            row_version: rounds[&ROUND].row_version,
        },
        inputs: [InputKind::Survey("public".to_owned())].into(),
        reason: "a list of telephone answers was left out".to_owned(),
    };
    service.reopen_round(administrator, &draft).await.unwrap();
    service
        .open_survey(administrator, stand.survey)
        .await
        .unwrap();
    let rate = || async { preflight(&stand).await.figures[0].value.clone() };
    assert_eq!(rate().await, Shown::Counts(22, 23));
    answer(&stand, "bad", 19).await;
    work(&stand, &seen).await;
    assert_eq!(rate().await, Shown::Counts(22, 23));
    answer(&stand, "bad", 10).await;
    work(&stand, &seen).await;
    assert_eq!(rate().await, Shown::Counts(22, 42));
}
