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

/// The environment file as act reads it (`parse_env_file.go`), with which Forgejo and Gitea run: a line's
/// carriage return is dropped, and a line without a sign is an error.
pub fn act_outputs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(equals), _) if heredoc.is_none_or(|heredoc| equals < heredoc) => {
                outputs.insert(line[..equals].to_owned(), line[equals + 1..].to_owned());
            }
            (_, Some(heredoc)) => {
                let (key, delimiter) = (&line[..heredoc], &line[heredoc + 2..]);
                let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                if !text.lines().any(|line| line == delimiter) {
                    return Err(format!("no end of {key}"));
                }
                outputs.insert(key.to_owned(), value.join("\n"));
            }
            _ => return Err(format!("neither = nor << in {line:?}")),
        }
    }
    Ok(outputs)
}

/// Lines that Harness' fork of godotenv, a shell, Docker and Bitbucket all read as they are. Whatever one of
/// them would expand, unquote, decode or run is an error.
pub fn variables(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    for line in text.split_inclusive('\n') {
        let line = line.strip_suffix('\n').ok_or("the last line does not end")?;
        let (name, value) = line.split_once('=').ok_or_else(|| format!("no = in {line:?}"))?;
        let is_word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(format!("the name {name:?}"));
        }
        if value.starts_with("__B64__") {
            return Err(format!("{name} would be decoded"));
        }
        if value.contains(|c: char| c.is_whitespace() || "\\\"'`$#~;&|<>(){}[]*?!%^".contains(c)) {
            return Err(format!("{name} is {value:?}"));
        }
        variables.insert(name.to_owned(), value.to_owned());
    }
    Ok(variables)
}

/// The message in which Tekton's entrypoint hands results on (`termination/write.go`): a JSON list with an
/// entry of Tekton's own, of at most 4,096 bytes.
pub fn tekton_message(results: &BTreeMap<String, String>) -> Result<String, String> {
    let entry = |key: &str, value: &str, kind: u32| {
        // Go writes these so that they do nothing in HTML.
        let value = json(value).replace('<', "\\u003c").replace('>', "\\u003e");
        format!(
            r#"{{"key":{},"value":{},"type":{kind}}}"#,
            json(key),
            value.replace('&', "\\u0026")
        )
    };
    let mut entries: Vec<_> = results.iter().map(|(key, value)| entry(key, value, 1)).collect();
    entries.push(entry("StartedAt", "2026-05-11T22:18:28.909Z", 3));
    let message = format!("[{}]", entries.join(","));
    if message.len() > 4_096 {
        return Err(format!("{} bytes are more than 4,096", message.len()));
    }
    Ok(message)
}

fn json(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character < ' ' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => quoted.push(character),
        }
    }
    quoted + "\""
}

/// A command of Azure's or TeamCity's, as the system understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogCommand {
    pub name: String,
    pub values: BTreeMap<String, String>,
    pub data: String,
}

/// Azure's `Command.cs`, `TryParse`: `##vso[area.event k=v;k=v]data` anywhere in a line. What would fail the
/// step, or be shown as it is, is an error. `##[name]text` at the beginning of a line formats the log.
pub fn azure_commands(log: &str) -> Result<Vec<LogCommand>, String> {
    let mut commands = Vec::new();
    for line in log.lines() {
        if let Some(place) = line.find("##vso[") {
            let found = azure_command(&line[place + 6..]);
            commands.push(found.ok_or_else(|| format!("no command: {line:?}"))?);
        } else if let Some(place) = line.find("##[") {
            let (name, data) = line[place + 3..].split_once(']').unwrap_or_default();
            if place > 0 || !["group", "endgroup"].contains(&name) {
                return Err(format!("{name:?} in {line:?}"));
            }
            let (name, data) = (name.to_owned(), data.to_owned());
            commands.push(LogCommand { name, values: BTreeMap::new(), data });
        }
    }
    for LogCommand { name, values, .. } in &commands {
        let has = |key: &str| values.get(key).map(String::as_str);
        let is_fine = match name.as_str() {
            "task.setsecret" | "group" | "endgroup" => values.is_empty(),
            "task.logissue" => matches!(has("type"), Some("error" | "warning")),
            "task.setvariable" => has("variable").is_some() && has("isOutput") == Some("true"),
            _ => false,
        };
        if !is_fine {
            return Err(format!("{name} with {values:?} fails the step"));
        }
    }
    Ok(commands)
}

/// A command behind its beginning. None where Azure's agent finds none.
fn azure_command(text: &str) -> Option<LogCommand> {
    // The first bracket ends the properties, whatever they hold.
    let (info, data) = text.split_once(']')?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let (area, event) = name.split_once('.')?;
    if area.is_empty() || event.is_empty() || event.contains('.') {
        return None;
    }
    let pairs = properties.trim().split(';').filter_map(|pair| pair.split_once('='));
    let values = pairs.map(|(key, value)| (key.to_owned(), azure_unescape(value)));
    Some(LogCommand { name: name.to_owned(), values: values.collect(), data: azure_unescape(data) })
}

/// Azure's `CommandStringConvertor.cs`, `Unescape`, which decodes percent signs last.
fn azure_unescape(text: &str) -> String {
    let text = text.replace("%3B", ";").replace("%0D", "\r").replace("%0A", "\n");
    text.replace("%5D", "]").replace("%AZP25", "%")
}

/// TeamCity's service messages, `##teamcity[name 'v']` or `##teamcity[name k='v' …]`, anywhere in a line of
/// standard output. A malformed one is an error.
pub fn teamcity_messages(log: &str) -> Result<Vec<LogCommand>, String> {
    let lines = log.lines().filter_map(|line| Some((line, line.split_once("##teamcity[")?.1)));
    lines
        .map(|(line, text)| teamcity_message(text).ok_or_else(|| format!("malformed: {line:?}")))
        .collect()
}

fn teamcity_message(text: &str) -> Option<LogCommand> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (name, mut rest) = text.split_at(end);
    let mut values = BTreeMap::new();
    while let Some(attribute) = rest.strip_prefix(' ') {
        let (key, value) = attribute.split_once('\'')?;
        let key = if key.is_empty() { "" } else { key.strip_suffix('=')? };
        if !key.chars().all(|c| c.is_ascii_alphanumeric()) {
            return None;
        }
        let (value, after) = teamcity_value(value)?;
        values.insert(key.to_owned(), value);
        rest = after;
    }
    // Nothing but the end may follow: a second message on the line would be somebody else's.
    (rest == "]").then(|| LogCommand { name: name.to_owned(), values, data: String::new() })
}

/// The value up to its quote, and the text behind the quote.
fn teamcity_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '\'' => return Some((value, &text[place + 1..])),
            '[' | ']' => return None,
            '|' => value.push(match characters.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                'x' => '\u{85}',
                'l' => '\u{2028}',
                'p' => '\u{2029}',
                sign @ ('|' | '\'' | '[' | ']') => sign,
                _ => return None,
            }),
            character => value.push(character),
        }
    }
    None
}
