//! Reads HTML: parts of a page, its text, and an outline of what a reader sees without styles.

/// Elements whose content no reader sees.
const HIDDEN: [&str; 5] = ["script", "style", "svg", "template", "noscript"];
/// Elements that begin on a line of their own.
const BLOCKS: [&str; 32] = [
    "article", "aside", "body", "dd", "details", "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2",
    "h3", "h4", "header", "label", "legend", "li", "main", "nav", "ol", "p", "pre", "section", "select",
    "summary", "table", "tbody", "thead", "tr", "ul",
];

/// Returns the part of a page between two texts, or nothing if the first is not there.
pub fn part<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let rest = html.split_once(from).map_or("", |(_, rest)| rest);
    rest.split_once(to).map_or(rest, |(part, _)| part)
}

/// Returns the text of a part of a page on one line, without its tags. The part may begin inside a tag.
pub fn words(html: &str) -> String {
    let whole = format!("<{html}");
    let texts = whole.split('<').map(|tag| tag.split_once('>').map_or("", |(_, text)| text));
    texts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the visible text, without tags and without what only script shows.
pub fn visible_text(html: &str) -> String {
    pieces(html).filter_map(|piece| if let Piece::Text(text) = piece { Some(text) } else { None }).collect()
}

/// Returns one line for each block of a page: headings after `#`, links as `[text](address)`, fields as `<name=value>`, buttons
/// as `(text)`, and the cells of a row between bars.
pub fn outline(html: &str) -> String {
    let mut outline = Outline::default();
    pieces(html).for_each(|piece| outline.add(&piece));
    outline.end_line();
    outline.lines.join("\n") + "\n"
}

/// A piece of a page.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    /// A tag without its brackets.
    Tag(&'a str),
}

/// Splits a page into its visible texts and its tags.
fn pieces(html: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let Some(inside) = rest.strip_prefix('<') else {
                let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
                rest = after;
                return Some(Piece::Text(text));
            };
            if let Some(comment) = inside.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            let (tag, after) = inside.split_once('>').unwrap_or((inside, ""));
            rest = after;
            match HIDDEN.into_iter().find(|hidden| name(tag) == *hidden) {
                Some(hidden) => {
                    rest = after.split_once(&format!("</{hidden}>")).map_or("", |(_, after)| after)
                }
                None => return Some(Piece::Tag(tag)),
            }
        }
    })
}

/// Returns the name of a tag: `a` of `a href="x"`, `/a` of its end.
fn name(tag: &str) -> &str {
    tag.split(|c: char| c.is_whitespace()).next().unwrap_or_default().trim_end_matches('/')
}

/// Returns the value of an attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| decoded(value))
}

fn decoded(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

#[derive(Default)]
struct Outline {
    lines: Vec<String>,
    line: String,
    link: Option<String>,
}

impl Outline {
    fn add(&mut self, piece: &Piece<'_>) {
        let tag = match piece {
            Piece::Text(text) => return self.line.push_str(&decoded(text)),
            Piece::Tag(tag) => *tag,
        };
        let name = name(tag);
        if BLOCKS.contains(&name.trim_start_matches('/')) {
            self.end_line();
        }
        match name {
            "h1" | "h2" | "h3" | "h4" => {
                let level = name.bytes().last().map_or(1, |digit| usize::from(digit - b'0'));
                self.line = "#".repeat(level) + " ";
            }
            "li" => self.line.push_str("- "),
            "td" | "th" => self.line.push_str(" | "),
            "br" => self.end_line(),
            "a" => {
                self.link = attribute(tag, "href");
                self.line.push('[');
            }
            "/a" => {
                let address = self.link.take().unwrap_or_default();
                self.line.push_str(&format!("]({address})"));
            }
            "button" => self.line.push('('),
            "/button" => self.line.push(')'),
            "input" | "textarea" | "select" => self.field(tag),
            "option" => self.line.push_str(if tag.contains(" selected") { " *" } else { " /" }),
            _ => {}
        }
    }

    fn field(&mut self, tag: &str) {
        let name = attribute(tag, "name").unwrap_or_default();
        let value = attribute(tag, "value").map_or_else(String::new, |value| format!("={value}"));
        let checked = if tag.contains(" checked") { " checked" } else { "" };
        self.line.push_str(&format!("<{name}{value}{checked}>"));
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if !line.is_empty() && line != "-" {
            self.lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_text_excludes_markup() {
        assert_eq!(
            visible_text("a<b c=d>e</b><script>f</script>g<template><i>h</i></template>i<!--j>-->"),
            "aegi"
        );
    }

    #[test]
    fn outline_has_one_line_per_block() {
        let html = r#"<main><h1>Title</h1><p>See <a href="/x?a&amp;b">this  one</a>.</p><ul><li>One</li><li></li></ul>
            <form><label>Name<input name="q" value="&lt;"></label><button>Go</button></form>
            <table><tr><th>A</th><td>B</td></tr></table></main>"#;
        let expected = "# Title\nSee [this one](/x?a&b).\n- One\nName<q=<>\n(Go)\n| A | B\n";
        assert_eq!(outline(html), expected);
    }
}
