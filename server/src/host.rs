//! What the builder knows of the host application, and its check.

use threadline::{Config, InvalidParameter, LinkTemplate, TableName};
use threadline_app::{Host, HostLink, HostWords};

/// The placeholder of the address where somebody signs in.
const RETURN_TO: &str = "return_to";

/// The settings about the host application, as the builder collects them.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostSettings {
    pub(crate) name: Option<String>,
    pub(crate) home: Option<(String, String)>,
    pub(crate) sign_in: Option<String>,
    pub(crate) refusal_note: Option<String>,
    pub(crate) row_links: Vec<(TableName, String)>,
}

impl HostSettings {
    /// Checks the settings. The error names the first one that cannot be used.
    pub(crate) fn check(self, config: &Config) -> Result<Host, InvalidParameter> {
        let Self { name, home, sign_in, refusal_note, row_links } = self;
        let home = home.map(|(label, href)| {
            let label = text("the label of home_link", &label)?;
            let link = template("the address of home_link", &href)?;
            match link.placeholders().next() {
                None => Ok(HostLink { label, href }),
                Some(_) => {
                    let expected = "an address without placeholders, such as /";
                    Err(InvalidParameter::new("the address of home_link", &href, expected))
                }
            }
        });
        let sign_in = sign_in.map(|address| {
            let link = template("sign_in_link", &address)?;
            if link.placeholders().any(|name| name != RETURN_TO) {
                let expected = "{return_to} as the only placeholder, as in /login?next={return_to}";
                return Err(InvalidParameter::new("sign_in_link", &address, expected));
            }
            Ok(link)
        });
        let words = row_links.into_iter().try_fold(HostWords::new(config), |words, (table, address)| {
            let link = template(&format!("row_link of {table}"), &address)?;
            Ok(words.row_link(table, link))
        })?;
        Ok(Host {
            name,
            home: home.transpose()?,
            sign_in: sign_in.transpose()?,
            refusal_note: refusal_note.map(|note| text("refusal_note", &note)).transpose()?,
            words,
        })
    }
}

fn template(setting: &str, address: &str) -> Result<LinkTemplate, InvalidParameter> {
    address.parse::<LinkTemplate>().map_err(|error| error.named(setting))
}

fn text(setting: &str, text: &str) -> Result<String, InvalidParameter> {
    match text.trim() {
        "" => Err(InvalidParameter::new(setting, text, "a text that is not blank")),
        trimmed => Ok(trimmed.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> HostSettings {
        HostSettings::default()
    }

    #[test]
    fn invalid_setting_is_named_with_its_correction() {
        let begins = "an address that begins with /, http:// or https://";
        let home =
            |label: &str, href: &str| HostSettings { home: Some((label.into(), href.into())), ..settings() };
        let sign_in = |address: &str| HostSettings { sign_in: Some(address.into()), ..settings() };
        let row = |address: &str| HostSettings {
            row_links: vec![("tickets".into(), address.into())],
            ..settings()
        };
        for (settings, message) in [
            (home(" ", "/"), "the label of home_link is \" \": expected a text that is not blank".to_owned()),
            (home("Help desk", "help"), format!("the address of home_link is \"help\": expected {begins}")),
            (
                home("Help desk", "/{id}"),
                "the address of home_link is \"/{id}\": expected an address without placeholders, such as /".to_owned(),
            ),
            (
                home("Help desk", "javascript:alert(1)"),
                format!("the address of home_link is \"javascript:alert(1)\": expected {begins}"),
            ),
            (sign_in("login?next={return_to}"), format!("sign_in_link is \"login?next={{return_to}}\": expected {begins}")),
            (
                sign_in("/login?next={back}"),
                "sign_in_link is \"/login?next={back}\": expected {return_to} as the only placeholder, as in \
                 /login?next={return_to}"
                    .to_owned(),
            ),
            (
                sign_in("/login?next={return_to"),
                "sign_in_link is \"/login?next={return_to\": expected each placeholder as a name in braces, such as \
                 /tickets/{id}"
                    .to_owned(),
            ),
            (row("//tickets/{id}"), format!("row_link of tickets is \"//tickets/{{id}}\": expected {begins}")),
            (
                row("/tickets/{}"),
                "row_link of tickets is \"/tickets/{}\": expected each placeholder as a name in braces, such as \
                 /tickets/{id}"
                    .to_owned(),
            ),
            (
                HostSettings { refusal_note: Some("\n".into()), ..settings() },
                "refusal_note is \"\\n\": expected a text that is not blank".to_owned(),
            ),
        ] {
            assert_eq!(settings.check(&Config::default()).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn sign_in_address_holds_the_encoded_address_to_return_to() {
        let settings =
            HostSettings { sign_in: Some("https://id.example/in?next={return_to}&x=1".into()), ..settings() };
        let host = settings.check(&Config::default()).unwrap();
        let href = host.sign_in_href("/audit/timeline?table=a&key=id%3D1");
        let expected = "https://id.example/in?next=%2Faudit%2Ftimeline%3Ftable%3Da%26key%3Did%253D1&x=1";
        assert_eq!(href.as_deref(), Some(expected));
    }
}
