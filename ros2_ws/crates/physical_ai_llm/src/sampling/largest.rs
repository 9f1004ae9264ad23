/// Numbers whose maximum is kept together.
const BLOCK: usize = 32;

/// Finds the largest of many numbers, with buffers that are used again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Largest {
    maxima: Vec<f32>,
    order: Vec<f32>,
    keys: Vec<u64>,
}

impl Largest {
    /// The `n` largest of `values` with their indices, largest first, smaller index first among
    /// equals; -∞ is never among them. There must be no NaN.
    ///
    /// Sorts only what can be among them: the n-th largest of the maxima of blocks is a bound, since
    /// n numbers are at least as large.
    pub(crate) fn find(
        &mut self,
        values: &[f32],
        n: usize,
    ) -> impl ExactSizeIterator<Item = (u32, f32)> + '_ {
        self.keys.clear();
        self.maxima.clear();
        self.maxima.extend(values.chunks(BLOCK).map(max));
        let bound = self.bound(n);
        for (block, (&max, numbers)) in self.maxima.iter().zip(values.chunks(BLOCK)).enumerate() {
            if max < bound || max == f32::NEG_INFINITY {
                continue;
            }
            for (i, &x) in numbers.iter().enumerate() {
                if x >= bound && x > f32::NEG_INFINITY {
                    self.keys.push(key(x, (block * BLOCK + i) as u32));
                }
            }
        }
        if n < self.keys.len() {
            if n > 0 {
                self.keys.select_nth_unstable_by(n - 1, |a, b| b.cmp(a));
            }
            self.keys.truncate(n);
        }
        self.keys.sort_unstable_by(|a, b| b.cmp(a));
        self.keys.iter().map(|&key| parts(key))
    }

    /// Where the largest buffer is and how much it holds.
    #[cfg(test)]
    pub(super) fn buffer(&self) -> (usize, usize) {
        (self.keys.as_ptr().addr(), self.keys.capacity())
    }

    fn bound(&mut self, n: usize) -> f32 {
        if n == 0 || n > self.maxima.len() {
            return f32::NEG_INFINITY;
        }
        self.order.clone_from(&self.maxima);
        *self
            .order
            .select_nth_unstable_by(n - 1, |a, b| b.total_cmp(a))
            .1
    }
}

/// Largest number; -∞ of none.
pub(super) fn max(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 8];
    let (eights, rest) = values.as_chunks::<8>();
    for eight in eights {
        for (lane, &x) in lanes.iter_mut().zip(eight) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |m, &x| if x > m { x } else { m })
}

/// Orders like (number, reversed index): integers compare faster than pairs.
fn key(x: f32, index: u32) -> u64 {
    // Adding zero makes -0 and 0 equal.
    let bits = (x + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    };
    u64::from(ordered) << 32 | u64::from(!index)
}

fn parts(key: u64) -> (u32, f32) {
    let ordered = (key >> 32) as u32;
    let bits = if ordered >> 31 == 1 {
        ordered & !(1 << 31)
    } else {
        !ordered
    };
    (!(key as u32), f32::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn largest_equal_those_of_a_full_sort(
            values in prop::collection::vec(
                prop_oneof![
                    8 => -9i8..9,
                    1 => Just(i8::MIN),
                ].prop_map(|x| if x == i8::MIN { f32::NEG_INFINITY } else { f32::from(x) * 0.5 }),
                0..400,
            ),
            n in 0usize..450,
        ) {
            let mut expected: Vec<(u32, f32)> = (0..).zip(values.iter().copied())
                .filter(|(_, x)| *x > f32::NEG_INFINITY)
                .collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            expected.truncate(n);
            let found: Vec<_> = Largest::default().find(&values, n).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn zeros_of_both_signs_are_equal() {
        let found: Vec<u32> = Largest::default()
            .find(&[-0.0, 0.0, -1.0, 0.0], 2)
            .map(|(i, _)| i)
            .collect();
        assert_eq!(found, [0, 1]);
    }
}
