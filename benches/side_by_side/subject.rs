//! What is measured: a command, run as a whole process, plainly or under a tool that counts.

use crate::api::Api;
use anyhow::{Context, Result, ensure};
use std::env::{split_paths, var_os};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wait4::{ResUse, Wait4};

/// A command that rolls back.
pub struct Subject {
    pub name: &'static str,
    command: Vec<String>,
    /// What it has besides the variables of the step.
    variables: &'static [(&'static str, &'static str)],
}

/// What one run took.
#[derive(Clone, Copy)]
pub struct Usage {
    pub wall: Duration,
    /// Of all its processes.
    pub cpu: Duration,
}

/// Fails where the machine lacks some of these tools.
pub fn need<const N: usize>(tools: [&str; N]) -> Result<()> {
    let path = var_os("PATH").unwrap_or_default();
    let is_lacking = |tool: &&str| !split_paths(&path).any(|folder| folder.join(tool).is_file());
    let lacking: Vec<_> = tools.into_iter().filter(is_lacking).collect();
    ensure!(lacking.is_empty(), "apt-get install --yes {}", lacking.join(" "));
    Ok(())
}

impl Subject {
    pub fn new(
        name: &'static str,
        command: &[&str],
        variables: &'static [(&'static str, &'static str)],
    ) -> Self {
        let command = command.iter().map(|part| (*part).to_owned()).collect();
        Self { name, command, variables }
    }

    /// One plain run against the API at a port.
    pub fn usage(&self, api: &Api, port: u16) -> Result<Usage> {
        let (wall, ended) = self.run(&[], api, port)?;
        Ok(Usage { wall, cpu: ended.rusage.utime + ended.rusage.stime })
    }

    /// The peak of its largest process, in KiB. It is asked of a small process, as a new one counts
    /// what its parent had.
    pub fn peak_memory(&self, api: &Api) -> Result<u64> {
        let tool = ["time", "--format", "%M", "--output", "counted"];
        Ok(self.counted(&tool, api)?.trim().parse()?)
    }

    /// The instructions of all its processes, outside the kernel. Each writes a log of its own.
    pub fn instructions(&self, api: &Api) -> Result<u64> {
        let tool = [
            "valgrind",
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--trace-children=yes",
            "--log-file=instructions.%p",
        ];
        self.run(&tool, api, api.port())?;
        let mut sum = 0;
        for file in fs::read_dir(api.path(""))? {
            let path = file?.path();
            if path.to_string_lossy().contains("/instructions.") {
                let log = fs::read_to_string(&path)?;
                let total = log.lines().find_map(|line| line.split_once("Collected : "));
                sum += total.context("valgrind counted nothing")?.1.trim().parse::<u64>()?;
                fs::remove_file(path)?;
            }
        }
        Ok(sum)
    }

    /// The system calls of all its processes.
    pub fn system_calls(&self, api: &Api) -> Result<u64> {
        let tool = ["strace", "--follow-forks", "--summary-only", "--output", "counted"];
        let table = self.counted(&tool, api)?;
        let total = table.lines().last().and_then(|line| line.split_whitespace().nth(3));
        Ok(total.context("strace counted nothing")?.parse()?)
    }

    /// What a tool wrote of one run.
    fn counted(&self, tool: &[&str], api: &Api) -> Result<String> {
        self.run(tool, api, api.port())?;
        Ok(fs::read_to_string(api.path("counted"))?)
    }

    /// Runs it in an environment as large as that of a step, and checks what came of it.
    fn run(&self, tool: &[&str], api: &Api, port: u16) -> Result<(Duration, ResUse)> {
        fs::write(api.path("outputs"), "")?;
        let mut command = tool.iter().copied().chain(self.command.iter().map(String::as_str));
        let mut process = Command::new(command.next().context("a command")?);
        process.args(command).current_dir(api.path("")).env_clear();
        process
            .envs(var_os("PATH").map(|path| ("PATH", path)))
            .envs(var_os("CONTAINERS_CONF").map(|path| ("CONTAINERS_CONF", path)))
            .envs((0..60).map(|n| (format!("RUNNER_{n}"), "something that no one reads here")))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_OUTPUT", "outputs")
            .env("GITHUB_STEP_SUMMARY", "summary")
            .env("POLYAI_API_KEY", "pk-bench-4f1d8a6c")
            .env("POLYAI_AGENT_ID", "PROJECT-AB12CD34")
            .env("POLYAI_DEPLOYMENT_ID", "019e0f3a-71c4-7c1e-9b3d-000000000042")
            .env("POLYAI_DEPLOYMENT_MESSAGE", "Calls drop since 02:40")
            .env("POLYAI_BASE_URL", format!("https://localhost:{port}"))
            .env("POLYAI_CA_CERT", "own.pem")
            .envs(self.variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let begun = Instant::now();
        let ended = process.spawn()?.wait4()?;
        let wall = begun.elapsed();
        ensure!(ended.status.success(), "{} failed", self.name);
        let outputs = fs::read_to_string(api.path("outputs"))?;
        let is_done = outputs.contains("019e191e-ca97-7afa-a3bf-000000000001");
        ensure!(is_done || self.name == "floor", "{} gave no outputs", self.name);
        Ok((wall, ended))
    }
}
