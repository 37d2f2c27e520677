//! The fictional district: 44 units, what was found about them, and what 20,000 people answer.
//!
//! Everything follows from the numbers written here, so that every run comes to the same result. The cases that people
//! argue about are set exactly; the rest is spread by a fixed sequence that only looks like chance.

use domain::scheme::Scheme;
use domain::scheme::file::Item;
use service::inspection::import::{Row, Table};

/// How many organs (机关) and stations (站所) there are.
const ORGANS: usize = 24;
const STATIONS: usize = 20;

/// The inspectors' log-in names.
pub(super) const INSPECTORS: [&str; 3] = ["inspector01", "inspector02", "inspector03"];

/// Regions: code, the one above, Chinese and English name.
pub(super) const REGIONS: [(&str, Option<&str>, &str, &str); 5] = [
    ("demo", None, "虚构区", "Fictional District"),
    (
        "demo-east",
        Some("demo"),
        "虚构区东街道",
        "Fictional East Street",
    ),
    (
        "demo-south",
        Some("demo"),
        "虚构区南街道",
        "Fictional South Street",
    ),
    (
        "demo-west",
        Some("demo"),
        "虚构区西街道",
        "Fictional West Street",
    ),
    (
        "demo-north",
        Some("demo"),
        "虚构区北街道",
        "Fictional North Street",
    ),
];

/// 94.9 % of those with business here are satisfied with the handling: just short of the 95 % item.
pub(super) const SHORT_OF_95: &str = "organ-01";
/// Exactly 95 %.
pub(super) const JUST_95: &str = "organ-02";
/// Exactly one third of the answers on the unit as a whole are dissatisfied: not more than one third.
pub(super) const ONE_THIRD: &str = "organ-03";
/// One answer more than one third; the investigation finds it true.
pub(super) const MORE_THAN_ONE_THIRD: &str = "organ-04";
/// More than one third too; the investigation finds nothing in it.
pub(super) const UNFOUNDED: &str = "organ-05";
/// On the negative list three times.
pub(super) const NEGATIVE_LIST: &str = "organ-06";
/// A member of the leading team was disciplined in the third form.
pub(super) const VETOED: &str = "organ-07";
/// Two stations that have everything in common.
pub(super) const TIED: [&str; 2] = ["station-05", "station-06"];

/// A unit and how it fares.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub code: String,
    pub category: &'static str,
    pub name: String,
    pub name_en: String,
    region: &'static str,
    /// What chance is drawn from; tied units share it.
    seed: u64,
    /// Points lost by inspection, in thousandths.
    loss: u64,
    /// Satisfied respondents, in thousandths.
    mood: u64,
}

/// All units, organs first.
pub(super) fn units() -> Vec<Unit> {
    let organs = (1..=ORGANS).map(|number| Unit {
        code: format!("organ-{number:02}"),
        category: "organ",
        name: format!("虚构区第{number:02}局（示例）"),
        name_en: format!("Fictional Bureau {number:02}"),
        region: "demo",
        seed: number as u64,
        loss: 40 + (number as u64 * 37) % 330,
        mood: 970 - (number as u64 * 53) % 210,
    });
    let stations = (1..=STATIONS).map(|number| Unit {
        code: format!("station-{number:02}"),
        category: "station",
        name: format!("虚构区第{number:02}所（示例）"),
        name_en: format!("Fictional Station {number:02}"),
        region: REGIONS[1 + number % 4].0,
        seed: 100 + number as u64,
        loss: 50 + (number as u64 * 71) % 400,
        mood: 965 - (number as u64 * 61) % 230,
    });
    organs.chain(stations).map(set_case).collect()
}

/// Gives the units of the argued cases what the case needs.
fn set_case(unit: Unit) -> Unit {
    let good = |unit| Unit {
        loss: 30,
        mood: 975,
        ..unit
    };
    match unit.code.as_str() {
        SHORT_OF_95 | JUST_95 | ONE_THIRD | MORE_THAN_ONE_THIRD | UNFOUNDED | NEGATIVE_LIST
        | VETOED => good(unit),
        code if TIED.contains(&code) => good(Unit { seed: 777, ..unit }),
        _ => unit,
    }
}

fn table<const N: usize>(columns: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Table {
    let rows = (2..).zip(rows).map(|(number, cells)| Row {
        number,
        cells: cells.to_vec(),
    });
    Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// The roster, as it would be imported.
pub(super) fn roster(units: &[Unit]) -> Table {
    table(
        ["code", "kind", "category", "region", "name", "name_en"],
        units.iter().map(|unit| {
            [
                unit.code.clone(),
                "unit".to_owned(),
                unit.category.to_owned(),
                unit.region.to_owned(),
                unit.name.clone(),
                unit.name_en.clone(),
            ]
        }),
    )
}

/// Points of three inspectors for every item that people award, and the tasks done.
pub(super) fn scores(scheme: &Scheme, units: &[Unit]) -> Table {
    let mut rows = Vec::new();
    for unit in units {
        for (place, item) in scheme.file.item.iter().enumerate() {
            if let Some(list) = &item.checklist {
                let tasks = list.tasks.unwrap_or(4);
                let done = u64::from(tasks) - draw(unit.seed, [place as u64, 9]) % 2;
                rows.push([
                    unit.code.clone(),
                    item.code.clone(),
                    String::new(),
                    String::new(),
                    done.to_string(),
                    tasks.to_string(),
                ]);
            }
            for (inspector, login) in INSPECTORS.iter().enumerate() {
                if let Some(points) = award(item, unit, [place as u64, inspector as u64]) {
                    rows.push([
                        unit.code.clone(),
                        item.code.clone(),
                        (*login).to_owned(),
                        points,
                        String::new(),
                        String::new(),
                    ]);
                }
            }
        }
    }
    table(
        ["subject", "item", "inspector", "points", "done", "tasks"],
        rows,
    )
}

/// The points of one inspector: so many steps below the maximum as the unit's loss makes on the average.
fn award(item: &Item, unit: &Unit, [place, inspector]: [u64; 2]) -> Option<String> {
    let (graded, max) = (item.graded.as_ref()?, item.max?);
    let steps = max.to_ratio().div(&graded.step.to_ratio())?.floor()?;
    let whole = u64::try_from(steps).ok()?;
    // Rounded up or down by chance; what an inspector sees is mostly what the others see.
    let chance = draw(unit.seed, [place, 0]) % 800 + draw(unit.seed, [place, inspector + 1]) % 200;
    let lost = ((whole * unit.loss + chance) / 1_000).min(whole);
    let left = i64::try_from(whole - lost).ok()?;
    Some(graded.step.times(left).ok()?.to_string())
}

/// Reported measures of the year.
pub(super) fn measures(units: &[Unit], year: i32) -> Table {
    let mut rows = Vec::new();
    for unit in units {
        let chance = |what: u64| draw(unit.seed, [1_000 + what, 0]);
        let mut add = |measure: &str, period: String, value: String| {
            rows.push([unit.code.clone(), measure.to_owned(), period, value]);
        };
        let lax = unit.loss > 250;
        for quarter in 1..=4 {
            let checks = if lax && quarter == 3 {
                0
            } else {
                1 + chance(quarter) % 3
            };
            add(
                "quarterly_checks",
                format!("{year}-Q{quarter}"),
                checks.to_string(),
            );
        }
        for half in 1..=2 {
            add(
                "half_yearly_meetings",
                format!("{year}-H{half}"),
                (1 + chance(10 + half) % 2).to_string(),
            );
        }
        let talks = if lax { "57/60" } else { "1" };
        add("talk_coverage", year.to_string(), talks.to_owned());
        let online = if unit.loss > 320 { "17/20" } else { "19/20" };
        add("online_offices", "round".to_owned(), online.to_owned());
    }
    table(["subject", "measure", "period", "value"], rows)
}

/// Discipline cases of the year, and one from long ago that no longer counts.
pub(super) fn facts(year: i32) -> Table {
    let case = |subject: &str, reference: &str, on: String, [form, post, by]: [&str; 3]| {
        let words = [
            subject,
            "discipline",
            reference,
            &on,
            "1",
            "confirmed",
            form,
            post,
            by,
        ];
        words.map(str::to_owned)
    };
    let reference = |number: u32| format!("虚构〔{year}〕{number}号");
    let rows = [
        case(
            NEGATIVE_LIST,
            &reference(11),
            format!("{year}-03-03"),
            ["first", "section_head", "district"],
        ),
        case(
            NEGATIVE_LIST,
            &reference(12),
            format!("{year}-06-18"),
            ["first", "staff", "district"],
        ),
        case(
            NEGATIVE_LIST,
            &reference(13),
            format!("{year}-09-01"),
            ["second", "staff", "district"],
        ),
        case(
            NEGATIVE_LIST,
            "虚构〔旧案〕99号",
            format!("{}-12-31", year - 2),
            ["fourth", "staff", "district"],
        ),
        case(
            VETOED,
            &reference(20),
            format!("{year}-05-06"),
            ["third", "team_member", "district"],
        ),
        case(
            "station-03",
            &reference(31),
            format!("{year}-04-01"),
            ["fourth", "staff", "district"],
        ),
    ];
    table(
        [
            "subject",
            "kind",
            "reference",
            "decision_on",
            "persons",
            "status",
            "form",
            "post",
            "handled_by",
        ],
        rows,
    )
}

/// How many people of each panel answer about a unit. All together they are 20,000.
pub(super) fn respondents(survey: &str, unit: &Unit) -> Vec<(&'static str, u32)> {
    if survey == "mass_review" {
        return vec![("daily", 60), ("online", 40)];
    }
    match unit.code.as_str() {
        SHORT_OF_95 | JUST_95 => vec![("service", 1_000)],
        ONE_THIRD | MORE_THAN_ONE_THIRD => {
            vec![("service", 150), ("delegate", 50), ("public", 100)]
        }
        _ => vec![("service", 180), ("delegate", 45), ("public", 100)],
    }
}

/// One answer sheet: whose, and which one of the survey's sheets about that unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet<'a> {
    pub survey: &'a str,
    pub unit: &'a Unit,
    /// From 0, over all panels.
    pub number: u32,
}

impl Sheet<'_> {
    /// The option that is chosen for a question of the satisfaction scale.
    pub(super) fn choose(&self, question: (u64, &str)) -> &'static str {
        let (place, code) = question;
        let (unit, number) = (self.unit, self.number);
        if self.survey == "public" {
            let first = |count: u32, then: [&'static str; 2]| then[usize::from(number >= count)];
            match (unit.code.as_str(), code) {
                (SHORT_OF_95, "handling") => return first(949, ["satisfied", "fair"]),
                (JUST_95, "handling") => return first(950, ["satisfied", "fair"]),
                (ONE_THIRD, "overall") => return first(100, ["dissatisfied", "satisfied"]),
                (MORE_THAN_ONE_THIRD, "overall") => {
                    return first(101, ["dissatisfied", "satisfied"]);
                }
                (UNFOUNDED, "overall") => return first(120, ["dissatisfied", "satisfied"]),
                _ => {}
            }
        }
        // A few know nothing about the unit at all; their sheets are invalid by the scheme.
        if number % 150 == 149 && unit.loss > 30 {
            return "no_opinion";
        }
        let survey = if self.survey == "public" { 0 } else { 50 };
        let chance = draw(unit.seed, [2_000 + survey + place, u64::from(number)]);
        let mood = chance / 1_000 % 1_000;
        match chance % 1_000 {
            0..30 => "no_opinion",
            _ if mood < unit.mood * 7 / 10 => "satisfied",
            _ if mood < unit.mood => "basically_satisfied",
            _ if mood.is_multiple_of(2) => "fair",
            _ => "dissatisfied",
        }
    }
}

/// A number that looks random and is always the same (SplitMix64).
fn draw(seed: u64, at: [u64; 2]) -> u64 {
    let mix = |word: u64| {
        let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    };
    mix(mix(mix(seed) ^ at[0]) ^ at[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_thousand_people_answer_about_forty_four_units() {
        let units = units();
        assert_eq!(units.len(), 44);
        let sheets: u32 = ["public", "mass_review"]
            .iter()
            .flat_map(|survey| units.iter().flat_map(|unit| respondents(survey, unit)))
            .map(|(_, count)| count)
            .sum();
        assert_eq!(sheets, 20_000);
    }

    #[test]
    fn the_argued_cases_are_exact() {
        let units = units();
        let count = |code: &str, question: (u64, &str), option: &str| {
            let unit = units.iter().find(|unit| unit.code == code).unwrap();
            let all: u32 = respondents("public", unit)
                .iter()
                .map(|(_, count)| count)
                .sum();
            let chosen = (0..all)
                .filter(|number| {
                    let sheet = Sheet {
                        survey: "public",
                        unit,
                        number: *number,
                    };
                    sheet.choose(question) == option
                })
                .count();
            (chosen, all)
        };
        assert_eq!(
            count(SHORT_OF_95, (1, "handling"), "satisfied"),
            (949, 1_000)
        );
        assert_eq!(count(JUST_95, (1, "handling"), "satisfied"), (950, 1_000));
        assert_eq!(count(ONE_THIRD, (0, "overall"), "dissatisfied"), (100, 300));
        assert_eq!(
            count(MORE_THAN_ONE_THIRD, (0, "overall"), "dissatisfied"),
            (101, 300)
        );
    }

    #[test]
    fn every_item_that_people_award_has_scores() {
        let scheme = Scheme::parse(super::super::SCHEME).unwrap();
        let table = scores(&scheme, &units());
        assert_eq!(table.rows.len(), 44 * (57 * 3 + 1));
    }

    #[test]
    fn everything_is_called_fictional() {
        assert!(
            units()
                .iter()
                .all(|unit| unit.name.contains("虚构") && unit.name_en.contains("Fictional"))
        );
        assert!(
            REGIONS
                .iter()
                .all(|region| region.2.contains("虚构") && region.3.contains("Fictional"))
        );
    }
}
