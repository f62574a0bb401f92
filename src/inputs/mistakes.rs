//! Values that nobody can have meant, and what to do about them: quotes that became a part of a value,
//! variables that a pipeline did not expand, addresses in the place of ids.

/// What is wrong with any value, whichever input it is given for. None where nothing is.
pub fn of_value(value: &str) -> Option<&'static str> {
    if is_quoted(value) {
        Some(
            "begins and ends with a quote, which is a part of the value here: leave the quotes out",
        )
    } else if is_unexpanded(value) {
        Some("was not expanded: the pipeline handed the name of a variable on, not its value")
    } else {
        None
    }
}

fn is_quoted(value: &str) -> bool {
    ['"', '\'', '`']
        .iter()
        .any(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote))
}

/// Whether a value is a reference to a variable, as shells, GitHub, GitLab, Azure or Argo write it.
fn is_unexpanded(value: &str) -> bool {
    let begins_name = |c: char| c.is_ascii_alphabetic() || "_{([".contains(c);
    let is_reference = value.strip_prefix('$').is_some_and(|rest| rest.starts_with(begins_name));
    is_reference || ["${", "$(", "$[", "{{"].iter().any(|sign| value.contains(sign))
}

/// What is wrong with an id. `example` is the form of a good one.
pub fn of_id(value: &str, example: &str) -> Option<String> {
    let is_address = value.starts_with("https://") || value.starts_with("http://");
    is_address.then(|| format!("is an address: give only the part like {example}"))
}

/// The word that PolyAI has for an environment, where another one is given.
pub fn of_environment(value: &str) -> Option<&'static str> {
    let is_live = ["production", "prod", "prd"].iter().any(|word| value.eq_ignore_ascii_case(word));
    is_live.then_some("is no environment: PolyAI calls it live")
}

/// Whether a target is a word for what only `previous` can say.
pub fn is_like_previous(value: &str) -> bool {
    ["latest", "last", "prev"].iter().any(|word| value.eq_ignore_ascii_case(word))
}
