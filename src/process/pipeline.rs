//! The run of a pipeline that the program is a step of, as the place describes it.

use crate::process::{env::ProcessEnv, place::Place};
use crate::text::credentials;
use serde::Serialize;

/// The run of a pipeline. The texts are for people to read.
#[derive(Debug, Serialize)]
pub struct Pipeline {
    /// The place where the program runs.
    #[serde(skip)]
    pub place: &'static Place,
    /// The name of the place.
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

impl Pipeline {
    /// The run in the place that is named, or else in the one that set these variables. A name that is no
    /// place's id counts as none.
    pub fn detect(variables: &ProcessEnv, named: Option<&str>) -> Self {
        let place = named.and_then(Place::of_id).unwrap_or_else(|| Place::recognise(variables));
        let details = &place.details;
        let text = |name: Option<&str>| credentials::without_password(&variables.text(name?)?);
        let repository = details.repository.and_then(|name| variables.text(name));
        Self {
            place,
            name: place.name,
            workflow: text(details.workflow),
            repository: repository.and_then(|given| credentials::host_and_path(&given)),
            run: text(details.run),
            actor: text(details.actor),
            url: place.run_address(variables),
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
