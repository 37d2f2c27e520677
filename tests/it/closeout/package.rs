//! Packages that recompute what was closed, and that hold every acknowledged answer.

use domain::access::Actor;
use domain::package;
use domain::scheme::file::Finding;
use futures_util::future::join_all;
use service::Fault;
use service::closeout::PackageKind;
use service::intake::{Booking, RefusedAnswer};
use service::standing::{Source, Wanted};
use support::{World, on_both};

use crate::stand::{ROUND, Stand, points};

on_both!(
    a_round_is_scored_closed_once_and_recomputed_from_its_package,
    an_answer_racing_the_close_out_is_in_it_or_refused,
    a_closed_round_comes_out_on_paper_without_figures_of_few
);

async fn a_round_is_scored_closed_once_and_recomputed_from_its_package(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;

    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(preflight.may_close(), "{:?}", preflight.outcome.gaps);
    let first = preflight.outcome.find("u-001").unwrap();
    assert_eq!(first.total, Some(points("95")));

    let closing = service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(closing.by_this_request);
    let again = service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(!again.by_this_request);
    assert_eq!(again.revision, closing.revision);

    for kind in [PackageKind::Counts, PackageKind::Sheets] {
        let bytes = service
            .export_round(&stand.administrator, ROUND, kind)
            .await
            .unwrap();
        let same = package::replay(&bytes).unwrap();
        assert_eq!(same.subjects, 2);
        assert_eq!(same.inputs_digest, closing.revision.inputs_digest);
        assert_eq!(same.outcome_digest, closing.revision.outcome_digest);
        let sheets = if kind == PackageKind::Sheets { 8 } else { 0 };
        assert_eq!(same.sheets, sheets);
    }

    // About each unit four people answered.
    let bytes = service
        .export_round(&stand.administrator, ROUND, PackageKind::Public)
        .await
        .unwrap();
    let same = package::replay(&bytes).unwrap();
    assert_eq!((same.subjects, same.withheld), (2, 2));
    let public: package::Package = serde_json::from_slice(&bytes).unwrap();
    let from = public.public_of.unwrap();
    assert_eq!(from.inputs_digest, closing.revision.inputs_digest);
    assert_eq!(from.outcome_digest, closing.revision.outcome_digest);
    assert!(public.inputs.tallies.is_empty() && public.inputs.scores.is_empty());
    let first = public.outcome.find("u-001").unwrap();
    assert_eq!((first.total, first.rank), (Some(points("95")), Some(1)));
    assert!(
        first.figures.is_empty() && first.items.is_empty(),
        "{first:?}"
    );

    let anonymous = Actor::Anonymous;
    let wanted = Wanted {
        round: ROUND,
        category: "organ".to_owned(),
        after: None,
        first: 50,
        revision: None,
    };
    assert!(matches!(
        service.list_ranking(&anonymous, &wanted).await,
        Err(Fault::NotFound)
    ));
    service
        .publish_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let page = service.list_ranking(&anonymous, &wanted).await.unwrap();
    assert_eq!(page.source, Source::Revision { number: 1 });
    let codes: Vec<&str> = page
        .places
        .iter()
        .map(|place| place.code.as_str())
        .collect();
    assert_eq!(codes, ["u-001", "u-002"]);
}

async fn an_answer_racing_the_close_out_is_in_it_or_refused(world: World) {
    let stand = Stand::new(world).await;
    stand.fill_without_closing().await;
    let answers = join_all((0..40).map(|_| stand.answer(1, "good")));
    let closing = async {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        stand.close_survey().await;
        stand.investigate(Finding::Unfounded).await;
        stand
            .world
            .service
            .close_round(&stand.administrator, ROUND)
            .await
            .unwrap()
    };
    let (answers, _) = futures_util::future::join(answers, closing).await;
    let booked = answers
        .iter()
        .filter(|booking| match booking {
            Booking::Booked(_) => true,
            Booking::Refused(RefusedAnswer::Closed) => false,
            Booking::Refused(other) => panic!("{other:?}"),
        })
        .count();
    let bytes = stand
        .world
        .service
        .export_round(&stand.administrator, ROUND, PackageKind::Sheets)
        .await
        .unwrap();
    let same = package::replay(&bytes).unwrap();
    assert_eq!(same.sheets, 8 + u64::try_from(booked).unwrap());
}

async fn a_closed_round_comes_out_on_paper_without_figures_of_few(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let folder = tempfile::tempdir().unwrap();
    let sheets = folder.path().join("sheets");
    let report = || {
        std::process::Command::new(support::server::program())
            .args(["report", "r1", "--folder"])
            .arg(&sheets)
            .env_clear()
            .env("MINGJIAN_DATABASE_URL", &stand.world.database.url)
            .output()
            .unwrap()
    };
    let early = report();
    let said = String::from_utf8(early.stderr).unwrap();
    assert!(said.contains("ROUND_NOT_CLOSED"), "{said}");
    assert!(!sheets.exists());

    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let output = report();
    assert!(output.status.success(), "{output:?}");
    let sheet = std::fs::read_to_string(sheets.join("u-001.html")).unwrap();
    // Four answered; what they said is kept from the unit.
    for words in [
        "2026-03-02",
        "答卷不足10份，数值不公开",
        "fewer than 10 answers, so the figure is withheld",
    ] {
        assert!(sheet.contains(words), "`{words}` is missing");
    }
    assert!(!sheet.contains("/4"), "a figure of four answers is shown");
}
