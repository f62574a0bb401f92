//! GitHub's output file, `$GITHUB_OUTPUT`: a line `name=value` for each output (`FileCommandManager.cs`).

use crate::report::outputs::{LeftOut, Lines, Output, Value};

/// The known outputs. Lists are JSON arrays. A safe value has no line break, so that it makes no output of its
/// own.
pub fn write(outputs: &[Output]) -> Lines {
    let mut lines = Lines::default();
    for Output { name, value } in outputs {
        let Some(value) = value else { continue };
        if let Some(why) = value.problem() {
            lines.left_out.push(LeftOut { name: name.clone(), why });
            continue;
        }
        let text = match value {
            Value::Text(text) => text.clone(),
            Value::List(list) => serde_json::json!(list).to_string(),
        };
        lines.text.push_str(&format!("{name}={text}\n"));
    }
    lines
}
