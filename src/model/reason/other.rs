//! Sentences that older versions stored and for which there is no code.

reasons! {
    /// A sentence without a code of its own.
    Other

    /// A sentence that an older version stored.
    Words {
        /// The sentence.
        words: String,
    } = "other",
        "{words}",
        "{words}";
    /// Why an older version failed a message, in its words.
    Failure {
        /// The error code for GHL.
        error: String,
        /// The sentence.
        words: String,
    } = "other_failure",
        "{words}",
        "{words}";
}
