//! Rows of the database, one file per table; nothing here decides.
//!
//! Ids are bare `i64` here and typed above. Instants are microseconds since the epoch (UTC) in columns `*_at`, dates
//! are `YYYY-MM-DD` in columns `*_on`, points are ten-thousandths in columns `*_e4`, documents are canonical JSON, and
//! digests are 32 bytes. What a table refuses is stated by the migrations, not here.

#![expect(
    clippy::disallowed_methods,
    reason = "the macro writes methods that begin transactions; the stores do not call them"
)]

pub mod adjustment;
pub mod adjustment_proposal;
pub mod arrival;
pub mod audit_event;
pub mod ballot;
pub mod ballot_invitation;
pub mod ballot_line;
pub mod ballot_link;
pub mod ballot_sheet;
pub mod carried_confirmation;
pub mod checklist_result;
pub mod checkpoint;
pub mod close_proposal;
pub mod composition;
pub mod contact;
pub mod contact_list;
pub mod decision;
pub mod duty_list;
pub mod fact;
pub mod investigation;
pub mod invitation;
pub mod kept_sheets;
pub mod measure_value;
pub mod network_key;
pub mod nil_report;
pub mod outbox;
pub mod past_grade;
pub mod proposed_grade;
pub mod publication;
pub mod region;
pub mod relation;
pub mod reopen_proposal;
pub mod reopening;
pub mod reopening_input;
pub mod revision;
pub mod revision_source;
pub mod round;
pub mod round_relation;
pub mod round_subject;
pub mod scheme;
pub mod scheme_version;
pub mod score;
pub mod seal_page;
pub mod service_token;
pub mod session;
pub mod setting;
pub mod sheet;
pub mod sheet_batch;
pub mod sheet_day;
pub mod sheet_tally;
pub mod shown_tally;
pub mod staff;
pub mod staff_factor;
pub mod staff_identity;
pub mod staff_link;
pub mod staff_recovery;
pub mod staff_role;
pub mod standing;
pub mod subject;
pub mod succession;
pub mod survey;
pub mod survey_day;
pub mod survey_issue;
pub mod survey_link;
pub mod survey_seal;
pub mod survey_warning;
pub mod tally;
pub mod text_decision;
pub mod tie_choice;
pub mod told_count;
pub mod version_proposal;
pub mod waiver;
