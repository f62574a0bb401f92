//! The table of the inputs, as `action.yml`, the GitLab component and the README name them.

use strsim::osa_distance;

/// The most letters of an input's name that are changed, added, left out, or swapped with the next.
const MOST_SLIPS: usize = 2;
/// Other words for an input.
const OTHER_WORDS: [(&str, &str); 2] = [("preview", "dry-run"), ("expected", "expect-current")];
/// The inputs without which a run does more than was wanted. Their beginnings are known, too: a run that should
/// not act is worse than one that does not.
pub const NARROWING: [&str; 3] = ["dry-run", "expect-current", "environment"];
/// The fewest letters of such a beginning.
const SHORTEST_BEGINNING: usize = 3;

/// An input.
pub struct Input {
    /// The name, with hyphens.
    pub name: &'static str,
    /// The value where the input is not given; none where there is no such value.
    pub default: Option<&'static str>,
}

const fn input(name: &'static str) -> Input {
    Input { name, default: None }
}

const fn with_default(name: &'static str, default: &'static str) -> Input {
    Input { name, default: Some(default) }
}

/// All inputs.
pub const INPUTS: [Input; 22] = [
    input("api-key"),
    input("api-key-file"),
    input("agent-id"),
    input("deployment-id"),
    input("environment"),
    input("expect-current"),
    with_default("force", "false"),
    with_default("dry-run", "false"),
    with_default("verify", "true"),
    with_default("wait-for-tests", "false"),
    with_default("tests-timeout", "15m"),
    with_default("region", "us"),
    input("base-url"),
    input("deployment-message"),
    with_default("timeout", "60s"),
    with_default("attempts", "4"),
    input("ca-cert"),
    input("output-file"),
    input("output-dir"),
    input("summary-file"),
    input("report-file"),
    input("pipeline"),
];

/// Whether there is an input with this name.
pub fn is_input(name: &str) -> bool {
    INPUTS.iter().any(|input| input.name == name)
}

/// The input that a name means.
#[derive(Clone, Copy, Debug)]
pub struct Meant {
    /// The name of the input.
    pub input: &'static str,
    /// Whether the name is the input's but for its signs, its case (`dryRun`) or a slip (`enviroment`), and not only
    /// like it: its beginning (`env`), or a part of it (`is-dry-run`).
    pub is_sure: bool,
}

/// The input that somebody means by a name that is none. None where no input is near.
pub fn meant_by(name: &str) -> Option<Meant> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let given = plain(name);
    let slips = |input: &str| osa_distance(&plain(input), &given);
    let nearest = INPUTS.iter().map(|input| input.name).min_by_key(|input| slips(input))?;
    // A short name has many neighbours.
    if slips(nearest) <= MOST_SLIPS.min(nearest.len() / 4) {
        return Some(Meant { input: nearest, is_sure: true });
    }
    let perhaps = |input| Meant { input, is_sure: false };
    if name.to_lowercase().split(['-', '_']).any(|word| word == "dry") || given.contains("dryrun") {
        return Some(perhaps("dry-run"));
    }
    let other_word = OTHER_WORDS.iter().find(|(word, _)| given == *word).map(|(_, input)| *input);
    let is_begun =
        |input: &&str| given.len() >= SHORTEST_BEGINNING && plain(input).starts_with(&given);
    other_word.or_else(|| NARROWING.into_iter().find(is_begun)).map(perhaps)
}
