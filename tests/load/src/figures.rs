//! Medians, quantiles, and the spread of the rounds.

/// One figure's values of all rounds.
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    pub(crate) fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self(rounds)
    }

    /// `None`: nothing was measured.
    pub(crate) fn median(&self) -> Option<f64> {
        quantile(&self.0, 0.5)
    }

    /// The median, and the least and the most.
    pub(crate) fn cell(&self, write: impl Fn(f64) -> String) -> String {
        match (self.median(), self.0.first(), self.0.last()) {
            (Some(median), Some(least), Some(most)) => {
                format!("{} ({} to {})", write(median), write(*least), write(*most))
            }
            _ => "not measured".to_owned(),
        }
    }
}

/// Of values in ascending order: the one below which that part of them lies.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index of a short list"
)]
pub(crate) fn quantile(ascending: &[f64], part: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    ascending.get((last as f64 * part).ceil() as usize).copied()
}

/// With a comma for thousands.
pub(crate) fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut written = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

pub(crate) fn tenths(value: f64) -> String {
    format!("{value:.1}")
}

pub(crate) fn hundredths(value: f64) -> String {
    format!("{value:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.0), Some(1.0));
        assert_eq!(quantile(&values, 0.99), Some(100.0));
        assert_eq!(quantile(&values, 1.0), Some(100.0));
        assert_eq!(quantile(&[3.0, 4.0, 5.0], 0.5), Some(4.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_cell_holds_the_median_and_the_outermost_rounds() {
        assert_eq!(Rounds::of(vec![3000.4, 12.0, 1_234_567.0]).cell(whole), "3,000 (12 to 1,234,567)");
        assert_eq!(Rounds::of(Vec::new()).cell(whole), "not measured");
    }
}
