//! Figures as a person reads them, with three significant digits, and what they are held against.

/// Rounded to the nearest, for a figure that is compared with nothing.
pub(super) fn near(value: f64) -> String {
    digits(value, f64::round)
}

/// A target for a ratio. The ratio is cut off away from it: 3.999 of 4 is shown as 3.99 and is missed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    /// The exact figure decides.
    fn is_met(self, exact: f64) -> bool {
        match self {
            Self::AtLeast(least) => exact >= least,
            Self::AtMost(most) => exact <= most,
        }
    }

    pub(super) fn show(self, exact: f64) -> String {
        match self {
            Self::AtLeast(_) => at_least(exact),
            Self::AtMost(_) => at_most(exact),
        }
    }

    /// `≥ 4.00 met`.
    pub(super) fn verdict(self, exact: f64) -> String {
        let word = if self.is_met(exact) { "met" } else { "missed" };
        match self {
            Self::AtLeast(least) => format!("≥ {least:.2} {word}"),
            Self::AtMost(most) => format!("≤ {most:.2} {word}"),
        }
    }
}

/// Cut off, for a figure that is the better the greater it is.
pub(super) fn at_least(value: f64) -> String {
    digits(value, f64::floor)
}

/// Rounded up, for a figure that is the better the smaller it is.
pub(super) fn at_most(value: f64) -> String {
    digits(value, f64::ceil)
}

fn digits(value: f64, round: fn(f64) -> f64) -> String {
    if !value.is_finite() || value <= 0.0 {
        return "0".to_owned();
    }
    let places = 2 - value.log10().floor() as i32;
    let scale = 10_f64.powi(places);
    let kept = round(value * scale) / scale;
    // Of a value such as 12,345 the last digits become zeros.
    let shown = usize::try_from(places).unwrap_or(0);
    thousands(&format!("{kept:.shown$}"))
}

/// Groups the digits before the point.
pub(super) fn thousands(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_shown() {
        assert_eq!(near(0.012_345), "0.0123");
        assert_eq!(near(1.0), "1.00");
        assert_eq!(near(99.96), "100.0");
        assert_eq!(near(12_345.0), "12,300");
        assert_eq!(near(0.0), "0");
    }

    #[test]
    fn nothing_is_rounded_towards_its_target() {
        let four = Target::AtLeast(4.0);
        assert_eq!(
            (four.show(3.9999), four.verdict(3.9999)),
            ("3.99".to_owned(), "≥ 4.00 missed".to_owned())
        );
        assert_eq!((four.show(4.0), four.verdict(4.0)), ("4.00".to_owned(), "≥ 4.00 met".to_owned()));
        let size = Target::AtMost(0.75);
        assert_eq!(
            (size.show(0.7501), size.verdict(0.7501)),
            ("0.751".to_owned(), "≤ 0.75 missed".to_owned())
        );
        assert_eq!(size.verdict(0.75), "≤ 0.75 met");
    }
}
