//! Schemes (评价体系) as data: read, checked, and laid out for evaluation.

mod check;
mod copy;
pub mod diff;
mod duty;
pub mod file;
mod load;
pub(crate) mod model;
mod remark;
mod review;

pub use copy::{CopyFault, SurveyCopy, copy_survey};
pub use duty::OwnList;
pub use model::Scheme;
pub use remark::{Fault, Warning};
pub use review::{Review, TotalRange};

impl Scheme {
    /// Reads a scheme file that was taken on before, such as that of a closed round. What [`Self::review`] finds besides
    /// is not asked for: what was decided under a scheme has to load under every later engine.
    ///
    /// # Errors
    /// Every fault that keeps it from being laid out, in the order of the file; it never loads in part.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        match check::check(text, load::load(text)) {
            (Some(scheme), faults) if faults.is_empty() => Ok(scheme),
            (_, faults) => Err(faults.into_lists().0),
        }
    }

    /// Reads a scheme file that somebody writes or wants to take on, and says all that is wrong or doubtful in it:
    /// besides the faults of [`Self::parse`] also what can be laid out and yet cannot be meant.
    pub fn review(text: &str) -> Review {
        review::review(text)
    }

    /// The scheme's code.
    pub fn code(&self) -> &str {
        &self.file.code
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.file.version
    }

    /// The JSON Schema of scheme files.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(file::SchemeFile)
    }
}
