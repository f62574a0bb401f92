//! A deployment to choose, where the one that was asked for is not to be had.

use crate::model::{Deployment, Environment, Names};
use crate::report::Report;
use crate::text::row::Row;
use serde::Serialize;

/// A deployment to choose.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The environment that lists the deployment.
    pub environment: Option<&'static str>,
    /// The value to give.
    pub give: String,
    /// The deployment's id.
    pub id: String,
    /// The deployment in one line.
    pub line: String,
    /// The deployment itself.
    #[serde(skip)]
    pub deployment: Deployment,
    /// Whether the deployment was active when this run last read that.
    #[serde(skip)]
    pub is_active: bool,
}

impl Candidate {
    /// A deployment as a person can choose it.
    pub(super) fn new(
        deployment: &Deployment,
        active: Option<&[Deployment]>,
        report: &Report<'_>,
    ) -> Self {
        let Report { record, names, .. } = report;
        Self {
            environment: deployment.environment.map(Environment::name),
            give: match deployment.version {
                Some(_) => names.short(deployment),
                None => deployment.id.clone(),
            },
            id: deployment.id.clone(),
            line: names.line(deployment),
            deployment: deployment.clone(),
            is_active: match active {
                Some(active) => active.iter().any(|active| active.id == deployment.id),
                None => record.plan.is_current(deployment),
            },
        }
    }

    /// The deployment for people, with the value to give in the first cell.
    pub(super) fn row(&self, names: &Names) -> Row {
        let environment = self.environment.unwrap_or("somewhere");
        let notes: &[_] =
            if self.is_active { &[environment, "active now"] } else { &[environment] };
        let mut cells = names.cells(&self.deployment, notes);
        if let Some(first) = cells.first_mut() {
            first.clone_from(&self.give);
        }
        Row::of_cells("to choose from", cells)
    }
}
