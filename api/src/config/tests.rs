//! Settings from all sources, and every fault at once.
