//! The variables that carry the inputs, whoever sets them.

use crate::inputs::table::{Meant, NARROWING, is_input, meant_by};
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
    /// The inputs that are given twice, with different values: the input, the variable that counts, and the
    /// one that does not.
    pub(super) contradicted: Vec<[String; 3]>,
    /// The variables whose names are nearly those of inputs.
    misspelled: Vec<Misspelled>,
    /// The other variables with our prefixes, which are near no input.
    pub(super) unknown: Vec<String>,
    convention: Spelling,
}

/// A variable whose name is nearly that of an input.
struct Misspelled {
    name: String,
    meant: Meant,
    spelling: Spelling,
    /// The trimmed value, which may be a secret.
    value: String,
}

struct Variable {
    name: String,
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
    /// Sorts the inputs out of the variables of a process.
    pub fn collect(variables: &ProcessEnv) -> Self {
        let mut given: BTreeMap<String, Vec<Variable>> = BTreeMap::new();
        let (mut misspelled, mut unknown) = (Vec::new(), Vec::new());
        for (name, value) in variables.iter() {
            let Some(name) = name.to_str() else { continue };
            let Some((rest, prefix, spelling)) = split(name) else { continue };
            let is_blank = value.to_str().is_some_and(|value| value.trim().is_empty());
            let input = rest.to_lowercase().replace('_', "-");
            let is_proper = is_input(&input) && !name.contains(char::is_lowercase);
            let name = name.to_owned();
            if is_proper {
                let rank = Rank { is_blank, prefix, has_no_hyphen: !rest.contains('-') };
                let variable = Variable { name, rank, spelling, value: value.to_owned() };
                given.entry(input).or_default().push(variable);
            } else if !is_blank {
                let value = value.to_string_lossy().trim().to_owned();
                match meant_by(rest) {
                    // The address of a preview is no dry run.
                    Some(Meant { input: "dry-run", is_sure: false }) if flag(&value).is_none() => {
                        unknown.push(name);
                    }
                    Some(meant) => misspelled.push(Misspelled { name, meant, spelling, value }),
                    None => unknown.push(name),
                }
            }
        }
        let (mut by_input, mut contradicted) = (BTreeMap::new(), Vec::new());
        for (input, mut variables) in given {
            variables.sort_by(|one, other| one.rank.cmp(&other.rank));
            let mut variables = variables.into_iter();
            let Some(first) = variables.next() else { continue };
            for other in variables {
                if other.text().zip(first.text()).is_some_and(|(other, first)| other != first) {
                    contradicted.push([input.clone(), first.name.clone(), other.name]);
                }
            }
            by_input.insert(input, first);
        }
        Self { by_input, contradicted, misspelled, unknown, convention: Spelling::Variable }
    }

    /// Spells the name of an input that no variable gives as the users of this pipeline write it.
    pub fn spell_as(&mut self, convention: Spelling) {
        self.convention = convention;
    }

    /// The inputs that were given, as `some-name` and trimmed value.
    pub fn given(&self) -> impl Iterator<Item = (String, String)> {
        let given = self.by_input.iter();
        given.filter_map(|(input, variable)| Some((input.clone(), variable.text()?.to_owned())))
    }

    /// The variables whose names are nearly those of inputs: what is wrong with each, and whether the run can go
    /// on without it.
    pub fn misspelled(&self) -> impl Iterator<Item = (String, bool)> {
        self.misspelled.iter().map(|misspelled| {
            let Misspelled { name, meant, spelling, .. } = misspelled;
            let given = match spelling {
                Spelling::Variable => name.clone(),
                _ => {
                    let rest = split(name).map_or(name.as_str(), |(rest, ..)| rest);
                    format!("{} ({name})", rest.to_lowercase())
                }
            };
            let meant = spelled(meant.input, *spelling);
            let problem = format!("{given} is no input: did you mean {meant}?");
            (problem, self.does_no_harm(misspelled))
        })
    }

    /// Whether a misspelled variable may be ignored: it asks for what is done anyway, or another tool may own it, as
    /// the input is given properly. But a setting is always that of whoever wrote the step, and what narrows a run
    /// down is never ignored where its name can mean nothing else.
    fn does_no_harm(&self, misspelled: &Misspelled) -> bool {
        let Misspelled { meant: Meant { input, is_sure }, spelling, value, .. } = misspelled;
        let proper = self.text(input);
        if *input == "dry-run" {
            let wanted = proper.map_or(Some(false), flag);
            return wanted.is_some() && flag(value) == wanted;
        }
        let is_ours = *spelling != Spelling::Variable || (*is_sure && NARROWING.contains(input));
        proper.is_some_and(|proper| proper == value || !is_ours)
    }

    /// The trimmed value of `some-name`. None where it is not given or not UTF-8.
    pub fn text(&self, input: &str) -> Option<&str> {
        self.by_input.get(input).and_then(Variable::text)
    }

    /// Whether `some-name` has a value that is not UTF-8.
    pub fn is_garbled(&self, input: &str) -> bool {
        self.by_input.get(input).is_some_and(|variable| variable.value.to_str().is_none())
    }

    /// The name of the input `some-name` as its user wrote it, or would write it.
    pub fn spell(&self, input: &str) -> String {
        let variable = self.by_input.get(input);
        spelled(input, variable.map_or(self.convention, |variable| variable.spelling))
    }

    /// Whether an input was handed to us as an action's, so that its user wrote our arguments into the
    /// step.
    pub fn is_action(&self) -> bool {
        self.by_input.values().any(|variable| variable.spelling == Spelling::Hyphens)
    }
}

impl Variable {
    /// The trimmed value. None where the value is blank or not UTF-8.
    fn text(&self) -> Option<&str> {
        self.value.to_str().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// The meaning of a switch in any spelling; none where a text is no switch.
fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The name of an input as its user writes it.
fn spelled(input: &str, spelling: Spelling) -> String {
    match spelling {
        Spelling::Hyphens => input.to_owned(),
        Spelling::Underscores => input.replace('-', "_"),
        Spelling::Variable => format!("POLYAI_{}", input.replace('-', "_").to_uppercase()),
    }
}

/// The rest of a variable's name after our prefix in any case, the place of the prefix, and the spelling that goes with
/// it.
fn split(name: &str) -> Option<(&str, usize, Spelling)> {
    PREFIXES.iter().enumerate().find_map(|(place, prefix)| {
        let (start, rest) = name.split_at_checked(prefix.text.len())?;
        let is_ours = start.eq_ignore_ascii_case(prefix.text) && !rest.is_empty();
        let rest = Some(rest).filter(|_| is_ours)?;
        Some((rest, place, prefix.spelling))
    })
}
