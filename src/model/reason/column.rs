//! A reason in Postgres.
//!
//! It is read and written as one JSON value, `{"code": …, "args": …}`. A statement reads it with the function
//! `reason_of(code, args)`, and splits it with `$1::jsonb->>'code'` and `$1::jsonb->'args'`.

use serde::Deserialize as _;
use serde_json::Value;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::types::Json;
use sqlx::{Decode, Encode, Postgres, Type};

use crate::model::reason::Reason;

impl Reason {
    /// Reads a stored reason. A code or arguments that this version does not know give [`Reason::Unknown`].
    #[must_use]
    pub fn from_json(value: &Value) -> Self {
        // Whatever has a code is read; what has none is no reason that any version keeps.
        Self::deserialize(value).unwrap_or_else(|_| Self::Unknown {
            code: String::new(),
            args: None,
        })
    }

    /// The stored form, without NUL, which Postgres cannot store.
    fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        remove_nul(&mut value);
        Ok(value)
    }
}

fn remove_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|c| c != '\0'),
        Value::Object(fields) => fields.values_mut().for_each(remove_nul),
        _ => {}
    }
}

impl Type<Postgres> for Reason {
    fn type_info() -> PgTypeInfo {
        <Json<Value> as Type<Postgres>>::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        <Json<Value> as Type<Postgres>>::compatible(info)
    }
}

impl PgHasArrayType for Reason {
    fn array_type_info() -> PgTypeInfo {
        <Json<Value> as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Reason {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Json(self.to_json()?).encode_by_ref(buffer)
    }
}

impl Decode<'_, Postgres> for Reason {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let Json(value) = Json::<Value>::decode(value)?;
        Ok(Self::from_json(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::{Answer, Wait};

    #[test]
    fn a_reason_is_kept_without_the_nul_that_postgres_refuses() {
        let reason = |words: &str| {
            let words = words.to_owned();
            let cause = Box::new(Answer::WaapifySaid { words }.into());
            Reason::from(Wait::Renewal { cause })
        };
        let kept = reason("a\0b\0").to_json().unwrap();
        assert_eq!(Reason::from_json(&kept), reason("ab"));
    }
}
