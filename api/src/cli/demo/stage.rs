//! Plays the round: sets it up, lets people answer, inspects, investigates, closes, and opens the next one.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::access::{Actor, Grant, Role};
use domain::id::{Id, Round, SchemeVersion, Subject, Survey};
use domain::scheme::Scheme;
use domain::scheme::file::Finding;
use service::inspection::import::{ImportKind, Request, Table};
use service::intake::Intake;
use service::investigation::FindingDraft;
use service::page::Page;
use service::region::RegionDraft;
use service::round::{RoundAt, RoundDraft, RoundOpening};
use service::subject::SubjectFilter;
use service::survey::{LinkFor, NewInvitations};
use service::{Fault, Service};

use super::answers::{Crowd, send};
use super::district::{self, INSPECTORS, REGIONS, Unit};
use super::{Failure, SCHEME, of_fault, say};
use crate::auth::password::Passwords;
use crate::cli::staff::{self, NewAccount};

/// The year that is closed in the end; the next one stays open.
const YEAR: i32 = 2025;

/// What was made, for the last words.
pub(super) struct Staged {
    /// The closed round.
    pub closed: Id<Round>,
    /// The code of the round that stays open.
    pub open: String,
    /// A link that anybody may answer by, and one-time invitations.
    pub link: String,
    pub invitations: Vec<String>,
    /// Log-in name, password and part of each account.
    pub accounts: Vec<[String; 3]>,
}

/// Plays everything.
pub(super) async fn play(service: &Service, intake: &Intake) -> Result<Staged, Failure> {
    let play = Play {
        service,
        intake,
        units: district::units().into_iter().map(Arc::new).collect(),
    };
    let scheme = Scheme::parse(SCHEME)
        .map_err(|faults| Failure::of_lines(faults.iter().map(ToString::to_string).collect()))?;
    let accounts = play.add_accounts().await?;
    let version = play.add_scheme(&scheme).await?;
    let subjects = play.add_district().await?;
    let closed = play.open_round(YEAR, version).await?;
    play.collect_answers(closed, &subjects).await?;
    play.inspect(closed, &scheme).await?;
    play.investigate(closed, &subjects).await?;
    play.close(closed).await?;
    let open = play.open_round(YEAR + 1, version).await?;
    let (link, invitations) = play.invite(open, &subjects).await?;
    Ok(Staged {
        closed,
        open: round_code(YEAR + 1),
        link,
        invitations,
        accounts,
    })
}

fn round_code(year: i32) -> String {
    format!("demo-{year}")
}

struct Play<'a> {
    service: &'a Service,
    intake: &'a Intake,
    units: Vec<Arc<Unit>>,
}

/// Whoever sits at the machine may set everything up; points are awarded in the inspectors' names.
const OPERATOR: &Actor = &Actor::Operator;

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the fault over"
)]
fn fail(fault: Fault) -> Failure {
    of_fault(&fault)
}

impl Play<'_> {
    async fn add_accounts(&self) -> Result<Vec<[String; 3]>, Failure> {
        let passwords = Passwords::new().map_err(|fault| Failure::new(fault.to_string()))?;
        let mut wanted = vec![(
            "leader01",
            "Leader 01 (fictional)",
            Role::RoundAdministrator,
        )];
        wanted.extend(
            INSPECTORS
                .into_iter()
                .zip([
                    "Inspector 01 (fictional)",
                    "Inspector 02 (fictional)",
                    "Inspector 03 (fictional)",
                ])
                .map(|(login, name)| (login, name, Role::Inspector)),
        );
        wanted.push(("auditor01", "Auditor 01 (fictional)", Role::Auditor));
        wanted.push((
            "security01",
            "Security 01 (fictional)",
            Role::SecurityAdministrator,
        ));
        let mut accounts = Vec::new();
        for (login, name, role) in wanted {
            let account = NewAccount {
                login: login.to_owned(),
                name: name.to_owned(),
                grants: vec![Grant {
                    role,
                    region: None,
                    category: None,
                    round: None,
                    subject: None,
                }],
            };
            let (staff, password) = staff::add(self.service, &passwords, account).await?;
            accounts.push([
                staff.login,
                password.expose().to_owned(),
                role.word().to_owned(),
            ]);
        }
        Ok(accounts)
    }

    async fn add_scheme(&self, scheme: &Scheme) -> Result<Id<SchemeVersion>, Failure> {
        let added = self
            .service
            .add_scheme_version(OPERATOR, SCHEME)
            .await
            .map_err(fail)?;
        say(&format!(
            "1. 评价体系 scheme: {} ({} items, {} rules)",
            scheme.file.name.zh,
            scheme.file.item.len(),
            scheme.file.rule.len()
        ))?;
        Ok(added.id)
    }

    /// Regions and units; gives the id of each unit by its code.
    async fn add_district(&self) -> Result<BTreeMap<String, Id<Subject>>, Failure> {
        let mut ids = BTreeMap::new();
        for (code, parent, name, name_en) in REGIONS {
            let draft = RegionDraft {
                parent: parent.and_then(|parent| ids.get(parent).copied()),
                code: code.to_owned(),
                name: name.to_owned(),
                name_en: name_en.to_owned(),
            };
            let region = self
                .service
                .add_region(OPERATOR, draft)
                .await
                .map_err(fail)?;
            ids.insert(code, region.id);
        }
        let units: Vec<Unit> = self.units.iter().map(|unit| Unit::clone(unit)).collect();
        let rows = self
            .import(None, ImportKind::Roster, district::roster(&units))
            .await?;
        say(&format!(
            "2. 名册 roster: {rows} units in {} regions, imported as a table",
            REGIONS.len()
        ))?;
        let page = Page {
            after: None,
            first: 500,
        };
        let filter = SubjectFilter::default();
        let listed = self
            .service
            .list_subjects(OPERATOR, &filter, page)
            .await
            .map_err(fail)?;
        Ok(listed
            .rows
            .into_iter()
            .map(|subject| (subject.content.code, subject.id))
            .collect())
    }

    async fn import(
        &self,
        round: Option<Id<Round>>,
        kind: ImportKind,
        table: Table,
    ) -> Result<usize, Failure> {
        let request = Request {
            round,
            ..Request::of(kind, table)
        };
        let report = self.service.import(OPERATOR, request).await.map_err(fail)?;
        if report.stored {
            return Ok(report.rows);
        }
        let lines = report.faults.iter().take(20).map(|fault| {
            format!(
                "{} row {}: {} [{}]",
                kind.word(),
                fault.row,
                fault.what,
                fault.code
            )
        });
        Err(Failure::of_lines(lines.collect()))
    }

    async fn open_round(
        &self,
        year: i32,
        scheme_version: Id<SchemeVersion>,
    ) -> Result<Id<Round>, Failure> {
        let day = |month, day| {
            NaiveDate::from_ymd_opt(year, month, day)
                .ok_or_else(|| Failure::new(format!("{year}-{month}-{day} is no day")))
        };
        let draft = RoundDraft {
            code: round_code(year),
            series: "demo".to_owned(),
            name: format!("虚构区{year}年度清廉机关（站所）评价（示例）"),
            name_en: format!("Fictional District, clean organs and stations, {year}"),
            scheme_version,
            period_from: day(1, 1)?,
            period_to: day(12, 31)?,
            time_zone: "Asia/Shanghai".to_owned(),
        };
        let added = self
            .service
            .add_round(OPERATOR, draft)
            .await
            .map_err(fail)?;
        let opening = RoundOpening {
            at: RoundAt {
                id: added.id,
                row_version: added.row_version,
            },
            region: None,
        };
        self.service
            .open_round(OPERATOR, &opening)
            .await
            .map_err(fail)?;
        for survey in self.surveys(added.id).await?.values() {
            self.service
                .open_survey(OPERATOR, *survey)
                .await
                .map_err(fail)?;
        }
        Ok(added.id)
    }

    async fn surveys(&self, round: Id<Round>) -> Result<BTreeMap<String, Id<Survey>>, Failure> {
        let mut surveys = self
            .service
            .list_surveys_of(OPERATOR, &[round])
            .await
            .map_err(fail)?;
        Ok(surveys
            .remove(&round)
            .unwrap_or_default()
            .into_iter()
            .map(|survey| (survey.definition.code, survey.id))
            .collect())
    }

    async fn collect_answers(
        &self,
        round: Id<Round>,
        subjects: &BTreeMap<String, Id<Subject>>,
    ) -> Result<(), Failure> {
        say("3. 满意度测评 surveys: people answer through the same intake as on their phones")?;
        let surveys = self.surveys(round).await?;
        let mut crowds = Vec::new();
        for (code, survey) in [
            ("public", surveys.get("public")),
            ("mass_review", surveys.get("mass_review")),
        ] {
            let survey =
                *survey.ok_or_else(|| Failure::new(format!("there is no survey `{code}`")))?;
            for unit in &self.units {
                let mut first = 0;
                for (panel, count) in district::respondents(code, unit) {
                    let link = self.add_link(survey, subjects, (unit, panel)).await?;
                    crowds.push(Crowd {
                        survey: code,
                        unit: Arc::clone(unit),
                        link,
                        numbers: first..first + count,
                    });
                    first += count;
                }
            }
        }
        let booked = send(self.intake, crowds).await?;
        for survey in surveys.values() {
            self.service
                .close_survey(OPERATOR, *survey, None)
                .await
                .map_err(fail)?;
        }
        say(&format!(
            "  {booked} answers are durable; the surveys are closed / 测评结束"
        ))
    }

    async fn add_link(
        &self,
        survey: Id<Survey>,
        subjects: &BTreeMap<String, Id<Subject>>,
        (unit, panel): (&Unit, &str),
    ) -> Result<String, Failure> {
        let wanted = LinkFor {
            subject: find_subject(subjects, &unit.code)?,
            panel: panel.to_owned(),
            marks: Vec::new(),
        };
        let link = self
            .service
            .add_survey_link(OPERATOR, survey, wanted)
            .await
            .map_err(fail)?;
        Ok(link.code)
    }

    async fn inspect(&self, round: Id<Round>, scheme: &Scheme) -> Result<(), Failure> {
        let units: Vec<Unit> = self.units.iter().map(|unit| Unit::clone(unit)).collect();
        let round = Some(round);
        let scores = self
            .import(round, ImportKind::Scores, district::scores(scheme, &units))
            .await?;
        let measures = self
            .import(
                round,
                ImportKind::Measures,
                district::measures(&units, YEAR),
            )
            .await?;
        let facts = self
            .import(round, ImportKind::Facts, district::facts(YEAR))
            .await?;
        say(&format!(
            "4. 现场考核 inspection: {scores} scores of {} inspectors, {measures} measures, {facts} facts, imported as tables",
            INSPECTORS.len()
        ))
    }

    async fn investigate(
        &self,
        round: Id<Round>,
        subjects: &BTreeMap<String, Id<Subject>>,
    ) -> Result<(), Failure> {
        let opened = self
            .service
            .open_due_investigations(OPERATOR, round)
            .await
            .map_err(fail)?;
        for investigation in opened {
            let is_true =
                find_subject(subjects, district::MORE_THAN_ONE_THIRD)? == investigation.subject;
            let (finding, word, reason) = if is_true {
                (
                    Finding::Verified,
                    "属实 verified",
                    "虚构：走访二十户，反映的问题属实",
                )
            } else {
                (
                    Finding::Unfounded,
                    "不实 unfounded",
                    "虚构：走访二十户，反映的问题不存在",
                )
            };
            let draft = FindingDraft {
                id: investigation.id,
                finding,
                reason: reason.to_owned(),
            };
            self.service
                .record_finding(OPERATOR, draft)
                .await
                .map_err(fail)?;
            let code = subjects
                .iter()
                .find(|(_, id)| **id == investigation.subject)
                .map_or("", |(code, _)| code);
            say(&format!(
                "5. 专项调查 investigation: {code}, more than one third dissatisfied: {word}"
            ))?;
        }
        Ok(())
    }

    async fn close(&self, round: Id<Round>) -> Result<(), Failure> {
        let preflight = self
            .service
            .preflight(OPERATOR, round)
            .await
            .map_err(fail)?;
        let blocking = preflight.outcome.blocking().count();
        say(&format!(
            "6. 结账前检查 preflight: {blocking} in the way, {} to know of",
            preflight.outcome.gaps.len() - blocking
        ))?;
        let closing = self
            .service
            .close_round(OPERATOR, round)
            .await
            .map_err(fail)?;
        self.service
            .publish_round(OPERATOR, round)
            .await
            .map_err(fail)?;
        say(&format!(
            "7. 结束考评 close-out: revision {}, outcome sha256:{}, published",
            closing.revision.number, closing.revision.outcome_digest
        ))
    }

    /// A link and a few invitations to the survey that stays open.
    async fn invite(
        &self,
        round: Id<Round>,
        subjects: &BTreeMap<String, Id<Subject>>,
    ) -> Result<(String, Vec<String>), Failure> {
        let surveys = self.surveys(round).await?;
        let survey = *surveys
            .get("public")
            .ok_or_else(|| Failure::new("there is no survey `public`"))?;
        let unit = self
            .units
            .first()
            .ok_or_else(|| Failure::new("the district has no units"))?;
        let link = self.add_link(survey, subjects, (unit, "service")).await?;
        let new = NewInvitations {
            survey,
            subject: find_subject(subjects, &unit.code)?,
            panel: "delegate".to_owned(),
            marks: Vec::new(),
            count: 10,
        };
        let issued = self
            .service
            .issue_survey_invitations(OPERATOR, &new)
            .await
            .map_err(fail)?;
        let shown = issued.iter().take(2);
        Ok((link, shown.map(|one| one.token.expose()).collect()))
    }
}

fn find_subject(
    subjects: &BTreeMap<String, Id<Subject>>,
    code: &str,
) -> Result<Id<Subject>, Failure> {
    subjects
        .get(code)
        .copied()
        .ok_or_else(|| Failure::new(format!("there is no unit `{code}`")))
}
