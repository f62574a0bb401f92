//! Addresses of repositories and of web pages without the `user:password@` that a pipeline may have put
//! into them.

/// The host and the path of a repository's address; a text that is no address, such as `acme/bot`, as it
/// is. None where nobody can tell a password from the rest.
pub fn host_and_path(text: &str) -> Option<String> {
    let address = text.split_once("://").map_or(text, |(_, address)| address);
    // A name that is no address may hold any sign.
    if address == text && !text.contains(['@', '=']) && !is_encoded(text) {
        return Some(text.to_owned());
    }
    // A query may hold a token.
    let (before, query) = address.split_once(['?', '#']).unwrap_or((address, ""));
    // The last sign counts, as a password may hold the sign, too.
    let path = before.rsplit_once('@').map_or(before, |(_, path)| path);
    (!query.contains('@') && !is_encoded(path)).then(|| path.to_owned())
}

/// A name or an e-mail address as it is; of an address that may hold a password, the host and the path.
pub fn without_password(text: &str) -> Option<String> {
    let has_query = text.contains("://") && text.contains(['?', '#']);
    // A colon before a space is that of a sentence: `release: @acme/bot`.
    let is_of_password = |(before, after): (&str, &str)| {
        let password = before.split_once(':').map(|(_, password)| password);
        let is_sentence = |password: &str| password.starts_with(' ') && !password.contains(':');
        password.is_some_and(|password| !is_sentence(password)) && !after.is_empty()
    };
    let has_password = text.rsplit_once('@').is_some_and(is_of_password);
    match has_query || has_password || is_encoded(text) {
        true => host_and_path(text),
        false => Some(text.to_owned()),
    }
}

/// Whether a text holds an `@` that is percent-encoded.
fn is_encoded(text: &str) -> bool {
    text.to_lowercase().contains("%40")
}

/// An address of the web without its user; none where the text is no such address, as a password can be
/// anywhere in it then.
pub fn web_address(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // A sign that comes later may end a password with a slash in it.
    let may_end_password = path.contains('@') || (authority.contains(':') && is_encoded(path));
    (is_host(host) && !may_end_password).then(|| format!("{scheme}://{host}{path}"))
}

/// Whether a text is a host, perhaps with a port. `user:pass` is none: a slash in a password would end it.
fn is_host(text: &str) -> bool {
    let name_and_port = text.rsplit_once(':').filter(|_| !text.ends_with(']'));
    let (name, port) = name_and_port.unwrap_or((text, ""));
    let is_of_name = |c: char| c.is_alphanumeric() || "-._[:]".contains(c);
    !name.is_empty()
        && name.chars().all(is_of_name)
        && (!name.contains(':') || name.starts_with('['))
        && port.bytes().all(|byte| byte.is_ascii_digit())
}
