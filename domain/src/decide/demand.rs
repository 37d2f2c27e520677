//! What a survey demands before any of its figures is worth something: quorum, least numbers, least shares.

use std::collections::BTreeMap;

use crate::number::Ratio;
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::Among;
use crate::scheme::model::{SharePlan, SurveyPlan, TestPlan};
use crate::snapshot::{Sheets, SurveyData};

pub(super) fn add_up(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// The first demand of a survey that is not met, in words.
pub(super) fn unmet_demand(survey: &SurveyPlan, data: &SurveyData) -> Option<Reason> {
    let demand = &survey.demand;
    let returned = add_up(data.sheets.iter().map(|sheets| sheets.returned));
    // Of a ballot only the lines that rate the subject are about it.
    let (there, few) = if survey.ballot.is_some() {
        let rated = data.sheets.iter().map(|sheets| sheets.rated);
        (add_up(rated), ReasonCode::FewRatedLines)
    } else {
        let valid = data.sheets.iter().map(|sheets| sheets.valid);
        (add_up(valid), ReasonCode::FewSheets)
    };
    if let Some(least) = demand.least_valid
        && there < u64::from(least)
    {
        return Some(Reason::with(few, [there.to_string(), least.to_string()]));
    }
    // Of all panels together; unknown where one does not report it, or none does.
    let total = |pick: fn(&crate::inputs::Turnout) -> Option<u64>| {
        let counts = data.turnouts.iter().map(|(_, turnout)| pick(turnout));
        let add = |sum: Option<u64>, count: Option<u64>| {
            count.map(|count| Some(sum.unwrap_or(0).saturating_add(count)))
        };
        counts.into_iter().try_fold(None, add).flatten()
    };
    let quorum = |test: &Option<TestPlan>, counts: Option<(u64, u64)>, unknown, short| {
        let test = test.as_ref()?;
        let Some((n, d)) = counts else {
            return Some(Reason::from(unknown));
        };
        let met = Ratio::of_counts(n, d).is_some_and(|share| test.holds(&share));
        let wanted = || format!("{} {}", test.op.text(), test.text);
        (!met).then(|| Reason::with(short, [format!("{n}/{d}"), wanted()]))
    };
    // Sheets of a panel to which it is not known how many were issued cannot be set against those of the others.
    let told = |panel: usize| data.turnouts.iter().any(|(other, _)| *other == panel);
    let all_told = (data.sheets.iter()).all(|sheets| sheets.returned == 0 || told(sheets.panel));
    let issued = total(|turnout| turnout.issued).filter(|_| all_told);
    let invited = total(|turnout| turnout.invited).filter(|_| all_told);
    let attended = total(|turnout| turnout.attended).filter(|_| all_told);
    quorum(
        &demand.attended,
        attended.zip(total(|turnout| turnout.entitled)),
        ReasonCode::AttendanceUnknown,
        ReasonCode::AttendanceShort,
    )
    .or_else(|| {
        let counts = issued.map(|issued| (returned, issued));
        quorum(
            &demand.returned,
            counts,
            ReasonCode::ReturnsUnknown,
            ReasonCode::ReturnsShort,
        )
    })
    .or_else(|| {
        let over = demand.returned_within_issued && issued.is_none_or(|issued| returned > issued);
        let issued = || issued.map_or_else(|| "?".to_owned(), |issued| issued.to_string());
        over.then(|| {
            Reason::with(
                ReasonCode::ReturnedOverIssued,
                [returned.to_string(), issued()],
            )
        })
    })
    .or_else(|| {
        let mut shares = demand.shares.iter();
        shares.find_map(|share| unmet_share(share, data, returned, invited))
    })
}

/// `invited_to_all` is absent where it is unknown of some panel how many were invited.
fn unmet_share(
    share: &SharePlan,
    data: &SurveyData,
    returned: u64,
    invited_to_all: Option<u64>,
) -> Option<Reason> {
    let sheets = |all: fn(&Sheets) -> u64, marked: fn(&Sheets) -> &BTreeMap<String, u64>| {
        let counts = data.sheets.iter();
        part(share, counts.map(|one| (one.panel, marked(one), all(one))))
    };
    let (n, d) = match share.among {
        Among::Valid => {
            let valid = add_up(data.sheets.iter().map(|sheets| sheets.valid));
            (sheets(|one| one.valid, |one| &one.marks), valid)
        }
        Among::Returned => {
            let some = sheets(|one| one.returned, |one| &one.returned_marks);
            (some, returned)
        }
        Among::Invited => {
            let Some(all) = invited_to_all else {
                return Some(ReasonCode::InvitedUnknown.into());
            };
            let invited = |turnout: &crate::inputs::Turnout| turnout.invited.unwrap_or(0);
            let counts = data.turnouts.iter();
            let some = part(
                share,
                counts.map(|(panel, turnout)| (*panel, &turnout.marks, invited(turnout))),
            );
            (some, all)
        }
    };
    let met = Ratio::of_counts(n, d).is_some_and(|found| found >= share.at_least);
    (!met).then(|| {
        let who = share.mark.clone().unwrap_or_else(|| share.names.join(", "));
        Reason::with(
            ReasonCode::ShareShort,
            [format!("{n}/{d}"), who, share.at_least.to_string()],
        )
    })
}

/// Those with a share's mark or, without one, those of its panels; counts come by panel with those by mark.
fn part<'c>(
    share: &SharePlan,
    counts: impl Iterator<Item = (usize, &'c BTreeMap<String, u64>, u64)>,
) -> u64 {
    add_up(counts.map(|(panel, marks, count)| match &share.mark {
        Some(mark) => marks.get(mark).copied().unwrap_or(0),
        None if share.panels.contains(&panel) => count,
        None => 0,
    }))
}
