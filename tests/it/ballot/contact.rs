//! Ballots sent to lists of people: by mail, by telephone, withdrawn and counted.

use domain::id::{ContactList, Id};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use serde_json::json;
use service::inspection::import::{ImportKind, Report, Request, Table};
use service::intake::{Booking, InvitationToken};
use service::survey::{Ballot, InvitationMail};
use service::{Fault, Refusal};
use support::{World, on_both};

use super::{GOOD, OPERATOR, Stand};
use crate::stand::{refusals, table};

on_both!(
    whoever_is_on_a_list_gets_one_ballot,
    rows_that_name_no_ballot_are_refused_with_their_place,
    a_withdrawn_list_leaves_no_ballot_to_answer
);

impl Stand {
    async fn import_contacts(&self, table: Table) -> Report {
        let request = Request {
            round: None,
            survey: Some(self.meeting.id),
            kind: ImportKind::Contacts,
            table,
            dry_run: false,
            leave_out: false,
            sample: None,
        };
        self.world.service.import(OPERATOR, request).await.unwrap()
    }

    async fn store_list(&self, table: Table) -> Id<ContactList> {
        let report = self.import_contacts(table).await;
        assert!(report.stored, "{:?}", report.faults);
        let list = report.made.unwrap().parse().unwrap();
        let service = &self.world.service;
        service.confirm_contact_list(OPERATOR, list).await.unwrap();
        list
    }

    /// How many ballots were issued about each subject on a ballot.
    async fn issued(&self, ballot: &Ballot) -> Vec<Option<i64>> {
        #[derive(FromQueryResult)]
        struct Issued {
            subject_id: i64,
            issued: Option<i64>,
        }
        let reader = self.world.service.database.reader();
        let sql = "SELECT subject_id, issued FROM survey_issue WHERE survey_id = $1";
        let values = [self.meeting.id.number().into()];
        let statement = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
        let rows = Issued::find_by_statement(statement)
            .all(&reader)
            .await
            .unwrap();
        let of = |subject: i64| rows.iter().find(|row| row.subject_id == subject)?.issued;
        ballot
            .subjects
            .iter()
            .map(|subject| of(subject.number()))
            .collect()
    }

    /// The mail that is due for an address, if there is one.
    async fn mail_to(&self, address: &str, is_reminder: bool) -> Option<InvitationMail> {
        #[derive(FromQueryResult)]
        struct Found {
            id: i64,
        }
        let reader = self.world.service.database.reader();
        let statement = Statement::from_sql_and_values(
            reader.get_database_backend(),
            "SELECT id FROM contact WHERE address = $1",
            [address.into()],
        );
        let found = Found::find_by_statement(statement)
            .one(&reader)
            .await
            .unwrap();
        let contact = found.unwrap().id.to_string();
        let job = json!({ "contact": contact, "reminder": is_reminder }).to_string();
        let mail = self.world.service.find_invitation_mail(&job).await;
        mail.unwrap()
    }

    async fn answer_by(&self, token: &InvitationToken, lines: &[super::Line<'_>]) -> Booking {
        let admitted = self.admit(token).await;
        let key = self.form(&admitted);
        self.book(&admitted, key, lines).await
    }
}

async fn whoever_is_on_a_list_gets_one_ballot(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let list = stand
        .store_list(table(
            &["ballot", "panel", "name", "mail"],
            &[
                &["1", "delegates", "甲", "a@example.com"],
                &["1", "delegates", "乙", "b@example.com"],
                // The same person about the other region is another ballot.
                &["2", "delegates", "甲", "a@example.org"],
            ],
        ))
        .await;
    assert_eq!(stand.issued(&stand.ballots[0]).await, [Some(2); 3]);
    assert_eq!(stand.issued(&stand.ballots[1]).await, [Some(1)]);
    let lists = service.list_contact_lists(OPERATOR, stand.meeting.id).await;
    assert_eq!(lists.unwrap()[0].waiting, 3);

    let first = stand.mail_to("a@example.com", false).await.unwrap();
    assert_eq!(first.link.name, "甲");
    assert_eq!(first.link.subject.zh, "干部 01等 3 个对象");
    assert_eq!(first.link.subject.en, "Leader 01 and 2 more");
    let other = stand.mail_to("a@example.org", false).await.unwrap();
    assert_eq!(other.link.subject.zh, "干部 901");
    let booked = stand
        .answer_by(&first.link.token, &[GOOD, GOOD, None])
        .await;
    assert!(matches!(booked, Booking::Booked(_)));
    assert_eq!(
        stand.first_ballot().await,
        [[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    );
    // Whoever has answered is not reminded, and whoever has not keeps the same link.
    assert_eq!(stand.mail_to("a@example.com", true).await, None);
    let second = stand.mail_to("b@example.com", false).await.unwrap();
    let reminder = stand.mail_to("b@example.com", true).await.unwrap();
    assert!(reminder.is_reminder);
    assert_eq!(reminder.link.token, second.link.token);
    let handed = service.hand_out_contact_list(OPERATOR, list).await;
    assert_eq!(refusals(handed)[0].code, "SENT_BY_MAIL");

    let numbers = stand
        .store_list(table(
            &["ballot", "panel", "phone"],
            &[&["1", "delegates", "13800138000"]],
        ))
        .await;
    let handed = service
        .hand_out_contact_list(OPERATOR, numbers)
        .await
        .unwrap();
    assert_eq!(handed.links.len(), 1);
    let booked = stand
        .answer_by(&handed.links[0].token, &[GOOD, GOOD, GOOD])
        .await;
    assert!(matches!(booked, Booking::Booked(_)));
    assert_eq!(stand.issued(&stand.ballots[0]).await, [Some(3); 3]);
}

async fn rows_that_name_no_ballot_are_refused_with_their_place(world: World) {
    let stand = Stand::new(world).await;
    let told = |report: &Report| -> Vec<(u32, String, String)> {
        let faults = report.faults.iter();
        faults
            .map(|fault| {
                let column = fault.column.clone().unwrap_or_default();
                (fault.row, column, fault.code.clone())
            })
            .collect()
    };
    let expected = |rows: &[(u32, &str, &str)]| -> Vec<(u32, String, String)> {
        let rows = rows.iter();
        rows.map(|(row, column, code)| (*row, (*column).to_owned(), (*code).to_owned()))
            .collect()
    };
    let report = stand
        .import_contacts(table(
            &["ballot", "panel", "mail"],
            &[
                &["7", "delegates", "a@example.com"],
                &["", "delegates", "b@example.com"],
                &["1", "nobody", "c@example.com"],
                &["1", "delegates", "no address"],
                &["1", "delegates", "d@example.com"],
                &["1", "delegates", "D@example.com"],
            ],
        ))
        .await;
    assert_eq!(
        told(&report),
        expected(&[
            (2, "ballot", "BALLOT_UNKNOWN"),
            (3, "ballot", "CELL_EMPTY"),
            (4, "panel", "PANEL_UNKNOWN"),
            (5, "mail", "ADDRESS_MALFORMED"),
            (7, "mail", "ADDRESS_TWICE"),
        ])
    );
    assert!(!report.stored);
    // A ballot is about no one subject.
    let columns = ["subject", "panel", "mail"];
    let one = table(&columns, &[&["head-001", "delegates", "a@example.com"]]);
    let report = stand.import_contacts(one).await;
    assert!(told(&report).contains(&(0, "subject".to_owned(), "COLUMN_UNKNOWN".to_owned())));
    assert!(!report.stored);
}

async fn a_withdrawn_list_leaves_no_ballot_to_answer(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let rows: [&[&str]; 2] = [
        &["1", "delegates", "13800138000"],
        &["1", "delegates", "13800138001"],
    ];
    let list = stand
        .store_list(table(&["ballot", "panel", "phone"], &rows))
        .await;
    let handed = service.hand_out_contact_list(OPERATOR, list).await.unwrap();
    let [used, unused] = &handed.links[..] else {
        panic!("two links")
    };
    stand.answer_by(&used.token, &[GOOD, GOOD, GOOD]).await;
    let withdrawn = service
        .withdraw_contact_list(OPERATOR, list, "a wrong table")
        .await;
    withdrawn.unwrap();
    assert!(stand.intake.admit(&unused.token).await.unwrap().is_none());
    // What was answered stays, and so does that it was issued.
    assert_eq!(stand.issued(&stand.ballots[0]).await, [Some(1); 3]);
    assert_eq!(stand.first_ballot().await, [[1, 1, 0, 0]; 3]);
    let again: Result<_, Fault> = service.confirm_contact_list(OPERATOR, list).await;
    let again: Vec<Refusal> = refusals(again);
    assert_eq!(again[0].code, "LIST_WITHDRAWN");
}
