//! What a call to GHL waits for, and so the message that needs it.

reasons! {
    /// Whether there is a token is being found out.
    TOKEN_PENDING = "GHL is being asked for this sub-account's token",
        "token sub-akaun ini sedang diminta daripada GHL";
    /// The location never had the app.
    NOT_INSTALLED = "this sub-account has not installed the app",
        "sub-akaun ini belum memasang aplikasi";
    /// The location has the app no more.
    UNINSTALLED = "the app was uninstalled from this sub-account",
        "aplikasi telah dinyahpasang daripada sub-akaun ini";
    /// The same as messages to GHL have it.
    ENDED_BY_UNINSTALL = "uninstalled",
        "aplikasi telah dinyahpasang";
    /// GHL will not renew the token.
    REINSTALL = "the app must be installed again in this sub-account",
        "aplikasi perlu dipasang semula dalam sub-akaun ini";
    /// GHL renews the token when the location is active again.
    INACTIVE = "this sub-account is not active in GHL",
        "sub-akaun ini tidak aktif dalam GHL";
    /// What went wrong.
    RENEWAL = "the token could not be renewed: {}",
        "token tidak dapat diperbaharui: {}";
    /// The location's calls are used up.
    BUDGET = "GHL allows no more calls of this sub-account for a moment",
        "had panggilan sub-akaun ini kepada GHL sudah dicapai buat seketika";
    /// Another process renews the token.
    RENEWED_ELSEWHERE = "the token is being renewed elsewhere",
        "token sedang diperbaharui oleh proses lain";
    /// Another worker makes the contact.
    MAKING_CONTACT = "the group's contact is being made",
        "kenalan untuk kumpulan ini sedang dibuat";
    /// Whether the location has the app is being found out.
    STANDING = "GHL is being asked whether this sub-account has the app",
        "GHL sedang ditanya sama ada sub-akaun ini mempunyai aplikasi";
}
