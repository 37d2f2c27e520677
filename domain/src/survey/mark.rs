//! Marks of respondents (say front-line staff 基层一线) as a sheet carries them.
//!
//! A sheet takes its respondent's marks over from what admitted the respondent, as it does the panel. It carries those
//! alone of which its survey demands a least share among sheets that came back or are valid: for anything else who
//! answers with which mark is nobody's concern. Which answers came with which marks is deliberately counted nowhere.

use super::Definition;

/// One bit of the number that is stored for each.
pub const MOST_MARKS: usize = 32;

/// Marks of one respondent: the first mark of the definition in the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Marks(u32);

/// The survey does not count whoever bears this mark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the survey demands no share of sheets with the mark `{0}`")]
pub struct UnknownMark(pub String);

impl Marks {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// The marks of these codes.
    ///
    /// # Errors
    /// The first [`UnknownMark`].
    pub fn of<'a>(
        definition: &Definition,
        codes: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, UnknownMark> {
        codes.into_iter().try_fold(Self::NONE, |marks, code| {
            let place = definition.marks.iter().position(|known| known == code);
            let bit = place.and_then(|place| 1_u32.checked_shl(u32::try_from(place).ok()?));
            let bit = bit.ok_or_else(|| UnknownMark(code.to_owned()))?;
            Ok(Self(marks.0 | bit))
        })
    }

    /// The marks that are stored as this number; nothing if none are.
    pub fn parse(stored: i64) -> Option<Self> {
        u32::try_from(stored).ok().map(Self)
    }

    /// The number that is stored for them.
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// The places of the marks in the definition, in its order.
    pub fn places(self) -> impl Iterator<Item = u16> {
        (0..32_u16).filter(move |place| (self.0 >> place) & 1 == 1)
    }

    /// The codes of the marks in the order of the definition.
    pub fn codes(self, definition: &Definition) -> impl Iterator<Item = &str> {
        let marks = self
            .places()
            .filter_map(|place| definition.marks.get(usize::from(place)));
        marks.map(String::as_str)
    }
}
