//! How messages stand in the database.

use crate::harness::Bridge;

impl Bridge {
    pub(super) async fn find_outbound(
        &self,
        ghl_message: &str,
    ) -> Option<(String, Option<String>)> {
        sqlx::query_as("select state, reason_code from outbound where ghl_message_id = $1")
            .bind(ghl_message)
            .fetch_optional(&self.database.pool)
            .await
            .unwrap()
    }

    /// State and reason code of the outbound message with this GHL id.
    pub async fn outbound(&self, ghl_message: &str) -> (String, Option<String>) {
        self.find_outbound(ghl_message).await.unwrap()
    }

    /// The number of failed attempts at the current part of that message.
    pub async fn failures(&self, ghl_message: &str) -> i32 {
        sqlx::query_scalar("select failures from outbound where ghl_message_id = $1")
            .bind(ghl_message)
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// The state of that message.
    pub async fn state(&self, ghl_message: &str) -> String {
        self.outbound(ghl_message).await.0
    }

    /// State, reason code and text of the inbound message with this WhatsApp id.
    pub async fn inbound(
        &self,
        wa_message: &str,
    ) -> Option<(String, Option<String>, Option<String>)> {
        sqlx::query_as("select state, reason_code, text from inbound where wa_message_id = $1")
            .bind(wa_message)
            .fetch_optional(&self.database.pool)
            .await
            .unwrap()
    }
}
