//! `help` as people write it: behind any command, with `--json`, and with typing errors in the commands that it names.

use std::ffi::OsString;

use crate::cli::JSON;

/// Turns `help messages replay` into `messages replay --help`, which answers the same, knows `--json`, and says what was
/// probably meant by a command that does not exist. `arguments` begins with the program's name.
pub(super) fn as_flag(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments.collect();
    let is_flag = |argument: &OsString| argument.to_string_lossy().starts_with('-');
    // Behind any other flag "help" may be its value.
    let leading = arguments
        .iter()
        .take_while(|argument| !is_flag(argument) || *argument == JSON);
    let Some(at) = leading.skip(1).position(|argument| argument == "help") else {
        return arguments;
    };
    arguments.remove(at + 1);
    arguments.push("--help".into());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_becomes_a_flag_and_a_value_stays() {
        for (given, expected) in [
            ("x help", "x --help"),
            ("x help messages replay", "x messages replay --help"),
            ("x --json help messages", "x --json messages --help"),
            ("x messages help", "x messages --help"),
            ("x help --json", "x --json --help"),
            ("x connect --location help", "x connect --location help"),
            ("x doctor", "x doctor"),
            ("x", "x"),
        ] {
            let words =
                |text: &str| -> Vec<OsString> { text.split(' ').map(OsString::from).collect() };
            assert_eq!(
                as_flag(words(given).into_iter()),
                words(expected),
                "{given}"
            );
        }
    }
}
