//! What a call to GHL, and so a message that needs it, waits for; and why there is no token.

reasons! {
    /// What a call to GHL waits for, or why it cannot be made.
    Wait

    /// The location's token is being requested.
    TokenPending = "token_pending",
        "GHL is being asked for this sub-account's token",
        "token sub-akaun ini sedang diminta daripada GHL";
    /// The location never had the app.
    NotInstalled = "location_not_installed",
        "this sub-account has not installed the app",
        "sub-akaun ini belum memasang aplikasi";
    /// The location has uninstalled the app.
    Uninstalled = "location_uninstalled",
        "the app was uninstalled from this sub-account",
        "aplikasi telah dinyahpasang daripada sub-akaun ini";
    /// The same, for messages and events that the uninstall ended.
    EndedByUninstall = "uninstalled",
        "uninstalled",
        "aplikasi telah dinyahpasang";
    /// GHL will not renew the token.
    Reinstall = "needs_reinstall",
        "the app must be installed again in this sub-account",
        "aplikasi perlu dipasang semula dalam sub-akaun ini";
    /// GHL says that the token does not open the location.
    Moved {
        /// GHL's words.
        cause: Box<Reason>,
    } = "location_moved",
        "the token does not open this sub-account any more, which may have moved to another agency; install the app there again ({cause})",
        "token ini tidak lagi membuka sub-akaun ini, yang mungkin telah berpindah ke agensi lain; pasang aplikasi di situ semula ({cause})";
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
    RateLimited = "budget_used_up",
        "GHL allows no more calls of this sub-account for a moment",
        "had panggilan sub-akaun ini kepada GHL sudah dicapai buat seketika";
    /// Another process renews the token.
    RenewedElsewhere = "renewed_elsewhere",
        "the token is being renewed elsewhere",
        "token sedang diperbaharui oleh proses lain";
    /// Another worker creates the contact.
    MakingContact = "contact_in_the_making",
        "the group's contact is being made",
        "kenalan untuk kumpulan ini sedang dibuat";
    /// GHL is asked whether the location has the app.
    InstallStatus = "asking_for_install",
        "GHL is being asked whether this sub-account has the app",
        "GHL sedang ditanya sama ada sub-akaun ini mempunyai aplikasi";
    /// GHL gave a token that cannot be renewed.
    NoRefreshToken = "no_refresh_token",
        "the token came without a refresh token",
        "token diterima tanpa token pembaharuan";
    /// No agency that has the app knows the location.
    AgencyNotInstalled = "agency_not_installed",
        "its agency has not installed the app",
        "agensinya belum memasang aplikasi";
    /// The agency's own token cannot be renewed.
    AgencyNeedsReinstall = "agency_needs_reinstall",
        "its agency must install the app again",
        "agensinya perlu memasang aplikasi semula";
    /// The stored token was sealed with a key that is not configured.
    TokenSealed = "token_sealed",
        "a stored secret cannot be opened with the configured ENCRYPTION_KEYS; put back the key it was sealed with, or connect again",
        "rahsia yang disimpan tidak dapat dibuka dengan ENCRYPTION_KEYS yang ditetapkan; kembalikan kunci asalnya, atau sambung semula";
    /// GHL is asked whether a person wrote a message to a contact who opted out.
    AskingWhoWrote = "asking_who_wrote",
        "the customer has opted out, and GHL is being asked whether a person wrote this",
        "pelanggan telah berhenti melanggan, dan GHL sedang ditanya sama ada seorang pengguna menulisnya";
    /// GHL is asked for the tags of a contact, which decide from which number a message leaves.
    AskingTags = "asking_tags",
        "GHL is being asked for the contact's tags, which decide the number that it leaves from",
        "GHL sedang ditanya tentang tag kenalan ini, yang menentukan nombor asal penghantarannya";
    /// The day's first contacts are used up.
    FirstContactsOfDay {
        /// When strangers may be written to again, on the clock of the number's zone.
        time: String,
        /// How many were written to.
        used: i32,
        /// How many may be.
        cap: i32,
    } = "first_contacts_of_day",
        "waits for tomorrow {time}: {used} of {cap} first contacts used today",
        "menunggu esok {time}: {used} daripada {cap} kenalan pertama hari ini sudah digunakan";
    /// The hour's first contacts are used up.
    FirstContactsOfHour {
        /// As above.
        time: String,
        /// How many were written to.
        used: i32,
        /// How many may be.
        cap: i32,
    } = "first_contacts_of_hour",
        "waits for {time}: {used} of {cap} first contacts used this hour",
        "menunggu {time}: {used} daripada {cap} kenalan pertama jam ini sudah digunakan";
    /// It is not the time of the day to write to strangers.
    HoursOfStrangers {
        /// When it is.
        time: String,
        /// The first minute of the day.
        from: String,
        /// The first minute after those.
        until: String,
    } = "hours_of_strangers",
        "waits for {time}: to people who never wrote, messages leave from {from} to {until} only",
        "menunggu {time}: kepada orang yang belum pernah menulis, mesej dihantar dari {from} hingga {until} sahaja";
    /// WhatsApp refused a message of the number.
    NumberRestricted {
        /// Until when nothing goes to strangers, with the distance to UTC.
        at: String,
    } = "number_restricted",
        "waits for {at}: WhatsApp refused a message of this number, so nothing leaves to people who never wrote until then",
        "menunggu {at}: WhatsApp menolak satu mesej nombor ini, maka tiada apa-apa dihantar kepada orang yang belum pernah menulis sehingga itu";
    /// WhatsApp refused several messages of the number, or its link was lost after one.
    AutomatedStopped = "automated_stopped",
        "waits until somebody presses \"Go on\" in the number's settings: WhatsApp restricts this number, so only what people write leaves",
        "menunggu sehingga seseorang menekan \"Teruskan\" dalam tetapan nombor: WhatsApp menyekat nombor ini, maka hanya yang ditulis oleh orang dihantar";
    /// GHL is asked whether a person wrote a message to somebody who never wrote.
    AskingWhetherPerson = "asking_whether_person",
        "GHL is being asked whether a person wrote this: then it need not wait",
        "GHL sedang ditanya sama ada seorang pengguna menulisnya: jika ya, ia tidak perlu menunggu";
    /// GHL has no contact with the customer's number.
    NoContact = "no_contact",
        "GHL has no contact with this number",
        "GHL tiada kenalan dengan nombor ini";
    /// The database did not answer.
    DatabaseFailed = "database_failed",
        "the database failed",
        "pangkalan data gagal";
}
