//! Use-cases: the only owner of the database
