//! The history of the tables, frozen once released
