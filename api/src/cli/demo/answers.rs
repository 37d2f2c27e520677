//! Sends the answers of a whole district through the same intake that the citizen pages use.

use std::sync::Arc;

use domain::survey::{Asked, Definition, Entries, validate};
use futures_util::{StreamExt, stream};
use service::Fault;
use service::intake::{Admitted, Beside, Booking, Intake, Submission};

use super::district::{Sheet, Unit};
use super::{Failure, of_fault, say};

/// Answers on their way at once: as many as a busy hour brings.
const AT_ONCE: usize = 256;

/// After so many answers the count is told.
const TELL: usize = 5_000;

/// People of one panel who answer about one unit.
pub(super) struct Crowd {
    pub survey: &'static str,
    pub unit: Arc<Unit>,
    /// Code of the open link that they were given.
    pub link: String,
    /// Numbers of their sheets among those about the unit.
    pub numbers: std::ops::Range<u32>,
}

/// Books the answers of all crowds and returns how many were booked.
pub(super) async fn send(intake: &Intake, crowds: Vec<Crowd>) -> Result<usize, Failure> {
    let mut admitted = Vec::with_capacity(crowds.len());
    for crowd in crowds {
        let found = intake
            .find_link(&crowd.link)
            .await
            .map_err(|fault| of_fault(&fault))?
            .ok_or_else(|| Failure::new(format!("the link `{}` is gone", crowd.link)))?;
        admitted.push((Arc::new(crowd), Admitted::by_link(found.link)));
    }
    let all: usize = admitted.iter().map(|(crowd, _)| crowd.numbers.len()).sum();
    let work = admitted.into_iter().flat_map(|(crowd, admitted)| {
        crowd
            .numbers
            .clone()
            .map(move |number| (Arc::clone(&crowd), admitted.clone(), number))
    });
    let mut booked = stream::iter(work)
        .map(|(crowd, admitted, number)| async move {
            let sheet = Sheet {
                survey: crowd.survey,
                unit: &crowd.unit,
                number,
            };
            answer(intake, &admitted, &sheet).await
        })
        .buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some(outcome) = booked.next().await {
        outcome?;
        done += 1;
        if done % TELL == 0 {
            say(&format!("  {done} of {all} answers / 已收到 {done} 份答卷"))?;
        }
    }
    Ok(done)
}

async fn answer(intake: &Intake, admitted: &Admitted, sheet: &Sheet<'_>) -> Result<(), Failure> {
    let definition = &admitted.survey().definition;
    let answers = validate(definition, &fill_in(definition, sheet))
        .map_err(|faults| Failure::new(format!("an answer does not fit its survey: {faults:?}")))?;
    let submission = Submission {
        admitted: admitted.clone(),
        key: intake
            .make_key(admitted)
            .map_err(|fault| of_fault(&fault))?,
        answers,
        beside: Beside::default(),
    };
    loop {
        match intake.book(submission.clone()).await {
            Ok(Booking::Booked(_)) => return Ok(()),
            Ok(Booking::Refused(reason)) => {
                return Err(Failure::new(format!("an answer was refused: {reason:?}")));
            }
            // Too many wait: come back, as the pages tell people to.
            Err(Fault::Unavailable) => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            Err(fault) => return Err(of_fault(&fault)),
        }
    }
}

fn fill_in(definition: &Definition, sheet: &Sheet<'_>) -> Entries {
    let mut entries = Entries::default();
    for (place, question) in (0..).zip(&definition.questions) {
        match question.asked {
            Asked::Words { .. } if sheet.number % 97 == 5 => {
                entries.add(
                    question.code.clone(),
                    "虚构的意见：办事窗口中午能不能有人值班？",
                );
            }
            Asked::Words { .. } => {}
            _ => entries.add(question.code.clone(), sheet.choose((place, &question.code))),
        }
    }
    entries
}
