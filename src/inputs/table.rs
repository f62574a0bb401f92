//! The table of the inputs, as `action.yml`, the GitLab component and the README name them.

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

/// The input that somebody means who writes its name with other signs or in another case, such as `dryRun`.
pub fn meant_by(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    INPUTS.iter().map(|input| input.name).find(|input| plain(input) == plain(name))
}
