//! The program `mingjian`; everything it does is in the library.
fn main() {}
