//! Regions: the tree in which subjects lie, and by whose subtrees grants are limited.
//!
//! Regions are no secret: whoever reads published results reads them. Removing one is deliberately absent.

use std::collections::BTreeMap;

use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
use entity::region;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::page::{Page, Part};
use crate::permit::{Permit, ask_somewhere};
use crate::scope::path_of;
use crate::text::{self, Refusals, code_taken};
use crate::{Fault, Refusal, Service, audit};

/// A region (地区).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its id.
    pub id: Id<id::Region>,
    /// The region above; none at a root.
    pub parent: Option<Id<id::Region>>,
    /// Code, unique among regions.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

/// What a region is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionDraft {
    /// The region above; none for a root.
    pub parent: Option<Id<id::Region>>,
    /// Code, unique among regions.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

/// A change of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionChange {
    /// Which.
    pub id: Id<id::Region>,
    /// [`Region::version`] of what was read before.
    pub version: String,
    /// What it is to be.
    pub draft: RegionDraft,
}

impl Region {
    /// Stands for the content; another content has another version. For compare-and-set.
    pub fn version(&self) -> String {
        text::version_of(self.digest())
    }

    fn digest(&self) -> [u8; 32] {
        let parent = self
            .parent
            .map(|parent| parent.to_string())
            .unwrap_or_default();
        text::digest_of(&[
            &self.id.to_string(),
            &parent,
            &self.code,
            &self.name,
            &self.name_en,
        ])
    }
}

impl From<region::Model> for Region {
    fn from(row: region::Model) -> Self {
        Self {
            id: Id::new(row.id),
            parent: row.parent_id.map(Id::new),
            code: row.code,
            name: row.name,
            name_en: row.name_en,
        }
    }
}

impl Service {
    /// Regions in the order of their codes. One statement.
    pub async fn list_regions(
        &self,
        actor: &Actor,
        page: Page<String>,
    ) -> Result<Part<Region>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let mut query = region::Entity::find()
            .order_by_asc(region::Column::Code)
            .limit(page.limit());
        if let Some(after) = &page.after {
            query = query.filter(region::Column::Code.gt(after.as_str()));
        }
        let rows = query.all(&self.database.reader()).await?;
        Ok(page.cut(rows.into_iter().map(Region::from).collect()))
    }

    /// The regions of these ids, those that exist. One statement.
    pub async fn find_regions(
        &self,
        actor: &Actor,
        ids: &[Id<id::Region>],
    ) -> Result<BTreeMap<Id<id::Region>, Region>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = region::Entity::find()
            .filter(region::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .all(&self.database.reader())
            .await?;
        Ok(rows
            .into_iter()
            .map(Region::from)
            .map(|region| (region.id, region))
            .collect())
    }

    /// Adds a region. The actor's grant must take in the region above; a root needs one without limits.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `NAME_UNFIT`, `CODE_UNFIT`, `CODE_TAKEN` or `REGION_UNKNOWN`.
    pub async fn add_region(&self, actor: &Actor, draft: RegionDraft) -> Result<Region, Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let transaction = self.database.begin_write().await?;
        let permit = ask_below(&transaction, actor, draft.parent).await?;
        let draft = check(&draft)?;
        let region = Region {
            id: Id::new(self.ids.draw()?),
            parent: draft.parent,
            code: draft.code,
            name: draft.name,
            name_en: draft.name_en,
        };
        let row = region::ActiveModel {
            id: Set(region.id.number()),
            parent_id: Set(region.parent.map(Id::number)),
            code: Set(region.code.clone()),
            name: Set(region.name.clone()),
            name_en: Set(region.name_en.clone()),
        };
        region::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| code_taken(error, &region.code))?;
        let object = region.id.to_string();
        let entry = audit::Entry {
            after: Some(region.digest()),
            ..permit.entry(self.clock.now(), "region.add", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(region)
    }

    /// Changes a region, unless somebody else did so since it was read.
    ///
    /// # Errors
    /// Those of [`Service::add_region`], `REGION_BELOW_ITSELF`; [`Fault::Conflict`], [`Fault::NotFound`].
    pub async fn change_region(
        &self,
        actor: &Actor,
        change: RegionChange,
    ) -> Result<Region, Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let transaction = self.database.begin_write().await?;
        let row = region::Entity::find_by_id(change.id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let before = Region::from(row.ok_or(Fault::NotFound)?);
        let permit = ask_below(&transaction, actor, Some(before.id)).await?;
        ask_below(&transaction, actor, change.draft.parent).await?;
        if before.version() != change.version {
            return Err(Fault::Conflict);
        }
        let draft = check(&change.draft)?;
        if let Some(parent) = draft.parent
            && path_of(&transaction, parent).await?.contains(&before.id)
        {
            let message = "a region cannot lie below itself: choose another region above it";
            return Err(Fault::refused(
                Refusal::new("REGION_BELOW_ITSELF", message).at(["parentId"]),
            ));
        }
        let after = Region {
            id: before.id,
            parent: draft.parent,
            code: draft.code,
            name: draft.name,
            name_en: draft.name_en,
        };
        region::Entity::update_many()
            .col_expr(
                region::Column::ParentId,
                Expr::value(after.parent.map(Id::number)),
            )
            .col_expr(region::Column::Code, Expr::value(after.code.clone()))
            .col_expr(region::Column::Name, Expr::value(after.name.clone()))
            .col_expr(region::Column::NameEn, Expr::value(after.name_en.clone()))
            .filter(region::Column::Id.eq(after.id.number()))
            .exec(&transaction)
            .await
            .map_err(|error| code_taken(error, &after.code))?;
        let object = after.id.to_string();
        let entry = audit::Entry {
            before: Some(before.digest()),
            after: Some(after.digest()),
            ..permit.entry(self.clock.now(), "region.change", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(after)
    }
}

/// Asks whether the actor may change what lies in a region; without one, only an unlimited grant will do.
async fn ask_below(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    region: Option<Id<id::Region>>,
) -> Result<Permit, Fault> {
    let Some(region) = region else {
        return Permit::ask_everywhere(actor, Action::ChangeRoster);
    };
    let regions = path_of(connection, region).await?;
    if regions.is_empty() {
        return Err(Fault::refused(
            Refusal::new("REGION_UNKNOWN", "there is no such region").at(["parentId"]),
        ));
    }
    let scope = Scope {
        regions: &regions,
        ..Scope::default()
    };
    Permit::ask(actor, Action::ChangeRoster, &scope)
}

fn check(draft: &RegionDraft) -> Result<RegionDraft, Fault> {
    let mut refusals = Refusals::default();
    let draft = RegionDraft {
        parent: draft.parent,
        code: refusals.code("code", &draft.code),
        name: refusals.name("name", &draft.name),
        name_en: refusals.name("nameEn", &draft.name_en),
    };
    refusals.settle()?;
    Ok(draft)
}
