//! The two languages of the pages and their words.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::scheme::file::Words;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader};
use http::{HeaderMap, header};

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "zh-CN",
        // Names stand in plain text; the marks around them would be copied along with it.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Language {
    #[default]
    Chinese,
    English,
}

impl Language {
    /// As it stands in the document and in links.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Chinese => Self::English,
            Self::English => Self::Chinese,
        }
    }

    /// What a link says, or what the browser likes best; Chinese where neither is known.
    pub(super) fn choose(tag: Option<&str>, headers: &HeaderMap) -> Self {
        if let Some(language) = tag.and_then(Self::parse) {
            return language;
        }
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let mut best = (0, Self::default());
        for part in accepted.unwrap_or_default().split(',').take(20) {
            let (tag, quality) = part.split_once(';').unwrap_or((part, "q=1"));
            if let Some(language) = Self::parse(tag.trim()) {
                let quality = thousandths(quality.trim());
                if quality > best.0 {
                    best = (quality, language);
                }
            }
        }
        best.1
    }

    fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    /// The words under this name.
    pub(crate) fn say(self, name: &str) -> String {
        LOCALES.lookup(&self.identifier(), name)
    }

    /// The words under this name with values put in.
    pub(crate) fn say_with<const N: usize>(
        self,
        name: &str,
        values: [(&'static str, Value<'_>); N],
    ) -> String {
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> = values
            .into_iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => FluentValue::from(text),
                    Value::Count(count) => FluentValue::from(count),
                };
                (Cow::Borrowed(name), value)
            })
            .collect();
        LOCALES.lookup_with_args(&self.identifier(), name, &values)
    }

    /// The words of a scheme or a roster; an English name may be left out there.
    pub(crate) fn of(self, words: &Words) -> &str {
        match self {
            Self::English if !words.en.is_empty() => &words.en,
            Self::English | Self::Chinese => &words.zh,
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        // Both tags are well formed; the default would fall back to Chinese.
        self.tag().parse().unwrap_or_default()
    }
}

/// A value in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Count(usize),
}

/// The quality of a language in thousandths: `q=0.8` is 800.
fn thousandths(quality: &str) -> u32 {
    let Some(number) = quality.strip_prefix("q=") else {
        return 1_000;
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part: u32 = format!("{part:0<3}")
        .get(..3)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0);
    whole.parse::<u32>().unwrap_or(0).min(1) * 1_000 + part
}
