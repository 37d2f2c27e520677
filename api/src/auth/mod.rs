//! Proofs of who somebody is: passwords, tokens, limits on trying.
//!
//! Plain functions over values. Accounts and sessions are kept by `service`.

pub mod limit;

/// Random bytes of the operating system's quality, for ids and secrets.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place at the edge that draws secrets"
)]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without random bytes no token and no request id would be safe; there is nothing sensible to go on with.
    #[expect(
        clippy::expect_used,
        reason = "the kernel's random source fails only before it is seeded at boot"
    )]
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
