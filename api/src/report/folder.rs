//! A folder that is there whole or not at all: files are written beside it, and then it is renamed into place.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::ReportFault;

/// A folder in the making; what is half done goes away with it.
pub(crate) struct Making {
    beside: Option<PathBuf>,
    folder: PathBuf,
}

impl Making {
    /// Begins one, unless the folder holds something already.
    pub fn begin(folder: &Path) -> Result<Self, ReportFault> {
        let fault = |error: io::Error| ReportFault::Folder(folder.display().to_string(), error);
        match fs::read_dir(folder) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(ReportFault::NotEmpty(folder.display().to_string()));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(fault(error)),
        }
        let name = folder
            .file_name()
            .ok_or_else(|| fault(io::Error::from(ErrorKind::InvalidInput)))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let beside = folder.with_file_name(hidden);
        fs::create_dir(&beside).map_err(fault)?;
        Ok(Self {
            beside: Some(beside),
            folder: folder.to_owned(),
        })
    }

    /// Writes a file of it.
    pub fn add(&self, name: &str, bytes: &[u8]) -> Result<(), ReportFault> {
        let Some(beside) = &self.beside else {
            return Ok(());
        };
        let path = beside.join(name);
        let written = File::create_new(&path)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        written.map_err(|error| {
            ReportFault::Folder(self.folder.join(name).display().to_string(), error)
        })
    }

    /// Puts it into place.
    pub fn finish(mut self) -> Result<(), ReportFault> {
        let Some(beside) = self.beside.take() else {
            return Ok(());
        };
        // An empty folder gives way to the new one; one that was filled in the meantime does not.
        fs::rename(&beside, &self.folder).map_err(|error| {
            self.beside = Some(beside);
            ReportFault::Folder(self.folder.display().to_string(), error)
        })
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _nobody_needs_it = fs::remove_dir_all(beside);
        }
    }
}
