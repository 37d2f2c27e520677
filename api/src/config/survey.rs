//! Settings of surveys.

use super::reader::Reader;

/// Surveys.
#[derive(Debug, Clone)]
pub struct Survey {
    /// How many days after the end of a survey mail addresses and telephone numbers are erased.
    pub contact_days: u32,
    /// How many of a panel have to be asked about a subject at least.
    pub smallest_panel: u32,
}

pub(super) fn read(reader: &mut Reader) -> Survey {
    Survey {
        contact_days: reader.number(
            "survey.contact_days",
            30,
            0..=366,
            "days after the end of a survey until addresses and telephone numbers are erased",
        ),
        smallest_panel: reader.number(
            "survey.smallest_panel",
            service::SMALLEST_PANEL,
            1..=1_000,
            "people of a panel who have to be asked about a subject at least: of fewer it could be told who said what",
        ),
    }
}
