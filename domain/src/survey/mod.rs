//! Surveys (满意度测评): the frozen definition, one respondent's answers, their validity and the tally.
//!
//! The form that a citizen sees, the check of what comes back and the recount at the close-out all read the same
//! [`Definition`]. Rates and mean scores are deliberately absent: they are figures, made from a [`Tally`] elsewhere.

mod answer;
mod ballot;
mod definition;
mod interference;
mod live;
mod mark;
mod redact;
mod result;
mod sheet;
mod tally;
mod text;
mod time_line;
mod validity;
mod warning;

pub use answer::{Answer, AnswerFault, Answers, Entries, FaultCode, parse, validate};
pub use ballot::{
    BallotAnswers, LineFault, decode_ballot, judge_ballot, parse_ballot, recount_ballots,
    validate_ballot,
};
pub use definition::{Asked, Definition, DefinitionError, FORMAT, Named, Opt, Question, ShowIf};
pub use interference::{
    Alike, Arrival, Arrived, Burst, Jump, SPAN_SECONDS, Shared, Signs, Told, read_signs,
    read_signs_so_far, show_told,
};
pub use live::Live;
pub use mark::{MOST_MARKS, Marks, UnknownMark};
pub use redact::{Redacted, redact};
pub use result::{Choice, Counts, Line, Part, Strata, show_question};
pub use sheet::{SheetError, decode, encode};
pub use tally::{ABSTAINED, Booked, LineLength, RATED, SheetState, Tally, recount};
pub use text::{clean, without_controls};
pub use time_line::{ByDay, Days, TimeLine, show_days};
pub use validity::{Invalidity, Verdict, judge};
pub use warning::{WarningGround, find_ground};

#[cfg(test)]
mod tests;
