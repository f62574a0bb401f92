//! Every row of the table of places, through the real program: what the program writes is read as the place
//! would read it.

use crate::step::{Step, all_at_once};
use crate::viewers::{commands, messages, obeyed, outputs, says_nothing_to_others};
use polyai_rollback::log::{Log, azure, teamcity};
use polyai_rollback::model::Outcome;
use polyai_rollback::process::env::ProcessEnv;
use polyai_rollback::process::place::{Details, Mark, PLACES, Place, Spelling, Viewer};
use polyai_rollback::process::sink::At;
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use support::agents_api::{API_KEY, agents_api};
use support::parsers;
use support::stand_in::{Answer, StandIn};

/// Text that begins, ends or is a command of every place, and of a shell.
const HOSTILE: &str = "a\n::error::b\r\n##vso[task.complete result=Failed]c\n##teamcity[buildProblem \
    description='d']\n##[error]e\n--- f\n+++ g\n^^^ +++\n\u{1b}[0Ksection_start:1:h\r\u{1b}[0Ki\n::add-mask::j\n\
    ROLLBACK_OUTCOME=k\noutcome<<l\n\u{2028}\u{85}|n'] `touch harm` $(touch harm);touch harm\n#\u{200b}#[error]";

/// The variables that the program reads of a run: what a container that is started by hand needs of the host.
/// A file of the place is not among them, as its path on the host is none in the container.
pub fn variables(place: &Place) -> BTreeSet<&'static str> {
    let Details { workflow, repository, run, actor } = place.details;
    let details = [workflow, repository, run, actor].into_iter().flatten();
    let marks = place.marks.iter().map(Mark::variable);
    let in_address = place.address.split('{').skip(1);
    let in_address = in_address.filter_map(|part| part.split('}').next());
    marks.chain(details).chain(in_address).collect()
}

/// The value of a variable of the place, in an ordinary run.
fn value_of(place: &Place, variable: &str) -> String {
    let fixed = |mark: &&Mark| match mark {
        Mark::Is(name, value) if *name == variable => Some((*value).to_owned()),
        _ => None,
    };
    match place.marks.iter().find_map(|mark| fixed(&mark)) {
        Some(value) => value,
        None if place.address.starts_with(&format!("{{{variable}}}")) => {
            "https://ci.example.com/".to_owned()
        }
        None => format!("x-{variable}"),
    }
}

/// A step in a place, as its runner starts it, with the files that the runner makes.
pub fn step(place: &Place, api: &StandIn) -> Step {
    let mut step = Step::plain(api);
    if place.marks.is_empty() {
        step = step.env("POLYAI_PIPELINE", place.id);
    }
    for variable in variables(place) {
        step = step.env(variable, value_of(place, variable));
    }
    for sink in place.sinks {
        if let At::Variable(name) = sink.at {
            step = step.file(name, "").env(name, name);
        }
    }
    step
}

#[test]
fn ids_are_unique_and_fit_for_a_path() {
    let ids: Vec<_> = PLACES.iter().map(|place| place.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let is_fit = |c: char| c.is_ascii_lowercase() || c == '-';
    assert!(ids.iter().all(|id| !id.is_empty() && id.chars().all(is_fit)), "{ids:?}");
    let names: BTreeSet<_> = PLACES.iter().map(|place| place.name).collect();
    assert_eq!(names.len(), ids.len());
}

#[test]
fn every_place_is_recognised_by_its_marks_alone() {
    for place in PLACES.iter().filter(|place| !place.marks.is_empty()) {
        let marks = place.marks.iter().map(|mark| mark.variable());
        let marks: Vec<_> = marks.map(|name| (name, value_of(place, name))).collect();
        assert_eq!(recognised(&marks), place.id, "a row above has no more than its marks");
        for missing in 0..marks.len() {
            let mut fewer = marks.clone();
            fewer.remove(missing);
            assert_ne!(recognised(&fewer), place.id);
        }
    }
}

/// The id of the place that is recognised by these variables.
fn recognised(variables: &[(&str, String)]) -> &'static str {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    Place::recognise(&ProcessEnv::new(variables)).id
}

#[test]
fn a_place_is_not_taken_for_the_one_that_it_imitates() {
    // What each runner sets of another system's marks, by the runners' sources.
    let imitators = [
        ("forgejo", ["gitea", "github"].as_slice()),
        ("gitea", &["github"]),
        ("harness", &["drone"]),
    ];
    for (imitator, imitated) in imitators {
        let all = imitated.iter().chain([&imitator]).map(|id| Place::of_id(id).expect("a place"));
        let marks = all.flat_map(|place| {
            place.marks.iter().map(|mark| (mark.variable(), value_of(place, mark.variable())))
        });
        assert_eq!(recognised(&marks.collect::<Vec<_>>()), imitator);
    }
}

#[test]
fn every_place_says_what_it_is_in_the_reason() {
    all_at_once(PLACES, |place| {
        let api = StandIn::start(agents_api());
        assert_eq!(step(place, &api).run().code, 0);
        let body: Value = serde_json::from_slice(&api.requests()[0].body).unwrap();
        let shown = |variable: Option<&str>, before: &str| {
            variable.map(|name| format!(", {before}{}", value_of(place, name))).unwrap_or_default()
        };
        let Details { workflow, repository, run, actor } = place.details;
        let mut expected = format!("Rolled back by {}", place.name);
        expected += &shown(workflow, "");
        expected += &shown(repository, "repository ");
        expected += &shown(run, "run ");
        expected += &shown(actor, "started by ");
        if !place.address.is_empty() {
            let mut address = place.address.to_owned();
            for variable in variables(place) {
                address = address.replace(&format!("{{{variable}}}"), &value_of(place, variable));
            }
            assert!(address.starts_with("https://"), "{address}");
            expected += &format!(", {address}");
        }
        assert_eq!(body["deploymentMessage"], expected);
    });
}

#[test]
fn a_rollback_is_told_in_the_language_of_every_place() {
    all_at_once(PLACES, |place| {
        let api = StandIn::start(agents_api());
        let ended = step(place, &api).run();
        assert_eq!((ended.code, api.posts()), (0, 1), "{}", ended.err);
        assert_eq!(ended.err, "");
        says_nothing_to_others(place, &ended);
        let expected: &[&str] = match place.viewer {
            Viewer::Plain => &[],
            Viewer::GitHub => &["add-mask", "group", "endgroup", "notice"],
            Viewer::Gitea => &["add-mask", "group", "endgroup"],
            Viewer::GitLab => &["start", "end"],
            Viewer::Buildkite => &["---"],
            Viewer::Azure => &["task.setsecret", "group", "endgroup", "task.setvariable"],
            Viewer::TeamCity => &["blockOpened", "blockClosed", "setParameter"],
        };
        assert_eq!(commands(place.viewer, &ended), expected, "{}", place.id);
        let is_coloured = ended.out.contains("\u{1b}[32;1m");
        let can_be = !matches!(place.viewer, Viewer::GitHub);
        assert_eq!(is_coloured, place.shows_colours && can_be, "{}", place.id);
        if let Some(outputs) = outputs(place, &ended) {
            assert_eq!(outputs["ROLLBACK_OUTCOME"], "rolled-back");
            assert_eq!(outputs["ROLLBACK_DEPLOYMENT_ID"], "019e191e-ca97-7afa-a3bf-000000000001");
        }
    });
}

#[test]
fn a_deployment_that_is_not_found_is_told_in_every_place() {
    all_at_once(PLACES, |place| {
        let api = StandIn::start(agents_api());
        let ended = step(place, &api).env("POLYAI_DEPLOYMENT_ID", "gone").run();
        assert_eq!(ended.code, 4, "{}", ended.err);
        says_nothing_to_others(place, &ended);
        let expected: &[&str] = match place.viewer {
            Viewer::Plain => &[],
            Viewer::GitHub => &["add-mask", "group", "endgroup", "error"],
            Viewer::Gitea => &["add-mask", "group", "endgroup"],
            Viewer::GitLab => &["start", "end"],
            Viewer::Buildkite => &["---", "+++"],
            Viewer::Azure => {
                &["task.setsecret", "group", "endgroup", "task.setvariable", "task.logissue"]
            }
            Viewer::TeamCity => &["blockOpened", "blockClosed", "setParameter", "buildProblem"],
        };
        assert_eq!(commands(place.viewer, &ended), expected, "{}", place.id);
        let outputs = outputs(place, &ended).unwrap_or_default();
        assert!(outputs.get("ROLLBACK_OUTCOME").is_none_or(|outcome| outcome == "not-found"));
    });
}

/// An API that says something hostile in every field.
fn hostile_api(is_found: bool) -> StandIn {
    let text = Value::from(HOSTILE).to_string();
    let deployment = format!(
        r#"{{"id":{text},"accountId":{text},"agentId":{text},"environment":{text},"artifactVersion":{text},"version":{text},"createdBy":{text},"createdAt":{text},"metadata":{{"deployment_message":{text}}}}}"#
    );
    let done = format!(r#"{{"deployment":{deployment},"testRunIds":[{text}]}}"#);
    let refusal = json!({"error_code": HOSTILE, "error_message": HOSTILE, "error_id": HOSTILE});
    let list = format!(r#"{{"deployments":[{deployment}],"activeDeployments":{{}}}}"#);
    StandIn::start(move |request| match request.method.as_str() {
        "POST" if is_found => Answer::new(200, &done),
        "POST" => Answer::new(404, refusal.to_string()),
        _ => Answer::new(200, &list),
    })
}

#[test]
fn hostile_text_forms_no_command_of_any_place() {
    all_at_once(
        PLACES.iter().flat_map(|place| [(place, true), (place, false)]),
        |(place, found)| {
            let api = hostile_api(found);
            let mut step = step(place, &api).unverified().env("POLYAI_OUTPUT_DIR", "results");
            let is_fixed = |name: &str| {
                place.marks.iter().any(|mark| matches!(mark, Mark::Is(own, _) if *own == name))
            };
            for variable in variables(place).into_iter().filter(|name| !is_fixed(name)) {
                step = step.env(variable, value_of(place, variable) + HOSTILE);
            }
            let file = if place.id == "gitlab" { "rollback.env" } else { "out.env" };
            let step =
                step.env("POLYAI_OUTPUT_FILE", file).env("POLYAI_SUMMARY_FILE", "summary.md");
            let harm = step.path("harm");
            let ended = step.run();
            assert_eq!(ended.code, if found { 0 } else { 4 }, "{}", ended.err);

            says_nothing_to_others(place, &ended);
            let allowed: &[&str] = match place.viewer {
                Viewer::Plain => &[],
                Viewer::GitHub => &["add-mask", "group", "endgroup", "notice", "warning", "error"],
                Viewer::Gitea => &["add-mask", "group", "endgroup"],
                Viewer::GitLab => &["start", "end"],
                Viewer::Buildkite => &["---", "+++"],
                Viewer::Azure => {
                    &["task.setsecret", "group", "endgroup", "task.setvariable", "task.logissue"]
                }
                Viewer::TeamCity => {
                    &["blockOpened", "blockClosed", "setParameter", "buildProblem", "message"]
                }
            };
            for command in commands(place.viewer, &ended) {
                assert!(allowed.contains(&command.as_str()), "{command} in {}", place.id);
            }
            let outcome = if found { "rolled-back" } else { "not-found" };
            let outputs = outputs(place, &ended).unwrap_or_default();
            assert!(outputs.get("ROLLBACK_OUTCOME").is_none_or(|told| told == outcome));
            assert_eq!(ended.folder("results")["outcome"], outcome);
            parsers::tekton_message(&ended.folder("results")).expect("results that Tekton takes");

            let lines = ended.read(file).expect("variables");
            assert_eq!(parsers::variables(&lines).unwrap()["ROLLBACK_OUTCOME"], outcome);
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{lines}\necho \"$ROLLBACK_OUTCOME\"")]);
            let folder = tempfile::tempdir().unwrap();
            let output = shell.current_dir(folder.path()).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{outcome}\n"));
            assert!(output.stderr.is_empty() && !harm.exists());
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        },
    );
}

#[test]
fn the_key_is_told_only_to_a_viewer_that_hides_it() {
    all_at_once(PLACES, |place| {
        let api = StandIn::start(agents_api());
        let ended = step(place, &api).run();
        let line = match place.viewer {
            Viewer::GitHub | Viewer::Gitea => format!("::add-mask::{API_KEY}\n"),
            Viewer::Azure => format!("##vso[task.setsecret]{API_KEY}\n"),
            _ => String::new(),
        };
        assert!(ended.out.starts_with(&line), "{}", ended.out);
        assert!(!ended.everything().replacen(&line, "", 1).contains(API_KEY), "{}", place.id);
    });
}

#[test]
fn a_file_of_a_place_that_is_missing_is_not_written() {
    all_at_once(PLACES, |place| {
        let api = StandIn::start(agents_api());
        let mut step = step(place, &api);
        for sink in place.sinks {
            if let At::Variable(name) = sink.at {
                step = step.without(name);
            }
        }
        let ended = step.run();
        assert_eq!((ended.code, api.posts()), (0, 1), "{}", ended.err);
    });
}

#[test]
fn a_file_of_a_place_that_cannot_be_opened_stops_the_run_before_it_begins() {
    let sinks = PLACES.iter().flat_map(|place| place.sinks.iter().map(move |sink| (place, sink)));
    all_at_once(sinks, |(place, sink)| {
        let api = StandIn::start(agents_api());
        let step = step(place, &api).env("NO_COLOR", "1");
        let (step, problem) = match sink.at {
            At::Variable(name) => (
                step.env(name, "no/such/folder"),
                format!(
                    "{name} no/such/folder cannot be written: No such file or directory (os error 2); \
                     does the image run as root?"
                ),
            ),
            At::OutputFile(path) => {
                fs::create_dir(step.path(path)).unwrap();
                let problem = "cannot be written: Is a directory (os error 21)";
                (step, format!("POLYAI_OUTPUT_FILE {path} {problem}"))
            }
        };
        let ended = step.run();
        assert_eq!((ended.code, api.requests().len()), (2, 0), "{}", ended.err);
        assert!(ended.err.contains(&problem), "{}", ended.err);
    });
}

#[test]
fn a_rollback_whose_outputs_cannot_be_written_is_told_in_every_place() {
    all_at_once(PLACES, |place| {
        let api = StandIn::start(agents_api());
        let step = step(place, &api).env("POLYAI_OUTPUT_FILE", "/dev/full").env("NO_COLOR", "1");
        let ended = step.run();
        assert_eq!((ended.code, api.posts()), (1, 1), "{}", ended.err);
        assert!(ended.err.contains("outputs not written (internal-error)"), "{}", ended.err);
        assert!(ended.err.contains("  outcome              rolled-back\n"), "{}", ended.err);
        says_nothing_to_others(place, &ended);
        let heard = obeyed(place.viewer, &ended.out, &ended.err);
        if place.viewer == Viewer::TeamCity {
            assert_eq!(heard.last().map(String::as_str), Some("buildProblem"));
        }
    });
}

#[test]
fn teamcity_is_told_of_one_problem_however_many_there_are() {
    let api = StandIn::start(agents_api());
    let place = Place::of_id("teamcity").unwrap();
    let step = step(place, &api).env("POLYAI_REGION", "mars").env("POLYAI_TIMEOUT", "it's [soon]");
    let ended = step.run();
    assert_eq!(ended.code, 2);
    let problems = messages(&ended.out).into_iter().filter(|one| one.name == "buildProblem");
    let problems: Vec<_> = problems.map(|problem| problem.values).collect();
    assert_eq!(problems.len(), 1, "{}", ended.out);
    assert_eq!(problems[0]["identity"], "polyai_invalid_input");
    assert!(
        problems[0]["description"]
            .starts_with("Not rolled back (invalid-input): POLYAI_REGION “mars” must be"),
        "{problems:?}"
    );
}

#[test]
fn the_input_pipeline_decides_the_place() {
    all_at_once(PLACES, |place| {
        let api = StandIn::start(agents_api());
        let other = Place::of_id(if place.id == "drone" { "gitlab" } else { "drone" }).unwrap();
        let named = step(other, &api).env("POLYAI_PIPELINE", place.id).env("NO_COLOR", "1").run();
        assert_eq!(named.code, 0);
        let reason = format!("Rolled back by {}", place.name);
        assert!(named.out.contains(&reason), "{}", named.out);
        says_nothing_to_others(place, &named);
        // The viewer of another place would show the line that masks the key.
        assert!(!named.everything().contains(API_KEY), "{}", named.out);
    });
}

#[test]
fn a_place_that_nobody_knows_is_refused() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).env("POLYAI_PIPELINE", "Jenkins").run();
    assert_eq!((ended.code, ended.out.as_str(), api.requests().len()), (2, "", 0));
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (invalid-input): POLYAI_PIPELINE “Jenkins” must be one of forgejo, gitea, github, gitlab, harness, drone, woodpecker, bitbucket, circleci, buildkite, azure, teamcity, jenkins, codebuild, screwdriver, argo, cloud-build, concourse, tekton, kubernetes, dagger, docker
  effect            unchanged: nothing was sent

"#]]
    );
    for mistake in ["$(PIPELINE)", "\"azure\""] {
        let ended = Step::plain(&api).env("POLYAI_PIPELINE", mistake).run();
        assert_eq!((ended.code, api.requests().len()), (2, 0));
        assert_eq!(ended.err.matches("error:").count(), 1, "{}", ended.err);
    }
}

#[test]
fn every_sign_is_escaped_as_its_reader_takes_it_back() {
    let text = "%;\r\n]|'[\u{85}\u{2028}\u{2029}#";
    assert_eq!(
        azure::issue("warning", text),
        "##vso[task.logissue type=warning]%AZP25%3B%0D%0A%5D|'[\u{85}\u{2028}\u{2029}#"
    );
    assert_eq!(
        teamcity::command("message", &[("text", text)]),
        "##teamcity[message text='%;|r|n|]|||'|[|x|l|p#']"
    );
}

#[test]
fn a_build_of_teamcity_has_no_problem_if_the_exit_code_is_0() {
    let place = Place::of_id("teamcity").unwrap();
    for (outcome, expected) in [(Outcome::RolledBack, 0), (Outcome::Superseded, 1)] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut log = Log::new(&ProcessEnv::new([]), place, false, &mut out, &mut err);
        log.error("Title", "text", &[]);
        log.close(outcome);
        assert_eq!(messages(&String::from_utf8(out).unwrap()).len(), expected);
    }
}

/// The table of places by features, in Markdown.
fn table() -> String {
    let mut table = "| place | `pipeline` | recognised by | an input is | outputs, unasked | the log has | colours |\n\
        |---|---|---|---|---|---|---|\n"
        .to_owned();
    for place in PLACES {
        let mark = |mark: &Mark| match mark {
            Mark::Is(name, value) => format!("`{name}={value}`"),
            Mark::Set(name) => format!("`{name}`"),
        };
        let marks = place.marks.iter().map(mark).collect::<Vec<_>>().join(" and ");
        let input = match place.spelling {
            Spelling::Hyphens => "`agent-id`",
            Spelling::Underscores => "`agent_id`",
            Spelling::Variable => "`POLYAI_AGENT_ID`",
        };
        let sink = |at: At| match at {
            At::Variable(name) => format!("`${name}`"),
            At::OutputFile(path) => format!("`{path}`"),
        };
        let mut outputs: Vec<_> = place.sinks.iter().map(|one| sink(one.at)).collect();
        let log = match place.viewer {
            Viewer::Plain => "",
            Viewer::GitHub => "groups, annotations; hides the key",
            Viewer::Gitea => "groups; hides the key",
            Viewer::GitLab => "sections",
            Viewer::Buildkite => "groups",
            Viewer::Azure => "groups, issues; hides the key",
            Viewer::TeamCity => "blocks, a build problem",
        };
        match place.viewer {
            Viewer::Azure => outputs.push("output variables".to_owned()),
            Viewer::TeamCity => outputs.push("parameters".to_owned()),
            _ => {}
        }
        let colours = if place.shows_colours { "yes" } else { "" };
        table += &format!(
            "| {} | `{}` | {marks} | {input} | {} | {log} | {colours} |\n",
            place.name,
            place.id,
            outputs.join(", ")
        );
    }
    table
}

#[test]
fn the_table_of_places_is_made_from_the_rows() {
    let path = format!("{}/docs/pipelines/README.md", env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(&path).expect("the page");
    let begin = page.find("| place |").expect("a table");
    let end = page[begin..].find("\n\n").map_or(page.len(), |end| begin + end + 1);
    let (before, after) = (&page[..begin], &page[end..]);
    if std::env::var("SNAPSHOTS").is_ok_and(|wish| wish == "overwrite") {
        fs::write(&path, format!("{before}{}{after}", table())).expect("the page");
    } else {
        assert_eq!(&page[begin..end], table());
    }
}
