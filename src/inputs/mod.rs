//! The inputs: what was given, and what it means.

pub mod variables;

use crate::agents_api::endpoint::{ENVIRONMENTS, Endpoint, Id, Region};
use crate::agents_api::proxy::{self, Proxy};
use crate::agents_api::tls::{self, Authority};
use crate::inputs::variables::Variables;
use crate::model::rollback_request::{PREVIOUS, Request, Wanted};
use crate::process::bounded_file;
use crate::process::env::Environment;
use crate::process::place::Pipeline;
use crate::process::random;
use crate::text::api_key::ApiKey;
use crate::text::redaction::Redaction;
use crate::text::sanitize::one_line;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// The most characters of a message that are sent.
pub const MESSAGE_CHARACTERS: usize = 1_000;
/// The most bytes that a file with a key may have.
const KEY_FILE_BYTES: u64 = 4_096;
/// The input `region` where it is not given.
pub const DEFAULT_REGION: &str = "us";
/// The input `timeout` where it is not given.
pub const DEFAULT_TIMEOUT: &str = "60s";
/// The input `tests-timeout` where it is not given.
pub const DEFAULT_TESTS_TIMEOUT: &str = "15m";
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3_600);
const LONGEST_TESTS_TIMEOUT: Duration = Duration::from_secs(24 * 3_600);
/// The input `attempts` where it is not given, and the most that it may be.
pub const DEFAULT_ATTEMPTS: u32 = 4;
const MOST_ATTEMPTS: u32 = 10;

/// The inputs as texts, each under its name with `_` for `-`; none where it was not given.
#[derive(Default, Deserialize)]
pub struct Inputs {
    api_key: Option<String>,
    api_key_file: Option<String>,
    agent_id: Option<String>,
    deployment_id: Option<String>,
    environment: Option<String>,
    expect_current: Option<String>,
    force: Option<String>,
    dry_run: Option<String>,
    verify: Option<String>,
    wait_for_tests: Option<String>,
    tests_timeout: Option<String>,
    require_tests: Option<String>,
    region: Option<String>,
    base_url: Option<String>,
    deployment_message: Option<String>,
    timeout: Option<String>,
    attempts: Option<String>,
    ca_cert: Option<String>,
    output_file: Option<String>,
    summary_file: Option<String>,
    report_file: Option<String>,
}

impl Inputs {
    /// The names of all inputs, as in `action.yml`.
    pub const NAMES: [&str; 21] = [
        "api-key",
        "api-key-file",
        "agent-id",
        "deployment-id",
        "environment",
        "expect-current",
        "force",
        "dry-run",
        "verify",
        "wait-for-tests",
        "tests-timeout",
        "require-tests",
        "region",
        "base-url",
        "deployment-message",
        "timeout",
        "attempts",
        "ca-cert",
        "output-file",
        "summary-file",
        "report-file",
    ];
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
    /// What must not be written anywhere.
    pub redaction: Redaction,
    /// The certificate authorities that are trusted besides the public ones.
    pub authorities: Vec<Authority>,
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
pub fn read(
    environment: &Environment,
    variables: &Variables,
    pipeline: &Pipeline,
    started: SystemTime,
) -> Reading {
    let mut check = Check { variables, problems: Vec::new(), warnings: Vec::new() };
    let inputs: Inputs = check.keep(envy::from_iter(variables.given())).unwrap_or_default();
    for name in Inputs::NAMES.into_iter().filter(|name| variables.is_garbled(name)) {
        check.problem(name, "is not UTF-8 text");
    }

    for unknown in variables.unknown(&Inputs::NAMES) {
        check.warnings.push(format!("{unknown} is no input, and does nothing"));
    }

    let mut secrets = proxy::passwords(environment);
    secrets.extend(inputs.base_url.as_deref().and_then(proxy::password));
    let given = inputs.api_key.map(Zeroizing::new);
    secrets.extend(given.as_ref().map(|key| key.to_string()));
    let api_key = check.api_key(given, inputs.api_key_file);
    secrets.extend(api_key.as_ref().map(|key| key.reveal().to_owned()));
    let redaction = Redaction::new(secrets);

    let agent_id = check.id("agent-id", inputs.agent_id, "PolyAI also calls it the project id");
    let place = check.environment(inputs.environment);
    let wanted = check.wanted(inputs.deployment_id, place);
    let is_forced = check.flag("force", inputs.force, false);
    let is_dry_run = check.flag("dry-run", inputs.dry_run, false);
    let is_verified = check.flag("verify", inputs.verify, true);
    let waits_for_tests = check.flag("wait-for-tests", inputs.wait_for_tests, false);
    let requires_tests = check.flag("require-tests", inputs.require_tests, false);
    if (waits_for_tests, requires_tests) == (Some(false), Some(true)) {
        let wait = variables.spell("wait-for-tests");
        check.problem("require-tests", &format!("can be true only if {wait} is"));
    }
    let endpoint = check.endpoint(inputs.base_url, inputs.region);
    let timeout = check.time("timeout", inputs.timeout, DEFAULT_TIMEOUT, LONGEST_TIMEOUT);
    let tests_timeout = check.time(
        "tests-timeout",
        inputs.tests_timeout,
        DEFAULT_TESTS_TIMEOUT,
        LONGEST_TESTS_TIMEOUT,
    );
    let attempts = check.attempts(inputs.attempts);
    let message = match inputs.deployment_message {
        Some(message) => redaction.apply(&message).into_owned(),
        None => {
            let run = pipeline.describe();
            one_line(&redaction.apply(&format!("Rolled back by {run}")), MESSAGE_CHARACTERS)
        }
    };
    let message = check.message(&message);
    let correlation_id = check.keep(random::token());
    let authorities = check.authorities(inputs.ca_cert, environment);
    let proxy = endpoint.as_ref().and_then(|endpoint| check.proxy(environment, endpoint));

    let request = (|| {
        Some(Request {
            agent_id: agent_id?,
            wanted: wanted?,
            environment: place?,
            expect_current: inputs.expect_current,
            is_forced: is_forced?,
            is_dry_run: is_dry_run?,
            is_verified: is_verified?,
            waits_for_tests: waits_for_tests?,
            tests_timeout: tests_timeout?,
            requires_tests: requires_tests?,
            endpoint: endpoint?,
            message,
            timeout: timeout?,
            attempts: attempts?,
            proxy,
            started,
            correlation_id: correlation_id?,
        })
    })();
    let files = Files {
        output: inputs.output_file.map(PathBuf::from),
        summary: inputs.summary_file.map(PathBuf::from),
        report: inputs.report_file.map(PathBuf::from),
    };
    let Check { problems, warnings, .. } = check;
    Reading { api_key, redaction, authorities, request, files, problems, warnings }
}

/// Judges one input after the other and keeps what is wrong.
struct Check<'a> {
    variables: &'a Variables,
    problems: Vec<String>,
    warnings: Vec<String>,
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

    fn api_key(&mut self, key: Option<Zeroizing<String>>, file: Option<String>) -> Option<ApiKey> {
        let (input, key) = match (key, file) {
            (Some(key), _) => ("api-key", Ok(key)),
            (None, Some(file)) => {
                let key = bounded_file::read(Path::new(&file), KEY_FILE_BYTES).and_then(|bytes| {
                    let text = String::from_utf8(bytes).map(Zeroizing::new);
                    text.map_err(|_| "holds no text".to_owned())
                });
                ("api-key-file", key)
            }
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
                // The path is not shown: it may be the key, given by mistake.
                self.problem(input, &problem);
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

    /// What to go back to. `environment` is none where it could not be understood.
    fn wanted(
        &mut self,
        given: Option<String>,
        environment: Option<Option<&'static str>>,
    ) -> Option<Wanted> {
        if !given.as_ref().is_some_and(|given| given.eq_ignore_ascii_case(PREVIOUS)) {
            let help =
                "the deployment to go back to, or with an environment `previous` or a version";
            return self.id("deployment-id", given, help).map(Wanted::Named);
        }
        if environment == Some(None) {
            let allowed = ENVIRONMENTS.join(", ");
            self.missing("environment", &format!("`previous` needs one of {allowed}"));
        }
        Some(Wanted::Previous)
    }

    /// One of the environments, or none if none is given.
    fn environment(&mut self, given: Option<String>) -> Option<Option<&'static str>> {
        let Some(given) = given else { return Some(None) };
        let known = ENVIRONMENTS.into_iter().find(|known| *known == given);
        if known.is_none() {
            self.problem("environment", &format!("must be one of {}", ENVIRONMENTS.join(", ")));
        }
        known.map(Some)
    }

    /// `true` or `false`, as in YAML 1.2.
    fn flag(&mut self, input: &str, given: Option<String>, default: bool) -> Option<bool> {
        let flag = match given.as_deref() {
            None => Some(default),
            Some("true" | "True" | "TRUE") => Some(true),
            Some("false" | "False" | "FALSE") => Some(false),
            Some(_) => None,
        };
        if flag.is_none() {
            self.problem(input, "must be true or false");
        }
        flag
    }

    fn time(
        &mut self,
        input: &str,
        given: Option<String>,
        default: &str,
        longest: Duration,
    ) -> Option<Duration> {
        let text = given.unwrap_or_else(|| default.to_owned());
        let seconds = text.parse().map(Duration::from_secs);
        let time = seconds.ok().or_else(|| humantime::parse_duration(&text).ok());
        let time = time.filter(|time| (Duration::from_secs(1)..=longest).contains(time));
        if time.is_none() {
            let hours = longest.as_secs() / 3_600;
            let text = format!("must be a time from 1s to {hours}h, such as 45, 45s or 2m");
            self.problem(input, &text);
        }
        time
    }

    fn attempts(&mut self, given: Option<String>) -> Option<u32> {
        let attempts = given.map_or(Ok(DEFAULT_ATTEMPTS), |text| text.parse());
        let attempts = attempts.ok().filter(|attempts| (1..=MOST_ATTEMPTS).contains(attempts));
        if attempts.is_none() {
            self.problem("attempts", &format!("must be a whole number from 1 to {MOST_ATTEMPTS}"));
        }
        attempts
    }

    /// A message of at most the allowed length.
    fn message(&mut self, message: &str) -> String {
        let cut: String = message.chars().take(MESSAGE_CHARACTERS).collect();
        if cut.len() < message.len() {
            self.warnings.push(format!(
                "{} was cut to its first {MESSAGE_CHARACTERS} characters",
                self.variables.spell("deployment-message")
            ));
        }
        cut
    }

    fn authorities(&mut self, given: Option<String>, environment: &Environment) -> Vec<Authority> {
        let (mut authorities, ignored) = tls::of_environment(environment);
        self.warnings
            .extend(ignored.into_iter().map(|problem| format!("{problem}; it is ignored")));
        match given.map(|given| tls::of_input(&given)) {
            None => {}
            Some(Ok(more)) => authorities.extend(more),
            Some(Err(problem)) => self.problem("ca-cert", &problem),
        }
        authorities
    }

    fn proxy(&mut self, environment: &Environment, endpoint: &Endpoint) -> Option<Proxy> {
        Proxy::of(environment, endpoint.url()).unwrap_or_else(|problem| {
            self.warnings.push(problem);
            None
        })
    }
}
