//! `completions` and `man`: what shells and `man` need to know of the commands, made from the same definitions as `--help`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::cli::answer::Form;

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Whose completions
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write a page for each command into this folder, such as /usr/local/share/man/man1; without it, print the first one
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Prints a script for the shell.
pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, &name, &mut script);
    let mut script = String::from_utf8(script)?;
    if args.shell == Shell::Bash {
        script = one_name(&script, &name);
    }
    // Not through `anstream`: a script goes to a file or a shell, byte by byte.
    Ok(std::io::stdout().write_all(script.as_bytes())?)
}

/// `clap_complete` writes the hyphen of a program's name in two ways, one where bash remembers a command and another where it
/// compares it, so that nothing behind the first word would be completed.
fn one_name(script: &str, name: &str) -> String {
    let compared = name.replace('-', "__subcmd__");
    script.replace(&compared, &name.replace('-', "__"))
}

/// Prints the manual page, or writes all of them.
pub(super) fn man(args: &ManArgs, form: Form) -> anyhow::Result<()> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        return Ok(std::io::stdout().write_all(&page)?);
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| write_pages(folder))
        .with_context(|| format!("the pages cannot be written to {}", folder.display()))?;
    let pages = pages(folder)?;
    form.print(&serde_json::json!({"pages": pages}), || {
        pages.join("\n") + "\n"
    })
}

/// Writes a page for each command.
fn write_pages(folder: &Path) -> std::io::Result<()> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    write_page(&command, &source(&command), folder)
}

/// Writes the page of a command and those of its own commands, all with the name and the version of the program at their
/// feet.
fn write_page(command: &Command, source: &str, folder: &Path) -> std::io::Result<()> {
    for command in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        write_page(command, source, folder)?;
    }
    let page = Man::new(command.clone()).source(source);
    page.generate_to(folder).map(|_| ())
}

fn source(command: &Command) -> String {
    let version = command.get_version().unwrap_or_default();
    format!("{} {version}", command.get_name())
}

/// The pages of this program in a folder, by name.
fn pages(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str);
        if name.is_some_and(|name| name.starts_with("waapify-ghl")) {
            found.push(path.display().to_string());
        }
    }
    found.sort();
    Ok(found)
}
