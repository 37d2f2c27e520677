//! Refuses changes that another site makes a browser send.
//!
//! The check needs no token in forms: browsers say themselves where a request comes from. `Sec-Fetch-Site` is believed
//! first; where it is missing (old browsers, plain HTTP) `Origin` must be our own. Clients that are no browsers send
//! neither and carry no cookies that could be abused, so they pass.

use http::{HeaderMap, Method, header};

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignOrigin;

/// Whose pages may send changes.
#[derive(Debug, Clone, Default)]
pub struct OriginPolicy {
    allowed: Vec<String>,
}

impl OriginPolicy {
    /// `allowed`: origins as browsers write them, `https://host[:port]`. The server's own name needs no entry: an
    /// origin that agrees with the `Host` header is our own.
    pub fn new(allowed: Vec<String>) -> Self {
        Self {
            allowed: allowed
                .into_iter()
                .map(|origin| origin.to_ascii_lowercase())
                .collect(),
        }
    }

    /// Judges one request by its method and headers.
    ///
    /// # Errors
    /// [`ForeignOrigin`] when a browser says that another site sent it.
    pub fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), ForeignOrigin> {
        // A WebSocket opens by GET, and browsers let every site open one everywhere.
        let opens_socket = headers
            .get(header::UPGRADE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) && !opens_socket {
            return Ok(());
        }
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text(header::ORIGIN);
        if origin.is_some_and(|origin| self.is_allowed(origin)) {
            return Ok(());
        }
        match headers
            .get("sec-fetch-site")
            .map(http::HeaderValue::as_bytes)
        {
            Some(b"same-origin" | b"none") => return Ok(()),
            Some(_) => return Err(ForeignOrigin),
            None => {}
        }
        match origin {
            None if headers.contains_key(header::ORIGIN) => Err(ForeignOrigin),
            None => Ok(()),
            // Our own forms send `null` from browsers without Sec-Fetch-Site, because of `Referrer-Policy:
            // no-referrer`. It may as well be a foreign page, so nothing that identifies a person may come with it.
            Some("null") => {
                let anonymous = !headers.contains_key(header::COOKIE)
                    && !headers.contains_key(header::AUTHORIZATION);
                if anonymous {
                    Ok(())
                } else {
                    Err(ForeignOrigin)
                }
            }
            Some(origin) => {
                let authority = origin.split_once("://").map(|(_, authority)| authority);
                let own = text(header::HOST)
                    .zip(authority)
                    .is_some_and(|(host, authority)| host.eq_ignore_ascii_case(authority));
                if own { Ok(()) } else { Err(ForeignOrigin) }
            }
        }
    }

    fn is_allowed(&self, origin: &str) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(method: &Method, pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", "pj.example.org".parse().unwrap());
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        OriginPolicy::new(vec!["https://console.example.org".to_owned()])
            .check(method, &headers)
            .is_ok()
    }

    #[test]
    fn reading_is_free_and_clients_without_a_browser_pass() {
        assert!(judge(&Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(judge(&Method::POST, &[]));
    }

    #[test]
    fn a_foreign_page_cannot_change_anything() {
        assert!(!judge(
            &Method::POST,
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example")
            ]
        ));
        assert!(!judge(
            &Method::POST,
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "https://x.example.org")
            ]
        ));
        assert!(!judge(
            &Method::DELETE,
            &[("origin", "https://evil.example")]
        ));
        assert!(!judge(
            &Method::POST,
            &[("origin", "https://pj.example.org.evil.example")]
        ));
    }

    #[test]
    fn our_own_pages_and_the_allowed_ones_can() {
        assert!(judge(
            &Method::POST,
            &[("sec-fetch-site", "same-origin"), ("origin", "null")]
        ));
        assert!(judge(
            &Method::POST,
            &[("origin", "https://PJ.example.org")]
        ));
        assert!(judge(
            &Method::POST,
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "https://console.example.org")
            ]
        ));
    }

    #[test]
    fn a_form_of_an_old_browser_passes_only_without_credentials() {
        assert!(judge(&Method::POST, &[("origin", "null")]));
        assert!(!judge(
            &Method::POST,
            &[("origin", "null"), ("cookie", "session=1")]
        ));
        assert!(!judge(
            &Method::POST,
            &[("origin", "null"), ("authorization", "Bearer x")]
        ));
    }

    #[test]
    fn a_foreign_page_cannot_open_a_socket() {
        assert!(!judge(
            &Method::GET,
            &[("upgrade", "WebSocket"), ("origin", "https://evil.example")]
        ));
        assert!(judge(
            &Method::GET,
            &[
                ("upgrade", "websocket"),
                ("origin", "https://pj.example.org")
            ]
        ));
    }
}
