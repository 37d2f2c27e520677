//! The language in which a command speaks of a scheme and of what came of it.

use clap::ValueEnum;
use domain::scheme::file::Words;

/// One of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// 中文.
    Zh,
    /// English.
    #[default]
    En,
}

impl Language {
    /// The words in this language.
    pub(crate) fn of(self, words: &Words) -> &str {
        self.pick(&words.zh, &words.en)
    }

    /// One of two texts.
    pub(crate) const fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}
