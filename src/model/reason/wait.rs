//! What a call to GHL waits for, and so the message that needs it; and why there is no token.

reasons! {
    /// What a call to GHL waits for, or why it cannot be made.
    Wait

    /// Whether there is a token is being found out.
    TokenPending = "token_pending",
        "GHL is being asked for this sub-account's token",
        "token sub-akaun ini sedang diminta daripada GHL";
    /// The location never had the app.
    NotInstalled = "location_not_installed",
        "this sub-account has not installed the app",
        "sub-akaun ini belum memasang aplikasi";
    /// The location has the app no more.
    Uninstalled = "location_uninstalled",
        "the app was uninstalled from this sub-account",
        "aplikasi telah dinyahpasang daripada sub-akaun ini";
    /// The same as messages to GHL have it.
    EndedByUninstall = "uninstalled",
        "uninstalled",
        "aplikasi telah dinyahpasang";
    /// GHL will not renew the token.
    Reinstall = "needs_reinstall",
        "the app must be installed again in this sub-account",
        "aplikasi perlu dipasang semula dalam sub-akaun ini";
    /// GHL renews the token when the location is active again.
    Inactive = "location_inactive",
        "this sub-account is not active in GHL",
        "sub-akaun ini tidak aktif dalam GHL";
    /// The last renewal of the token failed.
    Renewal {
        /// Why.
        cause: Box<Reason>,
    } = "renewal_failed",
        "the token could not be renewed: {cause}",
        "token tidak dapat diperbaharui: {cause}";
    /// The location's calls are used up.
    Budget = "budget_used_up",
        "GHL allows no more calls of this sub-account for a moment",
        "had panggilan sub-akaun ini kepada GHL sudah dicapai buat seketika";
    /// Another process renews the token.
    RenewedElsewhere = "renewed_elsewhere",
        "the token is being renewed elsewhere",
        "token sedang diperbaharui oleh proses lain";
    /// Another worker makes the contact.
    MakingContact = "contact_in_the_making",
        "the group's contact is being made",
        "kenalan untuk kumpulan ini sedang dibuat";
    /// Whether the location has the app is being found out.
    InstallStatus = "asking_for_install",
        "GHL is being asked whether this sub-account has the app",
        "GHL sedang ditanya sama ada sub-akaun ini mempunyai aplikasi";
    /// GHL gave a token that nothing renews.
    NoRefreshToken = "no_refresh_token",
        "the token came without a refresh token",
        "token diterima tanpa token pembaharuan";
    /// No agency that has the app knows the location.
    AgencyNotInstalled = "agency_not_installed",
        "its agency has not installed the app",
        "agensinya belum memasang aplikasi";
    /// The agency's own token has ended.
    AgencyNeedsReinstall = "agency_needs_reinstall",
        "its agency must install the app again",
        "agensinya perlu memasang aplikasi semula";
    /// The stored token was sealed with a key that is not there.
    TokenSealed = "token_sealed",
        "a stored secret cannot be opened with the configured ENCRYPTION_KEYS; put back the key it was sealed with, or connect again",
        "rahsia yang disimpan tidak dapat dibuka dengan ENCRYPTION_KEYS yang ditetapkan; kembalikan kunci asalnya, atau sambung semula";
    /// The database did not answer.
    DatabaseFailed = "database_failed",
        "the database failed",
        "pangkalan data gagal";
}
