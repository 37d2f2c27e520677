//! The last words of a demo: the ranking, one decision with its reasons, and where to go on.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::access::Actor;
use domain::explain::Explainer;
use domain::outcome::Decision;
use domain::package::{Package, replay};
use domain::scheme::Scheme;
use service::Service;
use service::closeout::PackageKind;

use super::district::{
    JUST_95, MORE_THAN_ONE_THIRD, NEGATIVE_LIST, ONE_THIRD, SHORT_OF_95, TIED, UNFOUNDED, VETOED,
};
use super::stage::Staged;
use super::{Failure, of_fault, say};
use crate::cli::explain::explain;

/// What to look for among the ranks.
const NOTES: [(&str, &str); 9] = [
    (SHORT_OF_95, "94.9% 满意，差一点 / 94.9 %, just short"),
    (JUST_95, "正好 95% / exactly 95 %"),
    (
        ONE_THIRD,
        "正好三分之一不满意，不触发 / exactly one third dissatisfied",
    ),
    (
        MORE_THAN_ONE_THIRD,
        "超过三分之一，调查属实 / more than one third, verified",
    ),
    (
        UNFOUNDED,
        "超过三分之一，调查不实 / more than one third, unfounded",
    ),
    (NEGATIVE_LIST, "负面清单 / negative list"),
    (VETOED, "一票否决 / veto"),
    (TIED[0], "并列 / tie"),
    (TIED[1], "并列 / tie"),
];

/// Prints the ranking of the closed round and explains one decision.
pub(super) async fn result(service: &Service, staged: &Staged) -> Result<(), Failure> {
    let bytes = service
        .export_round(&Actor::Operator, staged.closed, PackageKind::Sheets)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let same = replay(&bytes).map_err(|difference| Failure::new(difference.to_string()))?;
    say(&format!(
        "8. 复算 replay: {} answer sheets counted again, {} decisions the same byte for byte\n",
        same.sheets, same.subjects
    ))?;
    let package: Package = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("the package cannot be read: {error}")))?;
    let scheme = Scheme::parse(&package.scheme)
        .map_err(|faults| Failure::of_lines(faults.iter().map(ToString::to_string).collect()))?;
    let names: BTreeMap<&str, &str> = package
        .inputs
        .subjects
        .iter()
        .map(|subject| (subject.code.as_str(), subject.name.as_str()))
        .collect();
    let explainer = Explainer::new(&scheme, names.iter().map(|(code, name)| (*code, *name)));
    for category in &scheme.file.category {
        let mut decisions: Vec<&Decision> = package
            .outcome
            .decisions
            .iter()
            .filter(|decision| *decision.category == *category.code)
            .collect();
        decisions
            .sort_by_key(|decision| (decision.rank.unwrap_or(u32::MAX), decision.subject.clone()));
        say(&format!("{} / {}", category.name.zh, category.name.en))?;
        for decision in decisions {
            say(&line(decision, &names, &explainer))?;
        }
        say("")?;
    }
    let explained = package
        .outcome
        .decisions
        .iter()
        .find(|decision| &*decision.subject == MORE_THAN_ONE_THIRD)
        .ok_or_else(|| Failure::new(format!("`{MORE_THAN_ONE_THIRD}` was not decided")))?;
    say(&explain(&package, explained, &explainer, false))
}

fn line(decision: &Decision, names: &BTreeMap<&str, &str>, explainer: &Explainer<'_>) -> String {
    let rank = decision
        .rank
        .map_or_else(|| "-".to_owned(), |rank| rank.to_string());
    let total = decision
        .total
        .map_or_else(|| "-".to_owned(), |total| total.to_string());
    let grade = match &decision.grade {
        Some(_) => explainer.grade(decision.grade.as_ref()).zh,
        None => "—".to_owned(),
    };
    let note = NOTES
        .iter()
        .find(|(code, _)| *code == &*decision.subject)
        .map_or("", |(_, note)| *note);
    // The two units on either side of 95 % are there for this item.
    let at_95 = [SHORT_OF_95, JUST_95].contains(&&*decision.subject);
    let item = decision
        .items
        .iter()
        .find(|item| at_95 && &**item.code == "B3.3")
        .and_then(|item| item.points)
        .map_or_else(String::new, |points| format!(", B3.3 = {points}"));
    let code = &*decision.subject;
    let name = names.get(code).copied().unwrap_or(code);
    format!("{rank:>4}  {total:>7}  {grade}\t{code:<11} {name}  {note}{item}")
        .trim_end()
        .to_owned()
}

/// Prints the addresses of the running server and the accounts, this once.
pub(super) fn addresses(address: &str, staged: &Staged) -> Result<(), Failure> {
    let base = format!("http://{address}");
    let mut text = format!(
        "下一轮 {} 正在测评 / the next round is open:\n  \
         答题 answer       {base}/s/{}\n",
        staged.open, staged.link
    );
    for token in &staged.invitations {
        let _never_fails = writeln!(text, "  邀请 invitation   {base}/i/{token}");
    }
    let _never_fails = write!(
        text,
        "  回执 receipt      {base}/receipt\n  接口 GraphiQL     {base}/graphiql\n\n\
         账号(密码只显示这一次) / accounts (the passwords are shown this once):\n"
    );
    for [login, password, role] in &staged.accounts {
        let _never_fails = writeln!(text, "  {login:<12} {password}  {role}");
    }
    say(text.trim_end())
}
