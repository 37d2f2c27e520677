//! The shell on real connections and by itself.
