//! Rows against the scheme of their round, by the very check that a close-out makes.

use domain::inputs::Inputs;
use domain::snapshot::{RowFault, Snapshot};

use crate::frame::Frame;
use crate::{Fault, Refusal};

/// What is wrong with rows that are to be put in; empty if all is well.
pub(crate) fn find_faults(
    frame: &Frame,
    fill: impl FnOnce(&mut Inputs),
) -> Result<Vec<RowFault>, Fault> {
    let mut inputs = frame.begin_inputs()?;
    fill(&mut inputs);
    Ok(Snapshot::build(&frame.scheme, &inputs)
        .err()
        .unwrap_or_default())
}

/// The row of a fault and the field that it is most likely about.
pub(crate) fn place_of(fault: &RowFault) -> (Option<usize>, &'static str) {
    let mut parts = fault.path.split('/');
    let list = parts.next().unwrap_or_default();
    let row = parts.next().and_then(|row| row.parse().ok());
    (row, field_of(list, fault.code))
}

fn field_of(list: &str, code: &str) -> &'static str {
    match (list, code) {
        (_, "unknown_subject") => "subject",
        ("scores", "above_maximum" | "off_step") => "points",
        ("checklists", "above_maximum") => "done",
        ("checklists", "other_number") | ("duty_lists", "empty_list") => "tasks",
        ("checklists", "undone_unnamed") => "undone",
        ("scores" | "measures", "unknown_period") => "period",
        ("scores" | "checklists" | "duty_lists", _) => "item",
        ("measures", "wrong_scale") => "value",
        ("measures", _) => "measure",
        ("facts", "date_missing") => "date",
        ("facts", "field_missing" | "wrong_scale") => "fields",
        ("facts", "reference_missing") => "reference",
        ("facts" | "nil_reports", _) => "kind",
        ("tie_choices", _) => "quota",
        ("investigations", _) => "rule",
        ("waivers", "reason_missing") => "reason",
        ("waivers", "waiver_does_not_fit") => "holds",
        ("waivers", _) => "gap",
        _ => "grade",
    }
}

/// What a list of rows is called in the input of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    /// Such as `scores`.
    pub list: &'a str,
    /// For each row of the inputs, its place in the request.
    pub rows: &'a [usize],
}

/// Faults as refusals, each at its row and field.
pub(crate) fn refuse(faults: Vec<RowFault>, named: Named<'_>) -> Vec<Refusal> {
    faults
        .into_iter()
        .map(|fault| {
            let (row, field) = place_of(&fault);
            let row = row.and_then(|row| named.rows.get(row).copied());
            let mut path = vec![named.list.to_owned()];
            path.extend(row.map(|row| row.to_string()));
            path.push(field.to_owned());
            Refusal::new(fault.code.to_uppercase(), fault.message).at(path)
        })
        .collect()
}

/// A subject that takes no part in the round.
pub(crate) fn outside(named: Named<'_>, row: usize) -> Refusal {
    Refusal::new(
        "SUBJECT_OUTSIDE_ROUND",
        "this subject takes no part in the round; name one of its roster",
    )
    .at([named.list, &row.to_string(), "subject"])
}

/// All refusals, or nothing.
pub(crate) fn settle(refusals: Vec<Refusal>) -> Result<(), Fault> {
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(Fault::Refused(refusals))
    }
}
