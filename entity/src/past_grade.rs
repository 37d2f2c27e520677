//! The grade of a subject in an earlier round of a series, held here or elsewhere.

use sea_orm::entity::prelude::*;

/// A row of `past_grade`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "past_grade")]
pub struct Model {
    /// The series.
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: String,
    /// Code of the earlier round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_code: String,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Day on which that round closed, `YYYY-MM-DD`.
    pub closed_on: String,
    /// Code of the grade; absent where the subject held none.
    pub grade: Option<String>,
    /// Total in ten-thousandths; absent where unknown.
    pub points_e4: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
