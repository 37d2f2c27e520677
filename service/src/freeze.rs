//! What may be put into a round at this moment: anything while it is open, nothing once it is closed, and while it is
//! reopened what the reopening names. The one place that says so: every use-case that puts something in asks here first,
//! and says what kind of input it is.
//!
//! Asking locks the round's row until the transaction ends, so that nothing slips past a close-out. What is kept frozen
//! however rows may have changed is another matter, and one of the domain's.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::correction::InputKind;
use domain::id::{Id, Round};
use entity::{reopening_input, round};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement, Value};

use crate::database::WriteTransaction;
use crate::frame::get_round;
use crate::{Fault, Refusal, clock};

/// What is about to be done to what a round is decided by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Touch<'a> {
    /// Inputs of these kinds are put in, changed or taken back.
    Change(&'a [InputKind]),
    /// Something that was carried over is withdrawn, which every correction may do.
    Withdraw,
}

/// Takes part in changing what a round is decided by: the round's row stays locked until the transaction ends, and its
/// mark of change moves on. One statement, three if it is refused; do it before anything is read.
///
/// # Errors
/// [`Fault::Refused`] with `ROUND_NOT_OPEN`, or with `INPUT_FROZEN` where the round was reopened for something else;
/// [`Fault::NotFound`].
pub(crate) async fn touch(
    transaction: &WriteTransaction,
    id: Id<Round>,
    what: Touch<'_>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let mut values: Vec<Value> = vec![id.number().into(), clock::micros(now).into()];
    let reopened = match what {
        Touch::Withdraw => "correcting IS NOT NULL".to_owned(),
        Touch::Change(kinds) => {
            let places: Vec<String> = (values.len() + 1..)
                .take(kinds.len())
                .map(|place| format!("${place}"))
                .collect();
            values.extend(kinds.iter().map(|kind| Value::from(kind.to_string())));
            format!(
                "(SELECT count(*) FROM reopening_input AS named WHERE named.round_id = round.id
                     AND named.revision = round.correcting AND named.input IN ({})) = {}",
                places.join(", "),
                kinds.len()
            )
        }
    };
    // The mark moves even if the clock stands still or goes back: whoever remembers it sees that something changed.
    let sql = format!(
        "UPDATE round SET inputs_changed_at =
             CASE WHEN inputs_changed_at >= $2 THEN inputs_changed_at + 1 ELSE $2 END
         WHERE id = $1 AND (state = 'open' OR correcting IS NOT NULL AND {reopened})"
    );
    let backend = transaction.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    if transaction.execute_raw(statement).await?.rows_affected() == 1 {
        return Ok(());
    }
    let row = get_round(transaction, id).await?;
    Err(Fault::refused(match (row.correcting, what) {
        (Some(revision), Touch::Change(kinds)) => {
            let named = list_named(transaction, id, revision).await?;
            frozen(kinds, &named)
        }
        _ => not_open(row.state),
    }))
}

/// The rounds into which inputs of a kind may be put now: those that are open, and those that are reopened for it.
pub(crate) fn takes(kind: &InputKind) -> Condition {
    let named = Expr::cust_with_values(
        "EXISTS (SELECT 1 FROM reopening_input AS named WHERE named.round_id = round.id
             AND named.revision = round.correcting AND named.input = $1)",
        [kind.to_string()],
    );
    Condition::any()
        .add(round::Column::State.eq(round::State::Open))
        .add(named)
}

/// The kinds of inputs that a reopening names. One statement.
///
/// # Errors
/// [`Fault::Internal`] for a word that is none.
pub(crate) async fn list_named(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
    revision: i64,
) -> Result<BTreeSet<InputKind>, Fault> {
    let rows = reopening_input::Entity::find()
        .filter(reopening_input::Column::RoundId.eq(id.number()))
        .filter(reopening_input::Column::Revision.eq(revision))
        .all(connection)
        .await?;
    rows.iter()
        .map(|row| row.input.parse().map_err(Fault::internal))
        .collect()
}

/// Why a kind of inputs does not change in a round that was reopened for others.
fn frozen(wanted: &[InputKind], named: &BTreeSet<InputKind>) -> Refusal {
    let list = |kinds: &mut dyn Iterator<Item = &InputKind>| {
        let words: Vec<String> = kinds.map(|kind| format!("`{kind}`")).collect();
        words.join(", ")
    };
    let message = format!(
        "the round was reopened for {} alone, so {} cannot change: reopen it for that as well, with a reason",
        list(&mut named.iter()),
        list(&mut wanted.iter().filter(|kind| !named.contains(kind))),
    );
    Refusal::new("INPUT_FROZEN", message).at(["round"])
}

/// Why nothing can be put into a round that is neither open nor reopened.
pub(crate) fn not_open(state: round::State) -> Refusal {
    let message = match state {
        round::State::Draft => "the round is a draft; open it first",
        _ => {
            "the round is closed, and what it was decided by no longer changes: where it is wrong, reopen it for a correction"
        }
    };
    Refusal::new("ROUND_NOT_OPEN", message).at(["round"])
}
