//! Where the reader of a page that failed belongs.

/// Where the reader of a page that failed belongs; none if that is this page, or not known.
pub(super) fn home(path: &str) -> Option<String> {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let home = match *parts.as_slice() {
        ["app", "agency", id, ..] if !id.is_empty() => format!("/app/agency/{id}"),
        ["app", "session", ..] => "/app".to_owned(),
        ["app", id, ..] if !id.is_empty() => format!("/app/{id}"),
        ["connect", token, ..] if !token.is_empty() => format!("/connect/{token}"),
        ["operator", ..] => "/operator".to_owned(),
        _ => return None,
    };
    (home != path).then_some(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_led_to_the_first_page_of_the_same_place_and_nowhere_else() {
        for (path, expected) in [
            ("/app/s/messages/9", Some("/app/s")),
            ("/app/s", None),
            ("/app/agency/s/token", Some("/app/agency/s")),
            ("/app/session", Some("/app")),
            ("/app//evil.example", None),
            ("/connect/t/keys", Some("/connect/t")),
            ("/operator/messages/x", Some("/operator")),
            ("//evil.example/app", None),
            ("/", None),
        ] {
            assert_eq!(home(path).as_deref(), expected, "{path}");
        }
    }
}
