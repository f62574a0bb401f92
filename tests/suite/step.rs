//! One run of the real binary, and what it left behind.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, PipeWriter, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use support::agents_api::{AGENT, API_KEY, DEPLOYMENT};
use support::parsers;
use support::stand_in::StandIn;
use tempfile::TempDir;

/// After this time a run hangs for certain, on a very busy machine, too.
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// What starts all else. With the whole path of a program and an empty environment, a process is started
/// without a copy of the page tables of the tests, which takes longer than all that the step does.
const ENV: &str = "/usr/bin/env";

/// The most memory for data that a run gets: whatever takes more must fail.
const MEMORY: &str = "--data=25165824";

/// A step that is about to run, in a folder and an environment of its own.
pub struct Step {
    command: Command,
    folder: TempDir,
}

/// A step that is running.
pub struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    err: JoinHandle<String>,
    watch: Sender<()>,
    /// What was read of it so far.
    seen: String,
    folder: TempDir,
}

/// A step that has run.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    folder: TempDir,
}

impl Step {
    /// A step in no known pipeline, without any variable.
    pub fn empty() -> Self {
        Self::limited("--fsize=unlimited")
    }

    /// The same under one more limit of `prlimit`.
    fn limited(limit: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Both programs hand over to the next one in their own process, so that signals reach the step itself.
        let mut command = Command::new(ENV);
        command.args(["--ignore-signal=XFSZ", "prlimit", MEMORY, limit]);
        command.arg(env!("CARGO_BIN_EXE_polyai-rollback"));
        command.env_clear().current_dir(&folder);
        Self { command, folder }
    }

    /// A step that a person watches on a terminal.
    pub fn on_a_terminal(api: &StandIn) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(ENV);
        command.args(["prlimit", MEMORY, "script", "--quiet", "--return", "--flush", "--command"]);
        command.args([env!("CARGO_BIN_EXE_polyai-rollback"), "/dev/null"]);
        command.env_clear().current_dir(&folder);
        Self { command, folder }.inputs("POLYAI_", '_', api.url())
    }

    /// A step in some container, with the inputs of a rollback that succeeds.
    pub fn plain(api: &StandIn) -> Self {
        Self::empty().inputs("POLYAI_", '_', api.url())
    }

    /// The same on a disk that is full when a file has this many bytes.
    pub fn on_a_full_disk(api: &StandIn, bytes: usize) -> Self {
        Self::limited(&format!("--fsize={bytes}")).inputs("POLYAI_", '_', api.url())
    }

    /// A step as Drone starts a plugin.
    pub fn drone(api: &StandIn) -> Self {
        Self::empty().inputs("PLUGIN_", '_', api.url()).env("DRONE", "true").env("CI", "true")
    }

    /// A step as GitHub's runner starts it.
    pub fn github(api: &StandIn) -> Self {
        let mut step = Self::empty().inputs("INPUT_", '-', api.url());
        for (name, file) in [("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary")] {
            let path = step.path(file);
            fs::write(&path, "").expect("the runner's file");
            step = step.env(name, path);
        }
        step.env("GITHUB_ACTIONS", "true")
            .env("CI", "true")
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_REPOSITORY", "acme/bot")
            .env("GITHUB_WORKFLOW", "Deploy")
            .env("GITHUB_RUN_ID", "77")
            .env("GITHUB_TRIGGERING_ACTOR", "alice")
    }

    /// A step as a job of GitLab CI, its inputs given as variables.
    pub fn gitlab(api: &StandIn) -> Self {
        Self::plain(api)
            .env("GITLAB_CI", "true")
            .env("CI", "true")
            .env("CI_PROJECT_PATH", "acme/bot")
            .env("CI_JOB_NAME", "rollback")
            .env("CI_PIPELINE_ID", "88")
            .env("CI_JOB_URL", "https://gitlab.com/acme/bot/-/jobs/99")
            .env("GITLAB_USER_LOGIN", "bob")
    }

    /// A step against an API with a memory, for an environment.
    pub fn in_environment(api: &StandIn, environment: &str, target: &str) -> Self {
        Self::plain(api)
            .env("POLYAI_ENVIRONMENT", environment)
            .env("POLYAI_DEPLOYMENT_ID", target)
            .env("POLYAI_OUTPUT_FILE", "out.env")
            .env("POLYAI_ATTEMPTS", "1")
    }

    fn inputs(self, prefix: &str, separator: char, base_url: &str) -> Self {
        let name = |words: [&str; 2]| format!("{prefix}{}", words.join(&separator.to_string()));
        self.env(name(["API", "KEY"]), API_KEY)
            .env(name(["AGENT", "ID"]), AGENT)
            .env(name(["DEPLOYMENT", "ID"]), DEPLOYMENT)
            .env(name(["BASE", "URL"]), base_url)
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Does not look at what is active, where an API always gives the same answer.
    pub fn unverified(self) -> Self {
        self.env("POLYAI_VERIFY", "false")
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Writes a file into the step's folder.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).expect("a file of the test");
        self
    }

    /// A path in the step's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().finish()
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the binary runs");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        // Read all the while, as runners do: a pipe that stays full is given up after a second.
        let mut stderr = child.stderr.take().expect("a pipe");
        let err = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).expect("UTF-8 on stderr");
            text
        });
        let watch = watch(child.id());
        Running { child, out, err, watch, seen: String::new(), folder: self.folder }
    }
}

impl Running {
    /// The process to send signals to.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The content of a file in the step's folder, as it is now.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("a file")
    }

    /// Waits for a line on stdout that holds a text.
    pub fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.out.read_line(&mut line).expect("UTF-8"), 0, "it ended without {text}");
            self.seen.push_str(&line);
        }
    }

    /// Waits for its end, and asks all the while for the most memory that was resident, in KiB. What the
    /// system tells of a process that has ended counts the memory of whoever started it, too.
    pub fn finish_with_peak_memory(self) -> (Ended, u64) {
        let status = format!("/proc/{}/status", self.pid());
        let peak = move || {
            let text = fs::read_to_string(&status).ok()?;
            let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            peak.trim().strip_suffix(" kB")?.parse().ok()
        };
        let ask = thread::spawn(move || {
            let mut last = 0;
            while let Some(now) = peak() {
                last = now;
                // No event tells that a process is about to end.
                thread::sleep(Duration::from_micros(500));
            }
            last
        });
        let ended = self.finish();
        (ended, ask.join().expect("the peak"))
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Ended {
        self.out.read_to_string(&mut self.seen).expect("UTF-8 on stdout");
        let status = self.child.wait().expect("the binary ends");
        drop(self.watch);
        Ended {
            code: status.code().expect("an exit code, not a signal"),
            out: self.seen,
            err: self.err.join().expect("UTF-8 on stderr"),
            folder: self.folder,
        }
    }
}

/// Checks all cases at the same time, as most of the time of a run is waiting. The test fails with every
/// case that panics.
pub fn all_at_once<T: Send>(cases: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    let check = &check;
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || check(case));
        }
    });
}

/// Kills a process that hangs, unless what is returned is dropped before.
fn watch(pid: u32) -> Sender<()> {
    let (alive, ended) = channel();
    thread::spawn(move || {
        if ended.recv_timeout(HANGS_AFTER) == Err(RecvTimeoutError::Timeout) {
            signal("KILL", pid);
        }
    });
    alive
}

/// Sends a signal, such as `TERM`, to a process.
pub fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.expect("kill runs").success());
}

impl Step {
    /// Runs it with both streams into a pipe. Returns its exit code.
    pub fn run_into(mut self, pipe: PipeWriter) -> i32 {
        let other = pipe.try_clone().expect("a second handle");
        let mut child = self.command.stdout(pipe).stderr(other).spawn().expect("the binary runs");
        let _watch = watch(child.id());
        let status = child.wait().expect("the binary ends");
        status.code().expect("an exit code, not a signal")
    }
}

impl Step {
    /// Runs it with standard output into a pipe. Returns its exit code and standard error.
    pub fn run_out_into(mut self, pipe: PipeWriter) -> (i32, String) {
        let child = self.command.stdout(pipe).stderr(Stdio::piped()).spawn();
        let child = child.expect("the binary runs");
        let _watch = watch(child.id());
        let output = child.wait_with_output().expect("the binary ends");
        let code = output.status.code().expect("an exit code, not a signal");
        (code, String::from_utf8(output.stderr).expect("UTF-8 on stderr"))
    }
}

impl Ended {
    /// The content of a file in the step's folder; none where there is no such file.
    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.path().join(name)).ok()
    }

    /// The names of all files in the step's folder.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("the step's folder");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.flatten().map(name).collect();
        names.sort();
        names
    }

    /// The outputs as GitHub's runner reads them.
    pub fn github_outputs(&self) -> BTreeMap<String, String> {
        let text = self.read("output").expect("an output file");
        parsers::github_outputs(&text).expect("an output file that the runner accepts")
    }

    /// The outputs as GitLab reads them.
    pub fn dotenv(&self, name: &str) -> BTreeMap<String, String> {
        let text = self.read(name).expect("a dotenv file");
        parsers::dotenv(&text).expect("a dotenv file that GitLab accepts")
    }

    /// The files of a folder in the step's folder, by their names.
    pub fn folder(&self, name: &str) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.folder.path().join(name)).expect("a folder").flatten();
        let text = |entry: &fs::DirEntry| fs::read_to_string(entry.path()).expect("a file");
        let name = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| (name(&entry), text(&entry))).collect()
    }

    /// Everything that was written anywhere, for what must be nowhere.
    pub fn everything(&self) -> String {
        let (folders, files): (Vec<_>, Vec<_>) =
            self.files().into_iter().partition(|name| self.folder.path().join(name).is_dir());
        let files = files.into_iter().filter_map(|name| self.read(&name));
        let below = folders.iter().flat_map(|name| self.folder(name).into_values());
        [self.out.clone(), self.err.clone()].into_iter().chain(files).chain(below).collect()
    }
}
