//! Schemes, surveys, scores, rules and close-out: pure and exact
