//! Proofs of who somebody is: passwords, access tokens, limits on trying.
//!
//! Plain values in and out. Accounts, sessions and refresh tokens are kept by `service`; what somebody may do is asked
//! of `domain::access` there.

pub mod factor;
pub mod limit;
pub mod link;
pub mod password;
pub mod provider;
pub mod session;
pub mod token;

/// Chooses the one crypto provider for tokens. Without it the token library panics at first use; a second call changes
/// nothing.
pub fn install_crypto() {
    // The error says that a provider is installed already, and there is only this one.
    let _already_installed = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
