//! Exact values as text: points, fractions, dates, instants. A number of JSON is a double and would round them.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// Reads a scalar from its text.
fn read<T: ScalarType + InputType, V>(
    value: &Value,
    read: impl FnOnce(&str) -> Result<V, String>,
) -> Result<V, InputValueError<T>> {
    match value {
        Value::String(text) => read(text).map_err(InputValueError::custom),
        _ => Err(InputValueError::custom(
            "it is written as a text, in quotation marks",
        )),
    }
}

/// Points of a score, see [`domain::number::Points`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points(pub domain::number::Points);

/// Points, exact, as a decimal text with at most four places: `"12.5"`.
#[Scalar(name = "Points")]
impl ScalarType for Points {
    fn parse(value: Value) -> InputValueResult<Self> {
        let points = read::<Self, _>(&value, |text| {
            text.parse::<domain::number::Points>()
                .map_err(|fault| fault.to_string())
        })?;
        Ok(Self(points))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<domain::number::Points> for Points {
    fn from(points: domain::number::Points) -> Self {
        Self(points)
    }
}

/// An exact fraction, see [`domain::number::Ratio`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rational(pub domain::number::Ratio);

/// An exact rational number as a text: `"12"`, `"93.5"` or `"1/3"`. Never rounded.
#[Scalar(name = "Rational")]
impl ScalarType for Rational {
    fn parse(value: Value) -> InputValueResult<Self> {
        let ratio = read::<Self, _>(&value, |text| {
            text.parse::<domain::number::Ratio>()
                .map_err(|fault| fault.to_string())
        })?;
        Ok(Self(ratio))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<domain::number::Ratio> for Rational {
    fn from(ratio: domain::number::Ratio) -> Self {
        Self(ratio)
    }
}

/// A day without a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A day, `"2026-03-31"`, in the time zone of the round it belongs to.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let date = read::<Self, _>(&value, |text| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            // The library also reads `2026-3-1`; a day has one spelling.
            date.filter(|date| date.to_string() == text)
                .ok_or_else(|| "a day is written as `2026-03-31`".to_owned())
        })?;
        Ok(Self(date))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

/// A moment, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub DateTime<Utc>);

/// A moment in UTC with microseconds, as in RFC 3339: `"2026-03-02T01:00:00.000000Z"`. Any offset is read.
#[Scalar(name = "Instant")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        let moment = read::<Self, _>(&value, |text| {
            DateTime::parse_from_rfc3339(text)
                .ok()
                .and_then(|moment| DateTime::from_timestamp_micros(moment.timestamp_micros()))
                .ok_or_else(|| "a moment is written as `2026-03-02T09:00:00+08:00`".to_owned())
        })?;
        Ok(Self(moment))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    #[test]
    fn each_scalar_survives_its_text() {
        for points in ["0", "12.5", "-3", "0.0001"] {
            assert_eq!(
                <Points as ScalarType>::parse(text(points))
                    .ok()
                    .map(|it| ScalarType::to_value(&it)),
                Some(text(points))
            );
        }
        for ratio in ["12", "1/3", "-2/7"] {
            assert_eq!(
                <Rational as ScalarType>::parse(text(ratio))
                    .ok()
                    .map(|it| ScalarType::to_value(&it)),
                Some(text(ratio))
            );
        }
        assert_eq!(
            <Date as ScalarType>::parse(text("2028-02-29"))
                .ok()
                .map(|it| ScalarType::to_value(&it)),
            Some(text("2028-02-29"))
        );
        let moment = <Instant as ScalarType>::parse(text("2026-03-02T09:00:00+08:00"))
            .ok()
            .map(|it| ScalarType::to_value(&it));
        assert_eq!(moment, Some(text("2026-03-02T01:00:00.000000Z")));
    }

    #[test]
    fn what_is_no_such_value_is_refused() {
        for wrong in [
            text(""),
            text("x"),
            text("2026-3-1"),
            text("2026-02-30"),
            Value::Null,
            Value::from(1),
        ] {
            assert!(
                <Date as ScalarType>::parse(wrong.clone()).is_err(),
                "{wrong}"
            );
            assert!(
                <Instant as ScalarType>::parse(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
        assert!(<Points as ScalarType>::parse(text("0.00001")).is_err());
        assert!(<Points as ScalarType>::parse(Value::from(1)).is_err());
        assert!(<Rational as ScalarType>::parse(text("1/0")).is_err());
    }
}
