//! Seals of closed surveys: whoever has a receipt sees that the answers were in, and an auditor that these sheets and no
//! others were counted.

use domain::access::Actor;
use domain::package;
use domain::scheme::file::Finding;
use sea_orm::ConnectionTrait;
use service::audit::note::Signer;
use service::closeout::PackageKind;
use service::database::Engine;
use service::intake::{Booking, Proof, Receipt, Sealed};
use service::{Database, Fault};
use support::server::program;
use support::{World, on_both};
use verify::log::{Log, Trust};
use verify::note::Keys;

use crate::stand::{ROUND, Stand, refusals};

on_both!(
    a_receipt_is_proven_by_the_sealed_list_and_tells_no_answer,
    the_list_is_long_and_every_proof_holds,
    a_survey_is_sealed_once_it_is_closed_and_anew_where_a_sheet_was_decided_about,
    a_sheet_that_was_changed_after_the_seal_shows_at_once,
    an_auditor_counts_exactly_the_sheets_that_were_sealed,
    the_page_shows_the_proof,
);

/// Answers to both units, and the receipts for them; the survey is closed.
async fn answered(world: World) -> (Stand, Vec<Receipt>) {
    let stand = Stand::new(world).await;
    let mut receipts = Vec::new();
    for (unit, option) in [
        (1, "good"),
        (2, "bad"),
        (1, "good"),
        (2, "good"),
        (1, "bad"),
    ] {
        match stand.answer(unit, option).await {
            Booking::Booked(receipt) => receipts.push(receipt),
            Booking::Refused(reason) => panic!("{reason:?}"),
        }
    }
    stand.close_survey().await;
    (stand, receipts)
}

async fn sealed(stand: &Stand, receipt: &Receipt) -> Sealed {
    match stand.intake.prove_receipt(receipt).await.unwrap() {
        Proof::Sealed(sealed) => *sealed,
        other => panic!("{other:?}"),
    }
}

async fn execute(database: &Database, sql: &str) {
    let transaction = database.begin_write().await.unwrap();
    transaction.execute_unprepared(sql).await.unwrap();
    transaction.commit().await.unwrap();
}

fn check(sealed: &Sealed, code: &str) -> Result<verify::receipt::Proven, verify::finding::Finding> {
    let keys = Keys::read([sealed.verifier_key.clone()]).unwrap();
    verify::receipt::check(&sealed.file, code, &keys)
}

async fn a_receipt_is_proven_by_the_sealed_list_and_tells_no_answer(world: World) {
    let (stand, receipts) = answered(world).await;
    let service = &stand.world.service;
    let early = stand.intake.prove_receipt(&receipts[0]).await.unwrap();
    assert_eq!(early, Proof::NotSealed);
    // One of them does not count, and one came after the survey had closed.
    execute(
        &service.database,
        "UPDATE sheet SET state = 'replaced', reason = 'replaced' \
         WHERE sheet_no = (SELECT max(sheet_no) FROM sheet)",
    )
    .await;
    let late = match service.database.engine() {
        Engine::Sqlite => "zeroblob(32)",
        Engine::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    let late = format!(
        "INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, state, reason, receipt_hash, \
         body_hash) SELECT survey_id, 1, subject_id, panel, 'paper', answers, 'late', 'late', {late}, {late} FROM sheet \
         WHERE sheet_no = (SELECT max(sheet_no) FROM sheet)"
    );
    execute(&service.database, &late).await;

    let signer = Signer::generate().unwrap();
    let seal = service
        .seal_survey(&signer, stand.survey)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seal.size, 5);
    let mut places = Vec::new();
    for (number, receipt) in receipts.iter().enumerate() {
        let shown = sealed(&stand, receipt).await;
        let proven = check(&shown, &receipt.to_string()).unwrap();
        assert_eq!((proven.size, proven.is_counted), (5, number != 4));
        assert_eq!(shown.is_counted, proven.is_counted);
        assert_eq!(usize::try_from(proven.place).unwrap(), shown.place);
        places.push(shown.place);
        for word in ["good", "bad", "u-001", "users", "web"] {
            assert!(!shown.file.contains(word), "the proof tells `{word}`");
        }
        let other = receipts[(number + 1) % receipts.len()].to_string();
        check(&shown, &other).unwrap_err();
        let elsewhere = shown.file.replacen("index ", "index 1", 1);
        let forged = Sealed {
            file: elsewhere,
            ..shown
        };
        check(&forged, &receipt.to_string()).unwrap_err();
    }
    places.sort_unstable();
    assert_eq!(places, [1, 2, 3, 4, 5]);
}

async fn the_list_is_long_and_every_proof_holds(world: World) {
    let (stand, receipts) = answered(world).await;
    let service = &stand.world.service;
    // Some pages of further sheets, with receipts that nobody has.
    let (numbers, hash) = match service.database.engine() {
        Engine::Sqlite => (
            "WITH RECURSIVE part (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM part WHERE n < 5000)",
            "randomblob(32)",
        ),
        Engine::Postgres => (
            "WITH part (n) AS (SELECT generate_series(1, 5000))",
            "sha256(n::text::bytea)",
        ),
    };
    let more = format!(
        "INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, state, reason, receipt_hash, \
         body_hash) {numbers} SELECT survey_id, n, subject_id, panel, channel, answers, state, reason, {hash}, body_hash \
         FROM part CROSS JOIN (SELECT * FROM sheet ORDER BY sheet_no LIMIT 1) AS one"
    );
    execute(&service.database, &more).await;
    let signer = Signer::generate().unwrap();
    let before = service.database.statement_count();
    service.seal_survey(&signer, stand.survey).await.unwrap();
    let statements = service.database.statement_count() - before;
    assert!(statements < 20, "{statements} statements for 5,005 sheets");
    for receipt in &receipts {
        let shown = sealed(&stand, receipt).await;
        let proven = check(&shown, &receipt.to_string()).unwrap();
        assert_eq!(proven.size, 5_005);
    }
}

async fn a_survey_is_sealed_once_it_is_closed_and_anew_where_a_sheet_was_decided_about(
    world: World,
) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let signer = Signer::generate().unwrap();
    let early = service.seal_survey(&signer, stand.survey).await;
    assert_eq!(refusals(early)[0].code, "SURVEY_NOT_CLOSED");
    stand.answer(1, "good").await;
    stand.close_survey().await;
    let first = service.seal_survey(&signer, stand.survey).await.unwrap();
    assert_eq!(first.unwrap().number, 1);
    assert_eq!(
        service.seal_survey(&signer, stand.survey).await.unwrap(),
        None
    );
    execute(
        &service.database,
        "UPDATE sheet SET state = 'invalid', reason = 'batch'",
    )
    .await;
    let second = service.seal_survey(&signer, stand.survey).await.unwrap();
    assert_eq!(second.unwrap().number, 2);
}

async fn a_sheet_that_was_changed_after_the_seal_shows_at_once(world: World) {
    let (stand, receipts) = answered(world).await;
    let service = &stand.world.service;
    let signer = Signer::generate().unwrap();
    service.seal_survey(&signer, stand.survey).await.unwrap();
    sealed(&stand, &receipts[0]).await;
    execute(
        &service.database,
        "UPDATE sheet SET panel = 'others' WHERE sheet_no = (SELECT min(sheet_no) FROM sheet)",
    )
    .await;
    let shown = stand.intake.prove_receipt(&receipts[0]).await;
    assert!(matches!(shown, Err(Fault::Internal(_))), "{shown:?}");
}

/// The round, closed and taken out with its sheets, and the log of it.
async fn closed(world: World) -> (Vec<u8>, Log) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let service = &stand.world.service;
    let signer = Signer::generate().unwrap();
    service.seal_survey(&signer, stand.survey).await.unwrap();
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let package = service
        .export_round(&stand.administrator, ROUND, PackageKind::Sheets)
        .await
        .unwrap();
    let mut file = Vec::new();
    service
        .export_log(&Actor::Operator, Some(&signer), &mut file)
        .await
        .unwrap();
    let log = verify::log::check(&file[..], &Trust::default()).unwrap();
    (package, log)
}

async fn an_auditor_counts_exactly_the_sheets_that_were_sealed(world: World) {
    let (bytes, log) = closed(world).await;
    assert_eq!(package::replay(&bytes).unwrap().sheets, 8);
    assert_eq!(verify::package::check(&bytes, &log).unwrap().sheets, 8);
    // The receipts of a good answer and of a bad one change places: the counts are the same, and the sheets are not.
    let text = String::from_utf8(bytes).unwrap();
    let (before, rest) = text.split_once("\"receipts\":\"").unwrap();
    let (receipts, after) = rest.split_once('"').unwrap();
    let (first, rest) = receipts.split_at(64);
    let (middle, last) = rest.split_at(rest.len() - 64);
    let turned = format!("{last}{middle}{first}");
    let forged = format!("{before}\"receipts\":\"{turned}\"{after}");
    let difference = package::replay(forged.as_bytes()).unwrap_err();
    assert!(difference.path.ends_with("/seal"), "{difference}");
    let findings = verify::package::check(forged.as_bytes(), &log).unwrap_err();
    assert!(
        findings
            .iter()
            .any(|found| found.en.contains("that were sealed")),
        "{findings:?}"
    );
}

async fn the_page_shows_the_proof(world: World) {
    let (stand, receipts) = answered(world).await;
    let site = crate::page::serve(stand.intake.clone()).await;
    let client = reqwest::Client::new();
    let ask = async |fields: &[(&str, &str)]| {
        let asked = client.post(format!("{site}/receipt?lang=en")).form(fields);
        let page = asked.send().await.unwrap();
        assert_eq!(page.status(), 200);
        page.text().await.unwrap()
    };
    let code = receipts[1].to_string();
    let page = ask(&[("code", &code)]).await;
    assert!(page.contains("name=\"proof\""), "{page}");
    let page = ask(&[("code", &code), ("proof", "1")]).await;
    assert!(page.contains("Not sealed yet"), "{page}");
    let signer = Signer::generate().unwrap();
    let service = &stand.world.service;
    service.seal_survey(&signer, stand.survey).await.unwrap();
    let page = ask(&[("code", &code), ("proof", "1")]).await;
    assert!(page.contains("In the sealed list"), "{page}");
    let (_, rest) = page.split_once("c2sp.org/tlog-proof@v1").unwrap();
    let (proof, _) = rest.split_once("</textarea>").unwrap();
    let proof = format!("c2sp.org/tlog-proof@v1{proof}");
    let shown = sealed(&stand, &receipts[1]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proof.txt");
    std::fs::write(&file, proof).unwrap();
    let checked =
        std::process::Command::new(program().with_file_name("mingjian-verify-under-test"))
            .arg("receipt")
            .arg(&file)
            .args([
                "--code",
                &code,
                "--key",
                &shown.verifier_key,
                "--language",
                "zh",
            ])
            .output()
            .unwrap();
    let said = String::from_utf8([checked.stdout, checked.stderr].concat()).unwrap();
    assert!(
        said.starts_with("这份答卷已经计入：封存清单共 5 份"),
        "{said}"
    );
}
