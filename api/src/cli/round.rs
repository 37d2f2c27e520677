//! Rounds by the code that people type.

use domain::access::Actor;
use service::Service;
use service::page::Page;
use service::round::Round;

use super::Failure;
use super::database::of_fault;

/// The round of a code.
pub(super) async fn get(service: &Service, code: &str) -> Result<Round, Failure> {
    let mut page = Page {
        after: None,
        first: 500,
    };
    loop {
        let part = service
            .list_rounds(&Actor::Operator, page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        let last = part.rows.last().map(|round| round.content.code.clone());
        if let Some(found) = part
            .rows
            .into_iter()
            .find(|round| round.content.code == code)
        {
            return Ok(found);
        }
        if !part.has_more {
            return Err(Failure::new(format!("there is no round `{code}`")));
        }
        page = Page {
            after: last,
            first: 500,
        };
    }
}
