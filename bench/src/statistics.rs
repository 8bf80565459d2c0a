//! Medians over rounds. Rounds are interleaved (A B C A B C), and a ratio is
//! the median of each round's ratio: what disturbs the machine for a while then
//! disturbs both sides of it.

/// The middle of `figures`, or `None` of none.
pub fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let (low, high) = (figures.len().checked_sub(1)? / 2, figures.len() / 2);
    Some((figures[low] + figures[high]) / 2.0)
}

/// The median over the rounds of `upper / lower`, leaving out rounds in which
/// either failed.
pub fn ratio(upper: impl Iterator<Item = Option<f64>>, lower: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    median(upper.zip(lower).filter_map(|(upper, lower)| Some(upper? / lower?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0]), Some(3.0));
        assert_eq!(median([9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn a_ratio_pairs_the_rounds_and_leaves_out_failures() {
        let upper = [Some(2.0), None, Some(30.0), Some(8.0)];
        let lower = [Some(1.0), Some(1.0), Some(10.0), None];
        assert_eq!(ratio(upper.into_iter(), lower.into_iter()), Some(2.5));
    }
}
