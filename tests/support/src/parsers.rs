//! How the runners read what we write, rebuilt from the behaviour of their sources.

use std::collections::BTreeMap;

/// GitHub's `FileCommandManager.cs`, `EnvFileKeyValuePairs`: only LF ends a line, the first of
/// `=` and `<<` decides, the delimiter's line must match to the letter and be ended.
pub fn github_outputs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut outputs = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if line.is_empty() {
            // GitHub skips it. act refuses it, and so do we.
            return Err("an empty line".to_owned());
        }
        let equals = line.find('=').unwrap_or(usize::MAX);
        let heredoc = line.find("<<").unwrap_or(usize::MAX);
        let (key, value) = if heredoc < equals {
            let (key, delimiter) = (&line[..heredoc], &line[heredoc + 2..]);
            let end = format!("{delimiter}\n");
            let mut value = String::new();
            loop {
                let Some((line, after)) = rest.split_once('\n') else {
                    return Err(format!("no end of {key}"));
                };
                rest = after;
                if format!("{line}\n") == end {
                    break;
                }
                value.push_str(line);
                value.push('\n');
            }
            value.pop();
            if delimiter.is_empty() {
                return Err("an empty delimiter".to_owned());
            }
            (key, value)
        } else if equals < usize::MAX {
            (&line[..equals], line[equals + 1..].to_owned())
        } else {
            return Err(format!("neither = nor << in {line}"));
        };
        if key.is_empty() {
            return Err("an empty name".to_owned());
        }
        outputs.insert(key.to_owned(), value);
    }
    Ok(outputs)
}

/// GitLab's `parse_dotenv_artifact_service.rb`, with the limits of its free tier.
pub fn dotenv(text: &str) -> Result<BTreeMap<String, String>, String> {
    if text.len() >= 5 * 1024 {
        return Err("too large".to_owned());
    }
    let mut variables = BTreeMap::new();
    for line in text.split_inclusive('\n') {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or_else(|| format!("no = in {line:?}"))?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            return Err(format!("the name {name:?}"));
        }
        if value.contains(['$', '%']) {
            return Err(format!("{name} may be expanded"));
        }
        variables.insert(name.to_owned(), value.to_owned());
    }
    if variables.len() > 20 {
        return Err("too many variables".to_owned());
    }
    Ok(variables)
}

/// A workflow command as the runner understood it.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub name: String,
    pub title: Option<String>,
    pub data: String,
}

/// GitHub's `ActionCommand.cs`: `::name k=v::data` at the start of a line, and the older
/// `##[name k=v]data` anywhere in one. Any name counts, so that none can be smuggled in.
pub fn commands(log: &str) -> Vec<Command> {
    log.lines().filter_map(|line| current(line).or_else(|| old(line))).collect()
}

fn current(line: &str) -> Option<Command> {
    let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let title = properties.split(',').find_map(|property| property.trim().strip_prefix("title="));
    let unescape_data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let title = title.map(|title| {
        unescape_data(title).replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    });
    let data = unescape_data(data).replace("%25", "%");
    Some(Command { name: name.to_owned(), title, data })
}

fn old(line: &str) -> Option<Command> {
    let (_, command) = line.split_once("##[")?;
    let (info, data) = command.split_once(']')?;
    let name = info.split(' ').next()?;
    Some(Command { name: name.to_owned(), title: None, data: data.to_owned() })
}
