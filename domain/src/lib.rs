//! Schemes, surveys, scores, rules and close-out: pure and exact
// A close-out never stops half-way and is exact: what can fail says so in its type, no float decides.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented,
    clippy::float_arithmetic
)]
