//! Settings of the provider of identities by which staff may sign in.

use super::Secret;
use super::reader::Reader;

/// A provider of OpenID Connect.
#[derive(Debug, Clone)]
pub struct Oidc {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// What it knows this program by.
    pub client_id: String,
    /// By what this program proves to be the client, unless it is a public one.
    pub client_secret: Option<Secret>,
    /// The page of a front end to which the provider sends browsers back.
    pub redirect_url: String,
}

pub(super) fn read(reader: &mut Reader) -> Option<Oidc> {
    let issuer: Option<String> = reader.optional(
        "oidc.issuer",
        "provider of OpenID Connect by which staff may sign in, as `https://id.example.gov.cn`; without it nobody does",
    );
    let client_id: Option<String> =
        reader.optional("oidc.client_id", "what the provider knows this program by");
    let client_secret = reader.secret_file(
        "oidc.client_secret_file",
        "file of the secret that goes with it; without it this program is a public client",
    );
    let redirect_url: Option<String> = reader.optional(
        "oidc.redirect_url",
        "page of a front end to which the provider sends browsers back, as `https://console.example.gov.cn/back`",
    );
    let Some(issuer) = issuer else {
        if client_id.is_some() || redirect_url.is_some() || client_secret.is_some() {
            reader.fault(
                "oidc.issuer",
                "is missing: the other settings of `oidc` need it",
            );
        }
        return None;
    };
    for (key, address) in [
        ("oidc.issuer", Some(&issuer)),
        ("oidc.redirect_url", redirect_url.as_ref()),
    ] {
        if let Some(address) = address
            && !is_protected(address)
        {
            reader.fault(
                key,
                format!("`{address}` must begin with `https://`: codes and tokens travel there"),
            );
        }
    }
    let (Some(client_id), Some(redirect_url)) = (client_id, redirect_url) else {
        reader.fault(
            "oidc.issuer",
            "goes together with `oidc.client_id` and `oidc.redirect_url`",
        );
        return None;
    };
    Some(Oidc {
        issuer,
        client_id,
        client_secret,
        redirect_url,
    })
}

/// By TLS, or on this machine alone.
fn is_protected(address: &str) -> bool {
    let Ok(uri) = address.parse::<http::Uri>() else {
        return false;
    };
    let on_this_machine = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && on_this_machine)
}
