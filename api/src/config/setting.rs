//! Values that can be written as text.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::http::address::Network;

/// A value that can be written as text in a file or in the environment.
pub trait Setting: Sized {
    /// Reads the text; the error says what would be right.
    ///
    /// # Errors
    /// The text is no such value.
    fn parse(text: &str) -> Result<Self, String>;
    /// Writes the value as [`Setting::parse`] reads it.
    fn show(&self) -> String;
}

impl Setting for String {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Err("is empty: give a value or leave the key out".to_owned())
        } else {
            Ok(text.to_owned())
        }
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for bool {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("`{text}` is neither `true` nor `false`"))
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("`{text}` is no address and port: write it like `127.0.0.1:8080`"))
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for http::Uri {
    fn parse(text: &str) -> Result<Self, String> {
        let address: Option<Self> = text.parse().ok();
        let is_whole = |address: &Self| {
            matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some()
        };
        address.filter(is_whole).ok_or_else(|| {
            format!("`{text}` is no whole address: write it like `http://127.0.0.1:4318/v1/traces`")
        })
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        String::parse(text).map(Self::from)
    }
    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Setting for Vec<Network> {
    fn parse(text: &str) -> Result<Self, String> {
        parts(text).map(str::parse).collect()
    }
    fn show(&self) -> String {
        self.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",")
    }
}

impl Setting for Vec<String> {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(parts(text).map(str::to_owned).collect())
    }
    fn show(&self) -> String {
        self.join(",")
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}
