//! What the program is built with besides its code.

use std::process::Command;

fn main() {
    // A scheme file that is new is no change of this crate's sources: without this it would not come with the program.
    println!("cargo::rerun-if-changed=../schemes");
    println!("cargo::rerun-if-changed=build.rs");
    if !is_for_this_system() {
        return;
    }
    if loads_packed_relocations() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    // The program is what is delivered; whoever works on it may link with what knows no such script.
    if variable("PROFILE") == "release" {
        // Read from `tests` as well, which builds the same program.
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/started.ld");
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}");
    }
}

/// Whether what is built runs where it is built: on Linux with the GNU library.
fn is_for_this_system() -> bool {
    variable("HOST") == variable("TARGET") && variable("TARGET").ends_with("-linux-gnu")
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells so what is built for"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Whether a program that is built here finds its own pointers also where they are listed densely: as bits instead of 24
/// bytes each, of which a server reads all when it starts. The system's loader can since glibc 2.36.
fn loads_packed_relocations() -> bool {
    let Ok(told) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let told = String::from_utf8_lossy(&told.stdout);
    let numbers = told.trim().trim_start_matches("glibc ").split('.');
    let version: Vec<u32> = numbers.map_while(|part| part.parse().ok()).collect();
    version >= vec![2, 36]
}
