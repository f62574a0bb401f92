//! The places where the program runs: CI/CD systems, and what runs containers without one.
//!
//! A row of [`PLACES`] says all that the code knows of a place. The table of places in
//! `docs/pipelines/README.md` and the tests are made from the rows, so a new place is a new row.

use crate::process::env::ProcessEnv;
use crate::process::sink::{At, Format, Limits, Sink};
use crate::text::credentials;

/// A place where the program runs.
#[derive(Debug)]
pub struct Place {
    /// The value of the input `pipeline`, and the name of the folder with its examples.
    pub id: &'static str,
    /// The name of the system.
    pub name: &'static str,
    /// The variables by which the place is recognised: all of these must hold. Without any mark, a place
    /// is known only by the input `pipeline`.
    pub marks: &'static [Mark],
    /// How the users of this place write the name of an input.
    pub spelling: Spelling,
    /// The variables in which the place describes a run.
    pub details: Details,
    /// The run's address in a browser, with the names of variables in braces. A run has no address where
    /// one of the variables is not set.
    pub address: &'static str,
    /// The files that the place takes.
    pub sinks: &'static [Sink],
    /// The log viewer.
    pub viewer: Viewer,
    /// Whether the log viewer shows colours although the output is no terminal.
    pub shows_colours: bool,
    /// The usual cause of a key that did not arrive; blank where there is none.
    pub no_key: &'static str,
}

/// A variable that only one place sets, or one that is imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Set to this value.
    Is(&'static str, &'static str),
    /// Set to any value.
    Set(&'static str),
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

/// The names of the variables that describe a run.
#[derive(Clone, Copy, Debug)]
pub struct Details {
    /// The name of the workflow or job.
    pub workflow: Option<&'static str>,
    /// The repository or project.
    pub repository: Option<&'static str>,
    /// The number or id of the run.
    pub run: Option<&'static str>,
    /// Who started the run.
    pub actor: Option<&'static str>,
}

/// A log viewer, by the commands that it understands beyond lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// None.
    Plain,
    /// GitHub's workflow commands.
    GitHub,
    /// Those of GitHub's that Gitea and Forgejo obey: groups and the mask, not the messages.
    Gitea,
    /// GitLab's sections.
    GitLab,
    /// Buildkite's groups.
    Buildkite,
    /// Azure's logging commands.
    Azure,
    /// TeamCity's service messages.
    TeamCity,
}

/// What a query of a run's address may name: the build, by TeamCity's and Azure's words.
const IDS: [&str; 3] = ["buildId", "buildTypeId", "tab"];

/// A container of which nothing is known.
pub const UNKNOWN: Place = Place {
    id: "",
    name: "polyai-rollback",
    marks: &[],
    spelling: Spelling::Variable,
    details: NO_DETAILS,
    address: "",
    sinks: &[],
    viewer: Viewer::Plain,
    shows_colours: false,
    no_key: "",
};

const NO_DETAILS: Details = Details { workflow: None, repository: None, run: None, actor: None };

#[rustfmt::skip]
const GITHUB: Place = Place {
    id: "github", name: "GitHub Actions", marks: &[Mark::Is("GITHUB_ACTIONS", "true")],
    spelling: Spelling::Hyphens,
    details: Details {
        workflow: Some("GITHUB_WORKFLOW"), repository: Some("GITHUB_REPOSITORY"), run: Some("GITHUB_RUN_ID"),
        actor: Some("GITHUB_TRIGGERING_ACTOR"),
    },
    address: "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    sinks: &[
        Sink { format: Format::GitHubOutput, at: At::Variable("GITHUB_OUTPUT") },
        Sink { format: Format::Markdown, at: At::Variable("GITHUB_STEP_SUMMARY") },
    ],
    viewer: Viewer::GitHub, shows_colours: false,
    no_key: "the secret is not set, or this run may not see it (a fork, another environment); ",
};

#[rustfmt::skip]
const GITEA: Place = Place {
    id: "gitea", name: "Gitea Actions", marks: &[Mark::Is("GITEA_ACTIONS", "true")],
    details: Details { run: Some("GITHUB_RUN_NUMBER"), actor: Some("GITHUB_ACTOR"), ..GITHUB.details },
    address: "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",
    viewer: Viewer::Gitea, shows_colours: true, ..GITHUB
};

/// All places, each before the one that it imitates, which is the order of recognition. The variables are
/// those of each vendor's list of predefined variables.
#[rustfmt::skip]
pub const PLACES: &[Place] = &[
    Place {
        id: "forgejo", name: "Forgejo Actions", marks: &[Mark::Is("FORGEJO_ACTIONS", "true")], ..GITEA
    },
    GITEA,
    GITHUB,
    Place {
        id: "gitlab", name: "GitLab CI", marks: &[Mark::Is("GITLAB_CI", "true")],
        details: Details {
            workflow: Some("CI_JOB_NAME"), repository: Some("CI_PROJECT_PATH"), run: Some("CI_PIPELINE_ID"),
            actor: Some("GITLAB_USER_LOGIN"),
        },
        address: "{CI_JOB_URL}",
        sinks: &[Sink { format: Format::Dotenv(Limits::GITLAB), at: At::OutputFile("rollback.env") }],
        viewer: Viewer::GitLab, shows_colours: true,
        no_key: "the variable is not set, or this job may not see it (protected, and the branch is not; \
            another environment); ",
        ..UNKNOWN
    },
    Place {
        id: "harness", name: "Harness CI", marks: &[Mark::Set("HARNESS_BUILD_ID")],
        spelling: Spelling::Underscores,
        details: Details {
            workflow: Some("HARNESS_PIPELINE_ID"), repository: Some("DRONE_REPO"), run: Some("HARNESS_BUILD_ID"),
            actor: Some("DRONE_BUILD_TRIGGER"),
        },
        address: "{DRONE_BUILD_LINK}",
        sinks: &[Sink { format: Format::Dotenv(Limits::NONE), at: At::Variable("HARNESS_OUTPUT_FILE") }],
        shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "drone", name: "Drone", marks: &[Mark::Is("DRONE", "true")], spelling: Spelling::Underscores,
        details: Details {
            workflow: Some("DRONE_STAGE_NAME"), repository: Some("DRONE_REPO"), run: Some("DRONE_BUILD_NUMBER"),
            actor: Some("DRONE_BUILD_TRIGGER"),
        },
        address: "{DRONE_BUILD_LINK}", shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "woodpecker", name: "Woodpecker", marks: &[Mark::Is("CI", "woodpecker")],
        spelling: Spelling::Underscores,
        details: Details {
            workflow: Some("CI_WORKFLOW_NAME"), repository: Some("CI_REPO"), run: Some("CI_PIPELINE_NUMBER"),
            actor: Some("CI_PIPELINE_AUTHOR"),
        },
        address: "{CI_PIPELINE_URL}", shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "bitbucket", name: "Bitbucket Pipelines", marks: &[Mark::Set("BITBUCKET_BUILD_NUMBER")],
        details: Details {
            repository: Some("BITBUCKET_REPO_FULL_NAME"), run: Some("BITBUCKET_BUILD_NUMBER"),
            actor: Some("BITBUCKET_STEP_TRIGGERER_UUID"), ..NO_DETAILS
        },
        address: "https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
        sinks: &[Sink {
            format: Format::Dotenv(Limits::NONE), at: At::Variable("BITBUCKET_PIPELINES_VARIABLES_PATH"),
        }],
        shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "circleci", name: "CircleCI", marks: &[Mark::Is("CIRCLECI", "true")],
        details: Details {
            workflow: Some("CIRCLE_JOB"), repository: Some("CIRCLE_PROJECT_REPONAME"),
            run: Some("CIRCLE_BUILD_NUM"), actor: Some("CIRCLE_USERNAME"),
        },
        address: "{CIRCLE_BUILD_URL}", shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "buildkite", name: "Buildkite", marks: &[Mark::Is("BUILDKITE", "true")],
        details: Details {
            workflow: Some("BUILDKITE_PIPELINE_SLUG"), repository: Some("BUILDKITE_REPO"),
            run: Some("BUILDKITE_BUILD_NUMBER"), actor: Some("BUILDKITE_BUILD_CREATOR"),
        },
        address: "{BUILDKITE_BUILD_URL}", viewer: Viewer::Buildkite, shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "azure", name: "Azure Pipelines", marks: &[Mark::Set("TF_BUILD")],
        details: Details {
            workflow: Some("BUILD_DEFINITIONNAME"), repository: Some("BUILD_REPOSITORY_NAME"),
            run: Some("BUILD_BUILDID"), actor: Some("BUILD_REQUESTEDFOR"),
        },
        // The project's id, as its name may have spaces.
        address: "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECTID}/_build/results?buildId={BUILD_BUILDID}",
        viewer: Viewer::Azure, shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "teamcity", name: "TeamCity", marks: &[Mark::Set("TEAMCITY_VERSION")],
        details: Details {
            workflow: Some("TEAMCITY_BUILDCONF_NAME"), repository: Some("TEAMCITY_PROJECT_NAME"),
            run: Some("BUILD_NUMBER"), ..NO_DETAILS
        },
        address: "{BUILD_URL}", viewer: Viewer::TeamCity, shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "jenkins", name: "Jenkins", marks: &[Mark::Set("JENKINS_URL")],
        details: Details {
            workflow: Some("JOB_NAME"), run: Some("BUILD_NUMBER"), actor: Some("BUILD_USER_ID"), ..NO_DETAILS
        },
        address: "{BUILD_URL}", ..UNKNOWN
    },
    Place {
        id: "codebuild", name: "AWS CodeBuild", marks: &[Mark::Set("CODEBUILD_BUILD_ID")],
        details: Details {
            repository: Some("CODEBUILD_SOURCE_REPO_URL"), run: Some("CODEBUILD_BUILD_NUMBER"),
            actor: Some("CODEBUILD_INITIATOR"), ..NO_DETAILS
        },
        address: "{CODEBUILD_PUBLIC_BUILD_URL}", ..UNKNOWN
    },
    Place {
        id: "screwdriver", name: "Screwdriver", marks: &[Mark::Is("SCREWDRIVER", "true")],
        details: Details {
            workflow: Some("SD_JOB_NAME"), repository: Some("SD_PIPELINE_NAME"), run: Some("SD_BUILD_ID"),
            ..NO_DETAILS
        },
        address: "{SD_UI_BUILD_URL}", shows_colours: true, ..UNKNOWN
    },
    Place {
        id: "argo", name: "Argo Workflows", marks: &[Mark::Set("ARGO_WORKFLOW_NAME"), Mark::Set("ARGO_NODE_ID")],
        details: Details { run: Some("ARGO_WORKFLOW_NAME"), ..NO_DETAILS }, ..UNKNOWN
    },
    Place {
        id: "cloud-build", name: "Google Cloud Build", marks: &[Mark::Set("BUILDER_OUTPUT")],
        details: Details { run: Some("BUILD_ID"), ..NO_DETAILS }, ..UNKNOWN
    },
    Place {
        id: "concourse", name: "Concourse", marks: &[Mark::Set("ATC_EXTERNAL_URL")], shows_colours: true, ..UNKNOWN
    },
    Place { id: "tekton", name: "Tekton", ..UNKNOWN },
    Place { id: "kubernetes", name: "Kubernetes", ..UNKNOWN },
    Place { id: "dagger", name: "Dagger", ..UNKNOWN },
    Place { id: "docker", name: "Docker", ..UNKNOWN },
];

impl Mark {
    /// The name of the variable.
    pub fn variable(&self) -> &'static str {
        match self {
            Self::Is(name, _) | Self::Set(name) => name,
        }
    }

    fn holds(&self, variables: &ProcessEnv) -> bool {
        let text = variables.text(self.variable());
        match self {
            Self::Is(_, value) => text.as_deref() == Some(value),
            Self::Set(_) => text.is_some(),
        }
    }
}

impl Place {
    /// The place with this id.
    pub fn of_id(id: &str) -> Option<&'static Self> {
        PLACES.iter().find(|place| place.id == id)
    }

    /// The place that set these variables, as far as that can be recognised.
    pub fn recognise(variables: &ProcessEnv) -> &'static Self {
        PLACES.iter().find(|place| place.is_here(variables)).unwrap_or(&UNKNOWN)
    }

    /// Whether the place has set these variables.
    pub fn is_here(&self, variables: &ProcessEnv) -> bool {
        !self.marks.is_empty() && self.marks.iter().all(|mark| mark.holds(variables))
    }

    /// The run's address; none where a part of it is not known. No password is in it.
    pub fn run_address(&self, variables: &ProcessEnv) -> Option<String> {
        let mut parts = self.address.split('{');
        let mut address = parts.next()?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            let value = variables.text(name)?;
            // A query may hold a token, and without it the address leads elsewhere.
            let (_, query) = value.split_once(['?', '#']).unwrap_or_default();
            let mut names = query.split(['?', '&', '#']).filter_map(|part| part.split_once('='));
            if names.any(|(name, _)| !IDS.contains(&name)) {
                return None;
            }
            address.push_str(&value);
            address.push_str(rest);
        }
        credentials::web_address(&address)
    }
}
