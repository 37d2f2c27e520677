//! Schemes (评价体系) as data.

pub mod file;
