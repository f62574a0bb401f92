//! The variables that carry the inputs, and how the users of each pipeline write their names.

use crate::process::env::Environment;
use std::collections::BTreeMap;
use std::ffi::OsString;

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

/// The prefixes of our variables, the first one first.
const PREFIXES: [(&str, Spelling); 3] = [
    ("INPUT_", Spelling::Hyphens),
    ("PLUGIN_", Spelling::Underscores),
    ("POLYAI_", Spelling::Variable),
];

/// For each input the one variable that counts. The key is among them, so they cannot be printed.
pub struct Variables {
    by_input: BTreeMap<String, Variable>,
    convention: Spelling,
}

struct Variable {
    /// Lower counts: a variable with a value before a blank one, then the order of the prefixes,
    /// then hyphens before underscores.
    rank: (bool, usize, bool),
    spelling: Spelling,
    value: OsString,
}

impl Variables {
    /// Sorts the inputs out of an environment. `convention` is how the users of this pipeline
    /// write an input that no variable names.
    pub fn collect(environment: &Environment, convention: Spelling) -> Self {
        let mut by_input = BTreeMap::new();
        for (name, value) in environment.iter() {
            let Some((input, prefix, spelling)) = name.to_str().and_then(split) else {
                continue;
            };
            let is_blank = value.to_str().is_some_and(|value| value.trim().is_empty());
            let variable = Variable {
                rank: (is_blank, prefix, !input.contains('-')),
                spelling,
                value: value.to_owned(),
            };
            let input = input.to_lowercase().replace('-', "_");
            if by_input.get(&input).is_none_or(|other: &Variable| variable.rank < other.rank) {
                by_input.insert(input, variable);
            }
        }
        Self { by_input, convention }
    }

    /// The inputs that were given, as `some_name` and trimmed value.
    pub fn given(&self) -> impl Iterator<Item = (String, String)> {
        let given = self.by_input.iter();
        given.filter_map(|(input, variable)| Some((input.clone(), variable.text()?.to_owned())))
    }

    /// The variables with our own prefix that are no input: each may be one that was mistyped.
    pub fn unknown(&self, inputs: &[&str]) -> Vec<String> {
        let is_ours =
            |(_, variable): &(&String, &Variable)| variable.spelling == Spelling::Variable;
        let is_known = |input: &str| inputs.contains(&input.replace('_', "-").as_str());
        let unknown = self.by_input.iter().filter(is_ours).filter(|(input, _)| !is_known(input));
        unknown.map(|(input, _)| self.spell(input)).collect()
    }

    /// Whether `some-name` has a value.
    pub fn is_given(&self, input: &str) -> bool {
        self.of(input).and_then(Variable::text).is_some()
    }

    /// Whether the value of `some-name` is there and is not UTF-8.
    pub fn is_garbled(&self, input: &str) -> bool {
        self.of(input).is_some_and(|variable| variable.value.to_str().is_none())
    }

    /// The name of the input `some-name` as its user wrote it, or would write it.
    pub fn spell(&self, input: &str) -> String {
        match self.of(input).map_or(self.convention, |variable| variable.spelling) {
            Spelling::Hyphens => input.to_owned(),
            Spelling::Underscores => input.replace('-', "_"),
            Spelling::Variable => format!("POLYAI_{}", input.replace('-', "_").to_uppercase()),
        }
    }

    /// Whether any of these inputs was handed to us as an action's, so that its user wrote our
    /// arguments into the step.
    pub fn is_action(&self, inputs: &[&str]) -> bool {
        let mut variables = inputs.iter().filter_map(|input| self.of(input));
        variables.any(|variable| variable.spelling == Spelling::Hyphens)
    }

    fn of(&self, input: &str) -> Option<&Variable> {
        self.by_input.get(&input.replace('-', "_"))
    }
}

impl Variable {
    /// The trimmed value; none where it is blank or not UTF-8.
    fn text(&self) -> Option<&str> {
        self.value.to_str().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// The rest of a variable's name after our prefix, the place of the prefix, and its spelling.
fn split(name: &str) -> Option<(&str, usize, Spelling)> {
    PREFIXES.iter().enumerate().find_map(|(place, (prefix, spelling))| {
        let input = name.strip_prefix(prefix)?;
        let is_upper = !input.is_empty() && !input.contains(|c: char| c.is_lowercase());
        is_upper.then_some((input, place, *spelling))
    })
}
