//! The inputs: what was given, and what it means.

use crate::endpoint::{Endpoint, Id, Region};
use crate::pipeline::Pipeline;
use crate::random;
use crate::secret::ApiKey;
use crate::text::Row;
use crate::variables::Variables;
use humantime::format_rfc3339_seconds;
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// The most characters of a message that are sent.
pub const MESSAGE_CHARACTERS: usize = 1_000;
/// The most bytes that a file with a key may have.
const KEY_FILE_BYTES: u64 = 4_096;
/// The input `region` where it is not given.
pub const DEFAULT_REGION: &str = "us";
/// The input `timeout` where it is not given.
pub const DEFAULT_TIMEOUT: &str = "60s";
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3_600);

/// The inputs as texts, each under its name with `_` for `-`; none where it was not given.
#[derive(Debug, Default, Deserialize)]
pub struct Inputs {
    api_key: Option<String>,
    api_key_file: Option<String>,
    agent_id: Option<String>,
    deployment_id: Option<String>,
    region: Option<String>,
    base_url: Option<String>,
    deployment_message: Option<String>,
    timeout: Option<String>,
    output_file: Option<String>,
    summary_file: Option<String>,
    report_file: Option<String>,
}

impl Inputs {
    /// The names of all inputs, as in `action.yml`.
    pub const NAMES: [&str; 11] = [
        "api-key",
        "api-key-file",
        "agent-id",
        "deployment-id",
        "region",
        "base-url",
        "deployment-message",
        "timeout",
        "output-file",
        "summary-file",
        "report-file",
    ];
}

/// A rollback that can be asked for.
#[derive(Debug)]
pub struct Request {
    /// The agent.
    pub agent_id: Id,
    /// The deployment to go back to.
    pub deployment_id: Id,
    /// Where the API is.
    pub endpoint: Endpoint,
    /// The reason, of 1 to 1,000 characters.
    pub message: String,
    /// The time that the whole rollback may take.
    pub timeout: Duration,
    /// When this run began.
    pub started: SystemTime,
    /// What the API's log knows this request by: PolyAI's support asks for it.
    pub correlation_id: String,
}

impl Request {
    /// What is about to happen, in one line.
    pub fn headline(&self) -> String {
        format!(
            "rolling back agent {} to deployment {}",
            self.agent_id.as_str(),
            self.deployment_id.as_str()
        )
    }

    /// What is asked for, as label and text, for people.
    pub fn rows(&self) -> Vec<Row> {
        vec![
            ("agent", self.agent_id.as_str().to_owned()),
            ("target deployment", self.deployment_id.as_str().to_owned()),
            ("API", self.endpoint.to_string()),
            ("reason", self.message.clone()),
            ("started", format_rfc3339_seconds(self.started).to_string()),
            self.correlation_row(),
        ]
    }

    /// What PolyAI's support asks for, as label and text.
    pub fn correlation_row(&self) -> Row {
        ("correlation id", self.correlation_id.clone())
    }
}

/// The files that the user asked for.
#[derive(Debug)]
pub struct Files {
    /// `KEY=VALUE` lines.
    pub output: Option<PathBuf>,
    /// Markdown.
    pub summary: Option<PathBuf>,
    /// JSON.
    pub report: Option<PathBuf>,
}

/// What the inputs came to: all that could be understood, and everything that could not.
#[derive(Debug)]
pub struct Reading {
    /// The key.
    pub api_key: Option<ApiKey>,
    /// The rollback; none where a part of it is missing or bad.
    pub request: Option<Request>,
    /// The files.
    pub files: Files,
    /// One line for each bad input, which names the input and shows no value.
    pub problems: Vec<String>,
    /// One line for each thing that was changed to make it fit.
    pub warnings: Vec<String>,
}

/// Reads all inputs of a run that began at `started`.
pub fn read(variables: &Variables, pipeline: &Pipeline, started: SystemTime) -> Reading {
    let mut check = Check { variables, problems: Vec::new() };
    let inputs: Inputs = check.keep(envy::from_iter(variables.given())).unwrap_or_default();
    for name in Inputs::NAMES.into_iter().filter(|name| variables.is_garbled(name)) {
        check.problem(name, "is not UTF-8 text");
    }

    let api_key = check.api_key(inputs.api_key, inputs.api_key_file);
    let agent_id = check.id("agent-id", inputs.agent_id, "PolyAI also calls it the project id");
    let deployment_id =
        check.id("deployment-id", inputs.deployment_id, "the deployment to go back to");
    let endpoint = check.endpoint(inputs.base_url, inputs.region);
    let timeout = check.timeout(inputs.timeout);
    let message = inputs
        .deployment_message
        .unwrap_or_else(|| format!("Rolled back by {}", pipeline.describe()));
    let (message, was_cut) = cut(message);
    let correlation_id = check.keep(random::token());

    let mut warnings = Vec::new();
    if was_cut {
        warnings.push(format!(
            "{} was cut to its first {MESSAGE_CHARACTERS} characters",
            variables.spell("deployment-message")
        ));
    }
    let request = (|| {
        Some(Request {
            agent_id: agent_id?,
            deployment_id: deployment_id?,
            endpoint: endpoint?,
            message,
            timeout: timeout?,
            started,
            correlation_id: correlation_id?,
        })
    })();
    let files = Files {
        output: inputs.output_file.map(PathBuf::from),
        summary: inputs.summary_file.map(PathBuf::from),
        report: inputs.report_file.map(PathBuf::from),
    };
    Reading { api_key, request, files, problems: check.problems, warnings }
}

/// Judges one input after the other and keeps what is wrong.
struct Check<'a> {
    variables: &'a Variables,
    problems: Vec<String>,
}

impl Check<'_> {
    fn problem(&mut self, input: &str, what: &str) {
        self.problems.push(format!("{} {what}", self.variables.spell(input)));
    }

    fn keep<T>(&mut self, result: Result<T, impl ToString>) -> Option<T> {
        result.map_err(|error| self.problems.push(error.to_string())).ok()
    }

    fn missing(&mut self, input: &str, help: &str) {
        if !self.variables.is_garbled(input) {
            self.problem(input, &format!("is missing: {help}"));
        }
    }

    fn api_key(&mut self, key: Option<String>, file: Option<String>) -> Option<ApiKey> {
        let (input, of, key) = match (key, file) {
            (Some(key), _) => ("api-key", String::new(), Ok(key)),
            (None, Some(file)) => ("api-key-file", format!("{file}: "), read_key_file(&file)),
            (None, None) => {
                if !self.variables.is_garbled("api-key-file") {
                    let file = self.variables.spell("api-key-file");
                    self.missing("api-key", &format!("or name a file that holds it in {file}"));
                }
                return None;
            }
        };
        match key.and_then(|key| ApiKey::new(key.trim()).map_err(str::to_owned)) {
            Ok(key) => Some(key),
            Err(problem) => {
                self.problem(input, &format!("{of}{problem}"));
                None
            }
        }
    }

    fn id(&mut self, input: &str, given: Option<String>, help: &str) -> Option<Id> {
        let Some(text) = given else {
            self.missing(input, help);
            return None;
        };
        let id = Id::new(&text);
        if id.is_none() {
            self.problem(input, "is a relative path, not an id");
        }
        id
    }

    fn endpoint(&mut self, url: Option<String>, region: Option<String>) -> Option<Endpoint> {
        let region = Region::parse(region.as_deref().unwrap_or(DEFAULT_REGION));
        if region.is_none() {
            self.problem("region", &format!("must be {}", Region::ALLOWED));
        }
        let endpoint = match url {
            Some(url) => Endpoint::of_url(&url),
            None => Endpoint::of_region(region?),
        };
        endpoint.map_err(|problem| self.problem("base-url", problem)).ok()
    }

    fn timeout(&mut self, given: Option<String>) -> Option<Duration> {
        let text = given.unwrap_or_else(|| DEFAULT_TIMEOUT.to_owned());
        let seconds = text.parse().map(Duration::from_secs);
        let timeout = seconds.ok().or_else(|| humantime::parse_duration(&text).ok());
        let timeout =
            timeout.filter(|time| (Duration::from_secs(1)..=LONGEST_TIMEOUT).contains(time));
        if timeout.is_none() {
            self.problem("timeout", "must be a time from 1s to 1h, such as 45, 45s or 2m");
        }
        timeout
    }
}

/// The text of a file that holds a key, or what is wrong with it.
fn read_key_file(path: &str) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    // A pipe that nobody writes to would never open.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(KEY_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > KEY_FILE_BYTES {
        return Err(format!("is larger than {KEY_FILE_BYTES} bytes, which no key is"));
    }
    String::from_utf8(bytes).map_err(|_| "holds no text".to_owned())
}

/// A message of at most the allowed length, and whether it had to be cut.
fn cut(mut message: String) -> (String, bool) {
    match message.char_indices().nth(MESSAGE_CHARACTERS) {
        Some((end, _)) => {
            message.truncate(end);
            (message, true)
        }
        None => (message, false),
    }
}
