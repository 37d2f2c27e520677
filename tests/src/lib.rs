//! What tests, benches and fault injection stand on: databases, a server, a mail catcher.
//!
//! A test is an ordinary async function that takes a [`World`]; [`on_both!`] runs it on SQLite and
//! on PostgreSQL. The PostgreSQL is started by whichever test needs it first and stops by itself.
//! Nothing here but [`plant`] and [`poll`] knows what a round or a survey is: that belongs to the tests.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read their environment and real clocks"
)]

pub mod client;
pub mod cluster;
pub mod collector;
pub mod database;
pub mod mail;
pub mod plant;
pub mod poll;
pub mod post;
pub mod project;
pub mod server;
pub mod world;

pub use database::{Backend, Database};
pub use world::World;

/// Runs each of the named async functions, which take a [`World`], on either database.
///
/// They become the tests `sqlite::name` and `postgresql::name` of the module that calls this; a
/// function that is not named is dead code and does not pass the lints.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { $crate::world::run($crate::Backend::Sqlite, super::$name); })+
        }
        mod postgresql {
            $(#[test] fn $name() { $crate::world::run($crate::Backend::Postgresql, super::$name); })+
        }
    };
}
