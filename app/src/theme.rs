//! The colour theme.

use std::fmt;
use std::str::FromStr;

use threadline::InvalidParameter;

/// The colours of the console.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// The colours of the operating system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns the word for it in the form, the cookie and the document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Theme {
    type Err = InvalidParameter;

    fn from_str(word: &str) -> Result<Self, InvalidParameter> {
        let known = Self::ALL.into_iter().find(|theme| theme.as_str() == word);
        known.ok_or_else(|| InvalidParameter::new("theme", word, "one of system, light and dark"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theme_is_parsed_from_what_it_prints() {
        for theme in Theme::ALL {
            assert_eq!(theme.to_string().parse::<Theme>().ok(), Some(theme));
        }
        assert!("purple".parse::<Theme>().is_err());
    }
}
