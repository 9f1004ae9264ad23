use nalgebra::Vector6;

/// Lower triangle of a factor, with the reciprocals of its diagonal on the diagonal.
pub(super) type Factor = [[f64; 6]; 6];

/// Factor of J Jᵀ + damping, over the columns of J that are not held.
pub(super) fn factor(columns: &[Vector6<f64>], held: &[bool], damping: f64) -> Factor {
    let mut a = [[0.0; 6]; 6];
    for (column, _) in columns.iter().zip(held).filter(|(_, held)| !**held) {
        for (i, row) in a.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate().take(i + 1) {
                *value += column[i] * column[j];
            }
        }
    }
    for i in 0..6 {
        a[i][i] += damping;
        for j in 0..=i {
            let done = a[i].iter().zip(&a[j]).take(j);
            let sum = a[i][j] - done.map(|(x, y)| x * y).sum::<f64>();
            // The diagonal holds its reciprocal; rounding must not make a root of what is below 0.
            a[i][j] = if i == j {
                sum.max(f64::MIN_POSITIVE).sqrt().recip()
            } else {
                sum * a[j][j]
            };
        }
    }
    a
}

/// The solution for one right side.
pub(super) fn solve(factor: &Factor, right: &Vector6<f64>) -> Vector6<f64> {
    let mut x = *right;
    for i in 0..6 {
        for k in 0..i {
            x[i] -= factor[i][k] * x[k];
        }
        x[i] *= factor[i][i];
    }
    for i in (0..6).rev() {
        for k in i + 1..6 {
            x[i] -= factor[k][i] * x[k];
        }
        x[i] *= factor[i][i];
    }
    x
}
