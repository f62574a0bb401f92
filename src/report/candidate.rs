//! A deployment to choose, where the one that was asked for is not to be had.

use crate::model::{Deployment, Environment};
use crate::report::Report;
use serde::Serialize;

/// The most characters of a message in a table.
const TITLE_CHARACTERS: usize = 60;

/// A deployment to choose.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The environment that lists the deployment.
    pub environment: Option<Environment>,
    /// The value to give.
    pub give: String,
    /// The deployment's id.
    pub id: String,
    /// The deployment in one line.
    pub line: String,
    /// The deployment in cells, the value to give in the first.
    #[serde(skip)]
    pub cells: Vec<String>,
    /// The message, or else the version, of at most 60 characters.
    #[serde(skip)]
    pub title: String,
    /// The day, the time and the age.
    #[serde(skip)]
    pub when: Option<String>,
    /// Whether the deployment was active when this run last read that.
    #[serde(skip)]
    pub is_active: bool,
}

impl Candidate {
    /// A deployment as a person can choose it.
    pub(super) fn new(deployment: &Deployment, active: &[Deployment], report: &Report<'_>) -> Self {
        let Report { record, names, .. } = report;
        let is_active = match active {
            [] => record.plan.is_current(deployment),
            _ => active.iter().any(|active| active.id == deployment.id),
        };
        let give = match deployment.version {
            Some(_) => names.short(deployment),
            None => deployment.id.clone(),
        };
        let environment = deployment.environment.map_or("somewhere", Environment::name);
        let notes: &[_] = if is_active { &[environment, "active now"] } else { &[environment] };
        let mut cells = names.cells(deployment, notes);
        if let Some(first) = cells.first_mut() {
            first.clone_from(&give);
        }
        Self {
            environment: deployment.environment,
            give,
            cells,
            id: deployment.id.clone(),
            line: names.line(deployment),
            title: names.title(deployment, TITLE_CHARACTERS),
            when: names.when(deployment),
            is_active,
        }
    }
}
