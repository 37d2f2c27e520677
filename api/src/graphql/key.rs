//! Typed ids as GraphQL's `ID`: an argument that takes a subject refuses the id of a round, and says so.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, ID, InputType, InputValueError, InputValueResult, OutputType, Positioned,
    ServerResult, Value,
};
use domain::id::{Id, Kind};

/// An id of one kind at the edge; a field of this type is an `ID!`.
#[derive(Debug)]
pub struct Key<K: Kind>(pub Id<K>);

impl<K: Kind> Clone for Key<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kind> Copy for Key<K> {}

impl<K: Kind> From<Id<K>> for Key<K> {
    fn from(id: Id<K>) -> Self {
        Self(id)
    }
}

impl<K: Kind + 'static> InputType for Key<K> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let parsed = match value {
            Some(Value::String(text)) => text.parse::<Id<K>>().map_err(|fault| fault.to_string()),
            _ => Err(format!("the id of a {} is a text", K::WORD)),
        };
        parsed.map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<K: Kind + 'static> OutputType for Key<K> {
    fn type_name() -> Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::String(self.0.to_string()))
    }
}
