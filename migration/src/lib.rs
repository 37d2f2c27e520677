//! The history of the tables, frozen once released.
//!
//! A file is one step and one area: `m<yyyymmdd>_<number>_<verb>_<thing>.rs`. A released step is never edited; a
//! change is a new step. The steps are SQL because a reviewer has to see the constraints as the database sees them:
//! what must never be true of the data is refused here and not in a program that might be bypassed. [`dialect`] holds
//! the few words in which SQLite and PostgreSQL differ.
//!
//! Deliberately absent: a way back. A step that went wrong is mended by a further step, or by a backup.

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

/// A step that is its statements, in one transaction.
macro_rules! step {
    ($name:literal, $statements:ident) => {
        pub(crate) struct Migration;

        impl sea_orm_migration::MigrationName for Migration {
            fn name(&self) -> &'static str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::sea_orm::DbErr> {
                crate::dialect::run(manager, &$statements).await
            }
        }
    };
}

mod dialect;
mod m20261121_000001_create_places;
mod m20261121_000002_create_schemes;
mod m20261121_000003_create_rounds;
mod m20261121_000004_create_staff;
mod m20261121_000005_create_surveys;
mod m20261121_000006_create_scores;
mod m20261121_000007_create_results;
mod m20261121_000008_create_log;
mod m20261122_000009_create_close_proposals;
mod m20261122_000010_create_compositions;
mod m20261122_000011_date_scores;
mod m20261122_000020_create_tie_choices;
mod m20261122_000030_create_ballots;
mod m20261122_000040_create_successions;
mod m20261122_000050_create_checkpoints;
mod m20261122_000051_create_seals;
mod m20261122_000060_create_contact_lists;
mod m20261122_000061_create_sheet_batches;
mod m20261122_000062_record_samples;
mod m20261122_000065_count_marks;
mod m20261122_000070_create_reopenings;
mod m20261122_000071_create_publications;
mod m20261122_000072_create_revision_sources;
mod m20261122_000080_create_staff_links;
mod m20261122_000081_create_second_factors;
mod m20261122_000082_create_service_tokens;
mod m20261122_000090_carry_marks;
mod m20261122_000091_create_version_proposals;
mod m20261122_000100_create_shown_tallies;
mod m20261122_000101_create_text_decisions;
mod m20261122_000102_count_days;
mod m20261122_000103_create_survey_warnings;
mod m20261122_000110_allow_changed_sheets;
mod m20261122_000111_count_arrivals;
mod m20261122_000120_create_staff_identities;
mod m20261122_000121_date_second_factors;
mod m20261122_000130_record_combined_roles;
mod m20261122_000131_create_adjustment_proposals;
mod m20261122_000132_create_duty_lists;

/// Every step, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_create_places::Migration),
            Box::new(m20261121_000002_create_schemes::Migration),
            Box::new(m20261121_000003_create_rounds::Migration),
            Box::new(m20261121_000004_create_staff::Migration),
            Box::new(m20261121_000005_create_surveys::Migration),
            Box::new(m20261121_000006_create_scores::Migration),
            Box::new(m20261121_000007_create_results::Migration),
            Box::new(m20261121_000008_create_log::Migration),
            Box::new(m20261122_000009_create_close_proposals::Migration),
            Box::new(m20261122_000010_create_compositions::Migration),
            Box::new(m20261122_000011_date_scores::Migration),
            Box::new(m20261122_000020_create_tie_choices::Migration),
            Box::new(m20261122_000030_create_ballots::Migration),
            Box::new(m20261122_000040_create_successions::Migration),
            Box::new(m20261122_000050_create_checkpoints::Migration),
            Box::new(m20261122_000051_create_seals::Migration),
            Box::new(m20261122_000060_create_contact_lists::Migration),
            Box::new(m20261122_000061_create_sheet_batches::Migration),
            Box::new(m20261122_000062_record_samples::Migration),
            Box::new(m20261122_000065_count_marks::Migration),
            Box::new(m20261122_000070_create_reopenings::Migration),
            Box::new(m20261122_000071_create_publications::Migration),
            Box::new(m20261122_000072_create_revision_sources::Migration),
            Box::new(m20261122_000080_create_staff_links::Migration),
            Box::new(m20261122_000081_create_second_factors::Migration),
            Box::new(m20261122_000082_create_service_tokens::Migration),
            Box::new(m20261122_000090_carry_marks::Migration),
            Box::new(m20261122_000091_create_version_proposals::Migration),
            Box::new(m20261122_000100_create_shown_tallies::Migration),
            Box::new(m20261122_000101_create_text_decisions::Migration),
            Box::new(m20261122_000102_count_days::Migration),
            Box::new(m20261122_000103_create_survey_warnings::Migration),
            Box::new(m20261122_000110_allow_changed_sheets::Migration),
            Box::new(m20261122_000111_count_arrivals::Migration),
            Box::new(m20261122_000120_create_staff_identities::Migration),
            Box::new(m20261122_000121_date_second_factors::Migration),
            Box::new(m20261122_000130_record_combined_roles::Migration),
            Box::new(m20261122_000131_create_adjustment_proposals::Migration),
            Box::new(m20261122_000132_create_duty_lists::Migration),
        ]
    }
}
