//! The table of the inputs, as `action.yml`, the GitLab component and the README name them.

/// The most slips in the name of an input.
const MOST_SLIPS: usize = 2;
/// The fewest letters by which an input can be known.
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

/// The input that somebody means who writes its name with other signs or in another case (`dryRun`), with a slip
/// (`enviroment`), or only its beginning (`dry`). None where no input is near.
pub fn meant_by(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let given = plain(name);
    let slips = |input: &str| distance(plain(input).as_bytes(), given.as_bytes());
    let is_begun =
        |input: &&str| given.len() >= SHORTEST_BEGINNING && plain(input).starts_with(&given);
    let names = INPUTS.iter().map(|input| input.name);
    let nearest = names.clone().min_by_key(|input| slips(input))?;
    // A short name has many neighbours.
    let most = nearest.len() / 4;
    let is_slip = slips(nearest) <= most.min(MOST_SLIPS);
    if is_slip { Some(nearest) } else { names.clone().find(is_begun) }
}

/// The fewest letters that are changed, added or left out to make one name of the other (Levenshtein).
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut left = row + 1;
        let mut current = vec![left];
        for (pair, same) in above.windows(2).zip(other) {
            let (corner, up) = (pair.first().copied(), pair.last().copied());
            let changed = corner.unwrap_or(0) + usize::from(letter != same);
            left = changed.min(left + 1).min(up.unwrap_or(0) + 1);
            current.push(left);
        }
        above = current;
    }
    above.last().copied().unwrap_or(0)
}
