//! What the whole system does, each test on SQLite and on PostgreSQL.
//!
//! One program, so that the tests link once; every module is a subject. What they stand on is the
//! library of this crate. Absent on purpose: benches and browser tests, which have runners of their own; of
//! fault injection there is a small share.

mod architecture;
mod backup;
mod ballot;
mod canary;
mod change;
mod cli;
mod closeout;
mod composition;
mod contact;
mod database;
mod days;
mod deployment;
mod duty;
mod entry;
mod fault;
mod fuzz;
mod graphql;
mod harness;
mod hours;
mod import;
mod intake;
mod interference;
mod live;
mod log;
mod mark;
mod page;
mod preview;
mod quarantine;
mod result;
mod seal;
mod staff;
mod stand;
mod version;
mod warning;
mod words;
