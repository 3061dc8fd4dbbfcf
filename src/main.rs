//! The program: reads its command, runs it, and turns the outcome into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    waapify_ghl::cli::main()
}
