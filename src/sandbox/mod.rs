//! Stub.
/// x
pub async fn play_script() -> anyhow::Result<std::process::ExitCode> {
    anyhow::bail!("x")
}
/// x
pub async fn run(_fresh: bool) -> anyhow::Result<()> {
    Ok(())
}
