//! What staff are told of a survey over the wire: warnings while it runs, when its sheets came in, and what people wrote.

use domain::access::Actor;
use serde_json::{Value, json};
use support::{World, on_both};

use super::scene::{SCHEME, Scene};
use crate::stand::subject;
use crate::words;

on_both!(warnings_days_and_words_of_a_survey_are_read_and_texts_decided_about);

const MORE: &str = r#"[[survey.question]]
code = "more"
text = { zh = "意见", en = "Comments" }
longest = 200

[[survey.warning]]
code = "angry"
name = { zh = "不满意过多", en = "Many are dissatisfied" }
dissatisfied_above = "1/3"

[[survey]]
code = "vote""#;

const SURVEY: &str = "query($id: ID!, $subject: ID!) { survey(id: $id) { sealed timeLine { from to sheets } \
    ofOne: timeLine(subjectId: $subject) { sheets } warnings { code name nameEn subjectId found raisedAt } } }";

const WORDS: &str = "query($id: ID!, $subject: ID!) { surveyWords(surveyId: $id, subjectId: $subject, \
    question: \"more\", first: 50) { withheld texts { edges { cursor } nodes { name text removed decision reason } } } }";

const DECIDE: &str = "mutation($input: SurveyDecideTextInput!) { surveyDecideText(input: $input) { \
    text { name text decision reason } refusals { code path } } }";

async fn warnings_days_and_words_of_a_survey_are_read_and_texts_decided_about(world: World) {
    let scheme = SCHEME.replacen("[[survey]]\ncode = \"vote\"", MORE, 1);
    let scene = Scene::under(world, &scheme).await;
    let service = &scene.stand.world.service;
    for _ in 0..12 {
        scene.stand.answer(1, "bad").await;
    }
    service.advance_live_figures().await.unwrap();
    for number in 0..12 {
        words::answer(&scene.stand, 1, &format!("电话1380013800{number}")).await;
    }
    service.advance_live_figures().await.unwrap();
    assert_eq!(service.raise_survey_warnings().await.unwrap(), 1);
    let survey = scene.stand.survey;
    let values = json!({ "id": survey.to_string(), "subject": subject(1).to_string() });
    let ask = async |query: &str| {
        let values = values.clone();
        scene.site.get(&scene.administrator, query, values).await
    };
    let told = ask(SURVEY).await;
    let warning = json!({ "code": "angry", "name": "不满意过多", "nameEn": "Many are dissatisfied",
        "subjectId": subject(1).to_string(), "found": "12/12 (100%)", "raisedAt": "2026-03-02T01:00:00.000000Z" });
    assert_eq!(
        told,
        json!({ "sealed": false, "timeLine": null, "ofOne": null, "warnings": [warning] })
    );
    assert_eq!(ask(WORDS).await["withheld"], "NOT_CLOSED");
    service
        .close_survey(&Actor::Operator, survey, None)
        .await
        .unwrap();
    let told = ask(SURVEY).await;
    let day = json!({ "from": "2026-03-02", "to": "2026-03-02", "sheets": "24" });
    assert_eq!(
        (&told["timeLine"], &told["ofOne"]),
        (&json!([day]), &json!([{ "sheets": "24" }]))
    );
    let read = ask(WORDS).await;
    assert_eq!(read["withheld"], Value::Null);
    let texts = read["texts"]["nodes"].as_array().unwrap();
    assert_eq!(texts.len(), 12);
    let name = &texts[0]["name"];
    let by_rule = json!({ "name": name, "text": "电话〔…〕", "removed": 1, "decision": null, "reason": null });
    assert_eq!(texts[0], by_rule);
    let input = json!({ "surveyId": survey.to_string(), "subjectId": subject(1).to_string(), "question": "more",
        "text": name, "decision": "HIDE", "reason": "it names somebody" });
    let decided = json!({ "input": input });
    let done = scene.site.get(&scene.administrator, DECIDE, decided).await;
    assert_eq!(
        done,
        json!({ "text": { "name": name, "text": null, "decision": "HIDE", "reason": "it names somebody" }, "refusals": [] })
    );
    assert_eq!(ask(WORDS).await["texts"]["nodes"][0]["text"], Value::Null);
}
