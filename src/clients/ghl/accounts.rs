//! What GHL calls a sub-account.

use reqwest::Method;
use secrecy::SecretString;

use crate::clients::ghl::{CallError, Client, V_2021_07};
use crate::model::ids::LocationId;

impl Client {
    /// The name of a sub-account, if it has one.
    pub async fn find_location_name(
        &self,
        token: &SecretString,
        location: &LocationId,
    ) -> Result<Option<String>, CallError> {
        let path = ["locations", location.as_str()];
        let answer = self
            .call(self.request(Method::GET, &path, V_2021_07, token))
            .await?;
        let account = answer.body.get("location");
        let account = account.ok_or_else(|| answer.incomplete("location"))?;
        Ok(account
            .get("name")
            .and_then(|name| name.as_str())
            .map(str::to_owned))
    }
}
