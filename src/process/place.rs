//! The place where the program runs: which CI/CD system it is, and what that says of the run.
//!
//! `PLACES` is the table of the systems that are recognised. A new system is a new row.

use crate::process::env::ProcessEnv;
use serde::Serialize;

/// A family of log viewers: they understand the same commands beyond lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// GitHub Actions, and Gitea, Forgejo and act, which speak its language.
    GitHub,
    /// GitLab CI/CD.
    GitLab,
    /// Any other container.
    Other,
}

/// How the name of an input is written by the people who set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `deployment-id`: an input of an action or of a GitLab component.
    Hyphens,
    /// `deployment_id`: a setting of a Drone, Woodpecker or Harness plugin.
    Underscores,
    /// `POLYAI_DEPLOYMENT_ID`: an environment variable.
    Variable,
}

/// The run of a pipeline that the program is a step of. The texts are for people to read.
#[derive(Debug, Serialize)]
pub struct Pipeline {
    /// The log viewer.
    #[serde(skip)]
    pub family: Family,
    /// How the users of this system write the name of an input.
    #[serde(skip)]
    pub spelling: Spelling,
    /// The name of the system.
    pub name: &'static str,
    /// The name of the workflow or job.
    pub workflow: Option<String>,
    /// The repository or project.
    pub repository: Option<String>,
    /// The number or id of the run.
    pub run: Option<String>,
    /// Who started the run.
    pub actor: Option<String>,
    /// The run's address in a browser.
    pub url: Option<String>,
}

/// A CI/CD system: how it is recognised, and the variables in which it describes a run.
struct Place {
    name: &'static str,
    family: Family,
    spelling: Spelling,
    mark: Mark,
    workflow: Option<&'static str>,
    repository: Option<&'static str>,
    run: Option<&'static str>,
    actor: Option<&'static str>,
    /// The variable with the run's address. GitHub's is composed of three variables instead.
    url: Option<&'static str>,
}

/// A variable that only one system sets.
enum Mark {
    /// Set to this value.
    Is(&'static str, &'static str),
    /// Set to any value.
    Set(&'static str),
}

/// A container of which nothing is known.
const UNKNOWN: Place = Place {
    name: "polyai-rollback",
    family: Family::Other,
    spelling: Spelling::Variable,
    mark: Mark::Set(""),
    workflow: None,
    repository: None,
    run: None,
    actor: None,
    url: None,
};

#[rustfmt::skip]
const GITHUB: Place = Place {
    name: "GitHub Actions", family: Family::GitHub, spelling: Spelling::Hyphens, mark: Mark::Is("GITHUB_ACTIONS", "true"),
    workflow: Some("GITHUB_WORKFLOW"), repository: Some("GITHUB_REPOSITORY"), run: Some("GITHUB_RUN_ID"),
    actor: Some("GITHUB_TRIGGERING_ACTOR"), url: None,
};

#[rustfmt::skip]
const GITEA: Place = Place {
    name: "Gitea Actions", mark: Mark::Is("GITEA_ACTIONS", "true"),
    run: Some("GITHUB_RUN_NUMBER"), actor: Some("GITHUB_ACTOR"), ..GITHUB
};

/// The systems that are recognised, each before the one that it imitates. The variables are those of
/// each vendor's list of predefined variables.
#[rustfmt::skip]
const PLACES: [Place; 11] = [
    Place { name: "Forgejo Actions", mark: Mark::Is("FORGEJO_ACTIONS", "true"), ..GITEA },
    GITEA,
    GITHUB,
    Place {
        name: "GitLab CI", family: Family::GitLab, mark: Mark::Is("GITLAB_CI", "true"),
        workflow: Some("CI_JOB_NAME"), repository: Some("CI_PROJECT_PATH"), run: Some("CI_PIPELINE_ID"),
        actor: Some("GITLAB_USER_LOGIN"), url: Some("CI_JOB_URL"), ..UNKNOWN
    },
    Place {
        name: "Drone", spelling: Spelling::Underscores, mark: Mark::Is("DRONE", "true"),
        workflow: Some("DRONE_STAGE_NAME"), repository: Some("DRONE_REPO"), run: Some("DRONE_BUILD_NUMBER"),
        actor: Some("DRONE_BUILD_TRIGGER"), url: Some("DRONE_BUILD_LINK"), ..UNKNOWN
    },
    Place {
        name: "Woodpecker", spelling: Spelling::Underscores, mark: Mark::Is("CI", "woodpecker"),
        workflow: Some("CI_WORKFLOW_NAME"), repository: Some("CI_REPO"), run: Some("CI_PIPELINE_NUMBER"),
        actor: Some("CI_PIPELINE_AUTHOR"), url: Some("CI_PIPELINE_URL"), ..UNKNOWN
    },
    Place {
        name: "Bitbucket Pipelines", mark: Mark::Set("BITBUCKET_BUILD_NUMBER"),
        repository: Some("BITBUCKET_REPO_FULL_NAME"), run: Some("BITBUCKET_BUILD_NUMBER"), ..UNKNOWN
    },
    Place {
        name: "CircleCI", mark: Mark::Is("CIRCLECI", "true"),
        workflow: Some("CIRCLE_JOB"), repository: Some("CIRCLE_PROJECT_REPONAME"), run: Some("CIRCLE_BUILD_NUM"),
        actor: Some("CIRCLE_USERNAME"), url: Some("CIRCLE_BUILD_URL"), ..UNKNOWN
    },
    Place {
        name: "Buildkite", mark: Mark::Is("BUILDKITE", "true"),
        workflow: Some("BUILDKITE_PIPELINE_SLUG"), run: Some("BUILDKITE_BUILD_NUMBER"),
        actor: Some("BUILDKITE_BUILD_CREATOR"), url: Some("BUILDKITE_BUILD_URL"), ..UNKNOWN
    },
    Place {
        name: "Azure Pipelines", mark: Mark::Set("TF_BUILD"),
        workflow: Some("BUILD_DEFINITIONNAME"), repository: Some("BUILD_REPOSITORY_NAME"), run: Some("BUILD_BUILDID"),
        actor: Some("BUILD_REQUESTEDFOR"), ..UNKNOWN
    },
    Place {
        name: "Jenkins", mark: Mark::Set("JENKINS_URL"),
        workflow: Some("JOB_NAME"), run: Some("BUILD_NUMBER"), actor: Some("BUILD_USER_ID"), url: Some("BUILD_URL"), ..UNKNOWN
    },
];

impl Place {
    fn is_here(&self, variables: &ProcessEnv) -> bool {
        match self.mark {
            Mark::Is(name, value) => variables.text(name).as_deref() == Some(value),
            Mark::Set(name) => variables.text(name).is_some(),
        }
    }
}

impl Pipeline {
    /// Finds out which system set these variables.
    pub fn detect(variables: &ProcessEnv) -> Self {
        let place = PLACES.into_iter().find(|place| place.is_here(variables)).unwrap_or(UNKNOWN);
        let text = |name: Option<&str>| name.and_then(|name| variables.text(name));
        let (repository, run) = (text(place.repository), text(place.run));
        let server = variables.text("GITHUB_SERVER_URL");
        let url = match (place.family, server, &repository, &run) {
            (Family::GitHub, Some(server), Some(repository), Some(run)) => {
                Some(format!("{server}/{repository}/actions/runs/{run}"))
            }
            _ => text(place.url),
        };
        Self {
            family: place.family,
            spelling: place.spelling,
            name: place.name,
            workflow: text(place.workflow),
            repository,
            run,
            actor: text(place.actor),
            url,
        }
    }

    /// All that is known of the run, never empty, as foreign text.
    pub fn describe(&self) -> String {
        let details = [
            self.workflow.clone(),
            self.repository.as_ref().map(|repository| format!("repository {repository}")),
            self.run.as_ref().map(|run| format!("run {run}")),
            self.actor.as_ref().map(|actor| format!("started by {actor}")),
            self.url.clone(),
        ];
        let known = details.into_iter().flatten();
        [self.name.to_owned()].into_iter().chain(known).collect::<Vec<_>>().join(", ")
    }
}
