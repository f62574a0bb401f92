//! What people give by mistake never rolls anything back, wherever they give it.

use crate::step::{Ended, Step};
use support::agents_api::{API_KEY, agents_api};
use support::stand_in::StandIn;

/// The places where a step can run: how a step starts there, and how an input is spelled.
const PLACES: [Place; 4] = [
    Place { start: Step::github, variable: as_github, name: as_hyphens },
    Place { start: Step::gitlab, variable: as_variable, name: as_variable },
    Place { start: Step::plain, variable: as_variable, name: as_variable },
    Place { start: Step::drone, variable: as_plugin, name: as_underscores },
];

struct Place {
    start: fn(&StandIn) -> Step,
    /// The variable in which the runner hands an input over.
    variable: fn(&str) -> String,
    /// The name of an input as its user writes it.
    name: fn(&str) -> String,
}

fn as_github(input: &str) -> String {
    format!("INPUT_{}", input.to_uppercase())
}

fn as_variable(input: &str) -> String {
    format!("POLYAI_{}", as_underscores(input).to_uppercase())
}

fn as_plugin(input: &str) -> String {
    format!("PLUGIN_{}", as_underscores(input).to_uppercase())
}

fn as_hyphens(input: &str) -> String {
    input.to_owned()
}

fn as_underscores(input: &str) -> String {
    input.replace('-', "_")
}

/// Runs a step that must end with exit code 2, send nothing, and say `words`.
fn refuse(place: &Place, words: &str, change: impl FnOnce(Step) -> Step) -> Ended {
    let api = StandIn::start(agents_api());
    let ended = change((place.start)(&api)).env("NO_COLOR", "1").run();
    assert_eq!((ended.code, api.requests().len()), (2, 0), "{}{}", ended.out, ended.err);
    let (err, words) = (ended.err.replace("%3A", ":"), format!("(invalid-input)::{words}"));
    let plain = words.replacen("::", ": ", 1);
    assert!(err.contains(&words) || err.contains(&plain), "{words} is not in {err}");
    ended
}

#[test]
fn a_bad_value_is_refused_and_shown() {
    let quoted = "begins and ends with a quote, which is a part of the value here";
    let unexpanded = "was not expanded";
    let rows = [
        ("agent-id", "\"PROJECT-AB12CD34\"", quoted),
        ("environment", "'live'", quoted),
        ("deployment-id", "$ROLLBACK_TO", unexpanded),
        ("deployment-id", "${{ inputs.deployment-id }}", unexpanded),
        ("environment", "$(ENVIRONMENT)", unexpanded),
        ("agent-id", "{{workflow.parameters.agent}}", unexpanded),
        (
            "agent-id",
            "https://studio.us.poly.ai/acme/PROJECT-AB12CD34",
            "is an address: give only the part like PROJECT-AB12CD34",
        ),
        (
            "deployment-id",
            "https://x.example/019e0f3a",
            "is an address: give only the part like 019e0f3a-",
        ),
        ("environment", "production", "is no environment: PolyAI calls it live"),
        ("environment", "Prod", "is no environment: PolyAI calls it live"),
        ("environment", "staging", "must be one of live, pre-release, sandbox"),
        ("deployment-id", "latest", "is no deployment: did you mean `previous`?"),
        ("deployment-id", "last", "is no deployment: did you mean `previous`?"),
        ("deployment-id", "prev", "is no deployment: did you mean `previous`?"),
        ("dry-run", "yes", "must be true or false"),
        ("region", "mars", "must be us, eu, uk or studio"),
        ("timeout", "soon", "must be a time from 1s to 1h"),
        ("attempts", "11", "must be a whole number from 1 to 10"),
    ];
    for place in &PLACES {
        for (input, value, words) in rows {
            let words = format!("{} “{value}” {words}", (place.name)(input));
            refuse(place, &words, |step| step.env((place.variable)(input), value));
        }
    }
}

#[test]
fn a_bad_secret_is_refused_and_not_shown() {
    let rows = [
        ("api-key", "\"pk-4711-secret\"", "begins and ends with a quote"),
        ("api-key", "$POLYAI_SECRET", "was not expanded"),
        ("base-url", "https://hunter2.example/v1", "goes without /v1"),
        ("base-url", "https://hunter2.example/polyai/v1/", "goes without /v1"),
    ];
    for place in &PLACES {
        for (input, value, words) in rows {
            let words = format!("{} {words}", (place.name)(input));
            let ended = refuse(place, &words, |step| step.env((place.variable)(input), value));
            for secret in ["4711", "POLYAI_SECRET", "hunter2"] {
                assert!(!ended.everything().contains(secret), "{}", ended.err);
            }
        }
    }
}

#[test]
fn a_key_that_is_the_path_of_a_file_is_refused() {
    for place in &PLACES {
        let file = (place.name)("api-key-file");
        let words =
            format!("{} is the path of a file: name the file in {file}", (place.name)("api-key"));
        refuse(place, &words, |step| {
            let step = step.file("key", API_KEY);
            let path = step.path("key");
            step.env((place.variable)("api-key"), path)
        });
    }
}

#[test]
fn a_missing_key_has_a_cause_where_the_pipeline_has_one() {
    let causes = [
        "the secret is not set, or this run may not see it (a fork",
        "the variable is not set, or this job may not see it (protected",
        "or name a file",
        "or name a file",
    ];
    for (place, cause) in PLACES.iter().zip(causes) {
        let words = format!("{} is missing: {cause}", (place.name)("api-key"));
        refuse(place, &words, |step| step.without(&(place.variable)("api-key")));
    }
}

#[test]
fn a_misspelled_input_is_refused() {
    let rows = [
        ("INPUT_DRYRUN", "dryrun (INPUT_DRYRUN) is no input: did you mean dry-run?"),
        ("PLUGIN_DRYRUN", "dryrun (PLUGIN_DRYRUN) is no input: did you mean dry_run?"),
        ("POLYAI_dry_run", "POLYAI_dry_run is no input: did you mean POLYAI_DRY_RUN?"),
        ("POLYAI_DRYRUN", "POLYAI_DRYRUN is no input: did you mean POLYAI_DRY_RUN?"),
        ("POLYAI_DRY-RUN_", "POLYAI_DRY-RUN_ is no input: did you mean POLYAI_DRY_RUN?"),
        ("POLYAI_DRY", "POLYAI_DRY is no input: did you mean POLYAI_DRY_RUN?"),
        ("POLYAI_DRY_RUNS", "POLYAI_DRY_RUNS is no input: did you mean POLYAI_DRY_RUN?"),
        (
            "POLYAI_EXPECT_CURENT",
            "POLYAI_EXPECT_CURENT is no input: did you mean POLYAI_EXPECT_CURRENT?",
        ),
        (
            "POLYAI_EXPECTED_CURRENT",
            "POLYAI_EXPECTED_CURRENT is no input: did you mean POLYAI_EXPECT_CURRENT?",
        ),
        ("POLYAI_DYR_RUN", "POLYAI_DYR_RUN is no input: did you mean POLYAI_DRY_RUN?"),
        ("polyai_dry_run", "polyai_dry_run is no input: did you mean POLYAI_DRY_RUN?"),
        ("POLYAI_IS_DRY_RUN", "POLYAI_IS_DRY_RUN is no input: did you mean POLYAI_DRY_RUN?"),
        ("POLYAI_PREVIEW", "POLYAI_PREVIEW is no input: did you mean POLYAI_DRY_RUN?"),
        ("POLYAI_EXPECTED", "POLYAI_EXPECTED is no input: did you mean POLYAI_EXPECT_CURRENT?"),
        ("POLYAI_ENVIROMENT", "POLYAI_ENVIROMENT is no input: did you mean POLYAI_ENVIRONMENT?"),
        (
            "INPUT_ENVIROMENT",
            "enviroment (INPUT_ENVIROMENT) is no input: did you mean environment?",
        ),
        (
            "INPUT_WAIT-FOR-TEST",
            "wait-for-test (INPUT_WAIT-FOR-TEST) is no input: did you mean wait-for-tests?",
        ),
        ("PLUGIN_TIMOUT", "timout (PLUGIN_TIMOUT) is no input: did you mean timeout?"),
    ];
    for place in &PLACES {
        for (variable, words) in rows {
            refuse(place, words, |step| step.env(variable, "true"));
        }
    }
}

#[test]
fn a_misspelled_dry_run_counts_beside_a_proper_one() {
    for place in &PLACES {
        let proper = (place.variable)("dry-run");
        for (given, misspelled, code) in [
            ("false", "true", 2),
            ("perhaps", "true", 2),
            ("true", "false", 2),
            ("true", "true", 0),
            ("true", "YES", 0),
            ("false", "False", 0),
            ("", "false", 0),
        ] {
            for name in ["POLYAI_DRYRUN", "POLYAI_DRY_MODE"] {
                let api = StandIn::start(agents_api());
                let step = (place.start)(&api).env(&proper, given).env(name, misspelled);
                let ended = step.env("NO_COLOR", "1").run();
                assert_eq!(ended.code, code, "{name}: {}", ended.err);
                let is_done = code == 0 && given != "true";
                assert_eq!(api.posts(), usize::from(is_done), "{name}: {}", ended.err);
            }
        }
    }
}

#[test]
fn a_misspelled_setting_is_not_that_of_another_tool() {
    for (proper, misspelled) in [
        (("POLYAI_ENVIRONMENT", "live"), ("INPUT_ENVIROMENT", "sandbox")),
        (("POLYAI_ENVIRONMENT", "live"), ("PLUGIN_ENV", "sandbox")),
        (("POLYAI_ENVIRONMENT", "live"), ("POLYAI_ENVIROMENT", "sandbox")),
        (("POLYAI_EXPECT_CURRENT", "add8d0c"), ("POLYAI_EXPECTCURENT", "c21f4e7")),
        (("POLYAI_DEPLOYMENT_ID", "previous"), ("INPUT_DEPLOYMENTID", "46c7839")),
    ] {
        let api = StandIn::start(agents_api());
        let step = Step::in_environment(&api, "live", "previous").env(proper.0, proper.1);
        let ended = step.env(misspelled.0, misspelled.1).run();
        assert_eq!((ended.code, api.requests().len()), (2, 0), "{misspelled:?}: {}", ended.err);
    }
}

#[test]
fn another_tools_variable_does_not_stop_a_rollback() {
    for (variable, words) in [
        ("POLYAI_APIKEY", "POLYAI_APIKEY is no input: did you mean POLYAI_API_KEY?"),
        ("POLYAI_ENV", "POLYAI_ENV is no input: did you mean POLYAI_ENVIRONMENT?"),
        ("POLYAI_DEPLOYMENT", "POLYAI_DEPLOYMENT is no input: did you mean POLYAI_DEPLOYMENT_ID?"),
        ("POLYAI_PROFILE", "POLYAI_PROFILE is no input, and does nothing"),
        ("POLYAI_TIME", "POLYAI_TIME is no input, and does nothing"),
        ("POLYAI_CI", "POLYAI_CI is no input, and does nothing"),
        ("POLYAI_home", "POLYAI_home is no input, and does nothing"),
        ("POLYAI_PREVIEW", "POLYAI_PREVIEW is no input, and does nothing"),
        (
            "POLYAI_PREVIEW_SERVICE_HOST",
            "POLYAI_PREVIEW_SERVICE_HOST is no input, and does nothing",
        ),
        (
            "POLYAI_HEALTH_EXPECTED_STATUS",
            "POLYAI_HEALTH_EXPECTED_STATUS is no input, and does nothing",
        ),
        ("PLUGIN_OTHER", "PLUGIN_OTHER is no input, and does nothing"),
    ] {
        let api = StandIn::start(agents_api());
        let step = Step::in_environment(&api, "live", "previous").env(variable, "10.0.0.7");
        let ended = step.run();
        assert_eq!((ended.code, api.posts()), (0, 1), "{}", ended.err);
        assert_eq!(ended.err, format!("warning: {words}\n"));
    }
    // What is blank is not given.
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).env("POLYAI_DRYRUN", " ").run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}

#[test]
fn a_dry_run_that_is_contradicted_is_refused() {
    for place in &PLACES {
        let other = if (place.variable)("dry-run").starts_with("POLYAI") {
            "INPUT_DRY-RUN"
        } else {
            "POLYAI_DRY_RUN"
        };
        let api = StandIn::start(agents_api());
        let step = (place.start)(&api).env((place.variable)("dry-run"), "false").env(other, "true");
        let ended = step.run();
        assert_eq!((ended.code, api.requests().len()), (2, 0), "{}", ended.err);
        assert!(ended.err.contains(" contradict each other"), "{}", ended.err);
    }
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).env("POLYAI_AGENT_ID", "other").run();
    assert_eq!((ended.code, api.posts()), (0, 1));
    assert!(
        ended.err.contains("POLYAI_AGENT_ID does nothing: INPUT_AGENT-ID comes first"),
        "{}",
        ended.err
    );
}

#[test]
fn a_dry_run_in_the_environment_of_a_job_counts() {
    for place in &PLACES {
        let api = StandIn::start(agents_api());
        let ended = (place.start)(&api).env("POLYAI_DRY_RUN", "true").run();
        assert_eq!((ended.code, api.posts()), (0, 0), "{}", ended.err);
    }
}

#[test]
fn a_region_beside_an_address_does_nothing() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).env("POLYAI_REGION", "eu").run();
    assert_eq!((ended.code, api.posts()), (0, 1));
    assert_eq!(ended.err, "warning: POLYAI_REGION does nothing: POLYAI_BASE_URL comes first\n");
}

#[test]
fn what_can_only_mean_one_thing_is_understood() {
    for place in &PLACES {
        for (input, value) in [("environment", "Live"), ("environment", "LIVE"), ("region", "US")] {
            let api = StandIn::start(agents_api());
            let ended = (place.start)(&api).env((place.variable)(input), value).run();
            assert_eq!((ended.code, api.posts()), (0, 1), "{}", ended.err);
        }
        for value in ["prerelease", "pre_release", "Pre-Release"] {
            let api = StandIn::start(agents_api());
            let step = (place.start)(&api).env((place.variable)("environment"), value);
            let ended = step.env((place.variable)("deployment-id"), "previous").run();
            assert_eq!((ended.code, api.posts()), (0, 1), "{}", ended.err);
        }
    }
}

#[test]
fn an_argument_is_refused() {
    let rows: [(&[&str], &str); 6] = [
        (&["--dry-run"], "`--dry-run` is no argument of this program: give it as "),
        (
            &["--environment", "sandbox"],
            "`--environment` is no argument of this program: give it as ",
        ),
        (&["--api-key=pk-4711"], "`--api-key` is no argument of this program: give it as "),
        (&["-n"], "`-n` is no argument of this program: everything is given in inputs, such as "),
        (&["list"], "what was given is no argument of this program: "),
        (&["pk-4711"], "what was given is no argument of this program: "),
    ];
    for place in &PLACES {
        for (arguments, words) in rows {
            let ended = refuse(place, words, |step| step.args(arguments));
            assert!(!ended.everything().contains("4711"), "{}", ended.err);
        }
    }
    let ended = refuse(&PLACES[0], "`--version` is no argument", |step| step.args(&["--version"]));
    assert!(ended.err.contains("such as dry-run; nothing was sent"), "{}", ended.err);
}
