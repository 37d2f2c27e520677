//! Inputs by the million: `scripts/fuzz guard import --count 1000000 --seed 7`.
//!
//! What is fed: `guard` (GraphQL documents, up to the library's validation), `import` (tables in CSV and XLSX), `stored`
//! (tables on their way into a database), `scheme` (scheme files), `inputs` (documents of inputs, up to the decision), `canonical` (canonical JSON) and `token` (access
//! tokens, codes, ids, cursors). Without a name, all of them, each with so many inputs. Inputs are made from good
//! documents and changed in bytes, tokens, lines and brackets; what each target must hold is in its file, and no answer
//! may take more than 50 ms of the processor.
//!
//! A child process does the work and writes down the number of each input before it looks at it, so that even one that
//! overflows the stack or never ends can be named. Whatever breaks stops the run: the input is kept in `fuzz` below the
//! target folder, and `--seed 7 --from 123 --count 1` leads there again. `--input FILE` judges a file that was kept.

#![expect(
    clippy::disallowed_methods,
    reason = "the time of a run is told, and a child is waited for"
)]

mod canonical;
mod change;
mod document;
#[path = "../fault/draw.rs"]
mod draw;
mod guard;
mod import;
mod inputs;
mod run;
mod scheme;
mod stored;
mod token;
mod watch;

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use run::{TARGETS, Target};
use watch::Watch;

/// The threads that serve requests have so much, in bytes.
const STACK: usize = 2 * 1024 * 1024;

/// A child that is at the same input for so long never ends.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1).cloned()
    };
    let number = |name: &str, otherwise: u64| {
        value(name).map_or(otherwise, |text| {
            text.parse()
                .unwrap_or_else(|_| panic!("{name} takes a number"))
        })
    };
    let wanted = Wanted {
        from: number("--from", 0),
        count: number("--count", 10_000),
        seed: number("--seed", 1),
    };
    let chosen: Vec<&str> = TARGETS
        .into_iter()
        .filter(|name| words.iter().any(|word| word == name))
        .collect();
    let chosen = if chosen.is_empty() {
        TARGETS.to_vec()
    } else {
        chosen
    };
    for name in chosen {
        let went_well = match (value("--input"), value("--numbers")) {
            (Some(file), _) => {
                let input = std::fs::read(file).expect("the input");
                let accepted = Target::new(name).judge(&input, &mut Watch::default());
                println!("{name}: {}", if accepted { "accepted" } else { "refused" });
                true
            }
            (None, Some(file)) => feed(name, &wanted, &PathBuf::from(file)),
            (None, None) => watch_over(name, &wanted),
        };
        if !went_well {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// What is asked for.
struct Wanted {
    from: u64,
    count: u64,
    seed: u64,
}

/// The work of a child, on a stack as threads have that serve requests. Whether all of it went well.
fn feed(name: &str, wanted: &Wanted, numbers: &Path) -> bool {
    let began = Instant::now();
    let numbers = std::fs::File::create(numbers).expect("a file for numbers");
    let Wanted { from, count, seed } = *wanted;
    let went = std::thread::scope(|scope| {
        let work = || {
            run::run(name, seed, from..from.saturating_add(count), |number| {
                (numbers.write_all_at(&number.to_le_bytes(), 0)).expect("a number is written");
            })
        };
        let worker = std::thread::Builder::new().stack_size(STACK);
        let worker = worker.spawn_scoped(scope, work).expect("a thread");
        worker.join()
    });
    // The panic has said what it was.
    let Ok(went) = went else { return false };
    println!(
        "{name}, seed {seed}: {count} inputs, {} accepted; the slowest answer, {}, took {:.1} ms; {:.0} s, at most {} MiB",
        went.accepted,
        went.watch.slowest,
        went.watch.worst.as_secs_f64() * 1_000.0,
        began.elapsed().as_secs_f64(),
        memory()
    );
    true
}

/// Most memory that this process held, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) / 1024
}

/// Lets a child do the work. Whether it did all of it; if not, what it was at is told and kept.
fn watch_over(name: &str, wanted: &Wanted) -> bool {
    let program = std::env::current_exe().expect("a program knows its place");
    // target/<profile>/deps/<program>
    let target = program.ancestors().nth(3).expect("a target folder");
    let folder = target.join("fuzz");
    std::fs::create_dir_all(&folder).expect("a folder for inputs");
    let numbers = folder.join(format!("{name}-{}.at", std::process::id()));
    let mut child = Command::new(&program)
        .arg(name)
        .args(["--from", &wanted.from.to_string()])
        .args(["--count", &wanted.count.to_string()])
        .args(["--seed", &wanted.seed.to_string()])
        .arg("--numbers")
        .arg(&numbers)
        .spawn()
        .expect("a child");
    let at = || {
        let bytes = std::fs::read(&numbers).ok()?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    let mut last = (None, Instant::now());
    let ended = loop {
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            break status.success().then_some(()).ok_or(status.to_string());
        }
        let now = at();
        if now != last.0 {
            last = (now, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            child.kill().expect("a child to end");
            let _ended = child.wait();
            break Err("never ends".to_owned());
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let at = at();
    let _removed = std::fs::remove_file(&numbers);
    let Err(how) = ended else { return true };
    let Some(number) = at else {
        println!("{name}: {how}, before the first input");
        return false;
    };
    let seed = wanted.seed;
    let kept = folder.join(format!("{name}-{seed}-{number}"));
    std::fs::write(&kept, Target::new(name).make(seed, number)).expect("the input is kept");
    println!(
        "{name}, seed {seed}, number {number}: {how}\n  the input: {}\n  again: scripts/fuzz {name} --seed {seed} --from {number} --count 1",
        kept.display()
    );
    false
}
