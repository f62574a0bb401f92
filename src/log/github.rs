//! GitHub's workflow commands, lines that its runner acts on (`ActionCommand.cs`).

/// `::name title=…::data` on one line.
pub fn command(name: &str, title: &str, data: &str) -> String {
    let data = escape_data(data);
    match title {
        "" => format!("::{name}::{data}"),
        title => format!("::{name} title={}::{data}", escape_property(title)),
    }
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}
