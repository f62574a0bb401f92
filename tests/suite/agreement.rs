//! The program, `action.yml`, the GitLab component, the README and the examples say the same.

use crate::step::Step;
use polyai_rollback::inputs::table::{INPUTS, is_input};
use polyai_rollback::model::Outcome;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Output};
use std::time::SystemTime;
use support::agents_api::{AGENT, API_KEY, AgentsApi, Quirks, agents_api};
use support::stand_in::StandIn;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("a mapping")
}

fn keys(value: &Value) -> Vec<&str> {
    object(value).keys().map(String::as_str).collect()
}

fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let names: BTreeSet<_> = names.into_iter().collect();
    names.into_iter().collect()
}

/// The rows of the README's table with this header, as cells without backquotes.
fn table(header: &str) -> Vec<Vec<String>> {
    let readme = read("README.md");
    let (_, rest) = readme.split_once(&format!("\n{header}\n")).expect("a table with this header");
    let rows = rest.lines().skip(1).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.map(cells).collect()
}

/// The code blocks of a document in a language.
fn blocks(path: &str, language: &str) -> Vec<String> {
    let document = read(path);
    let start = format!("```{language}\n");
    let blocks = document.split(&start).skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The component's inputs, and its job.
fn component() -> (Value, Value) {
    let template = read("templates/rollback.yml");
    let (spec, jobs) = template.split_once("\n---\n").expect("two documents");
    (yaml(spec)["spec"]["inputs"].clone(), yaml(jobs)["polyai-rollback"].clone())
}

/// A row of the README's table of inputs.
struct InputRow {
    name: String,
    is_required: bool,
    default: String,
}

impl InputRow {
    fn new(row: &[String]) -> Self {
        let default = row[1].split_once(" By default ").map(|(_, default)| default);
        Self {
            name: row[0].trim_matches('*').to_owned(),
            is_required: row[0].starts_with("**"),
            default: default.unwrap_or_default().trim_end_matches('.').to_owned(),
        }
    }
}

#[test]
fn on_the_inputs() {
    let action = yaml(&read("action.yml"));
    let (inputs, job) = component();
    let readme: Vec<_> =
        table("| input | meaning |").iter().map(|row| InputRow::new(row)).collect();

    let names = INPUTS.map(|input| input.name);
    assert_eq!(sorted(keys(&action["inputs"])), sorted(names));
    assert_eq!(readme.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), names);
    let in_component = names.into_iter().filter(|name| *name != "api-key");
    assert_eq!(sorted(keys(&inputs)), sorted(in_component.clone().chain(["image", "stage"])));

    let usage = Step::empty().args(&["--help"]).run().out;
    for row in &readme {
        let InputRow { name, is_required, default } = row;
        let (name, required, default) = (name.as_str(), *is_required, default.as_str());
        let given = &action["inputs"][name];
        assert_eq!(given["required"], required, "{name}");
        // A default of the action would hide a variable of the job.
        assert_eq!(given.get("default"), None, "{name}");
        let description = given["description"].as_str().expect("a description");
        let told = format!(" By default `{default}`.");
        assert!(default.is_empty() || description.ends_with(&told), "{name}: {description}");
        let variable = format!("\n  POLYAI_{} ", name.replace('-', "_").to_uppercase());
        assert!(usage.contains(&variable), "{variable} is not in --help");
        if name == "api-key" {
            continue;
        }
        assert_eq!(inputs[name].get("default").is_none(), required, "{name}");
        // GitLab keeps these files in any case, so they need a name.
        let default = match name {
            "output-file" => "rollback.env",
            "summary-file" => "rollback-summary.md",
            "report-file" => "rollback-report.json",
            _ => default,
        };
        assert_eq!(inputs[name]["default"].as_str().unwrap_or_default(), default, "{name}");
    }

    let defaults: Vec<_> = readme.iter().map(|row| row.default.as_str()).collect();
    assert_eq!(defaults, INPUTS.map(|input| input.default.unwrap_or_default()));

    let handed_over = in_component.map(|name| {
        let variable = format!("INPUT_{}", name.replace('-', "_").to_uppercase());
        (variable, Value::from(format!("$[[ inputs.{name} ]]")))
    });
    assert_eq!(object(&job["variables"]), &handed_over.collect::<Map<_, _>>());
    assert_eq!(job["image"]["entrypoint"], serde_json::json!([""]));
    let artifacts = &job["artifacts"];
    assert_eq!(artifacts["when"], "always");
    assert_eq!(artifacts["reports"]["dotenv"], "$[[ inputs.output-file ]]");
    let kept = ["summary-file", "report-file"];
    let paths = kept.map(|name| format!("$[[ inputs.{name} ]]"));
    assert_eq!(artifacts["paths"], serde_json::json!(paths));
    for name in kept {
        assert_eq!(inputs[name]["regex"], r"\S", "{name}: a blank one keeps the whole project");
    }
}

/// The component's script with a program in the place of polyai-rollback, and these variables.
fn run_component(program: &str, variables: &[(String, String)]) -> Output {
    let (_, job) = component();
    let lines = job["script"].as_array().expect("a script");
    let script: Vec<_> = lines.iter().map(|line| line.as_str().expect("a line")).collect();
    assert_eq!(script.last(), Some(&"polyai-rollback"));
    let script = script.join("\n").replace("\npolyai-rollback", &format!("\n{program}"));
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-e", "-c", &script]).env_clear().current_dir(folder.path());
    shell.envs(variables.iter().cloned()).output().unwrap()
}

fn variable(prefix: &str, input: &str) -> String {
    format!("{prefix}_{}", input.replace('-', "_").to_uppercase())
}

#[test]
fn on_the_variables_that_the_component_ignores() {
    let given = |prefix| INPUTS.map(|input| (variable(prefix, input.name), "x".to_owned()));
    let variables: Vec<_> = ["INPUT", "POLYAI", "PLUGIN"].into_iter().flat_map(given).collect();
    let left = |variables: &[(String, String)]| {
        let printed = run_component("/usr/bin/env", variables).stdout;
        let printed = String::from_utf8(printed).unwrap();
        let names = printed.lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned()));
        names.filter(|name| name.starts_with("POLYAI_") || name.starts_with("PLUGIN_")).collect()
    };
    let all: BTreeSet<String> = left(&variables);
    assert_eq!(sorted(all.iter().map(String::as_str)), ["POLYAI_API_KEY_FILE", "POLYAI_DRY_RUN"]);
    let without_file: Vec<_> =
        variables.into_iter().filter(|(name, _)| name != "INPUT_API_KEY_FILE").collect();
    assert!(left(&without_file).contains("POLYAI_API_KEY"));
}

#[test]
fn on_the_switch_of_the_component() {
    let api = StandIn::start(agents_api());
    let run = |in_yaml: &str, on_the_page: Option<(&str, &str)>| {
        let (inputs, _) = component();
        let mut variables: BTreeMap<_, _> = object(&inputs)
            .iter()
            .filter(|(name, _)| is_input(name))
            .map(|(name, input)| (name.as_str(), input["default"].as_str().unwrap_or_default()))
            .collect();
        variables.extend([
            ("agent-id", AGENT),
            ("deployment-id", "previous"),
            ("environment", "live"),
            ("base-url", api.url()),
            ("dry-run", in_yaml),
        ]);
        let variables = variables.into_iter();
        let variables = variables.map(|(name, value)| (variable("INPUT", name), value.to_owned()));
        let others = [("POLYAI_API_KEY", API_KEY)].into_iter().chain(on_the_page);
        let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables: Vec<_> = variables.chain(others).collect();
        let ended = run_component(env!("CARGO_BIN_EXE_polyai-rollback"), &variables);
        (ended.status.code().unwrap(), api.posts())
    };
    let preview = (0, 0);
    let refusal = (2, 0);
    assert_eq!(run("false", Some(("POLYAI_DRY_RUN", "true"))), preview);
    assert_eq!(run("true", None), preview);
    assert_eq!(run("true", Some(("POLYAI_DRY_RUN", "true"))), preview);
    assert_eq!(run("true", Some(("POLYAI_DRY_RUN", "false"))), refusal);
    assert_eq!(run("false", Some(("POLYAI_DRYRUN", "true"))), refusal);
    assert_eq!(run("false", Some(("POLYAI_DRY_RUN", "perhaps"))), refusal);
    assert_eq!(run("false", Some(("POLYAI_DRY_RUN", ""))), (0, 1));
}

#[test]
fn on_the_outputs() {
    let action = yaml(&read("action.yml"));
    let readme = table("| output | meaning |");
    let readme = sorted(readme.iter().map(|row| row[0].as_str()));
    assert_eq!(sorted(keys(&action["outputs"])), readme);

    let api = StandIn::start(agents_api());
    let step = Step::github(&api).env("INPUT_ENVIRONMENT", "live");
    let done = step.env("INPUT_WAIT-FOR-TESTS", "true").run().github_outputs();
    let failed = Step::github(&api).env("INPUT_DEPLOYMENT-ID", "gone").run().github_outputs();
    assert_eq!(sorted(done.keys().chain(failed.keys()).map(String::as_str)), readme);
}

#[test]
fn on_the_outcomes() {
    let readme = table("| code, outcome | what it means, and what to do |");
    let told: Vec<_> = readme.iter().map(|row| row[0].clone()).collect();
    let real = Outcome::ALL.map(|outcome| format!("{} {}", outcome.exit_code(), outcome.name()));
    assert_eq!(told, real);

    let usage = Step::empty().args(&["--help"]).run().out;
    for outcome in real {
        assert!(usage.contains(&outcome), "{outcome} is not in --help");
    }
}

#[test]
fn on_the_report() {
    let json = blocks("docs/report.md", "json");
    let told: Vec<Value> = json.iter().map(|block| serde_json::from_str(block).unwrap()).collect();
    let report = |deployment: &str| -> Value {
        let api = StandIn::start(agents_api());
        let ended = Step::github(&api)
            .env("INPUT_DEPLOYMENT-ID", deployment)
            .env("INPUT_WAIT-FOR-TESTS", "true")
            .env("INPUT_REPORT-FILE", "report")
            .run();
        serde_json::from_str(&ended.read("report").unwrap()).unwrap()
    };
    let done = report(support::agents_api::DEPLOYMENT);
    assert_eq!(keys(&done), keys(&told[0]));
    for part in ["request", "deployment", "tests", "pipeline"] {
        assert_eq!(keys(&done[part]), keys(&told[0][part]));
    }
    assert_eq!(keys(&done["tests"]["runs"][0]), keys(&told[0]["tests"]["runs"][0]));
    assert_eq!(told[0]["tool"], done["tool"]);
    let failed = report("gone");
    assert_eq!(keys(&failed["failure"]), keys(&told[1]));
    assert_eq!(keys(&failed["failure"]["choice"][0]), keys(&told[1]["choice"][0]));
    for part in ["httpStatus", "errorCode", "answer", "effect", "command"] {
        assert_eq!(failed["failure"][part], told[1][part]);
    }
}

/// A line of the log without the column of times, which are those of the day.
fn without_times(line: &str) -> Vec<&str> {
    let columns = line.split("  ").map(str::trim).filter(|column| !column.is_empty());
    columns.filter(|column| !column.contains(" UTC, ")).collect()
}

#[test]
fn on_the_log_as_github_shows_it() {
    let quirks = Quirks::default();
    let api = AgentsApi::with_clock(SystemTime::now, quirks);
    let api = StandIn::start(move |request| api.answer(request));
    let step = Step::github(&api).env("INPUT_DEPLOYMENT-ID", "previous");
    let log = step.env("INPUT_ENVIRONMENT", "live").run().out;
    let mut shown = Vec::new();
    let mut is_folded = false;
    for line in log.lines() {
        match line.split_once("::").map(|(_, command)| command) {
            Some(command) if command.starts_with("add-mask::") => {}
            Some("endgroup::") => is_folded = false,
            Some(command) if command.starts_with("group::") => {
                is_folded = true;
                shown.push(line.replace("::group::", "▸ "));
            }
            Some(command) => {
                let (_, text) = command.split_once("::").expect("a message");
                shown.push(format!("Notice: {text}"));
            }
            None if is_folded => {}
            None => shown.push(line.to_owned()),
        }
    }
    let told = blocks("README.md", "text").swap_remove(0);
    let told: Vec<_> = told.lines().map(without_times).collect();
    assert_eq!(shown.iter().map(|line| without_times(line)).collect::<Vec<_>>(), told);
    assert_eq!(told.len(), 6);
}

#[test]
fn on_how_it_is_used() {
    let inputs = |given: &Value, with_key: bool| {
        let given = keys(given);
        for name in &given {
            assert!(is_input(name) || *name == "stage", "{name} is no input");
        }
        for name in ["agent-id", "deployment-id"].into_iter().chain(with_key.then_some("api-key")) {
            assert!(given.contains(&name), "{name} is missing");
        }
    };
    let snippets: Vec<_> = blocks("README.md", "yaml").iter().map(|block| yaml(block)).collect();
    let major = VERSION.split('.').next().unwrap();
    let (component, _) = component();
    let image = component["image"]["default"].as_str().unwrap();
    let owner = image.strip_prefix("ghcr.io/").and_then(|rest| rest.split('/').next()).unwrap();
    assert_eq!(image, format!("ghcr.io/{owner}/polyai-rollback:{VERSION}"));

    let ours = format!("{owner}/polyai-rollback@v{major}");
    for workflow in recipes("github").chain([snippets[0].clone()]) {
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{workflow}");
        let jobs = object(&workflow["jobs"]).values();
        let steps: Vec<_> =
            jobs.filter_map(|job| job["steps"].as_array()).flatten().cloned().collect();
        let rollback = steps.iter().find(|step| step["uses"] == ours).expect("a rollback");
        inputs(&rollback["with"], true);
        // Whoever may write an input or a message would write the script.
        for script in steps.iter().filter_map(|step| step["run"].as_str()) {
            assert!(!script.contains("${{"), "{script}");
        }
    }
    for pipeline in recipes("gitlab").chain([snippets[1].clone()]) {
        let include = &pipeline["include"][0];
        let place = format!("$CI_SERVER_FQDN/{owner}/polyai-rollback/rollback@{VERSION}");
        assert_eq!(include["component"], place);
        inputs(&include["inputs"], false);
    }
    assert_eq!(recipes("github").count(), recipes("gitlab").count());
}

/// The examples for GitHub or GitLab.
fn recipes(place: &str) -> impl Iterator<Item = Value> {
    let folder = format!("{}/examples/{place}", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    files.map(|file| yaml(&fs::read_to_string(file).expect("a text")))
}

#[test]
fn on_what_is_built_and_run() {
    let dockerfile = read("Dockerfile");
    let entrypoint = yaml(&read("action.yml"))["runs"]["entrypoint"].as_str().unwrap().to_owned();
    assert!(dockerfile.contains(&format!("ENTRYPOINT [\"{entrypoint}\"]")));
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert!(dockerfile.starts_with(&format!("FROM rust:{rust}-slim-bookworm AS build\n")));
    assert!(read("README.md").contains(&format!("Rust {rust} or newer")));
    assert!(
        read(".github/workflows/ci.yml").contains(&format!("image: rust:{rust}-slim-bookworm\n"))
    );

    // The two commands of the README are what CI runs first.
    let run = read(".ci/run");
    for command in blocks("README.md", "sh").iter().filter(|command| command.starts_with("cargo")) {
        assert!(run.contains(&format!("\ncheck {command}")), "{command} is not checked");
    }
}
