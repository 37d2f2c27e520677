//! `mingjian schema`: the GraphQL schema in its own language; `schema.graphql` is a copy.

use super::{Failure, print};
use crate::graphql::schema::sdl;

/// Prints it.
pub(super) fn run() -> Result<(), Failure> {
    let mut text = sdl();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    print(text.as_bytes())
}
