//! Judges one input after the other, and keeps what is wrong with each.
//!
//! A method takes the input out of what was given, and returns none where the input is missing or bad.
//! Every problem is kept: a person who corrects them sees all of them at once. A problem shows the bad
//! value, but for the inputs that may hold a secret.

use crate::agents_api::{
    endpoint::{Endpoint, Region},
    proxy::Proxy,
    tls::{self, Authority},
};
use crate::inputs::{
    mistakes,
    table::{INPUTS, is_input},
    variables::Variables,
};
use crate::model::{Environment, Id, Limits, PREVIOUS, TargetSpec};
use crate::process::{
    env::ProcessEnv,
    pipeline::Pipeline,
    place::{PLACES, Place},
};
use crate::text::{redaction::Redaction, sanitize::one_line};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// The most characters of a message that are sent.
const MESSAGE_CHARACTERS: usize = 1_000;
/// The longest time that `timeout` may be.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3_600);
/// The longest time that `tests-timeout` may be.
const LONGEST_TESTS_TIMEOUT: Duration = Duration::from_secs(24 * 3_600);
/// The most that `attempts` may be.
const MOST_ATTEMPTS: u32 = 10;

/// The form of a deployment's id.
const DEPLOYMENT_EXAMPLE: &str = "019e0f3a-71c4-7c1e-9b3d-000000000042";
/// The inputs whose values are never shown: they are secrets, or may hold one.
const SECRET: [&str; 3] = ["api-key", "api-key-file", "base-url"];
/// The most characters of a bad value that are shown.
const VALUE_CHARACTERS: usize = 80;

/// The inputs that are still to be judged, and what is wrong with the others.
pub struct Validator<'a> {
    pub(super) variables: &'a Variables,
    given: BTreeMap<String, String>,
    /// The inputs whose values were thrown away, as nobody can have meant them.
    pub(super) mistaken: BTreeSet<&'static str>,
    /// A line for each bad input.
    pub problems: Vec<String>,
    /// A line for each thing that was changed or ignored.
    pub warnings: Vec<String>,
}

impl<'a> Validator<'a> {
    /// Begins with what the variables give.
    pub fn new(variables: &'a Variables) -> Self {
        let mut validator = Self {
            variables,
            given: BTreeMap::new(),
            mistaken: BTreeSet::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        };
        let given = envy::from_iter(variables.given());
        validator.given = validator.keep(given).unwrap_or_default();
        for input in INPUTS.iter().map(|input| input.name) {
            if variables.is_garbled(input) {
                validator.problem(input, "is not UTF-8 text");
            }
            // A reason may quote anything.
            let given = validator.given.get(input).filter(|_| input != "deployment-message");
            if let Some(mistake) = given.and_then(|value| mistakes::of_value(value)) {
                let value = validator.given.remove(input).unwrap_or_default();
                validator.bad_value(input, &value, mistake);
                validator.mistaken.insert(input);
            }
        }
        validator
    }

    /// Judges the names of the variables that look like inputs.
    pub fn judge_names(&mut self) {
        for (problem, can_go_on) in self.variables.misspelled() {
            let lines = if can_go_on { &mut self.warnings } else { &mut self.problems };
            lines.push(problem);
        }
        for unknown in &self.variables.unknown {
            self.warnings.push(format!("{unknown} is no input, and does nothing"));
        }
        for [input, first, other] in &self.variables.contradicted {
            // What shows and what rolls back must not depend on an order that nobody knows by heart.
            match input.as_str() {
                "dry-run" => {
                    self.problems.push(format!("{first} and {other} contradict each other"))
                }
                _ => self.warnings.push(format!("{other} does nothing: {first} comes first")),
            }
        }
    }

    /// Judges the name of the place, which was looked up before the log began.
    pub fn judge_place(&mut self) {
        if let Some(given) = self.text("pipeline").filter(|given| Place::of_id(given).is_none()) {
            let ids: Vec<_> = PLACES.iter().map(|place| place.id).collect();
            self.bad_value("pipeline", &given, &format!("must be one of {}", ids.join(", ")));
        }
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

    pub(super) fn problem(&mut self, input: &str, what: &str) {
        self.problems.push(format!("{} {what}", self.variables.spell(input)));
    }

    /// Keeps what is wrong with a value, and shows the value where that is no secret.
    fn bad_value(&mut self, input: &str, value: &str, what: &str) {
        if SECRET.contains(&input) {
            return self.problem(input, what);
        }
        let value = one_line(value, VALUE_CHARACTERS);
        self.problem(input, &format!("“{value}” {what}"));
    }

    /// Hands on what was understood of a value. Where that is nothing, keeps what is wrong with the value.
    fn understood<T>(
        &mut self,
        meaning: Option<T>,
        input: &str,
        value: &str,
        what: &str,
    ) -> Option<T> {
        if meaning.is_none() {
            self.bad_value(input, value, what);
        }
        meaning
    }

    /// Keeps the error of a result.
    pub fn keep<T>(&mut self, result: Result<T, impl ToString>) -> Option<T> {
        result.map_err(|error| self.problems.push(error.to_string())).ok()
    }

    pub(super) fn missing(&mut self, input: &str, help: &str) {
        if !self.variables.is_garbled(input) && !self.mistaken.contains(input) {
            self.problem(input, &format!("is missing: {help}"));
        }
    }

    /// Takes an id. `help` says what to give where it is missing, `example` is the form of a good one.
    pub fn id(&mut self, input: &str, help: &str, example: &str) -> Option<Id> {
        let Some(text) = self.text(input) else {
            self.missing(input, help);
            return None;
        };
        if let Some(mistake) = mistakes::of_id(&text, example) {
            self.bad_value(input, &text, &mistake);
            return None;
        }
        self.understood(Id::new(&text), input, &text, "is a relative path, not an id")
    }

    /// Takes the deployment to go back to. `environment` is none where that input is bad.
    pub fn target(&mut self, environment: Option<Option<Environment>>) -> Option<TargetSpec> {
        let given = self.peek("deployment-id").unwrap_or_default();
        if mistakes::is_like_previous(given) {
            let given = given.to_owned();
            self.bad_value("deployment-id", &given, "is no deployment: did you mean `previous`?");
            return None;
        }
        if !given.eq_ignore_ascii_case(PREVIOUS) {
            let help =
                "the deployment to go back to, or with an environment `previous` or a version";
            return self.id("deployment-id", help, DEPLOYMENT_EXAMPLE).map(TargetSpec::Named);
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
        let what = match mistakes::of_environment(&given) {
            Some(name) => name.to_owned(),
            None => format!("must be one of {}", Environment::names()),
        };
        self.understood(Environment::parse(&given), "environment", &given, &what).map(Some)
    }

    /// Takes `true` or `false`, as in YAML 1.2.
    pub fn flag(&mut self, input: &str) -> Option<bool> {
        let given = self.text_or_default(input);
        let flag = match given.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        };
        self.understood(flag, input, &given, "must be true or false")
    }

    /// Takes the limits of the run.
    pub fn limits(&mut self) -> Option<Limits> {
        let timeout = self.time("timeout", LONGEST_TIMEOUT);
        let tests_timeout = self.time("tests-timeout", LONGEST_TESTS_TIMEOUT);
        let given = self.text_or_default("attempts");
        let attempts = given.parse().ok().filter(|attempts| (1..=MOST_ATTEMPTS).contains(attempts));
        let what = format!("must be a whole number from 1 to {MOST_ATTEMPTS}");
        let attempts = self.understood(attempts, "attempts", &given, &what);
        Some(Limits { timeout: timeout?, tests_timeout: tests_timeout?, attempts: attempts? })
    }

    /// Takes a time: seconds, or a number with a unit.
    fn time(&mut self, input: &str, longest: Duration) -> Option<Duration> {
        let given = self.text_or_default(input);
        let seconds = given.parse().map(Duration::from_secs);
        let time = seconds.ok().or_else(|| humantime::parse_duration(&given).ok());
        let time = time.filter(|time| (Duration::from_secs(1)..=longest).contains(time));
        let hours = longest.as_secs() / 3_600;
        let what = format!("must be a time from 1s to {hours}h, such as 45, 45s or 2m");
        self.understood(time, input, &given, &what)
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
        let given = self.text_or_default("region");
        let what = format!("must be {}", Region::ALLOWED);
        let region = self.understood(Region::parse(&given), "region", &given, &what);
        let endpoint = match self.text("base-url") {
            Some(url) => {
                if region.is_some_and(|region| region != Region::US) {
                    let [url, region] =
                        ["base-url", "region"].map(|name| self.variables.spell(name));
                    self.warnings.push(format!("{region} does nothing: {url} comes first"));
                }
                Endpoint::of_url(&url)
            }
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
