//! What older versions kept as a sentence, and no code says.

reasons! {
    /// What no code says.
    Other

    /// What an older version kept, in its words.
    Words {
        /// The sentence.
        words: String,
    } = "other",
        "{words}",
        "{words}";
    /// Why an older version gave up a message, in its words.
    Failure {
        /// The code that GHL is told.
        error: String,
        /// The sentence.
        words: String,
    } = "other_failure",
        "{words}",
        "{words}";
}
