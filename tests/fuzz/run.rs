//! One input after another: made from the seed and its number alone, so that any of them can be had again by itself,
//! and judged by its target.

use super::canonical::Canonical;
use super::draw::Draw;
use super::guard::Guard;
use super::import::Import;
use super::inputs::Documents;
use super::scheme::Schemes;
use super::stored::Stored;
use super::token::Codes;
use super::watch::Watch;

/// What is fed.
pub const TARGETS: [&str; 7] = [
    "guard",
    "import",
    "stored",
    "scheme",
    "inputs",
    "canonical",
    "token",
];

/// What became of a run.
#[derive(Debug, Default)]
pub struct Went {
    /// How many inputs were accepted: a run in which everything is refused at once says little.
    pub accepted: u64,
    /// How long answers took.
    pub watch: Watch,
}

/// A reader of what comes from outside, with what has to hold for whatever it is given.
pub enum Target {
    Guard(Guard),
    Import(Import),
    Stored(Box<Stored>),
    Scheme(Schemes),
    Inputs(Documents),
    Canonical(Canonical),
    Token(Codes),
}

impl Target {
    pub fn new(name: &str) -> Self {
        match name {
            "guard" => Self::Guard(Guard::new()),
            "import" => Self::Import(Import::new()),
            "stored" => Self::Stored(Box::new(Stored::new())),
            "scheme" => Self::Scheme(Schemes::new()),
            "inputs" => Self::Inputs(Documents::new()),
            "canonical" => Self::Canonical(Canonical::new()),
            "token" => Self::Token(Codes::new()),
            other => panic!("no target `{other}`"),
        }
    }

    /// The input of this number.
    pub fn make(&self, seed: u64, number: u64) -> Vec<u8> {
        let mut draw = Draw::seeded(seed);
        let mut draw = Draw::seeded(draw.below(u64::MAX) ^ number);
        let mut draw = Draw::seeded(draw.below(u64::MAX));
        match self {
            Self::Guard(target) => target.make(&mut draw),
            Self::Import(target) => target.make(&mut draw),
            Self::Stored(target) => target.make(&mut draw),
            Self::Scheme(target) => target.make(&mut draw),
            Self::Inputs(target) => target.make(&mut draw),
            Self::Canonical(target) => target.make(&mut draw),
            Self::Token(target) => target.make(&mut draw),
        }
    }

    /// Whether an input is accepted.
    ///
    /// # Panics
    /// What has to hold does not.
    pub fn judge(&mut self, input: &[u8], watch: &mut Watch) -> bool {
        match self {
            Self::Guard(target) => target.judge(input, watch),
            Self::Import(_) => Import::judge(input, watch),
            Self::Stored(target) => target.judge(input, watch),
            Self::Scheme(_) => Schemes::judge(input, watch),
            Self::Inputs(target) => target.judge(input, watch),
            Self::Canonical(_) => Canonical::judge(input, watch),
            Self::Token(target) => target.judge(input, watch),
        }
    }
}

/// Judges the inputs of these numbers; `begin` is told each number before anything is done with it.
pub fn run(
    name: &str,
    seed: u64,
    numbers: std::ops::Range<u64>,
    mut begin: impl FnMut(u64),
) -> Went {
    let mut target = Target::new(name);
    let mut went = Went::default();
    for number in numbers {
        begin(number);
        let _teller = Teller(name, seed, number);
        let input = target.make(seed, number);
        went.accepted += u64::from(target.judge(&input, &mut went.watch));
    }
    went
}

/// Says which input it was when it goes in a panic.
struct Teller<'a>(&'a str, u64, u64);

impl Drop for Teller<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(name, seed, number) = self;
            eprintln!("{name}, seed {seed}, number {number}");
        }
    }
}
