//! Trials of stored versions over the wire: who would get something else and why, what is lost, and who may ask.

use domain::access::Role;
use domain::scheme::file::Finding;
use serde_json::{Value, json};
use support::{World, on_both};

use super::{Site, Token};
use crate::stand::{ROUND, SCHEME, Stand};

on_both!(
    a_stored_version_is_tried_on_a_closed_round_and_says_who_would_get_something_else,
    what_a_tried_version_has_no_place_for_is_set_aside_and_told,
    nothing_is_tried_on_an_open_round_or_by_a_version_that_is_not_there
);

const TRIAL: &str = "query($round: ID!, $version: ID!, $revision: Int, $after: String) {
    schemeTrial(roundId: $round, schemeVersionId: $version, revision: $revision) {
        revision schemeCode schemeVersion subjectCount changeCount
        grades { grade before after } eligible { before after } disqualified { before after }
        undetermined { before after }
        changes(first: 1, after: $after) { pageInfo { hasNextPage endCursor }
            nodes { subjectCode before { total grade } after { total grade } because { zh en } } }
        gaps(first: 5) { nodes { subjectCode place words { en } } }
        setAside(first: 5) { nodes { list name rows words { en } } } } }";

async fn stand(world: World) -> (Stand, Site, Token) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let site = Site::new(stand.world.clone()).await;
    let administrator = site.token(Role::RoundAdministrator).await;
    (stand, site, administrator)
}

/// Stores a version that differs, and returns its id.
async fn store(
    site: &Site,
    administrator: &Token,
    version: &str,
    changes: &[(&str, &str)],
) -> Value {
    let number = format!("version = \"{version}\"");
    let changes = [("version = \"1\"", number.as_str())]
        .into_iter()
        .chain(changes.iter().copied());
    let source = changes.fold(SCHEME.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let add = "mutation($source: String!) { schemeVersionAdd(source: $source) {
        schemeVersion { id } refusals { message } } }";
    let added = site
        .get(administrator, add, json!({ "source": source }))
        .await;
    assert_eq!(added["refusals"], json!([]));
    added["schemeVersion"]["id"].clone()
}

async fn a_stored_version_is_tried_on_a_closed_round_and_says_who_would_get_something_else(
    world: World,
) {
    let (stand, site, administrator) = stand(world).await;
    let service = &stand.world.service;
    let closing = service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let bands = [("from = 90", "from = 96"), ("from = 60", "from = 61")];
    let version = store(&site, &administrator, "2", &bands).await;
    let mut variables = json!({ "round": ROUND.to_string(), "version": version });
    let tried = site.get(&administrator, TRIAL, variables.clone()).await;
    assert_eq!(
        [
            &tried["revision"],
            &tried["schemeCode"],
            &tried["schemeVersion"],
            &tried["subjectCount"]
        ],
        [&json!(1), &json!("small"), &json!("2"), &json!(2)]
    );
    assert_eq!(
        tried["grades"],
        json!([
            { "grade": "excellent", "before": 1, "after": 0 },
            { "grade": "good", "before": 1, "after": 1 },
            { "grade": "poor", "before": 0, "after": 1 },
        ])
    );
    assert_eq!(tried["eligible"], json!({ "before": 2, "after": 1 }));
    assert_eq!(tried["changeCount"], json!(2));
    let first = &tried["changes"];
    assert_eq!(
        first["nodes"],
        json!([{ "subjectCode": "u-001", "before": { "total": "95", "grade": "excellent" },
            "after": { "total": "95", "grade": "good" },
            "because": [{ "zh": "等次的分数线不同", "en": "the bands of the grades are others" }] }])
    );
    assert_eq!(first["pageInfo"]["hasNextPage"], json!(true));
    variables["after"] = first["pageInfo"]["endCursor"].clone();
    variables["revision"] = json!(1);
    let second = site.get(&administrator, TRIAL, variables).await;
    assert_eq!(second["changes"]["nodes"][0]["subjectCode"], json!("u-002"));
    assert_eq!(second["changes"]["pageInfo"]["hasNextPage"], json!(false));
    // Nothing of it is stored.
    let again = service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert_eq!(again.revision, closing.revision);
}

async fn what_a_tried_version_has_no_place_for_is_set_aside_and_told(world: World) {
    let (stand, site, administrator) = stand(world).await;
    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let weights = [("max = 60", "max = 50"), ("max = 20", "max = 30")];
    let version = store(&site, &administrator, "3", &weights).await;
    let variables = json!({ "round": ROUND.to_string(), "version": version });
    let tried = site.get(&administrator, TRIAL, variables).await;
    assert_eq!(
        tried["setAside"]["nodes"],
        json!([{ "list": "scores", "name": "A1", "rows": 2,
            "words": { "en": "scores A1: 2 rows, the maximum of the item is another" } }])
    );
    let gaps = tried["gaps"]["nodes"].as_array().unwrap();
    let places: Vec<_> = gaps
        .iter()
        .map(|gap| (&gap["subjectCode"], &gap["place"]))
        .collect();
    assert_eq!(
        places,
        [
            (&json!("u-001"), &json!("A1")),
            (&json!("u-002"), &json!("A1"))
        ]
    );
    assert_eq!(tried["undetermined"], json!({ "before": 0, "after": 2 }));
}

async fn nothing_is_tried_on_an_open_round_or_by_a_version_that_is_not_there(world: World) {
    let (stand, site, administrator) = stand(world).await;
    let version = store(&site, &administrator, "2", &[("from = 90", "from = 96")]).await;
    let refused = async |version: &Value, revision: Value| {
        let variables =
            json!({ "round": ROUND.to_string(), "version": version, "revision": revision });
        let answer = site.ask(&administrator, TRIAL, variables).await;
        assert_eq!(answer["data"], json!({ "schemeTrial": null }), "{answer}");
        answer["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    let open = refused(&version, Value::Null).await;
    assert!(open.contains("close it, or ask for a dry run"), "{open}");
    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let unknown = refused(&version, json!(2)).await;
    assert!(unknown.contains("no revision 2"), "{unknown}");
    let nowhere = json!(domain::id::Id::<domain::id::SchemeVersion>::new(7).to_string());
    let missing = refused(&nowhere, Value::Null).await;
    assert!(missing.contains("there is no version"), "{missing}");
}
