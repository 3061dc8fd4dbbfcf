//! What GHL tells about a sub-account.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use crate::clients::ghl::{CallError, Client, V_2021_07};
use crate::model::ids::LocationId;

/// What people see of a sub-account in GHL, as far as GHL tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: Option<String>,
    /// The IANA name of its time zone, unchecked.
    pub time_zone: Option<String>,
}

impl Client {
    /// Name and time zone of a sub-account.
    pub async fn describe_location(
        &self,
        token: &SecretString,
        location: &LocationId,
    ) -> Result<Description, CallError> {
        let path = ["locations", location.as_str()];
        let answer = self
            .call(self.request(Method::GET, &path, V_2021_07, token))
            .await?;
        let account = answer.body.get("location");
        let account = account.ok_or_else(|| answer.incomplete("location"))?;
        let text = |field| {
            account
                .get(field)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Ok(Description {
            name: text("name"),
            time_zone: text("timezone"),
        })
    }
}
