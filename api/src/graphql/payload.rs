//! What a mutation answers: the thing that was changed, or the reasons for which nothing was.
//!
//! An expected refusal is data, so that a client reads it where it reads the result. Errors are for the rest: no
//! permission, nothing there, an outage, a defect.

use async_graphql::SimpleObject;
use service::Fault;

use super::error::GraphqlFault;

/// Why a change was refused. Nothing of it was done.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct Refusal {
    /// A word in capitals that never changes its meaning, such as `SCORE_ABOVE_MAXIMUM`.
    code: String,
    /// Which part of the input: names of fields and places in lists, from the outside in. Empty for all of it.
    path: Vec<String>,
    /// What is wrong and what to do, in English.
    message: String,
}

impl From<service::Refusal> for Refusal {
    fn from(refusal: service::Refusal) -> Self {
        let service::Refusal {
            code,
            path,
            message,
        } = refusal;
        Self {
            code,
            path,
            message,
        }
    }
}

/// The one place that tells refusals, which belong into the payload, from errors.
///
/// # Errors
/// Every fault but a refusal.
pub fn settle<T>(outcome: Result<T, Fault>) -> Result<(Option<T>, Vec<Refusal>), GraphqlFault> {
    match outcome {
        Ok(done) => Ok((Some(done), Vec::new())),
        Err(Fault::Refused(refusals)) => {
            Ok((None, refusals.into_iter().map(Refusal::from).collect()))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Declares the payload of a mutation: one field for what was done, and `refusals`.
///
/// ```ignore
/// payload! {
///     /// What came of adding a region.
///     RegionAddPayload {
///         /// The new region.
///         region: Region
///     }
/// }
/// // in the resolver:
/// RegionAddPayload::of(service.add_region(&asker.actor, new).await)
/// ```
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $kind:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_doc])*
            ///
            /// Absent when it was refused.
            $field: Option<$kind>,
            /// Why nothing was changed. Empty when it was done.
            refusals: Vec<$crate::graphql::payload::Refusal>,
        }

        impl $name {
            /// From what the use-case says.
            ///
            /// # Errors
            /// Every fault but a refusal.
            pub fn of<T: Into<$kind>>(outcome: Result<T, service::Fault>) -> Result<Self, $crate::graphql::GraphqlFault> {
                let (done, refusals) = $crate::graphql::payload::settle(outcome)?;
                Ok(Self { $field: done.map(Into::into), refusals })
            }
        }
    };
}
pub(crate) use payload;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_data_and_the_rest_are_errors() {
        let refusal = service::Refusal::new("CODE_TAKEN", "the code `a` is taken").at(["code"]);
        let (done, refusals) = settle::<()>(Err(Fault::refused(refusal))).ok().unwrap();
        assert_eq!(done, None);
        assert_eq!(refusals[0].path, ["code"]);
        assert!(settle::<()>(Err(Fault::Denied)).is_err());
        assert!(settle(Ok(())).is_ok_and(|(done, refusals)| done.is_some() && refusals.is_empty()));
    }
}
