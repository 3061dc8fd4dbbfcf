//! What an error of the database means for a caller.

/// Whether an error says that the connection is dead or dying. Its last statement may have been executed or not.
#[must_use]
pub fn is_disconnect(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        // 08: connection exceptions. 57P: the server is shutting down, has crashed, or is starting.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08") || code.starts_with("57P") || code == "25006"
        }),
        _ => false,
    }
}

/// Whether one row may have caused the error, so that other rows can still be stored: its data, a constraint, a size,
/// or a conflict with another process's row.
#[must_use]
pub fn is_row_error(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["22", "23", "40", "54"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}
