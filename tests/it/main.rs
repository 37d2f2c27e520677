//! What the whole system does, each test on SQLite and on PostgreSQL.
//!
//! One program, so that the tests link once. `support` is what they stand on; every other module is
//! a subject. Absent on purpose: benches, fault injection and browser tests, which have runners of
//! their own.

// Tests measure real time, read their environment and block where it is simplest.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their environment and real clocks"
)]

mod architecture;
mod support;
