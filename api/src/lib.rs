//! HTTP, GraphQL, citizen pages and the command line.

// A root of the schema is a chain of its parts, each a future around the next.
#![recursion_limit = "256"]

pub mod auth;
pub mod builtin;
pub mod cli;
pub mod config;
pub mod graphql;
pub mod http;
pub mod job;
pub mod letter;
pub mod mail;
pub mod metric;
pub mod notary;
mod outside;
pub mod page;
pub mod report;
pub mod sheet;
pub mod telemetry;
pub mod upload;
