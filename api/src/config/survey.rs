//! Settings of surveys.

use super::reader::Reader;

/// Surveys.
#[derive(Debug, Clone)]
pub struct Survey {
    /// How many days after the end of a survey mail addresses and telephone numbers are erased.
    pub contact_days: u32,
}

pub(super) fn read(reader: &mut Reader) -> Survey {
    Survey {
        contact_days: reader.number(
            "survey.contact_days",
            30,
            0..=366,
            "days after the end of a survey until addresses and telephone numbers are erased",
        ),
    }
}
