//! The program's entry point: runs the command given by the arguments and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    waapify_ghl::cli::main()
}
