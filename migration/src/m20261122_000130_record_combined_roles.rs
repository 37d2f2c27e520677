//! What every result says where an office lets one person hold two roles that others keep apart.

step!("m20261122_000130_record_combined_roles", STATEMENTS);

const STATEMENTS: [&str; 1] =
    ["ALTER TABLE revision ADD COLUMN combined_roles TEXT CHECK (length(combined_roles) > 0)"];
