//! What a closed survey tells, as lists to be taken out, and where it is copied to.

use std::collections::BTreeMap;
use std::path::Path;

use domain::id::{Id, SchemeVersion, Subject};
use domain::scheme::file::Words;
use service::Service;

use super::super::database::of_fault;
use super::super::{Failure, print};
use super::{OPERATOR, SurveyArguments, broken, find, list_units};
use crate::sheet::{ListTable, table_of_days, table_of_results, table_of_words};

/// What a closed survey found, as a table.
pub(super) async fn find_results(
    service: &Service,
    which: &SurveyArguments,
) -> Result<ListTable<15>, Failure> {
    let survey = find(service, &which.round, &which.survey).await?;
    let mut found = service
        .list_results_of(OPERATOR, &[survey.id])
        .await
        .map_err(|fault| of_fault(&fault))?;
    let Some(results) = found.remove(&survey.id) else {
        return Err(not_closed(&which.survey));
    };
    let named = name_units(service, which).await?;
    Ok(table_of_results(&survey.definition, &results, &named))
}

pub(super) async fn find_days(
    service: &Service,
    which: &SurveyArguments,
) -> Result<ListTable<5>, Failure> {
    let survey = find(service, &which.round, &which.survey).await?;
    let found = service.list_time_lines_of(OPERATOR, &[survey.id]).await;
    let mut found = found.map_err(|fault| of_fault(&fault))?;
    let Some(line) = found.remove(&survey.id) else {
        return Err(not_closed(&which.survey));
    };
    let named = name_units(service, which).await?;
    Ok(table_of_days(&survey.definition, &line, &named))
}

fn not_closed(survey: &str) -> Failure {
    Failure::new(format!(
        "the survey `{survey}` is not closed: until then it only says how many have answered"
    ))
}

pub(super) async fn find_words(
    service: &Service,
    which: &SurveyArguments,
) -> Result<ListTable<8>, Failure> {
    let survey = find(service, &which.round, &which.survey).await?;
    let words = service.read_all_words(OPERATOR, survey.id).await;
    let words = words.map_err(|fault| of_fault(&fault))?;
    let named = name_units(service, which).await?;
    Ok(table_of_words(&survey.definition, &words, &named))
}

async fn name_units(
    service: &Service,
    which: &SurveyArguments,
) -> Result<BTreeMap<Id<Subject>, (String, Words)>, Failure> {
    let units = list_units(service, &which.round).await?;
    let named = units.into_iter();
    Ok(named
        .map(|unit| (unit.subject, (unit.code, unit.name)))
        .collect())
}

/// Writes a list into a file and says so, or prints it as CSV and says nothing.
pub(super) fn write_table<const N: usize>(
    table: &ListTable<N>,
    out: Option<&Path>,
) -> Result<Option<String>, Failure> {
    let Some(file) = out else {
        print(&table.write_csv().map_err(broken)?)?;
        return Ok(None);
    };
    let is_workbook = file.extension().is_some_and(|name| name == "xlsx");
    let bytes = if is_workbook {
        table.write_workbook().map_err(broken)?
    } else {
        table.write_csv().map_err(broken)?
    };
    std::fs::write(file, bytes).map_err(broken)?;
    Ok(Some(format!(
        "{}: {} lines\n",
        file.display(),
        table.lines.len()
    )))
}

/// A version of a scheme, named as `scheme@version`.
pub(super) async fn find_version(
    service: &Service,
    name: &str,
) -> Result<Id<SchemeVersion>, Failure> {
    let unknown = || {
        Failure::new(format!(
            "there is no version `{name}`: name it as `scheme@version`"
        ))
    };
    let (code, version) = name.split_once('@').ok_or_else(unknown)?;
    let known = service.list_versions_of_scheme(OPERATOR, code).await;
    let known = known.map_err(|fault| of_fault(&fault))?;
    let found = known.into_iter().find(|one| one.version == version);
    Ok(found.ok_or_else(unknown)?.id)
}
