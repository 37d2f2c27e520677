//! What a closed survey found, to whom it is shown, and what is withheld.

use domain::access::Actor;
use domain::scheme::file::Channel;
use domain::survey::{Part, RATED, SheetState};
use sea_orm::ConnectionTrait;
use service::intake::Booking;
use service::survey::SurveyResults;
use support::{World, on_both};

use crate::stand::{Stand, subject};

on_both!(
    results_are_shown_once_the_survey_is_closed_and_are_those_of_the_sheets,
    units_about_which_few_answered_are_withheld,
    results_of_a_round_that_is_not_published_are_for_its_staff,
);

/// So many answers about the first two units, each alike; the survey is closed.
async fn answered(world: World, [first, second]: [usize; 2]) -> Stand {
    let stand = Stand::new(world).await;
    for (unit, option, count) in [(1, "good", first), (2, "bad", second)] {
        for _ in 0..count {
            assert!(matches!(
                stand.answer(unit, option).await,
                Booking::Booked(_)
            ));
        }
    }
    stand.close_survey().await;
    stand
}

async fn results(stand: &Stand, actor: &Actor) -> Option<SurveyResults> {
    let service = &stand.world.service;
    let found = service.list_results_of(actor, &[stand.survey]).await;
    found.unwrap().remove(&stand.survey)
}

/// How many answered the first question about a unit, or about both; nothing where it is withheld.
fn shown(results: &SurveyResults, unit: Option<i64>, part: &Part) -> Option<u64> {
    let lines = &results.questions[0].lines;
    let line = lines
        .iter()
        .find(|line| line.subject == unit.map(subject) && line.part == *part);
    Some(line.unwrap().counts.as_ref()?.of)
}

async fn results_are_shown_once_the_survey_is_closed_and_are_those_of_the_sheets(world: World) {
    let stand = Stand::new(world).await;
    for option in ["good"; 11] {
        stand.answer(1, option).await;
    }
    stand.answer(1, "bad").await;
    for _ in 0..10 {
        stand.answer(2, "good").await;
    }
    assert!(results(&stand, &Actor::Operator).await.is_none());
    stand.close_survey().await;
    let database = &stand.world.service.database;
    let before = database.statement_count();
    let found = results(&stand, &Actor::Operator).await.unwrap();
    assert_eq!(database.statement_count() - before, 3);
    let counted =
        service::survey::count_from_sheets(&database.reader(), stand.survey, &stand.definition)
            .await
            .unwrap();
    for unit in [1, 2] {
        let tally = counted
            .tallies
            .iter()
            .find(|(group, _)| group.subject == subject(unit));
        let (_, tally) = tally.unwrap();
        let line = (found.questions[0].lines.iter())
            .find(|line| line.subject == Some(subject(unit)) && line.part == Part::Whole);
        let counts = line.unwrap().counts.clone().unwrap();
        assert_eq!(counts.of, tally.answers[&RATED]);
        assert_eq!(counts.of, tally.sheets[&SheetState::Valid]);
        for (option, count) in (0_u16..).zip(counts.options) {
            let counted = tally.answers.get(&(0, option)).copied();
            assert_eq!(
                count,
                counted.unwrap_or(0),
                "option {option} of unit {unit}"
            );
        }
    }
    assert_eq!(shown(&found, None, &Part::Whole), Some(22));
    let users = Part::Panel("users".to_owned());
    assert_eq!(shown(&found, Some(1), &users), Some(12));
    assert_eq!(
        shown(&found, Some(1), &Part::Channel(Channel::Web)),
        Some(12)
    );
}

async fn units_about_which_few_answered_are_withheld(world: World) {
    let stand = answered(world, [12, 9]).await;
    let found = results(&stand, &Actor::Operator).await.unwrap();
    assert_eq!(shown(&found, Some(1), &Part::Whole), Some(12));
    assert_eq!(shown(&found, Some(2), &Part::Whole), None);
    // Both together, less the first, would be the second.
    assert_eq!(shown(&found, None, &Part::Whole), None);
}

async fn results_of_a_round_that_is_not_published_are_for_its_staff(world: World) {
    let stand = answered(world, [10, 10]).await;
    assert!(results(&stand, &stand.inspector).await.is_some());
    assert!(results(&stand, &Actor::Anonymous).await.is_none());
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared("UPDATE round SET publicity = 'published'")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert!(results(&stand, &Actor::Anonymous).await.is_some());
}
