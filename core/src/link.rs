//! Addresses of the host application, with placeholders for values.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::InvalidParameter;

/// The address of a page of the host application, in which `{name}` stands for a value.
///
/// ```
/// use threadline::LinkTemplate;
///
/// let template: LinkTemplate = "/tickets/{id}#history".parse()?;
/// assert_eq!(template.placeholders().collect::<Vec<_>>(), ["id"]);
/// assert_eq!(template.fill(|_| Some("a/b")).as_deref(), Some("/tickets/a%2Fb#history"));
/// assert_eq!(template.fill(|_| None), None);
///
/// let error = "javascript:alert(1)".parse::<LinkTemplate>().unwrap_err();
/// assert_eq!(error.expected, "an address that begins with /, http:// or https://");
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTemplate(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(String),
}

/// The characters that need no percent encoding in any part of an address (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl LinkTemplate {
    /// Returns the names of the placeholders, in their order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Returns the address with the value of each placeholder, percent-encoded. Returns `None` if a value is missing, empty, or one
    /// that browsers read as a path to the folder above.
    pub fn fill<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
        self.0.iter().try_fold(String::new(), |address, piece| match piece {
            Piece::Text(text) => Some(address + text),
            Piece::Placeholder(name) => {
                let value = value(name).filter(|value| !["", ".", ".."].contains(value))?;
                Some(address + &utf8_percent_encode(value, UNRESERVED).to_string())
            }
        })
    }
}

impl FromStr for LinkTemplate {
    type Err = InvalidParameter;

    /// Reads a path that begins with one `/`, or an address of HTTP or HTTPS. Anything else could run a script, or lead to another
    /// host than it seems to.
    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let invalid = |expected: &'static str| InvalidParameter::new("link", text, expected);
        let characters = "an address without blanks, control characters and backslashes";
        if text.contains(|character: char| character.is_control() || character == '\\') {
            return Err(invalid(characters));
        }
        let path_start =
            path_start(text).ok_or_else(|| invalid("an address that begins with /, http:// or https://"))?;
        if text[..path_start].contains(['{', '}']) {
            return Err(invalid(
                "placeholders after the name of the host only, as in https://example.org/tickets/{id}",
            ));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(brace) = rest.find(['{', '}']) {
            let end = rest[brace..].find('}').map(|end| brace + end);
            let name = end.filter(|end| *end > brace + 1).map(|end| &rest[brace + 1..end]);
            let Some(name) = name.filter(|name| !name.contains('{')) else {
                return Err(invalid("each placeholder as a name in braces, such as /tickets/{id}"));
            };
            pieces.extend((brace > 0).then(|| Piece::Text(rest[..brace].to_owned())));
            pieces.push(Piece::Placeholder(name.to_owned()));
            rest = &rest[brace + name.len() + 2..];
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        let has_blank =
            |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(char::is_whitespace));
        if pieces.iter().any(has_blank) { Err(invalid(characters)) } else { Ok(Self(pieces)) }
    }
}

/// Returns where the path of an address begins, if it leads to a host over HTTP, or stays on the host.
fn path_start(text: &str) -> Option<usize> {
    if text.starts_with('/') {
        return (!text.starts_with("//")).then_some(0);
    }
    let begins_with =
        |scheme: &&str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let host = ["http://", "https://"].iter().find(|scheme| begins_with(scheme))?.len();
    let path = text[host..].find(['/', '?', '#']).map_or(text.len(), |end| host + end);
    (path > host).then_some(path)
}

impl fmt::Display for LinkTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Placeholder(name) => write!(f, "{{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_is_displayed_as_it_was_written() {
        for (text, filled) in [
            ("/", Some("/")),
            ("/tickets/{id}", Some("/tickets/%3Cid%3E")),
            ("/{a b}/{é}?x={y}#{z}", Some("/%3Ca%20b%3E/%3C%C3%A9%3E?x=%3Cy%3E#%3Cz%3E")),
            ("https://example.org", Some("https://example.org")),
            ("HTTP://example.org:8080/t?id={id}", Some("HTTP://example.org:8080/t?id=%3Cid%3E")),
            ("/{missing}", None),
        ] {
            let template: LinkTemplate = text.parse().unwrap();
            assert_eq!(template.to_string(), text);
            let names: Vec<(String, String)> =
                template.placeholders().map(|name| (name.to_owned(), format!("<{name}>"))).collect();
            let value = |name: &str| {
                let (_, value) = names.iter().find(|(known, _)| known == name && name != "missing")?;
                Some(value.as_str())
            };
            assert_eq!(template.fill(value).as_deref(), filled, "{text}");
        }
    }

    #[test]
    fn value_cannot_leave_its_part_of_the_address() {
        let template: LinkTemplate = "/tickets/{id}/edit".parse().unwrap();
        for (value, address) in [
            ("../../admin?x#y", Some("/tickets/..%2F..%2Fadmin%3Fx%23y/edit")),
            ("\n\"'<>", Some("/tickets/%0A%22%27%3C%3E/edit")),
            ("{id}", Some("/tickets/%7Bid%7D/edit")),
            ("..", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(template.fill(|_| Some(value)).as_deref(), address, "{value}");
        }
    }

    #[test]
    fn address_that_is_unsafe_or_unreadable_is_refused() {
        let begins = "an address that begins with /, http:// or https://";
        let braces = "each placeholder as a name in braces, such as /tickets/{id}";
        let host = "placeholders after the name of the host only, as in https://example.org/tickets/{id}";
        let characters = "an address without blanks, control characters and backslashes";
        for (text, expected) in [
            ("", begins),
            ("tickets/{id}", begins),
            ("javascript:alert({id})", begins),
            ("data:text/html,x", begins),
            ("//evil.example/{id}", begins),
            ("https://", begins),
            ("https:///path", begins),
            ("{scheme}://example.org", begins),
            ("https://{tenant}.example.org/", host),
            ("https://example.org{path}", host),
            ("/\\evil.example", characters),
            ("/tickets/{id} ", characters),
            ("/a\tb", characters),
            ("java\nscript:alert(1)", characters),
            ("/tickets/{}", braces),
            ("/tickets/{id", braces),
            ("/tickets/id}", braces),
            ("/tickets/{{id}}", braces),
            ("/tickets/}id{", braces),
        ] {
            let error = text.parse::<LinkTemplate>().unwrap_err();
            assert_eq!((error.name.as_str(), &*error.expected), ("link", expected), "{text}");
        }
    }
}
