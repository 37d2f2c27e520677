//! Who may do what: one table, asked once at the start of every use-case.
//!
//! Sessions and passwords are deliberately absent; an actor is made from rows, never from a token alone.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{Id, Region, Round, ServiceToken, Staff, Subject};

/// The parts that a person can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sets rounds up, runs surveys, closes.
    RoundAdministrator,
    /// Marks items and reports measures and facts.
    Inspector,
    /// Reads all of a round, investigates, and decides on what a round administrator proposed.
    Reviewer,
    /// Reads all and the log, writes nothing.
    Auditor,
    /// Keeps accounts; sees no scores.
    SecurityAdministrator,
    /// Speaks for one evaluated unit: reads what was decided about it as soon as the round is closed, and nothing of
    /// others.
    UnitReporter,
    /// A program of a front-end team, which reads rounds as they stand and writes nothing. No person holds it.
    Program,
}

impl Role {
    /// Every role that a person can hold, in the order of the table.
    pub const ALL: [Self; 6] = [
        Self::RoundAdministrator,
        Self::Inspector,
        Self::Reviewer,
        Self::Auditor,
        Self::SecurityAdministrator,
        Self::UnitReporter,
    ];

    /// The word for it in files, tables and tokens.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RoundAdministrator => "round_administrator",
            Self::Inspector => "inspector",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
            Self::SecurityAdministrator => "security_administrator",
            Self::UnitReporter => "unit_reporter",
            Self::Program => "program",
        }
    }

    /// The role of a word, if a person can hold it.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// Two roles that a small office lets one person hold together, although others keep them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "(Role, Role)")]
pub struct RolePair(Role, Role);

/// A pair of roles that one person may hold together, and why: every result that comes of it says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CombinedRoles {
    /// The roles.
    pub roles: RolePair,
    /// Why, in the words of the office.
    pub reason: String,
}

impl TryFrom<(Role, Role)> for RolePair {
    type Error = &'static str;

    fn try_from((one, other): (Role, Role)) -> Result<Self, Self::Error> {
        Self::new(one, other).ok_or("no such pair is ever permitted")
    }
}

impl RolePair {
    /// A pair that may be permitted: two of reviewer, round administrator and security administrator. Whoever audits
    /// writes nothing, so an auditor's is never one; and no permission is needed for roles that are not kept apart.
    pub fn new(one: Role, other: Role) -> Option<Self> {
        let pair = Self(one.min(other), one.max(other));
        let is_open = |role| {
            matches!(
                role,
                Role::Reviewer | Role::RoundAdministrator | Role::SecurityAdministrator
            )
        };
        (one != other && is_open(one) && is_open(other)).then_some(pair)
    }

    /// The two roles, in the order of the table.
    pub const fn roles(self) -> [Role; 2] {
        [self.0, self.1]
    }
}

/// Two of the roles that no one person may hold together, if there are such: whoever closes, whoever reviews, whoever
/// audits and whoever keeps accounts are different people, an auditor writes nothing at all, and whoever speaks for a
/// unit judges none. One pair may be permitted.
pub fn find_conflict(roles: &BTreeSet<Role>, permitted: Option<RolePair>) -> Option<(Role, Role)> {
    const APART: [(Role, Role); 12] = [
        (Role::RoundAdministrator, Role::Reviewer),
        (Role::RoundAdministrator, Role::Auditor),
        (Role::RoundAdministrator, Role::SecurityAdministrator),
        (Role::Inspector, Role::Auditor),
        (Role::Reviewer, Role::Auditor),
        (Role::Reviewer, Role::SecurityAdministrator),
        (Role::Auditor, Role::SecurityAdministrator),
        (Role::RoundAdministrator, Role::UnitReporter),
        (Role::Inspector, Role::UnitReporter),
        (Role::Reviewer, Role::UnitReporter),
        (Role::Auditor, Role::UnitReporter),
        (Role::SecurityAdministrator, Role::UnitReporter),
    ];
    APART.into_iter().find(|(one, other)| {
        let is_permitted = permitted.is_some_and(|pair| pair.roles() == [*one, *other]);
        roles.contains(one) && roles.contains(other) && !is_permitted
    })
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Read results of rounds that are published, schemes and regions.
    ReadPublished,
    /// Read rounds, subjects and results that are not published.
    ReadRound,
    /// Read scores, measures, facts and investigations.
    ReadEvidence,
    /// Read what closed rounds decided about the subject of one's own.
    ReadOwnResult,
    /// Add and change regions, subjects and relations.
    ChangeRoster,
    /// Add schemes and their versions.
    AddScheme,
    /// Set rounds up and open them.
    ChangeRound,
    /// Open and close surveys, issue invitations.
    RunSurvey,
    /// Read signs of interference with surveys.
    ReadInterference,
    /// Read how many respondents said that they were told what to answer. Only those who supervise do, and not those who
    /// run surveys.
    ReadPressure,
    /// Award points, tick tasks.
    AwardScore,
    /// Report measures and facts.
    ReportEvidence,
    /// Open investigations and record findings.
    Investigate,
    /// Waive gaps and adjust grades.
    Waive,
    /// Dry runs of a close-out.
    Preflight,
    /// Close a round.
    CloseRound,
    /// Reopen a closed round for a correction.
    ReopenRound,
    /// Decide on what another person proposed, where the scheme asks for two.
    Confirm,
    /// Publish a closed round.
    PublishRound,
    /// Read what people wrote in closed surveys.
    ReadWords,
    /// Hide or release single texts of these.
    ReviewWords,
    /// Take packages out.
    ExportRound,
    /// Read the log.
    ReadLog,
    /// Read accounts.
    ReadStaff,
    /// Add and change accounts and roles.
    ChangeStaff,
}

impl Action {
    /// Every action, in the order of the table.
    pub const ALL: [Self; 25] = [
        Self::ReadPublished,
        Self::ReadRound,
        Self::ReadEvidence,
        Self::ReadOwnResult,
        Self::ChangeRoster,
        Self::AddScheme,
        Self::ChangeRound,
        Self::RunSurvey,
        Self::ReadInterference,
        Self::ReadPressure,
        Self::AwardScore,
        Self::ReportEvidence,
        Self::Investigate,
        Self::Waive,
        Self::Preflight,
        Self::CloseRound,
        Self::ReopenRound,
        Self::Confirm,
        Self::PublishRound,
        Self::ReadWords,
        Self::ReviewWords,
        Self::ExportRound,
        Self::ReadLog,
        Self::ReadStaff,
        Self::ChangeStaff,
    ];
}

/// A role within a scope; a part of the scope that is absent takes in everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Within this region and those below it.
    pub region: Option<Id<Region>>,
    /// Within this category.
    pub category: Option<String>,
    /// Within this round.
    pub round: Option<Id<Round>>,
    /// Of this subject alone.
    pub subject: Option<Id<Subject>>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody known: published results alone.
    Anonymous,
    /// A member of staff with what the session row and the role rows say.
    Staff {
        /// The account.
        id: Id<Staff>,
        /// Its login.
        login: String,
        /// Its roles.
        grants: Vec<Grant>,
    },
    /// A program with a token of its own.
    Program {
        /// The token.
        id: Id<ServiceToken>,
        /// What it is called.
        name: String,
        /// What it reads beyond what is published.
        grants: Vec<Grant>,
    },
    /// The command line on the machine itself, which the operating system guards.
    Operator,
}

/// What something belongs to; a part that is absent is not asked for.
#[derive(Debug, Clone, Default)]
pub struct Scope<'a> {
    /// The region, then each region above it.
    pub regions: &'a [Id<Region>],
    /// The category.
    pub category: Option<&'a str>,
    /// The round.
    pub round: Option<Id<Round>>,
    /// The subject.
    pub subject: Option<Id<Subject>>,
}

/// The table: whether a role may do something at all. Nobody is `None`.
pub const fn may(role: Option<Role>, action: Action) -> bool {
    use Action::{
        AddScheme, AwardScore, ChangeRoster, ChangeRound, ChangeStaff, CloseRound, Confirm,
        ExportRound, Investigate, Preflight, PublishRound, ReadEvidence, ReadInterference, ReadLog,
        ReadOwnResult, ReadPressure, ReadPublished, ReadRound, ReadStaff, ReadWords, ReopenRound,
        ReportEvidence, ReviewWords, RunSurvey, Waive,
    };
    let Some(role) = role else {
        return matches!(action, ReadPublished);
    };
    match role {
        Role::RoundAdministrator => matches!(
            action,
            ReadPublished
                | ReadRound
                | ReadEvidence
                | ChangeRoster
                | AddScheme
                | ChangeRound
                | RunSurvey
                | ReadInterference
                | ReportEvidence
                | Investigate
                | Waive
                | Preflight
                | CloseRound
                | ReopenRound
                | Confirm
                | PublishRound
                | ReadWords
                | ReviewWords
                | ExportRound
        ),
        Role::Inspector => matches!(
            action,
            ReadPublished | ReadRound | ReadEvidence | AwardScore | ReportEvidence
        ),
        Role::Reviewer => matches!(
            action,
            ReadPublished
                | ReadRound
                | ReadEvidence
                | ReadInterference
                | Investigate
                | Preflight
                | Confirm
                | ReadWords
                | ReviewWords
        ),
        Role::UnitReporter => matches!(action, ReadPublished | ReadOwnResult),
        Role::Auditor => matches!(
            action,
            ReadPublished
                | ReadRound
                | ReadEvidence
                | ReadInterference
                | ReadPressure
                | Preflight
                | ReadWords
                | ExportRound
                | ReadLog
                | ReadStaff
        ),
        Role::SecurityAdministrator => {
            matches!(action, ReadPublished | ReadLog | ReadStaff | ChangeStaff)
        }
        Role::Program => matches!(action, ReadPublished | ReadRound),
    }
}

impl Actor {
    /// Whether the actor may do something to what lies in a scope.
    pub fn may(&self, action: Action, scope: &Scope<'_>) -> bool {
        match self {
            Self::Anonymous => may(None, action),
            Self::Operator => true,
            Self::Staff { grants, .. } | Self::Program { grants, .. } => {
                may(None, action)
                    || grants
                        .iter()
                        .any(|grant| may(Some(grant.role), action) && grant.takes_in(scope))
            }
        }
    }

    /// Whether the actor may do something somewhere: the first question, before rows are read.
    pub fn may_somewhere(&self, action: Action) -> bool {
        match self {
            Self::Anonymous => may(None, action),
            Self::Operator => true,
            Self::Staff { grants, .. } | Self::Program { grants, .. } => {
                may(None, action) || grants.iter().any(|grant| may(Some(grant.role), action))
            }
        }
    }

    /// The name that the log keeps.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Staff { login, .. } => login,
            Self::Program { name, .. } => name,
            Self::Operator => "operator",
        }
    }
}

impl Grant {
    /// Whether a scope lies within the grant. A narrow grant takes in nothing that does not say where it belongs.
    pub fn takes_in(&self, scope: &Scope<'_>) -> bool {
        self.region
            .is_none_or(|region| scope.regions.contains(&region))
            && self
                .category
                .as_deref()
                .is_none_or(|category| scope.category == Some(category))
            && self.round.is_none_or(|round| scope.round == Some(round))
            && self
                .subject
                .is_none_or(|subject| scope.subject == Some(subject))
    }
}

/// The table as text, for people and for the golden file.
pub fn table() -> String {
    let mut text = String::from("action | anonymous");
    for role in Role::ALL.into_iter().chain([Role::Program]) {
        text.push_str(" | ");
        text.push_str(role.word());
    }
    text.push('\n');
    for action in Action::ALL {
        let roles = std::iter::once(None)
            .chain(Role::ALL.into_iter().map(Some))
            .chain([Some(Role::Program)]);
        let marks: Vec<&str> = roles
            .map(|role| if may(role, action) { "yes" } else { "-" })
            .collect();
        text.push_str(&format_row(action, &marks));
    }
    text
}

fn format_row(action: Action, marks: &[&str]) -> String {
    format!("{action:?} | {}\n", marks.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_grant_reaches_only_its_own_scope() {
        let grant = Grant {
            role: Role::Inspector,
            region: Some(Id::new(2)),
            category: Some("organ".into()),
            round: None,
            subject: None,
        };
        let actor = Actor::Staff {
            id: Id::new(9),
            login: "inspector-01".into(),
            grants: vec![grant],
        };
        let inside = [Id::new(5), Id::new(2), Id::new(1)];
        let scope = |regions, category| Scope {
            regions,
            category,
            round: Some(Id::new(3)),
            subject: None,
        };
        assert!(actor.may(Action::AwardScore, &scope(&inside, Some("organ"))));
        assert!(!actor.may(Action::AwardScore, &scope(&inside[2..], Some("organ"))));
        assert!(!actor.may(Action::AwardScore, &scope(&inside, Some("station"))));
        assert!(!actor.may(Action::AwardScore, &Scope::default()));
        assert!(!actor.may(Action::CloseRound, &scope(&inside, Some("organ"))));
    }

    #[test]
    fn an_auditor_holds_no_role_that_writes() {
        let both = BTreeSet::from([Role::Inspector, Role::Auditor]);
        let found = find_conflict(&both, None);
        assert_eq!(found, Some((Role::Inspector, Role::Auditor)));
        let apart = BTreeSet::from([Role::Inspector, Role::RoundAdministrator]);
        assert_eq!(find_conflict(&apart, None), None);
    }

    #[test]
    fn a_small_office_permits_one_pair_and_never_an_auditors() {
        let pairs = || {
            let others = |one| Role::ALL.into_iter().map(move |other| (one, other));
            Role::ALL.into_iter().flat_map(others)
        };
        let open = [
            Role::Reviewer,
            Role::RoundAdministrator,
            Role::SecurityAdministrator,
        ];
        for (one, other) in pairs() {
            let permitted = RolePair::new(one, other);
            let may_be = one != other && open.contains(&one) && open.contains(&other);
            assert_eq!(permitted.is_some(), may_be, "{one:?}, {other:?}");
            let Some(permitted) = permitted else { continue };
            assert_eq!(RolePair::new(other, one), Some(permitted));
            for (a, b) in pairs() {
                let roles = BTreeSet::from([a, b]);
                let without = find_conflict(&roles, None);
                let is_it = BTreeSet::from(permitted.roles()) == roles;
                let expected = if is_it { None } else { without };
                assert_eq!(
                    find_conflict(&roles, Some(permitted)),
                    expected,
                    "{roles:?}"
                );
                assert!(!is_it || without.is_some(), "{roles:?}");
            }
        }
    }

    #[test]
    fn whoever_speaks_for_a_unit_holds_no_other_role() {
        for other in Role::ALL {
            let roles = BTreeSet::from([Role::UnitReporter, other]);
            let alone = other == Role::UnitReporter;
            assert_eq!(find_conflict(&roles, None).is_none(), alone, "{other:?}");
        }
    }

    #[test]
    fn a_grant_of_one_subject_takes_in_no_other() {
        let grant = Grant {
            role: Role::UnitReporter,
            region: None,
            category: None,
            round: None,
            subject: Some(Id::new(7)),
        };
        let of = |subject| Scope {
            subject,
            ..Scope::default()
        };
        assert!(grant.takes_in(&of(Some(Id::new(7)))));
        assert!(!grant.takes_in(&of(Some(Id::new(8)))));
        assert!(!grant.takes_in(&of(None)));
    }

    #[test]
    fn whoever_audits_writes_nothing_and_neither_does_a_program() {
        let writes = [
            Action::ChangeRoster,
            Action::AddScheme,
            Action::ChangeRound,
            Action::RunSurvey,
            Action::AwardScore,
            Action::ReportEvidence,
            Action::Investigate,
            Action::Waive,
            Action::CloseRound,
            Action::PublishRound,
            Action::ReviewWords,
            Action::ChangeStaff,
        ];
        assert!(
            writes
                .iter()
                .all(|action| !may(Some(Role::Auditor), *action)
                    && !may(Some(Role::UnitReporter), *action)
                    && !may(Some(Role::Program), *action)
                    && !may(None, *action))
        );
    }

    #[test]
    fn the_table_is_as_written_down() {
        insta::assert_snapshot!(table());
    }
}
