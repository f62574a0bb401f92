//! The pipeline that we are a step of: which system it is, and what it says of this run.

use crate::inputs::variables::Spelling;
use crate::process::env::Environment;
use serde::Serialize;

/// What a pipeline understands beyond an exit code and lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// GitHub Actions, and Gitea, Forgejo and act, which speak its language.
    GitHub,
    /// GitLab CI/CD.
    GitLab,
    /// Any other container.
    Other,
}

/// Who runs us, for whom, and where that can be looked up. All of it is for people to read.
#[derive(Debug, Serialize)]
pub struct Pipeline {
    /// How the system is to be spoken to.
    #[serde(skip)]
    pub family: Family,
    /// How its users write the name of an input.
    #[serde(skip)]
    pub spelling: Spelling,
    /// The name of the system.
    pub name: &'static str,
    /// The workflow or job by its name.
    pub workflow: Option<String>,
    /// The repository or project.
    pub repository: Option<String>,
    /// The number or id of the run.
    pub run: Option<String>,
    /// Who started it.
    pub actor: Option<String>,
    /// Where it can be looked at.
    pub url: Option<String>,
}

/// How one system shows itself, and the variables in which it describes a run.
struct System {
    name: &'static str,
    family: Family,
    spelling: Spelling,
    /// A variable that only this system sets, and its value where the name is not enough.
    mark: (&'static str, Option<&'static str>),
    /// The variables of workflow, repository, run, actor and address; empty where there is none.
    details: [&'static str; 5],
}

/// The systems that we know, each before the one that it imitates. The variables are those of
/// each vendor's list of predefined variables.
#[rustfmt::skip]
const SYSTEMS: [System; 11] = {
    use Family::{GitHub, GitLab, Other};
    use Spelling::{Hyphens, Underscores, Variable};
    const GITHUB: [&str; 5] = ["GITHUB_WORKFLOW", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_TRIGGERING_ACTOR", ""];
    const GITEA: [&str; 5] = ["GITHUB_WORKFLOW", "GITHUB_REPOSITORY", "GITHUB_RUN_NUMBER", "GITHUB_ACTOR", ""];
    const TRUE: Option<&str> = Some("true");
    [
        System { name: "Forgejo Actions", family: GitHub, spelling: Hyphens, mark: ("FORGEJO_ACTIONS", TRUE), details: GITEA },
        System { name: "Gitea Actions", family: GitHub, spelling: Hyphens, mark: ("GITEA_ACTIONS", TRUE), details: GITEA },
        System { name: "GitHub Actions", family: GitHub, spelling: Hyphens, mark: ("GITHUB_ACTIONS", TRUE), details: GITHUB },
        System { name: "GitLab CI", family: GitLab, spelling: Variable, mark: ("GITLAB_CI", TRUE),
            details: ["CI_JOB_NAME", "CI_PROJECT_PATH", "CI_PIPELINE_ID", "GITLAB_USER_LOGIN", "CI_JOB_URL"] },
        System { name: "Drone", family: Other, spelling: Underscores, mark: ("DRONE", TRUE),
            details: ["DRONE_STAGE_NAME", "DRONE_REPO", "DRONE_BUILD_NUMBER", "DRONE_BUILD_TRIGGER", "DRONE_BUILD_LINK"] },
        System { name: "Woodpecker", family: Other, spelling: Underscores, mark: ("CI", Some("woodpecker")),
            details: ["CI_WORKFLOW_NAME", "CI_REPO", "CI_PIPELINE_NUMBER", "CI_PIPELINE_AUTHOR", "CI_PIPELINE_URL"] },
        System { name: "Bitbucket Pipelines", family: Other, spelling: Variable, mark: ("BITBUCKET_BUILD_NUMBER", None),
            details: ["", "BITBUCKET_REPO_FULL_NAME", "BITBUCKET_BUILD_NUMBER", "", ""] },
        System { name: "CircleCI", family: Other, spelling: Variable, mark: ("CIRCLECI", TRUE),
            details: ["CIRCLE_JOB", "CIRCLE_PROJECT_REPONAME", "CIRCLE_BUILD_NUM", "CIRCLE_USERNAME", "CIRCLE_BUILD_URL"] },
        System { name: "Buildkite", family: Other, spelling: Variable, mark: ("BUILDKITE", TRUE),
            details: ["BUILDKITE_PIPELINE_SLUG", "", "BUILDKITE_BUILD_NUMBER", "BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_URL"] },
        System { name: "Azure Pipelines", family: Other, spelling: Variable, mark: ("TF_BUILD", None),
            details: ["BUILD_DEFINITIONNAME", "BUILD_REPOSITORY_NAME", "BUILD_BUILDID", "BUILD_REQUESTEDFOR", ""] },
        System { name: "Jenkins", family: Other, spelling: Variable, mark: ("JENKINS_URL", None),
            details: ["JOB_NAME", "", "BUILD_NUMBER", "BUILD_USER_ID", "BUILD_URL"] },
    ]
};

impl Pipeline {
    /// Finds out which system set these variables.
    pub fn detect(environment: &Environment) -> Self {
        let is_marked = |system: &&System| match system.mark {
            (variable, Some(value)) => environment.text(variable).as_deref() == Some(value),
            (variable, None) => environment.text(variable).is_some(),
        };
        let Some(system) = SYSTEMS.iter().find(is_marked) else {
            return Self {
                family: Family::Other,
                spelling: Spelling::Variable,
                name: "polyai-rollback",
                workflow: None,
                repository: None,
                run: None,
                actor: None,
                url: None,
            };
        };
        let [workflow, repository, run, actor, url] =
            system.details.map(|variable| environment.text(variable));
        let server = environment.text("GITHUB_SERVER_URL");
        let url = match (system.family, server, &repository, &run) {
            (Family::GitHub, Some(server), Some(repository), Some(run)) => {
                Some(format!("{server}/{repository}/actions/runs/{run}"))
            }
            _ => url,
        };
        Self {
            family: system.family,
            spelling: system.spelling,
            name: system.name,
            workflow,
            repository,
            run,
            actor,
            url,
        }
    }

    /// All of it, as it is, never empty.
    pub fn describe(&self) -> String {
        let details = [
            ("", &self.workflow),
            ("repository ", &self.repository),
            ("run ", &self.run),
            ("started by ", &self.actor),
            ("", &self.url),
        ];
        let mut line = self.name.to_owned();
        for (label, value) in details {
            if let Some(value) = value {
                line.push_str(&format!(", {label}{value}"));
            }
        }
        line
    }
}
