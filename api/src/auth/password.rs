//! Passwords: Argon2id, two at a time, and as long for an unknown name as for a known one.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{Semaphore, TryAcquireError};

use crate::config::Secret;

/// Hashes at once. One takes 19 MiB and a core for some 20 ms; more at once would starve everybody else.
const AT_ONCE: usize = 2;

/// Hashes at once and waiting. Beyond it, waiting would outlast the client.
const QUEUED: usize = 64;

/// Longest password, in bytes: the hash reads all of it.
pub const MAXIMUM_BYTES: usize = 256;

/// Shortest password that a person may choose, in characters.
pub const MINIMUM_CHARACTERS: usize = 12;

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFault {
    /// Too many people log in at this moment.
    #[error("too many passwords are being checked: try again in a moment")]
    Busy,
    /// It is shorter than [`MINIMUM_CHARACTERS`].
    #[error("a password has at least {MINIMUM_CHARACTERS} characters")]
    TooShort,
    /// It is longer than [`MAXIMUM_BYTES`].
    #[error("a password has at most {MAXIMUM_BYTES} bytes")]
    TooLong,
    /// The hash on record, or the machine, is broken.
    #[error("the password cannot be hashed: {0}")]
    Broken(String),
}

/// Hashes and compares passwords. One per process: the bound on work is its own.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// A hash of no password, compared with when there is no account.
    decoy: Arc<str>,
}

fn argon2() -> Argon2<'static> {
    // The defaults of the library, which are OWASP's first choice: 19 MiB, 2 passes, 1 lane.
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

fn hash(password: &[u8]) -> Result<String, PasswordFault> {
    let hashed = argon2()
        .hash_password(password)
        .map_err(|error| PasswordFault::Broken(error.to_string()))?;
    Ok(hashed.to_string())
}

impl Passwords {
    /// Takes as long as one hash.
    ///
    /// # Errors
    /// The machine gives no random salt.
    pub fn new() -> Result<Self, PasswordFault> {
        let decoy = hash(b"no password has this text")?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Arc::new(Semaphore::new(QUEUED)),
            decoy: decoy.into(),
        })
    }

    /// The hash to keep of a password that a person chose.
    ///
    /// # Errors
    /// The password is too short or too long, or too many are being hashed.
    pub async fn accept(&self, password: Secret) -> Result<String, PasswordFault> {
        if password.expose().chars().count() < MINIMUM_CHARACTERS {
            return Err(PasswordFault::TooShort);
        }
        self.hash(password).await
    }

    /// The hash to keep, in PHC form with its own salt and parameters.
    ///
    /// # Errors
    /// The password is too long, or too many are being hashed.
    pub async fn hash(&self, password: Secret) -> Result<String, PasswordFault> {
        if password.expose().len() > MAXIMUM_BYTES {
            return Err(PasswordFault::TooLong);
        }
        self.work(move || hash(password.expose().as_bytes())).await
    }

    /// Whether the password is the one whose hash is on record. `None`, an unknown name, takes as long and is false.
    ///
    /// # Errors
    /// Too many are being compared, or the hash on record cannot be read.
    pub async fn verify(
        &self,
        password: Secret,
        recorded: Option<String>,
    ) -> Result<bool, PasswordFault> {
        let decoy = Arc::clone(&self.decoy);
        self.work(move || {
            let too_long = password.expose().len() > MAXIMUM_BYTES;
            let parsed = PasswordHash::new(recorded.as_deref().unwrap_or(&decoy));
            let parsed = parsed.map_err(|error| PasswordFault::Broken(error.to_string()))?;
            let given = if too_long {
                b""
            } else {
                password.expose().as_bytes()
            };
            // Every error means "another password" here; a broken record was found by parsing.
            let same = argon2().verify_password(given, &parsed).is_ok();
            Ok(same && recorded.is_some() && !too_long)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, PasswordFault> + Send + 'static,
    ) -> Result<T, PasswordFault> {
        let closed = |_| PasswordFault::Broken("the queue is closed".to_owned());
        let _place = Arc::clone(&self.queue)
            .try_acquire_owned()
            .map_err(|error| match error {
                TryAcquireError::NoPermits => PasswordFault::Busy,
                TryAcquireError::Closed => PasswordFault::Broken("the queue is closed".to_owned()),
            })?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(closed)?;
        // The turn goes with the job: a client that hangs up does not stop the hash, so it must not give its turn back.
        let task = tokio::task::spawn_blocking(move || {
            let outcome = job();
            drop(turn);
            outcome
        });
        task.await
            .map_err(|error| PasswordFault::Broken(error.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let passwords = Passwords::new().unwrap();
        let recorded = passwords.hash(secret("一二三四五六七八")).await.unwrap();
        assert!(
            recorded.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{recorded}"
        );
        assert!(
            passwords
                .verify(secret("一二三四五六七八"), Some(recorded.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(secret("一二三四五六七九"), Some(recorded))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn the_same_password_has_another_hash_each_time() {
        let passwords = Passwords::new().unwrap();
        let one = passwords.hash(secret("x")).await.unwrap();
        assert_ne!(one, passwords.hash(secret("x")).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_name_is_refused_even_with_the_password_of_the_decoy() {
        let passwords = Passwords::new().unwrap();
        assert!(
            !passwords
                .verify(secret("no password has this text"), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "the test is about time")]
    async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
        let passwords = Passwords::new().unwrap();
        let recorded = passwords.hash(secret("right")).await.unwrap();
        let mut times = [std::time::Duration::MAX; 2];
        // The best of several: other tests share the machine.
        for _ in 0..5 {
            for (time, record) in times.iter_mut().zip([Some(recorded.clone()), None]) {
                let began = std::time::Instant::now();
                assert!(!passwords.verify(secret("wrong"), record).await.unwrap());
                *time = began.elapsed().min(*time);
            }
        }
        let [known, unknown] = times;
        assert!(
            known < unknown * 2 && unknown < known * 2,
            "{known:?} {unknown:?}"
        );
    }

    #[tokio::test]
    async fn a_long_password_is_refused_and_costs_no_more() {
        let passwords = Passwords::new().unwrap();
        let long = "x".repeat(MAXIMUM_BYTES + 1);
        assert!(matches!(
            passwords.hash(secret(&long)).await,
            Err(PasswordFault::TooLong)
        ));
        let recorded = passwords.hash(secret("")).await.unwrap();
        assert!(
            !passwords
                .verify(secret(&long), Some(recorded))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn a_broken_record_is_a_fault_and_no_wrong_password() {
        let passwords = Passwords::new().unwrap();
        let outcome = passwords
            .verify(secret("x"), Some("plain text".to_owned()))
            .await;
        assert!(matches!(outcome, Err(PasswordFault::Broken(_))));
    }
}
