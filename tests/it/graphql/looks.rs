//! Every way to look at a survey that takes answers, tried in two places at once where the same people came and said
//! something else: what can be told apart there, somebody can read.

use std::time::Duration;

use domain::access::Actor;
use serde_json::{Value, json};
use support::{World, on_both};

use super::watched::{DISSATISFIED, Looks, Place, SATISFIED, TOO_FAST, TRAPPED};

on_both!(
    nobody_can_tell_what_a_sealed_survey_was_answered,
    nobody_can_tell_what_fewer_than_ten_have_answered_since_figures_moved,
    nothing_but_how_many_came_moves_by_fewer_than_ten,
);

/// Two places with the same people in them.
async fn twins(world: World, sealed: bool) -> [Place; 2] {
    let other = World::fresh(world.backend()).await;
    [
        Place::new(world, sealed).await,
        Place::new(other, sealed).await,
    ]
}

#[track_caller]
fn assert_alike(one: &Looks, other: &Looks) {
    assert!(one.keys().eq(other.keys()));
    for (what, seen) in one {
        assert_eq!(seen, &other[what], "{what}");
    }
}

/// Closes the survey in both, after which what was answered can be told: these looks are able to see it. Where it shows.
async fn tell_apart_at_the_end(places: &[Place; 2]) -> String {
    let [one, other] = places;
    for place in places {
        let service = &place.scene.stand.world.service;
        let survey = place.scene.stand.survey;
        let closed = service.close_survey(&Actor::Operator, survey, None).await;
        closed.unwrap();
        place.work().await;
    }
    let (one, other) = (one.look().await, other.look().await);
    let differ = one.iter().filter(|(what, seen)| *seen != &other[*what]);
    let differ: Vec<&str> = differ.map(|(what, _)| what.as_str()).collect();
    let differ = differ.join("\n");
    for way in [
        "round_administrator: round(",
        "{ results",
        "{ preflight",
        "auditor: surveyPressure(",
        "auditor: surveyWords(",
        "mingjian survey results",
        "mingjian survey words",
        "mingjian round preflight",
        "progress over a socket",
    ] {
        assert!(differ.contains(way), "{way} tells nothing: {differ}");
    }
    differ
}

async fn nobody_can_tell_what_a_sealed_survey_was_answered(world: World) {
    let places = twins(world, true).await;
    let [one, other] = &places;
    for number in 0..47 {
        one.answer(SATISFIED).await;
        let said = match number {
            0..25 => DISSATISFIED,
            25..36 => TOO_FAST,
            _ => TRAPPED,
        };
        other.answer(said).await;
    }
    assert_alike(&one.look().await, &other.look().await);
    for place in &places {
        place.later(Duration::from_hours(48)).await;
    }
    let seen = one.look().await;
    assert_alike(&seen, &other.look().await);
    for (what, hidden) in [
        ("surveyHeldSheets", json!(null)),
        ("surveyInterference", json!(null)),
        ("surveyPressure", json!(null)),
    ] {
        let call = format!("auditor: {what}(id: \"{}\")", one.scene.stand.survey);
        assert_eq!(seen[&call]["data"], json!({ what: hidden }), "{what}");
    }
    for place in &places {
        assert_eq!(place.open_investigations().await, 0);
    }
    let told = tell_apart_at_the_end(&places).await;
    // Eleven were too fast.
    assert!(told.contains("auditor: surveyInterference("), "{told}");
    assert!(told.contains("auditor: surveyHeldSheets("), "{told}");
}

async fn nobody_can_tell_what_fewer_than_ten_have_answered_since_figures_moved(world: World) {
    let places = twins(world, false).await;
    let [one, other] = &places;
    for number in 0..40 {
        let said = if number % 3 == 0 {
            DISSATISFIED
        } else {
            SATISFIED
        };
        for place in &places {
            place.answer(said).await;
        }
    }
    for number in 0..9 {
        one.answer(SATISFIED).await;
        let said = if number < 6 { DISSATISFIED } else { TOO_FAST };
        other.answer(said).await;
    }
    assert_alike(&one.look().await, &other.look().await);
    for place in &places {
        place.later(Duration::from_hours(48)).await;
    }
    let seen = one.look().await;
    assert_alike(&seen, &other.look().await);
    // There is something to be seen, all the same.
    let interference = format!(
        "auditor: surveyInterference(id: \"{}\")",
        one.scene.stand.survey
    );
    let channels = &seen[&interference]["data"]["surveyInterference"]["channels"];
    assert_eq!(channels[0]["answers"], "49");
    assert_eq!(channels[0]["tooFast"], Value::Null);
    let [opened, of_other] = [one, other].map(Place::open_investigations);
    assert_eq!(opened.await, of_other.await);
    tell_apart_at_the_end(&places).await;
}

/// What only says how many sheets came back, and when it was looked.
fn without_arrivals(mut looks: Looks) -> Looks {
    fn cut(value: &mut Value) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(cut),
            Value::Object(object) => {
                for name in ["returned", "sheets", "asOf"] {
                    object.remove(name);
                }
                object.values_mut().for_each(cut);
            }
            _ => {}
        }
    }
    // Looking is logged, and a session knows when it was used.
    let of_looking = ["log", "auditor: log", "security_administrator: log"];
    looks.retain(|what, _| {
        !of_looking.iter().any(|of| what.starts_with(of)) && !what.contains("sessions(")
    });
    looks.values_mut().for_each(cut);
    looks
}

async fn nothing_but_how_many_came_moves_by_fewer_than_ten(world: World) {
    let place = Place::new(world, false).await;
    for number in 0..40 {
        let said = if number % 3 == 0 {
            DISSATISFIED
        } else {
            SATISFIED
        };
        place.answer(said).await;
    }
    // The quarter is over in which they came, and the day is not.
    place.later(Duration::from_hours(1)).await;
    let before = without_arrivals(place.look().await);
    for said in [DISSATISFIED, SATISFIED, TOO_FAST] {
        for _ in 0..3 {
            place.answer(said).await;
        }
    }
    place.later(Duration::from_hours(1)).await;
    assert_alike(&before, &without_arrivals(place.look().await));
    place.answer(DISSATISFIED).await;
    place.later(Duration::from_hours(1)).await;
    assert_ne!(
        before,
        without_arrivals(place.look().await),
        "the tenth moves it"
    );
}
