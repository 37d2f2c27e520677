//! When somebody last showed the second factor in a session.

step!("m20261122_000121_date_second_factors", STATEMENTS);

const STATEMENTS: [&str; 1] = ["ALTER TABLE session ADD COLUMN factor_at {integer}"];
