//! Judges one input after the other, and keeps what is wrong with each.
//!
//! A method takes the input out of what was given, and returns none where the input is missing or bad.
//! Every problem is kept: a person who corrects them sees all of them at once. No problem shows a value but
//! the path in `ca-cert`.

use crate::agents_api::{
    endpoint::{Endpoint, Region},
    proxy::Proxy,
    tls::{self, Authority},
};
use crate::inputs::{
    table::{INPUTS, is_input},
    variables::Variables,
};
use crate::model::{Environment, Id, Limits, PREVIOUS, TargetSpec};
use crate::process::{bounded_file, env::ProcessEnv, place::Pipeline};
use crate::text::{api_key::ApiKey, redaction::Redaction, sanitize::one_line};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// The most characters of a message that are sent.
const MESSAGE_CHARACTERS: usize = 1_000;
/// The most bytes of a file with a key.
const KEY_FILE_BYTES: u64 = 4_096;
/// The longest time that `timeout` may be.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3_600);
/// The longest time that `tests-timeout` may be.
const LONGEST_TESTS_TIMEOUT: Duration = Duration::from_secs(24 * 3_600);
/// The most that `attempts` may be.
const MOST_ATTEMPTS: u32 = 10;

/// The inputs that are still to be judged, and what is wrong with the others.
pub struct Validator<'a> {
    variables: &'a Variables,
    given: BTreeMap<String, String>,
    /// A line for each bad input.
    pub problems: Vec<String>,
    /// A line for each thing that was changed or ignored.
    pub warnings: Vec<String>,
}

impl<'a> Validator<'a> {
    /// Begins with what the variables give.
    pub fn new(variables: &'a Variables) -> Self {
        let mut validator =
            Self { variables, given: BTreeMap::new(), problems: Vec::new(), warnings: Vec::new() };
        let given = envy::from_iter(variables.given());
        validator.given = validator.keep(given).unwrap_or_default();
        for input in INPUTS.iter().filter(|input| variables.is_garbled(input.name)) {
            validator.problem(input.name, "is not UTF-8 text");
        }
        validator
    }

    /// Takes an input as it was given.
    pub fn text(&mut self, input: &str) -> Option<String> {
        debug_assert!(is_input(input), "{input} is not in the table");
        self.given.remove(input)
    }

    /// Shows an input that is taken later.
    pub fn peek(&self, input: &str) -> Option<&str> {
        self.given.get(input).map(String::as_str)
    }

    /// Takes an input that is the path of a file.
    pub fn path(&mut self, input: &str) -> Option<PathBuf> {
        self.text(input).map(PathBuf::from)
    }

    /// Takes an input, or its default.
    fn text_or_default(&mut self, input: &str) -> String {
        let default = INPUTS.iter().find(|row| row.name == input).and_then(|row| row.default);
        self.text(input).unwrap_or_else(|| default.unwrap_or_default().to_owned())
    }

    fn problem(&mut self, input: &str, what: &str) {
        self.problems.push(format!("{} {what}", self.variables.spell(input)));
    }

    /// Keeps the error of a result.
    pub fn keep<T>(&mut self, result: Result<T, impl ToString>) -> Option<T> {
        result.map_err(|error| self.problems.push(error.to_string())).ok()
    }

    fn missing(&mut self, input: &str, help: &str) {
        if !self.variables.is_garbled(input) {
            self.problem(input, &format!("is missing: {help}"));
        }
    }

    /// Takes the key, from `api-key` or the file that `api-key-file` names.
    pub fn api_key(&mut self, key: Option<&Zeroizing<String>>) -> Option<ApiKey> {
        let file = self.text("api-key-file");
        let (input, key) = match (key, file) {
            (Some(key), _) => ("api-key", Ok(key.clone())),
            (None, Some(file)) => ("api-key-file", read_key(Path::new(&file))),
            (None, None) => {
                if !self.variables.is_garbled("api-key-file") {
                    let file = self.variables.spell("api-key-file");
                    self.missing("api-key", &format!("or name a file that holds it in {file}"));
                }
                return None;
            }
        };
        let key = key.and_then(|key| ApiKey::new(key.trim()).map_err(str::to_owned));
        // The path of a file is not shown: it may be the key, given by mistake.
        key.map_err(|problem| self.problem(input, &problem)).ok()
    }

    /// Takes an id. `help` says what to give where it is missing.
    pub fn id(&mut self, input: &str, help: &str) -> Option<Id> {
        let Some(text) = self.text(input) else {
            self.missing(input, help);
            return None;
        };
        let id = Id::new(&text);
        if id.is_none() {
            self.problem(input, "is a relative path, not an id");
        }
        id
    }

    /// Takes the deployment to go back to. `environment` is none where that input is bad.
    pub fn target(&mut self, environment: Option<Option<Environment>>) -> Option<TargetSpec> {
        if !self.peek("deployment-id").is_some_and(|given| given.eq_ignore_ascii_case(PREVIOUS)) {
            let help =
                "the deployment to go back to, or with an environment `previous` or a version";
            return self.id("deployment-id", help).map(TargetSpec::Named);
        }
        if environment == Some(None) {
            let names = Environment::names();
            self.missing("environment", &format!("`previous` needs one of {names}"));
        }
        Some(TargetSpec::Previous)
    }

    /// Takes the environment. The inner option is none where the input is not given.
    pub fn environment(&mut self) -> Option<Option<Environment>> {
        let Some(given) = self.text("environment") else { return Some(None) };
        let environment = Environment::parse(&given);
        if environment.is_none() {
            self.problem("environment", &format!("must be one of {}", Environment::names()));
        }
        environment.map(Some)
    }

    /// Takes `true` or `false`, as in YAML 1.2.
    pub fn flag(&mut self, input: &str) -> Option<bool> {
        let flag = match self.text_or_default(input).as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        };
        if flag.is_none() {
            self.problem(input, "must be true or false");
        }
        flag
    }

    /// Takes the limits of the run.
    pub fn limits(&mut self) -> Option<Limits> {
        let timeout = self.time("timeout", LONGEST_TIMEOUT);
        let tests_timeout = self.time("tests-timeout", LONGEST_TESTS_TIMEOUT);
        let attempts = self.attempts();
        Some(Limits { timeout: timeout?, tests_timeout: tests_timeout?, attempts: attempts? })
    }

    /// Takes a time: seconds, or a number with a unit.
    fn time(&mut self, input: &str, longest: Duration) -> Option<Duration> {
        let text = self.text_or_default(input);
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

    /// Takes the number of attempts.
    fn attempts(&mut self) -> Option<u32> {
        let attempts = self.text_or_default("attempts").parse().ok();
        let attempts = attempts.filter(|attempts| (1..=MOST_ATTEMPTS).contains(attempts));
        if attempts.is_none() {
            self.problem("attempts", &format!("must be a whole number from 1 to {MOST_ATTEMPTS}"));
        }
        attempts
    }

    /// Takes the message, or says for whom the rollback is done, without any secret and cut to the allowed
    /// length.
    pub fn message(&mut self, redaction: &Redaction, pipeline: &Pipeline) -> String {
        let Some(message) = self.text("deployment-message") else {
            let text = format!("Rolled back by {}", pipeline.describe());
            return one_line(&redaction.apply(&text), MESSAGE_CHARACTERS);
        };
        let message = redaction.apply(&message);
        let cut: String = message.chars().take(MESSAGE_CHARACTERS).collect();
        if cut.len() < message.len() {
            self.warnings.push(format!(
                "{} was cut to its first {MESSAGE_CHARACTERS} characters",
                self.variables.spell("deployment-message")
            ));
        }
        cut
    }

    /// Takes the address of the API.
    pub fn endpoint(&mut self) -> Option<Endpoint> {
        let region = Region::parse(&self.text_or_default("region"));
        if region.is_none() {
            self.problem("region", &format!("must be {}", Region::ALLOWED));
        }
        let endpoint = match self.text("base-url") {
            Some(url) => Endpoint::of_url(&url),
            None => Endpoint::of_region(region?),
        };
        endpoint.map_err(|problem| self.problem("base-url", problem)).ok()
    }

    /// Takes the certificate authorities that are trusted besides the public ones.
    pub fn authorities(&mut self, variables: &ProcessEnv) -> Vec<Authority> {
        let (mut authorities, ignored) = tls::of_environment(variables);
        self.warnings
            .extend(ignored.into_iter().map(|problem| format!("{problem}; it is ignored")));
        match self.text("ca-cert").map(|given| tls::of_input(&given)) {
            None => {}
            Some(Ok(more)) => authorities.extend(more),
            Some(Err(problem)) => self.problem("ca-cert", &problem),
        }
        authorities
    }

    /// The proxy on the way to the API.
    pub fn proxy(&mut self, variables: &ProcessEnv, endpoint: &Endpoint) -> Option<Proxy> {
        Proxy::of(variables, endpoint.url()).unwrap_or_else(|problem| {
            self.warnings.push(problem);
            None
        })
    }
}

/// The text of a file with a key.
fn read_key(path: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = bounded_file::read(path, KEY_FILE_BYTES)?;
    String::from_utf8(bytes)
        .map(Zeroizing::new)
        .map_err(|_| "names a file that is not text".to_owned())
}
