//! A scheme file that is new is no change of this crate's sources: without this it would not come with the program.

fn main() {
    println!("cargo::rerun-if-changed=../schemes");
}
