//! The data that the simulated vendors have at their start.

/// Id of the agency.
pub const COMPANY_ID: &str = "SandboxCompany000001";
/// Id of its sub-account.
pub const LOCATION_ID: &str = "SandboxLocation00001";
/// The name of that sub-account, in GHL and on WhatsApp.
pub const LOCATION_NAME: &str = "Kedai Contoh";
/// Id of a second sub-account, in the sandbox only.
pub const SECOND_LOCATION_ID: &str = "SandboxLocation00002";
/// The name of the second sub-account.
pub const SECOND_LOCATION_NAME: &str = "Butik Contoh";
/// The secret with which GHL encrypts a page's user, as the marketplace app's keys show it.
pub const SHARED_SECRET: &str = "sandbox-shared-secret";
/// Id of the GHL user who writes for the business.
pub const USER_ID: &str = "SandboxUser000000001";
/// Id of the app's SMS conversation provider at that location.
pub const PROVIDER_ID: &str = "66c0ffee0ddba11000000001";
/// Contact id, name and phone of a customer.
pub const AISYAH: (&str, &str, &str) = ("SandboxContact000001", "Aisyah Rahman", "+60123456789");
/// Contact id, name and phone of another customer.
pub const LIM_WEI: (&str, &str, &str) = ("SandboxContact000002", "Lim Wei", "+60198765432");
/// Contact id, name and phone of a contact whose number is incomplete, so that nothing can be sent to it.
pub const NOMBOR_SALAH: (&str, &str, &str) = ("SandboxContact000003", "Nombor Salah", "012345");
/// Name and phone of a customer who is not a contact yet.
pub const STRANGER: (&str, &str) = ("Siti Baharu", "+60137778888");
/// Name of a customer who hides the number, WhatsApp's address for them (LID), and the number.
pub const HIDDEN: (&str, &str, &str) = ("Puan Rahsia", "184736251940028@lid", "+60145556666");
/// Opens the operator's pages of the sandbox.
pub const ADMIN_TOKEN: &str = "sandbox-door-for-everybody-here";
/// Id of the gateway's instance.
pub const INSTANCE_ID: &str = "68C0FFEE1A2B3";
/// Access token of the gateway account.
pub const ACCESS_TOKEN: &str = "sandbox-waapify-token";
/// The business's WhatsApp number, digits only.
pub const NUMBER: &str = "60111234567";
/// The number of the phone that is linked to a new instance, digits only.
pub const NEW_NUMBER: &str = "60117778888";
/// The name of that phone's owner on WhatsApp.
pub const NEW_NAME: &str = "Kedai Kopi Baru";
/// Id of the app's conversation provider for calls.
pub const CALL_PROVIDER_ID: &str = "wAapPrvCall7Zk3Q9mTx";
