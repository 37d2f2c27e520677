//! Where two things meet in a decision: a cap and a floor of one grade, as many tied as there are seats, a value that is
//! missing beside one that decides. Each case is as small as it can be, so that it says what the meaning is.

mod adjustment;
mod case;
mod grade;
mod label;
mod obstacle;
mod quota;
mod related;
mod survey;
mod total;
mod word;
