//! The variables that carry the inputs, whoever sets them.

use crate::process::{env::ProcessEnv, place::Spelling};
use std::{collections::BTreeMap, ffi::OsString};

/// A prefix of our variables, and how the people who set such a variable write the name of an input.
struct Prefix {
    text: &'static str,
    spelling: Spelling,
}

/// The prefixes, the first one first.
const PREFIXES: [Prefix; 3] = [
    Prefix { text: "INPUT_", spelling: Spelling::Hyphens },
    Prefix { text: "PLUGIN_", spelling: Spelling::Underscores },
    Prefix { text: "POLYAI_", spelling: Spelling::Variable },
];

/// For each input the variable that counts. The key is among them, so they cannot be printed.
pub struct Variables {
    by_input: BTreeMap<String, Variable>,
    convention: Spelling,
}

struct Variable {
    rank: Rank,
    spelling: Spelling,
    value: OsString,
}

/// Which of two variables of the same input counts: the one with the lower rank. The fields are compared
/// in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// A variable with a value comes before a blank one.
    is_blank: bool,
    /// The place of the prefix in [`PREFIXES`].
    prefix: usize,
    /// Hyphens come before underscores.
    has_no_hyphen: bool,
}

impl Variables {
    /// Sorts the inputs out of the variables of a process. `convention` is how the users of this
    /// pipeline write the name of an input that no variable gives.
    pub fn collect(variables: &ProcessEnv, convention: Spelling) -> Self {
        let mut by_input = BTreeMap::new();
        for (name, value) in variables.iter() {
            let Some((input, prefix)) = name.to_str().and_then(split) else { continue };
            let Some(Prefix { spelling, .. }) = PREFIXES.get(prefix) else { continue };
            let is_blank = value.to_str().is_some_and(|value| value.trim().is_empty());
            let rank = Rank { is_blank, prefix, has_no_hyphen: !input.contains('-') };
            let variable = Variable { rank, spelling: *spelling, value: value.to_owned() };
            let input = input.to_lowercase().replace('_', "-");
            if by_input.get(&input).is_none_or(|other: &Variable| variable.rank < other.rank) {
                by_input.insert(input, variable);
            }
        }
        Self { by_input, convention }
    }

    /// The inputs that were given, as `some-name` and trimmed value.
    pub fn given(&self) -> impl Iterator<Item = (String, String)> {
        let given = self.by_input.iter();
        given.filter_map(|(input, variable)| Some((input.clone(), variable.text()?.to_owned())))
    }

    /// The `POLYAI_…` variables that are none of these inputs: each may be one that was mistyped.
    pub fn unknown(&self, is_input: impl Fn(&str) -> bool) -> Vec<String> {
        let ours = self.by_input.iter();
        let ours = ours.filter(|(_, variable)| variable.spelling == Spelling::Variable);
        ours.filter(|(name, _)| !is_input(name)).map(|(name, _)| self.spell(name)).collect()
    }

    /// Whether `some-name` has a value.
    pub fn is_given(&self, input: &str) -> bool {
        self.by_input.get(input).and_then(Variable::text).is_some()
    }

    /// Whether `some-name` has a value that is not UTF-8.
    pub fn is_garbled(&self, input: &str) -> bool {
        self.by_input.get(input).is_some_and(|variable| variable.value.to_str().is_none())
    }

    /// The name of the input `some-name` as its user wrote it, or would write it.
    pub fn spell(&self, input: &str) -> String {
        match self.by_input.get(input).map_or(self.convention, |variable| variable.spelling) {
            Spelling::Hyphens => input.to_owned(),
            Spelling::Underscores => input.replace('-', "_"),
            Spelling::Variable => format!("POLYAI_{}", input.replace('-', "_").to_uppercase()),
        }
    }

    /// Whether an input was handed to us as an action's, so that its user wrote our arguments into the
    /// step.
    pub fn is_action(&self, is_input: impl Fn(&str) -> bool) -> bool {
        let mut variables = self.by_input.iter();
        variables.any(|(name, variable)| variable.spelling == Spelling::Hyphens && is_input(name))
    }
}

impl Variable {
    /// The trimmed value. None where the value is blank or not UTF-8.
    fn text(&self) -> Option<&str> {
        self.value.to_str().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// The rest of a variable's name after our prefix, and the place of the prefix.
fn split(name: &str) -> Option<(&str, usize)> {
    PREFIXES.iter().enumerate().find_map(|(place, prefix)| {
        let input = name.strip_prefix(prefix.text)?;
        let is_upper = !input.is_empty() && !input.contains(|c: char| c.is_lowercase());
        is_upper.then_some((input, place))
    })
}
