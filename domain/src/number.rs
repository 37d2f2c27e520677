//! Exact numbers: points with four places and rates as fractions of integers.
//!
//! Floating point is deliberately absent. Digits are lost in one place only, [`Rounding::to_points`], where a
//! quotient becomes points.

mod points;
mod ratio;
mod rounding;
mod text;

pub use points::Points;
pub use ratio::Ratio;
pub use rounding::{Rounding, RoundingMode};

/// A number does not fit, or is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a decimal with at most four places.
    #[error("`{0}` is not a point value: write a decimal with at most four places, such as `2.5`")]
    NotPoints(String),
    /// The text is not a fraction, decimal or percentage.
    #[error("`{0}` is not a number: write `0.9`, `90%` or `9/10`")]
    NotRatio(String),
    /// The value lies beyond what 64 bits of ten-thousandths hold.
    #[error("a value is too large to be counted in points")]
    Overflow,
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn a_third_is_not_more_than_a_third_but_334_of_1000_is() {
        assert!(Ratio::of_counts(1, 3).unwrap() <= ratio("1/3"));
        assert!(Ratio::of_counts(334, 1000).unwrap() > ratio("1/3"));
        assert!(Ratio::of_counts(899, 1000).unwrap() < ratio("90%"));
        assert_eq!(Ratio::of_counts(900, 1000).unwrap(), ratio("0.9"));
    }

    #[test]
    fn nothing_divided_by_nothing_is_undefined() {
        assert_eq!(Ratio::of_counts(0, 0), None);
        assert_eq!(ratio("1").div(&Ratio::zero()), None);
    }

    #[test]
    fn half_up_goes_away_from_zero() {
        let to = |text: &str, mode| {
            Rounding { decimals: 2, mode }
                .to_points(&ratio(text))
                .unwrap()
                .to_string()
        };
        assert_eq!(to("-2.345", RoundingMode::HalfUp), "-2.35");
        assert_eq!(to("2.345", RoundingMode::HalfUp), "2.35");
        assert_eq!(to("2.345", RoundingMode::HalfEven), "2.34");
        assert_eq!(to("-2.349", RoundingMode::Down), "-2.34");
        assert_eq!(to("-2.341", RoundingMode::Up), "-2.35");
    }

    #[test]
    fn floating_point_is_refused_by_name() {
        let fault = serde_json::from_str::<Points>("0.1")
            .unwrap_err()
            .to_string();
        assert!(fault.contains("put the number in quotes"), "{fault}");
        assert!("0.00001".parse::<Points>().is_err());
        assert!("1e5".parse::<Points>().is_err());
        assert!("99999999999999999999".parse::<Points>().is_err());
        assert!(
            "".parse::<Ratio>().is_err()
                && "/".parse::<Ratio>().is_err()
                && "1/0".parse::<Ratio>().is_err()
        );
    }

    #[test]
    fn points_are_written_without_zeros_at_the_end() {
        let text = |e4| Points::from_e4(e4).to_string();
        assert_eq!(
            [0, 1, -1, 10_000, -25_000, 123_450, 100_010].map(text),
            ["0", "0.0001", "-0.0001", "1", "-2.5", "12.345", "10.001"]
        );
        assert_eq!(text(i64::MIN), "-922337203685477.5808");
        assert_eq!(text(i64::MAX), "922337203685477.5807");
    }

    #[test]
    fn what_cancels_out_beyond_64_bits_has_the_form_of_any_other_number() {
        let of = |n, d| Ratio::of_counts(n, d).unwrap();
        let (p, q) = (6_700_417_000_003, 9_223_372_036_854_775_783);
        assert_eq!(of(p, q).mul(&of(q, p)), Ratio::one());
        assert_eq!(of(p, q).mul(&of(q, 2 * p)), of(1, 2));
        assert_eq!(
            Ratio::zero().sub(&of(p, q)).mul(&of(q, p)),
            Ratio::from_whole(-1)
        );
    }

    #[test]
    fn numbers_of_any_size_are_written_in_lowest_terms() {
        let large = Ratio::of_count(u64::MAX).mul(&Ratio::of_count(u64::MAX));
        assert_eq!(large.to_string(), "340282366920938463426481119284349108225");
        assert_eq!(
            Ratio::one().div(&large).unwrap().to_string(),
            format!("1/{large}")
        );
        assert_eq!(large.div(&large), Some(Ratio::one()));
    }

    #[test]
    fn a_number_of_sixty_characters_is_read_and_a_longer_one_is_refused_by_its_beginning() {
        let ones = |count: usize| "1".repeat(count).parse::<Ratio>();
        assert!(ones(60).is_ok());
        let refused = ones(61).unwrap_err().to_string();
        assert!(
            refused.contains(&"1".repeat(60)) && !refused.contains(&"1".repeat(61)),
            "{refused}"
        );
        let refused = "ninety".parse::<Points>().unwrap_err().to_string();
        assert!(refused.contains("`ninety`"), "{refused}");
        let refused = serde_json::from_str::<Ratio>("true")
            .unwrap_err()
            .to_string();
        assert!(refused.contains("a number in quotes"), "{refused}");
    }

    #[test]
    fn what_lies_between_two_bounds_stays_and_what_lies_beyond_is_moved_onto_them() {
        let (zero, one) = (Ratio::zero(), Ratio::one());
        let within = |whole| Ratio::from_whole(whole).within(&zero, &one);
        assert_eq!(
            [-3, 0, 1, 2].map(within),
            [zero.clone(), zero.clone(), one.clone(), one.clone()]
        );
    }

    proptest! {
        /// Zeros before it make it too long for machine words, and mean nothing.
        #[test]
        fn a_short_number_is_read_as_a_long_one(text in "[-−]?[0-9]{1,12}(\\.[0-9]{1,8})?") {
            let (sign, digits) = match text.strip_prefix(['-', '−']) {
                Some(digits) => ("-", digits),
                None => ("", text.as_str()),
            };
            let long = format!("{sign}{}{digits}", "0".repeat(20));
            prop_assert_eq!(ratio(&text), ratio(&long));
        }

        #[test]
        fn points_survive_their_text(e4 in any::<i64>().prop_filter("the least value has no magnitude", |e| *e != i64::MIN)) {
            let points = Points::from_e4(e4);
            prop_assert_eq!(points.to_string().parse::<Points>().unwrap(), points);
        }

        #[test]
        fn machine_words_and_big_numbers_agree(
            a in any::<i64>(), b in 1_i64.., c in any::<i64>(), d in 1_i64..,
        ) {
            let big = |n: i64, d: i64| BigRational::new(BigInt::from(n), BigInt::from(d));
            let make = |n: i64, d: i64| Ratio::from_whole(n).div(&Ratio::from_whole(d)).unwrap();
            let (x, y, p, q) = (make(a, b), make(c, d), big(a, b), big(c, d));
            prop_assert_eq!(x.add(&y).to_big(), &p + &q);
            prop_assert_eq!(x.sub(&y).to_big(), &p - &q);
            prop_assert_eq!(x.mul(&y).to_big(), &p * &q);
            prop_assert_eq!(x.cmp(&y), p.cmp(&q));
            prop_assert_eq!(x.div(&y).map(|r| r.to_big()), (c != 0).then(|| &p / &q));
            prop_assert_eq!(x.add(&y).sub(&y), x, "one value has one form");
        }

        #[test]
        fn numbers_beyond_machine_words_are_reckoned_with_exactly(
            a in 1_i64.., b in 1_i64.., c in any::<i64>(), d in 1_i64..,
        ) {
            let big = |n: i64, d: i64| BigRational::new(BigInt::from(n), BigInt::from(d));
            let make = |n: i64, d: i64| Ratio::from_whole(n).div(&Ratio::from_whole(d)).unwrap();
            let wide = make(a, b).mul(&make(i64::MAX, b)).mul(&make(a, i64::MAX - 1));
            let (p, q) = (big(a, b) * big(i64::MAX, b) * big(a, i64::MAX - 1), big(c, d));
            prop_assert_eq!(wide.to_big(), p.clone());
            let other = make(c, d);
            prop_assert_eq!(wide.add(&other).to_big(), &p + &q);
            prop_assert_eq!(wide.sub(&other).to_big(), &p - &q);
            prop_assert_eq!(wide.mul(&other).to_big(), &p * &q);
            prop_assert_eq!(other.div(&wide).unwrap().to_big(), &q / &p);
            prop_assert_eq!(wide.cmp(&other), p.cmp(&q));
        }

        #[test]
        fn the_short_way_of_rounding_is_the_long_way(n in -1_000_000_000_i64..1_000_000_000, d in 1_i64..100_000, near in 1_i64..20, decimals in 0_u8..=4) {
            for d in [d, near] {
                let exact = Ratio::from_whole(n).div(&Ratio::from_whole(d)).unwrap();
                for mode in [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Down, RoundingMode::Up] {
                    let rounding = Rounding { decimals, mode };
                    let points = rounding.to_points(&exact).unwrap();
                    prop_assert_eq!(points, rounding.to_points_slowly(&exact).unwrap());
                    prop_assert_eq!(exact.is_points(points), points.to_ratio() == exact);
                    let hundredfold = exact.mul(&Ratio::from_whole(100));
                    prop_assert_eq!(rounding.to_percent(&exact).unwrap(), rounding.to_points(&hundredfold).unwrap());
                }
                let big = exact.to_big();
                prop_assert_eq!(exact.floor().map(BigInt::from), Some(big.floor().to_integer()));
                prop_assert_eq!(exact.is_whole(), big.is_integer());
            }
        }

        #[test]
        fn rounding_moves_less_than_one_unit(n in -1_000_000_i64..1_000_000, d in 1_i64..10_000, decimals in 0_u8..=4) {
            let exact = Ratio::from_whole(n).div(&Ratio::from_whole(d)).unwrap();
            let unit = Ratio::one().div(&Ratio::from_whole(10_i64.pow(u32::from(decimals)))).unwrap();
            for mode in [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Down, RoundingMode::Up] {
                let shown = Rounding { decimals, mode }.to_points(&exact).unwrap().to_ratio();
                let off = shown.sub(&exact);
                prop_assert!(off < unit && off > Ratio::zero().sub(&unit));
            }
        }
    }
}
