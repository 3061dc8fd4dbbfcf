//! What the simulated vendors contain before anybody touches them.

/// The agency.
pub const COMPANY_ID: &str = "SandboxCompany000001";
/// Its one sub-account.
pub const LOCATION_ID: &str = "SandboxLocation00001";
/// The sub-account's name, and its name on WhatsApp.
pub const LOCATION_NAME: &str = "Kedai Contoh";
/// Another of its sub-accounts, in the sandbox only.
pub const SECOND_LOCATION_ID: &str = "SandboxLocation00002";
/// That one's name.
pub const SECOND_LOCATION_NAME: &str = "Butik Contoh";
/// What GHL encrypts a page's user with, as the marketplace app's keys show it.
pub const SHARED_SECRET: &str = "sandbox-shared-secret";
/// The person who types on the business's side.
pub const USER_ID: &str = "SandboxUser000000001";
/// Our conversation provider at that location.
pub const PROVIDER_ID: &str = "66c0ffee0ddba11000000001";
/// Contact id, name, phone: one who answers.
pub const AISYAH: (&str, &str, &str) = ("SandboxContact000001", "Aisyah Rahman", "+60123456789");
/// Contact id, name, phone: another.
pub const LIM_WEI: (&str, &str, &str) = ("SandboxContact000002", "Lim Wei", "+60198765432");
/// Contact id, name, phone: a number that is not complete and cannot be sent to.
pub const NOMBOR_SALAH: (&str, &str, &str) = ("SandboxContact000003", "Nombor Salah", "012345");
/// Name and phone of a customer whom the business does not know yet.
pub const STRANGER: (&str, &str) = ("Siti Baharu", "+60137778888");
/// The gateway's instance.
pub const INSTANCE_ID: &str = "68C0FFEE1A2B3";
/// The gateway account's token.
pub const ACCESS_TOKEN: &str = "sandbox-waapify-token";
/// The business's WhatsApp number, digits only.
pub const NUMBER: &str = "60111234567";
/// The number of a phone that is linked to a new instance, digits only.
pub const NEW_NUMBER: &str = "60117778888";
/// What that phone's owner is called on WhatsApp.
pub const NEW_NAME: &str = "Kedai Kopi Baru";
/// The app's conversation provider of calls.
pub const CALL_PROVIDER_ID: &str = "wAapPrvCall7Zk3Q9mTx";
