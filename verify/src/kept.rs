//! An earlier checkpoint that was kept elsewhere: a mail, a print typed in again, a file.

use crate::finding::Finding;
use crate::note::Keys;

/// What somebody kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The signed note.
    Note(String),
    /// Size and hash alone, as they were written down.
    Short {
        /// How many entries there were.
        size: u64,
        /// The hash of the tree over them.
        root: [u8; 32],
    },
}

impl Kept {
    /// Finds a checkpoint in a text, whatever stands around it: the signed note where there is one, else the short
    /// form.
    ///
    /// # Errors
    /// There is neither.
    pub fn find(text: &str) -> Result<Self, Finding> {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        for (place, line) in lines.iter().enumerate() {
            // Name, size and hash, an empty line, the signature; a list of a survey says more below the hash.
            let is_signature =
                line.starts_with("\u{2014} ") && place > 0 && lines[place - 1].is_empty();
            if !is_signature {
                continue;
            }
            let above = &lines[..place - 1];
            let begin = above
                .iter()
                .rposition(|line| line.is_empty() || line.starts_with("---"))
                .map_or(0, |end| end + 1);
            return Ok(Self::Note(format!(
                "{}\n\n{line}\n",
                above[begin..].join("\n")
            )));
        }
        lines
            .iter()
            .find_map(|line| read_short(line))
            .ok_or_else(|| Finding::new("文件里找不到检查点", "there is no checkpoint in the file"))
    }

    /// Size and hash; of a note, once its signature was checked.
    ///
    /// # Errors
    /// The note is malformed, of another log, or signed by nobody who is believed.
    pub fn check(&self, keys: &Keys, origin: &str) -> Result<(u64, [u8; 32]), Finding> {
        let note = match self {
            Self::Short { size, root } => return Ok((*size, *root)),
            Self::Note(note) => note,
        };
        let head = keys.check(note).map_err(|finding| {
            Finding::new(
                format!("另存的检查点：{}", finding.zh),
                format!("the checkpoint that was kept: {}", finding.en),
            )
        })?;
        if head.origin == origin {
            Ok((head.size, head.root))
        } else {
            Err(Finding::new(
                format!("另存的检查点属于另一份日志 `{}`", head.origin),
                format!(
                    "the checkpoint that was kept is of another log, `{}`",
                    head.origin
                ),
            ))
        }
    }
}

/// `12 6e340b9c-ffb37a98-…` anywhere in a line.
fn read_short(line: &str) -> Option<Kept> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).find_map(|pair| {
        let size = pair[0].parse().ok()?;
        let bytes = hex::decode(pair[1].replace('-', "")).ok()?;
        Some(Kept::Short {
            size,
            root: bytes.try_into().ok()?,
        })
    })
}
