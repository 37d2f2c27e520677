//! The end of a list: its contacts, and the secret by which they lead to invitations, are erased.

use chrono::TimeDelta;
use domain::id::{self, Id};
use entity::{contact, contact_list, round, survey};
use sea_orm::sea_query::{Expr, JoinType};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use crate::database::WriteTransaction;
use crate::{Fault, Service, audit, clock};

impl Service {
    /// Erases the addresses and numbers of surveys that ended so long ago, and with them the only way from a person to
    /// an invitation. Returns how many lists were erased.
    pub async fn erase_contacts(&self, after: TimeDelta) -> Result<u64, Fault> {
        let now = self.clock.now();
        let limit = clock::micros(now - after);
        let transaction = self.database.begin_write().await?;
        let due: Vec<i64> = contact_list::Entity::find()
            .select_only()
            .column(contact_list::Column::Id)
            .join(JoinType::InnerJoin, contact_list::Relation::Survey.def())
            .join(JoinType::InnerJoin, survey::Relation::Round.def())
            .filter(contact_list::Column::Secret.is_not_null())
            .filter(
                Condition::any()
                    .add(survey::Column::ClosedAt.lte(limit))
                    .add(survey::Column::ClosesAt.lte(limit))
                    .add(round::Column::ClosedAt.lte(limit)),
            )
            .order_by_asc(contact_list::Column::Id)
            .into_tuple()
            .all(&transaction)
            .await?;
        if due.is_empty() {
            return Ok(0);
        }
        erase(&transaction, &due, contact_list::State::Erased).await?;
        let objects: Vec<String> = due
            .iter()
            .map(|id| Id::<id::ContactList>::new(*id).to_string())
            .collect();
        let reason = format!("the survey ended more than {} days ago", after.num_days());
        let entry = audit::Entry {
            at: now,
            who: "worker",
            action: "contact_list.erase",
            object: &objects.join(" "),
            reason: Some(&reason),
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        u64::try_from(due.len()).map_err(Fault::internal)
    }
}

/// Erases the contacts of these lists with the secrets that lead to their invitations.
pub(super) async fn erase(
    transaction: &WriteTransaction,
    lists: &[i64],
    state: contact_list::State,
) -> Result<(), Fault> {
    contact::Entity::delete_many()
        .filter(contact::Column::ListId.is_in(lists.iter().copied()))
        .exec(transaction)
        .await?;
    contact_list::Entity::update_many()
        .col_expr(contact_list::Column::State, Expr::val(state))
        .col_expr(contact_list::Column::Secret, Expr::value(None::<Vec<u8>>))
        .filter(contact_list::Column::Id.is_in(lists.iter().copied()))
        .exec(transaction)
        .await?;
    Ok(())
}
