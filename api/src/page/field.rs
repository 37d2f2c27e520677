//! The fields of a form that is not a survey's.

use axum::extract::Form;

use super::notice::Notice;
use super::view::View;
use super::{FormPart, form};

/// What was sent.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads them, and whether the page is wanted in large print.
    ///
    /// # Errors
    /// The page to show where there is no form.
    pub(super) fn read(sent: FormPart, view: &mut View) -> Result<Self, Notice> {
        let Form(fields) = sent.map_err(|rejection| form::refuse(&rejection))?;
        let fields = Self(fields);
        view.large = fields.text("print") == "large";
        Ok(fields)
    }

    /// The first field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same, or nothing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// As they came.
    pub(super) fn into_form(self) -> Form<Vec<(String, String)>> {
        Form(self.0)
    }
}
