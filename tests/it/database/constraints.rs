//! Constraints: what must never be true of the data is refused by the database, on both alike.

use sea_orm::ConnectionTrait;
use service::Database;
use service::database::{DatabaseSettings, Engine};
use support::{World, on_both};

on_both!(
    each_row_stands_once,
    what_breaks_a_rule_is_refused,
    what_refers_to_nothing_is_refused,
    of_two_close_outs_at_once_one_stands,
    frozen_rows_are_neither_changed_nor_removed,
    the_running_role_has_no_right_to_change_frozen_rows,
);

/// One row of nearly every table, in the order of their references.
const ROWS: &[&str] = &[
    "INSERT INTO region (id, parent_id, code, name, name_en) VALUES (1, NULL, 'R1', '区', 'district')",
    "INSERT INTO subject (id, code, kind, category, region_id, name, name_en)
        VALUES (11, 'S1', 'unit', 'bureau', 1, '局', 'bureau'), (12, 'S2', 'person', 'bureau', 1, '人', 'person')",
    "INSERT INTO relation (id, kind, from_subject_id, to_subject_id, from_on, to_on)
        VALUES (21, 'heads', 12, 11, '2026-01-01', NULL)",
    "INSERT INTO scheme (id, code, name, name_en) VALUES (31, 'C1', '体系', 'scheme')",
    "INSERT INTO scheme_version (id, scheme_id, version, source, digest, added_at)
        VALUES (32, 31, '1', '', {digest}, 0)",
    "INSERT INTO round (id, code, series, name, name_en, scheme_version_id, period_from_on, period_to_on, time_zone,
            state, publicity, opened_at, closed_at, row_version, inputs_changed_at)
        VALUES (41, 'N1', 'yearly', '', '', 32, '2026-01-01', '2026-12-31', 'Asia/Shanghai',
            'closed', 'internal', 0, 1, 1, 0)",
    "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en, joined_on, left_on)
        VALUES (41, 11, 'bureau', 1, '', '', NULL, NULL)",
    "INSERT INTO round_relation (round_id, kind, from_subject_id, to_subject_id, from_on, to_on)
        VALUES (41, 'heads', 12, 11, '2026-01-01', NULL)",
    "INSERT INTO staff (id, login, name, password_hash, state, row_version, failed_logins, locked_until_at)
        VALUES (51, 'wang', '', '', 'active', 1, 0, NULL)",
    "INSERT INTO staff_role (id, staff_id, role, region_id, category, round_id, subject_id)
        VALUES (52, 51, 'auditor', NULL, NULL, NULL, NULL)",
    "INSERT INTO staff_link (token_hash, purpose, staff_id, made_at, expires_at)
        VALUES ({digest}, 'reset', 51, 0, 1)",
    "INSERT INTO staff_factor (staff_id, sealed, begun_at, confirmed_at, last_step)
        VALUES (51, {sealed}, 0, 1, 0)",
    "INSERT INTO staff_identity (staff_id, issuer, subject, bound_at) VALUES (51, 'https://id.example.com', 's', 0)",
    "INSERT INTO staff_recovery (staff_id, code_hash) VALUES (51, {digest})",
    "INSERT INTO service_token (id, name, secret_hash, reads, region_id, round_id, made_at, expires_at)
        VALUES (54, 'T1', {digest}, 'live', NULL, NULL, 0, 1)",
    "INSERT INTO session (id, staff_id, family, refresh_hash, state, issued_at, expires_at, used_at)
        VALUES (53, 51, 1, {digest}, 'live', 0, 1, NULL)",
    "INSERT INTO survey (id, round_id, code, state, opens_at, closes_at, definition, definition_digest)
        VALUES (61, 41, 'V1', 'open', NULL, NULL, '{}', {digest})",
    "INSERT INTO survey_link (code, survey_id, subject_id, panel, channel) VALUES ('L1', 61, 11, 'public', 'web')",
    "INSERT INTO invitation (survey_id, token_hash, subject_id, panel, state)
        VALUES (61, {digest}, 11, 'public', 'issued')",
    "INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, state, reason, receipt_hash, body_hash)
        VALUES (61, 1, 11, 'public', 'web', {digest}, 'valid', NULL, {digest}, {digest})",
    "INSERT INTO ballot (survey_id, ballot_no, region_id) VALUES (61, 1, NULL)",
    "INSERT INTO ballot_line (survey_id, ballot_no, line_no, subject_id) VALUES (61, 1, 1, 11)",
    "INSERT INTO ballot_link (code, survey_id, ballot_no, panel, channel) VALUES ('L2', 61, 1, 'public', 'web')",
    "INSERT INTO ballot_invitation (survey_id, token_hash, ballot_no, panel, state)
        VALUES (61, {digest}, 1, 'public', 'issued')",
    "INSERT INTO ballot_sheet (survey_id, sheet_no, ballot_no, panel, channel, answers, state, reason, receipt_hash, body_hash)
        VALUES (61, 1, 1, 'public', 'web', {digest}, 'valid', NULL, {digest}, {digest})",
    "INSERT INTO tally (survey_id, subject_id, panel, channel, counts) VALUES (61, 11, 'public', 'web', '{1,1,0}')",
    "INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count)
        VALUES (61, 11, 'public', 'web', 'valid', 1)",
    "INSERT INTO network_key (survey_id, key) VALUES (61, {digest})",
    "INSERT INTO arrival (survey_id, channel, span, network, answers, fast) VALUES (61, 'web', 1, 7, 2, 1)",
    "INSERT INTO told_count (survey_id, about, said, count) VALUES (61, 11, 'yes', 1)",
    "INSERT INTO shown_tally (survey_id, subject_id, panel, channel, shown_sheets, shown_counts, next_sheets, next_counts,
            next_valid, steps)
        VALUES (61, 11, 'public', 'web', '{}', '{0,0,0}', '{\"valid\":10}', '{10,10,0}', 10, 1)",
    "INSERT INTO survey_issue (survey_id, subject_id, panel, channel, invited, issued, attended, entitled)
        VALUES (61, 11, 'public', 'web', 1, NULL, NULL, NULL)",
    "INSERT INTO score (round_id, subject_id, item, part, inspector_id, points_e4, row_version, awarded_at, note)
        VALUES (41, 11, 'I1', '', 51, 10000, 1, 0, NULL)",
    "INSERT INTO checklist_result (round_id, subject_id, item, part, done, tasks) VALUES (41, 11, 'I1', '', 1, 2)",
    "INSERT INTO measure_value (round_id, subject_id, measure, period, value) VALUES (41, 11, 'M1', '', '1/3')",
    "INSERT INTO fact (id, subject_id, kind, event_on, decision_on, fields, persons, reference, status, recorded_at,
            recorded_by)
        VALUES (71, 11, 'K1', '2026-02-01', NULL, '{}', 1, 'F1', 'confirmed', 0, NULL)",
    "INSERT INTO investigation (id, round_id, subject_id, rule, opened_by, finding, opened_at, decided_at, reason)
        VALUES (72, 41, 11, 'U1', 'rule', 'open', 0, NULL, NULL)",
    "INSERT INTO waiver (id, round_id, subject_id, gap, holds, reason, by_staff_id, made_at)
        VALUES (73, 41, NULL, 'G1', '{}', 'why', 51, 0), (74, 41, 11, 'G1', '{}', 'why', 51, 0)",
    "INSERT INTO adjustment (round_id, subject_id, grade, reason, by_staff_id, made_at)
        VALUES (41, 11, 'A', 'why', 51, 0)",
    "INSERT INTO tie_choice (round_id, quota, subject_id, reason, by_staff_id, made_at)
        VALUES (41, 'Q1', 11, 'why', 51, 0)",
    "INSERT INTO past_grade (series, round_code, subject_id, closed_on, grade, points_e4)
        VALUES ('yearly', 'N0', 11, '2025-12-31', 'A', NULL)",
    "INSERT INTO revision (round_id, number, parent, scheme_version_id, engine_version, inputs, inputs_digest, outcome,
            outcome_digest, closed_at, closed_by, reason)
        VALUES (41, 1, NULL, 32, '1', '{}', {digest}, '{}', {digest}, 0, 51, NULL)",
    "INSERT INTO decision (round_id, revision, subject_id, category, region_id, total_e4, maximum_e4, grade, rank,
            eligible, body)
        VALUES (41, 1, 11, 'bureau', 1, 10000, 1000000, 'A', 1, TRUE, '{}')",
    "INSERT INTO reopening (round_id, revision, reason, proposer_staff_id, by_staff_id, reopened_at)
        VALUES (41, 1, 'why', NULL, 51, 0)",
    "INSERT INTO reopening_input (round_id, revision, input, named_at) VALUES (41, 1, 'scores', 0)",
    "INSERT INTO reopen_proposal (round_id, revision, inputs, reason, by_staff_id, proposed_at)
        VALUES (41, 1, 'scores', 'why', 51, 0)",
    "INSERT INTO adjustment_proposal (round_id, subject_id, grade, reason, by_staff_id, proposed_at)
        VALUES (41, 11, NULL, 'why', 51, 0)",
    "INSERT INTO version_proposal (round_id, scheme_version_id, reason, by_staff_id, proposed_at)
        VALUES (41, 32, 'why', 51, 0)",
    "INSERT INTO carried_confirmation (round_id, revision, kind, subject_id, place, by_staff_id, confirmed_at)
        VALUES (41, 1, 'waiver', 11, 'item/I1', 51, 0)",
    "INSERT INTO kept_sheets (round_id, revision, survey_id, body) VALUES (41, 1, 61, '{}')",
    "INSERT INTO publication (round_id, revision, published_at) VALUES (41, 1, 0)",
    "INSERT INTO revision_source (round_id, revision, source_round_id, source_revision) VALUES (41, 1, 41, 1)",
    "INSERT INTO survey_seal (survey_id, number, size, root, salt, note, verifier_key, sealed_at)
        VALUES (61, 1, 1, {digest}, {digest}, 'note', 'key', 0)",
    "INSERT INTO survey_day (survey_id, day_on, counted_at) VALUES (61, '2026-03-02', 0)",
    "INSERT INTO sheet_day (survey_id, subject_id, day_on, sheets) VALUES (61, 11, '2026-03-02', 1)",
    "INSERT INTO survey_warning (survey_id, subject_id, code, found, raised_at) VALUES (61, 11, 'W1', '1/2', 0)",
    "INSERT INTO text_decision (survey_id, text_id, decision, reason, decided_at)
        VALUES (61, {name}, 'hide', 'why', 0)",
    "INSERT INTO seal_page (survey_id, number, page_no, first_receipt_hash, root) VALUES (61, 1, 0, {digest}, {digest})",
    "INSERT INTO checkpoint (size, root, note, verifier_key, frontier, made_at)
        VALUES (1, {digest}, 'note', 'key', {digest}, 0)",
    "INSERT INTO standing (round_id, subject_id, category, total_e4, maximum_e4, rank, body, computed_at)
        VALUES (41, 11, 'bureau', NULL, NULL, NULL, '{}', 0)",
];

/// Tables whose rows have an id, with the other columns: the meaning of a row is unique, not just its id.
const UNDER_ANOTHER_ID: [(&str, &str); 12] = [
    ("region", "code, name, name_en"),
    ("subject", "code, kind, category, region_id, name, name_en"),
    (
        "relation",
        "kind, from_subject_id, to_subject_id, from_on, to_on",
    ),
    ("scheme", "code, name, name_en"),
    (
        "scheme_version",
        "scheme_id, version, source, digest, added_at",
    ),
    (
        "staff",
        "login, name, password_hash, state, row_version, failed_logins",
    ),
    ("staff_role", "staff_id, role"),
    (
        "service_token",
        "name, secret_hash, reads, made_at, expires_at",
    ),
    (
        "session",
        "staff_id, family, refresh_hash, state, issued_at, expires_at",
    ),
    (
        "survey",
        "round_id, code, state, definition, definition_digest",
    ),
    (
        "investigation",
        "round_id, subject_id, rule, opened_by, finding, opened_at",
    ),
    (
        "waiver",
        "round_id, subject_id, gap, holds, reason, by_staff_id, made_at",
    ),
];

/// The tables in which a row is frozen as soon as it stands.
const FROZEN: [&str; 13] = [
    "audit_event",
    "carried_confirmation",
    "kept_sheets",
    "publication",
    "reopening",
    "reopening_input",
    "revision_source",
    "checkpoint",
    "survey_seal",
    "seal_page",
    "revision",
    "decision",
    "scheme_version",
];

fn spelled(world: &World, sql: &str) -> String {
    let digest = match world.service.database.engine() {
        Engine::Sqlite => "zeroblob(32)",
        Engine::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    sql.replace("{digest}", digest)
        .replace("{sealed}", &digest.replace("32", "48"))
        .replace("{name}", &digest.replace("32", "16"))
}

async fn execute(database: &Database, sql: &str) -> Result<(), String> {
    let transaction = database.begin_write().await.unwrap();
    transaction
        .execute_unprepared(sql)
        .await
        .map_err(|error| error.to_string())?;
    transaction.commit().await.unwrap();
    Ok(())
}

async fn fill(world: &World) {
    for sql in ROWS {
        execute(&world.service.database, &spelled(world, sql))
            .await
            .unwrap();
    }
    let entry = "INSERT INTO audit_event (seq, body, leaf_hash) VALUES (1, '{}', {digest})";
    execute(&world.service.database, &spelled(world, entry))
        .await
        .unwrap();
}

async fn each_row_stands_once(world: World) {
    fill(&world).await;
    let again = ROWS.iter().map(|sql| spelled(&world, sql));
    let under_another_id = UNDER_ANOTHER_ID.iter().map(|(table, columns)| {
        format!("INSERT INTO {table} (id, {columns}) SELECT id + 900, {columns} FROM {table}")
    });
    for sql in again.chain(under_another_id) {
        let error = execute(&world.service.database, &sql).await.unwrap_err();
        assert!(error.to_lowercase().contains("unique"), "{sql}: {error}");
    }
}

async fn what_breaks_a_rule_is_refused(world: World) {
    fill(&world).await;
    let refused = [
        "UPDATE region SET parent_id = 1",
        "UPDATE subject SET kind = 'village'",
        "UPDATE relation SET to_subject_id = 12",
        "UPDATE relation SET to_on = '2025-12-31'",
        "UPDATE relation SET from_on = '20260101'",
        "UPDATE round SET state = 'paused'",
        "UPDATE round SET state = 'open'",
        "UPDATE round SET opened_at = NULL",
        "UPDATE round SET period_to_on = '2025-01-01'",
        "UPDATE round SET publicity = 'secret'",
        "UPDATE survey SET opens_at = 2, closes_at = 1",
        "UPDATE survey SET state = 'paused'",
        "UPDATE invitation SET state = 'opened'",
        "UPDATE invitation SET token_hash = NULL",
        "UPDATE sheet SET reason = 'late'",
        "UPDATE sheet SET state = 'counted'",
        "UPDATE ballot_invitation SET state = 'opened'",
        "UPDATE ballot_sheet SET reason = 'late'",
        "UPDATE invitation SET marks = -1",
        "UPDATE version_proposal SET reason = ''",
        "UPDATE adjustment_proposal SET reason = ''",
        "UPDATE adjustment_proposal SET grade = ''",
        "UPDATE ballot_invitation SET marks = NULL",
        "UPDATE survey_link SET marks = -1",
        "UPDATE ballot_link SET marks = -1",
        "UPDATE sheet SET marks = 4294967296",
        "UPDATE ballot_sheet SET marks = 4294967296",
        "UPDATE ballot_line SET line_no = 0",
        // On two lines a subject would be counted twice.
        "INSERT INTO ballot_line (survey_id, ballot_no, line_no, subject_id) VALUES (61, 1, 2, 11)",
        "UPDATE tally SET counts = '{1,-1}'",
        "UPDATE tally SET counts = '1,1'",
        "UPDATE sheet_tally SET count = -1",
        "UPDATE arrival SET fast = 3",
        "UPDATE arrival SET network = 65536",
        "UPDATE network_key SET key = substr(key, 2)",
        "UPDATE told_count SET said = 'perhaps'",
        "UPDATE text_decision SET decision = 'show'",
        "UPDATE text_decision SET reason = ''",
        "UPDATE sheet_day SET sheets = 0",
        "UPDATE survey_issue SET issued = -1",
        "UPDATE survey_issue SET invited_marks = '{}'",
        "UPDATE checklist_result SET done = 3",
        "UPDATE fact SET event_on = NULL",
        "UPDATE fact SET status = 'true'",
        "UPDATE investigation SET finding = 'verified'",
        "UPDATE investigation SET decided_at = 1",
        "UPDATE investigation SET opened_by = 'chance'",
        "UPDATE waiver SET reason = ''",
        "UPDATE staff SET state = 'away'",
        "UPDATE staff SET failed_logins = -1",
        "UPDATE staff SET email = ''",
        "UPDATE staff_factor SET sealed = substr(sealed, 1, 28)",
        "UPDATE staff_factor SET begun_at = 2",
        "UPDATE staff_factor SET last_step = -1",
        "UPDATE staff_recovery SET code_hash = NULL",
        "UPDATE staff_identity SET issuer = ''",
        "UPDATE staff_identity SET subject = ''",
        "UPDATE staff_link SET purpose = 'first'",
        "UPDATE staff_link SET purpose = 'other'",
        "UPDATE staff_link SET expires_at = 0",
        "UPDATE service_token SET reads = 'all'",
        "UPDATE service_token SET reads = 'published', round_id = 41",
        "UPDATE service_token SET expires_at = 0",
        "UPDATE session SET expires_at = 0",
        "UPDATE session SET state = 'stale'",
        "UPDATE round SET row_version = 'many'",
    ];
    for sql in refused {
        assert!(
            execute(&world.service.database, sql).await.is_err(),
            "{sql}"
        );
    }
}

async fn what_refers_to_nothing_is_refused(world: World) {
    fill(&world).await;
    let refused = [
        // Outside the roster of the round: subject 12 exists, but does not take part.
        "INSERT INTO score (round_id, subject_id, item, part, inspector_id, points_e4, row_version, awarded_at, note)
            VALUES (41, 12, 'I1', '', 51, 10000, 1, 0, NULL)",
        "INSERT INTO nil_report (round_id, subject_id, kind) VALUES (41, 12, 'K1')",
        "INSERT INTO proposed_grade (round_id, subject_id, grade) VALUES (41, 12, 'A')",
        "UPDATE ballot_sheet SET ballot_no = 2",
        "INSERT INTO sheet_day (survey_id, subject_id, day_on, sheets) VALUES (61, 11, '2026-03-03', 1)",
        "UPDATE ballot_invitation SET ballot_no = 2",
        "INSERT INTO ballot_line (survey_id, ballot_no, line_no, subject_id) VALUES (61, 2, 1, 12)",
        "INSERT INTO tally (survey_id, subject_id, panel, channel, counts) VALUES (62, 11, 'public', 'web', '{1}')",
        "INSERT INTO subject (id, code, kind, category, region_id, name, name_en)
            VALUES (13, 'S3', 'unit', 'bureau', 2, '', '')",
        "DELETE FROM subject WHERE id = 11",
        "DELETE FROM round_subject",
        "DELETE FROM staff",
        // A correction of a revision that is not there, and of none.
        "INSERT INTO revision (round_id, number, parent, scheme_version_id, engine_version, inputs, inputs_digest,
                outcome, outcome_digest, closed_at, closed_by, reason)
            VALUES (41, 3, 2, 32, '1', '{}', {digest}, '{}', {digest}, 0, 51, 'why')",
        "INSERT INTO revision (round_id, number, parent, scheme_version_id, engine_version, inputs, inputs_digest,
                outcome, outcome_digest, closed_at, closed_by, reason)
            VALUES (41, 2, NULL, 32, '1', '{}', {digest}, '{}', {digest}, 0, 51, 'why')",
    ];
    for sql in refused {
        assert!(
            execute(&world.service.database, &spelled(&world, sql))
                .await
                .is_err(),
            "{sql}"
        );
    }
}

async fn of_two_close_outs_at_once_one_stands(world: World) {
    fill(&world).await;
    // Both have read revision 1 as the last; they differ in everything but the revision that they correct.
    let close = |number: u32| {
        let sql = format!(
            "INSERT INTO revision (round_id, number, parent, scheme_version_id, engine_version, inputs, inputs_digest,
                outcome, outcome_digest, closed_at, closed_by, reason)
            VALUES (41, {number}, 1, 32, '1', '{{}}', {{digest}}, '{{}}', {{digest}}, 0, 51, 'why')"
        );
        let (database, sql) = (world.service.database.clone(), spelled(&world, &sql));
        tokio::spawn(async move { execute(&database, &sql).await })
    };
    let tasks = [2, 3, 4, 5].map(close);
    let mut stand = 0;
    for task in tasks {
        stand += u32::from(task.await.unwrap().is_ok());
    }
    assert_eq!(stand, 1);
}

async fn frozen_rows_are_neither_changed_nor_removed(world: World) {
    fill(&world).await;
    // As the owner of the tables, whom no missing right stops.
    let owner = Database::open(DatabaseSettings::new(&world.database.migrate_url))
        .await
        .unwrap();
    for table in FROZEN {
        let column = match table {
            "revision" => "inputs",
            "scheme_version" => "source",
            "checkpoint" | "survey_seal" => "note",
            "seal_page" => "root",
            "carried_confirmation" => "place",
            "publication" => "published_at",
            "reopening" => "reason",
            "reopening_input" => "input",
            "revision_source" => "source_revision",
            _ => "body",
        };
        let mut refused = vec![
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
        ];
        match owner.engine() {
            // Replacing removes, and must not slip by the triggers.
            Engine::Sqlite => refused.push(format!(
                "INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
            )),
            Engine::Postgres => refused.push(format!("TRUNCATE {table} CASCADE")),
        }
        for sql in refused {
            let error = execute(&owner, &sql).await.unwrap_err();
            assert!(
                error.contains("never changed or removed") || error.contains("no gaps"),
                "{sql}: {error}"
            );
        }
    }
    owner.close().await;
}

async fn the_running_role_has_no_right_to_change_frozen_rows(world: World) {
    fill(&world).await;
    if world.service.database.engine() == Engine::Sqlite {
        // A file knows no roles; the triggers above are all there is.
        return;
    }
    for table in FROZEN {
        for sql in [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
            format!("DROP TABLE {table}"),
        ] {
            let error = execute(&world.service.database, &sql).await.unwrap_err();
            assert!(
                error.contains("permission denied") || error.contains("must be owner"),
                "{sql}: {error}"
            );
        }
    }
    execute(&world.service.database, "DELETE FROM seaql_migrations")
        .await
        .unwrap_err();
}
