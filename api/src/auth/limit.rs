//! How often somebody may try, or how much they may spend: one leaky bucket per key, in memory.
//!
//! Limits of one server only. Several servers behind a proxy allow as many times more, which still makes guessing
//! hopeless; what must hold exactly (a locked account) is a row of the database.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// After so many checks the buckets that are full again are forgotten, so that memory follows the number of clients
/// that are busy now and not of all that ever came.
const CHECKS_BETWEEN_SWEEPS: u32 = 4_096;

/// One bucket per key.
#[derive(Debug)]
pub struct Limiter<K: Clone + Eq + Hash> {
    buckets: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    burst: NonZeroU32,
    checks: AtomicU32,
}

impl<K: Clone + Eq + Hash> Limiter<K> {
    /// `allowed` per minute, all of them at once if need be.
    pub fn per_minute(allowed: NonZeroU32) -> Self {
        Self::new(Quota::per_minute(allowed))
    }

    /// `allowed` per second, with `seconds` of them saved up.
    pub fn per_second(allowed: NonZeroU32, seconds: NonZeroU32) -> Self {
        Self::new(Quota::per_second(allowed).allow_burst(allowed.saturating_mul(seconds)))
    }

    fn new(quota: Quota) -> Self {
        Self {
            buckets: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            burst: quota.burst_size(),
            checks: AtomicU32::new(0),
        }
    }

    /// Takes `amount` out of the key's bucket. More than a whole bucket counts as one, or it could never be taken.
    ///
    /// # Errors
    /// The time after which as much will be there.
    pub fn spend(&self, key: &K, amount: u32) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_SWEEPS
            == CHECKS_BETWEEN_SWEEPS - 1
        {
            self.buckets.retain_recent();
        }
        let Some(amount) = NonZeroU32::new(amount.min(self.burst.get())) else {
            return Ok(());
        };
        match self.buckets.check_key_n(key, amount) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_yet)) => Err(not_yet.wait_time_from(self.clock.now())),
            // Cannot be: the amount was bounded by the bucket.
            Err(_insufficient) => Err(Duration::from_mins(1)),
        }
    }
}

/// Both limits on logging in. An attacker with many addresses meets the one on the account, one with many names the
/// one on the address.
#[derive(Debug)]
pub struct LoginLimits {
    addresses: Limiter<std::net::IpAddr>,
    accounts: Limiter<String>,
}

/// Who tries to log in.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// [`crate::http::ClientAddress::network`] of the client.
    pub network: std::net::IpAddr,
    /// The login name as it was typed; whether it exists must not matter here.
    pub login: &'a str,
}

impl LoginLimits {
    /// Limits from the settings.
    pub fn new(settings: &crate::config::Auth) -> Self {
        let positive = |allowed| NonZeroU32::new(allowed).unwrap_or(NonZeroU32::MIN);
        Self {
            addresses: Limiter::per_minute(positive(settings.address_logins_per_minute)),
            accounts: Limiter::per_minute(positive(settings.account_logins_per_minute)),
        }
    }

    /// Counts one attempt of an address whose name is not known yet.
    ///
    /// # Errors
    /// The time after which another attempt is allowed.
    pub fn count_address(&self, network: std::net::IpAddr) -> Result<(), Duration> {
        self.addresses.spend(&network, 1)
    }

    /// Counts one attempt, before the password is looked at.
    ///
    /// # Errors
    /// The time after which another attempt is allowed.
    pub fn count(&self, attempt: &Attempt<'_>) -> Result<(), Duration> {
        self.addresses.spend(&attempt.network, 1)?;
        // A long name would be kept as long as its bucket.
        let login: String = attempt
            .login
            .trim()
            .to_lowercase()
            .chars()
            .take(64)
            .collect();
        self.accounts.spend(&login, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> LoginLimits {
        LoginLimits {
            addresses: Limiter::per_minute(NonZeroU32::new(5).unwrap()),
            accounts: Limiter::per_minute(NonZeroU32::new(2).unwrap()),
        }
    }

    #[test]
    fn an_account_is_protected_from_many_addresses() {
        let limits = limits();
        let attempt = |last: u8, login| {
            limits.count(&Attempt {
                network: [198, 51, 100, last].into(),
                login,
            })
        };
        assert!(attempt(1, "li").is_ok());
        assert!(attempt(2, " LI ").is_ok());
        assert!(attempt(3, "li").unwrap_err() > Duration::from_secs(1));
        assert!(attempt(3, "wang").is_ok());
    }

    #[test]
    fn an_address_is_bounded_over_all_names() {
        let limits = limits();
        let attempt = |login: &str| {
            limits.count(&Attempt {
                network: [198, 51, 100, 1].into(),
                login,
            })
        };
        for name in ["a", "b", "c", "d", "e"] {
            assert!(attempt(name).is_ok());
        }
        assert!(attempt("f").is_err());
    }

    #[test]
    fn more_than_a_bucket_is_a_whole_bucket() {
        let limiter =
            Limiter::per_second(NonZeroU32::new(10).unwrap(), NonZeroU32::new(2).unwrap());
        assert!(limiter.spend(&1, 1_000_000).is_ok());
        assert!(limiter.spend(&1, 20).is_err());
        assert!(limiter.spend(&2, 20).is_ok());
        assert!(limiter.spend(&2, 0).is_ok());
    }
}
