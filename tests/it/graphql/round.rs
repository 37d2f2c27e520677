//! A round from its scheme to its open survey, by GraphQL alone.

use domain::access::{Actor, Role};
use serde_json::{Value, json};
use support::{World, on_both, project};

use super::{Site, Token};

on_both!(
    a_round_is_set_up_opened_and_watched,
    every_fault_of_a_scheme_file_is_told_with_its_place,
    two_versions_of_a_scheme_are_compared
);

async fn add_unit(site: &Site, token: &Token, number: usize, region: &Value) -> Value {
    let query = "mutation($code: String!, $region: ID!) { subjectAdd(input: { code: $code, kind: UNIT, category: \"organ\",
        regionId: $region, name: \"单位\", nameEn: \"Unit\" }) { subject { id } refusals { code path message } } }";
    let input = json!({ "code": format!("unit-{number}"), "region": region });
    let added = site.get(token, query, input).await;
    added["subject"]["id"].clone()
}

async fn a_round_is_set_up_opened_and_watched(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::RoundAdministrator).await;
    let region = "mutation { regionAdd(input: { code: \"town\", name: \"镇\", nameEn: \"Town\" }) { region { id } } }";
    let region = site.get(&token, region, json!({})).await["region"]["id"].clone();
    let source = project::read(&project::root().join("schemes/ouhai/organ.toml"));
    // The whole table is larger than a request may be; it comes in by the command line.
    let version = site
        .world
        .service
        .add_scheme_version(&Actor::Operator, &source)
        .await
        .ok()
        .unwrap();
    let mut units = Vec::new();
    for number in 0..3 {
        units.push(add_unit(&site, &token, number, &region).await);
    }

    let add = "mutation($version: ID!, $to: Date!) { roundAdd(input: { code: \"2026\", series: \"annual\",
        name: \"二〇二六年度\", nameEn: \"2026\", schemeVersionId: $version, periodFrom: \"2026-01-01\", periodTo: $to })
        { round { id rowVersion state surveys { id } } refusals { code path } } }";
    let version = version.id.to_string();
    let wrong = json!({ "version": version, "to": "2025-12-31" });
    let refused = site.get(&token, add, wrong).await;
    assert_eq!(
        refused["refusals"],
        json!([{ "code": "ENDS_BEFORE_IT_BEGINS", "path": ["periodTo"] }])
    );
    let right = json!({ "version": version, "to": "2026-12-31" });
    let draft = site.get(&token, add, right.clone()).await["round"].clone();
    assert_eq!(draft["surveys"], json!([]));
    let again = site.get(&token, add, right).await;
    assert_eq!(again["refusals"][0]["code"], "CODE_TAKEN");

    let open = "mutation($id: ID!, $v: String!) { roundOpen(id: $id, rowVersion: $v) { round { state openedAt
        subjects(first: 10) { nodes { code category region { code } } } surveys { id state panels } }
        refusals { code path message } } }";
    let opened = site
        .get(
            &token,
            open,
            json!({ "id": draft["id"], "v": draft["rowVersion"] }),
        )
        .await;
    assert_eq!(opened["refusals"], json!([]));
    let round = &opened["round"];
    assert_eq!(round["state"], "OPEN");
    assert_eq!(round["subjects"]["nodes"].as_array().unwrap().len(), 3);
    // What was frozen stays: a unit that comes later is not on the roster.
    add_unit(&site, &token, 9, &region).await;
    let roster = "query($id: ID!) { round(id: $id) { subjects(first: 10) { nodes { code } } } }";
    let roster = site.get(&token, roster, json!({ "id": draft["id"] })).await;
    assert_eq!(roster["subjects"]["nodes"].as_array().unwrap().len(), 3);

    let survey = &round["surveys"][0];
    let panel = &survey["panels"][0];
    let run = "mutation($id: ID!) { surveyOpen(id: $id) { survey { state } refusals { code } } }";
    let running = site.get(&token, run, json!({ "id": survey["id"] })).await;
    assert_eq!(running["survey"]["state"], "OPEN");
    let again = site.get(&token, run, json!({ "id": survey["id"] })).await;
    assert_eq!(again["refusals"][0]["code"], "SURVEY_NOT_DRAFT");
    let links = "mutation($input: SurveyAddLinksInput!) { surveyAddLinks(input: $input) { links { code } refusals { code path } } }";
    let input = json!({ "surveyId": survey["id"], "subjectIds": units, "panel": panel });
    let made = site.get(&token, links, json!({ "input": input })).await;
    assert_eq!(made["links"].as_array().unwrap().len(), 3);
    let invite = "mutation($input: SurveyInviteInput!) { surveyInvite(input: $input) { tokens refusals { code path } } }";
    let input =
        json!({ "surveyId": survey["id"], "subjectId": units[0], "panel": panel, "count": 4 });
    let invited = site.get(&token, invite, json!({ "input": input })).await;
    assert_eq!(invited["tokens"].as_array().unwrap().len(), 4);
    let input = json!({ "surveyId": survey["id"], "subjectId": units[0], "panel": "strangers", "count": 4 });
    let refused = site.get(&token, invite, json!({ "input": input })).await;
    assert_eq!(
        refused["refusals"],
        json!([{ "code": "PANEL_UNKNOWN", "path": ["panel"] }])
    );

    let progress = "query($id: ID!) { survey(id: $id) { progress { issued returned panels { panel issued } } } }";
    let counts = site
        .get(&token, progress, json!({ "id": survey["id"] }))
        .await;
    assert_eq!(counts["progress"]["issued"], "4");
    assert_eq!(counts["progress"]["returned"], "0");
    // Nobody else learns that the round exists.
    let hidden = "query($id: ID!) { round(id: $id) { code } }";
    assert_eq!(
        site.get(&None, hidden, json!({ "id": draft["id"] })).await,
        Value::Null
    );
}

async fn every_fault_of_a_scheme_file_is_told_with_its_place(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::RoundAdministrator).await;
    let query =
        "mutation($source: String!) { schemeVersionAdd(source: $source) { schemeVersion { id }
        refusals { code path message } } }";
    let source = "format = \"mingjian-scheme/1\"\ncode = 7\nsurprise = true\n";
    let refused = site.get(&token, query, json!({ "source": source })).await;
    assert_eq!(refused["schemeVersion"], Value::Null);
    let refusals = refused["refusals"].as_array().unwrap();
    assert!(refusals.len() > 2, "{refused}");
    let places: Vec<&Value> = refusals.iter().map(|refusal| &refusal["path"]).collect();
    assert!(places.contains(&&json!(["source", "code"])), "{refused}");
    assert!(
        refusals.iter().any(|refusal| refusal["message"]
            .as_str()
            .unwrap()
            .starts_with("line 2, column ")),
        "{refused}"
    );
}

async fn two_versions_of_a_scheme_are_compared(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::RoundAdministrator).await;
    let table = project::read(&project::root().join("schemes/ouhai/organ.toml"));
    let stricter = table
        .replacen("version = \"1\"", "version = \"2\"", 1)
        .replacen("from = 90\n", "from = 96\n", 1);
    let mut ids = Vec::new();
    for source in [table, stricter] {
        let service = &site.world.service;
        let added = service.add_scheme_version(&Actor::Operator, &source).await;
        ids.push(added.ok().unwrap().id.to_string());
    }
    let query =
        "query($new: ID!, $old: ID!) { schemeVersion(id: $new) { changesSince(version: $old) {
        changes { part code kind words { zh en } } lostScores { item } } } }";
    let compared = site
        .get(&token, query, json!({ "new": ids[1], "old": ids[0] }))
        .await;
    assert_eq!(
        compared["changesSince"],
        json!({ "changes": [{ "part": "GRADE", "code": "excellent", "kind": "THRESHOLD",
            "words": { "zh": "等次 excellent“优秀”：分数线 90 → 96", "en": "grade excellent “Excellent”: from 90 → 96" } }],
            "lostScores": [] })
    );
    let missing = json!({ "new": ids[1], "old": "scv_0000000000001" });
    let compared = site.get(&token, query, missing).await;
    assert_eq!(compared["changesSince"], Value::Null);
}
