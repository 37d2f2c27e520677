//! Use-cases: the only owner of the database.
//!
//! A use-case takes who asks for it first, asks the access table of the domain once, and does its work in one
//! transaction together with its line in the log. Rows become values of the domain here and nowhere else, and no type
//! of the database library leaves this crate.
//!
//! Deliberately absent: HTTP, GraphQL, pages, mail and tokens. They are above.

// A request never takes the server down: what can fail says so in its type.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented
)]

use std::sync::Arc;

use domain::access::CombinedRoles;

pub mod audit;
pub mod clock;
pub mod closeout;
pub mod code;
pub mod committee;
pub mod composition;
pub mod database;
pub mod decision;
pub mod fault;
mod frame;
mod freeze;
pub mod id_source;
pub mod inspection;
pub mod intake;
pub mod investigation;
pub mod outbox;
pub mod page;
mod permit;
pub mod program;
mod proposal;
pub mod region;
pub mod relation;
pub mod round;
pub mod scheme;
mod scope;
pub mod session;
pub mod setting;
pub mod staff;
pub mod standing;
pub mod subject;
pub mod succession;
pub mod survey;
mod text;
pub mod waiver;

pub use clock::Clock;
pub use database::Database;
pub use fault::{Fault, Refusal};
pub use id_source::IdSource;

/// The smallest panel unless somebody says otherwise: groups of fewer answers are withheld as well.
pub const SMALLEST_PANEL: u32 = 10;

/// Everything that a use-case needs from outside. Cheap to clone: the clones share the database and the sources.
#[derive(Debug, Clone)]
pub struct Service {
    /// Where rows live.
    pub database: Database,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids and secrets come from.
    pub ids: Arc<IdSource>,
    /// How many of a panel have to be asked about a subject at least: of fewer it could be told who said what.
    pub smallest_panel: u32,
    /// The roles that one person may hold together here, though others keep them apart.
    pub combined_roles: Option<CombinedRoles>,
}

impl Service {
    /// A service on an open database, with the clock and the randomness of the machine.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            clock: Arc::new(clock::SystemClock),
            ids: Arc::new(IdSource::system()),
            smallest_panel: SMALLEST_PANEL,
            combined_roles: None,
        }
    }

    /// The same for one request, whose name the log keeps with every change made through it.
    #[must_use]
    pub fn of_request(&self, request: &str) -> Self {
        Self {
            database: self.database.of_request(request),
            ..self.clone()
        }
    }
}
