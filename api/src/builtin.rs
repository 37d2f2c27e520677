//! The schemes that come with the program, so that nobody needs the repository to use one.
//!
//! Whatever lies in `schemes/` is taken along; there is no list to keep. Whether a scheme is sound is asked when it is
//! used, as of any other, so nothing here can fail.

use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../schemes"]
#[include = "*/*.toml"]
#[include = "*/*.sample.json"]
struct Files;

/// A scheme that comes with the program.
#[derive(Debug, Clone)]
pub struct Builtin {
    /// The place that it comes from, as its folder is called.
    pub place: String,
    /// Where it lies in the repository; for messages.
    pub path: String,
    /// The scheme file.
    pub table: String,
    /// A fictional round under it, as `mingjian evaluate --inputs` reads it.
    pub sample: String,
}

/// All of them, by place and file.
pub fn list() -> Vec<Builtin> {
    let mut builtin: Vec<Builtin> = Files::iter().filter_map(|path| read(&path)).collect();
    builtin.sort_by(|a, b| a.path.cmp(&b.path));
    builtin
}

fn read(path: &str) -> Option<Builtin> {
    let bare = path.strip_suffix(".toml")?;
    let (place, _) = bare.split_once('/')?;
    Some(Builtin {
        place: place.to_owned(),
        path: format!("schemes/{path}"),
        table: text(path)?,
        sample: text(&format!("{bare}.sample.json")).unwrap_or_default(),
    })
}

fn text(path: &str) -> Option<String> {
    let file = Files::get(path)?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::inputs::Inputs;
    use domain::scheme::Scheme;

    use super::*;

    #[test]
    fn every_scheme_that_comes_with_the_program_is_sound_and_has_a_version_and_a_sample_of_its_own()
    {
        let mut codes = BTreeSet::new();
        for builtin in list() {
            let scheme = Scheme::parse(&builtin.table).unwrap();
            let version = (scheme.code().to_owned(), scheme.version().to_owned());
            assert!(codes.insert(version), "{}", builtin.path);
            assert!(Inputs::parse(&builtin.sample).is_ok(), "{}", builtin.path);
        }
        assert!(
            codes.iter().any(|(code, _)| code == "ouhai-organ"),
            "{codes:?}"
        );
    }
}
