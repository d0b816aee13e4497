//! Products compared with sums in f64, and the bitwise equality that they promise.

use candle_core::Tensor;

use super::*;
use crate::random;
use crate::simd::{arch, archs};
use crate::test_model::assert_close;

fn uniform(key: u64, count: usize) -> Vec<f32> {
    (0..count as u64)
        .map(|i| random::uniform(key, i) as f32 - 0.5)
        .collect()
}

fn panels(matrix: &[f32], rows: usize, columns: usize) -> Panels {
    Panels::from_rows(rows, columns, |row, to| {
        to.copy_from_slice(&matrix[row * columns..(row + 1) * columns]);
        Ok(())
    })
    .unwrap()
}

/// A product that is written over `before`, or added to it.
fn run(arch: Arch, x: &[f32], b: Right<'_>, before: &[f32], add: bool) -> Vec<f32> {
    let mut out = before.to_vec();
    #[expect(unsafe_code, reason = "the result is one that may be uninitialised")]
    // SAFETY: it is a slice of values, and values are written to it.
    unsafe {
        let room = std::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), out.len());
        multiply(arch, x, b, room, add);
    }
    out
}

/// Rows of x, rows and columns of the matrix: complete and partial tiles, one and several parts of the depth, blocks of
/// rows and of panels, several turned parts.
const SIZES: [(usize, usize, usize); 10] = [
    (1, 1, 1),
    (1, 100, 600),
    (2, 17, 40),
    (3, 48, 16),
    (4, 33, 80),
    (5, 16, 31),
    (8, 300, 64),
    (13, 50, 1200),
    (97, 65, 33),
    (103, 321, 577),
];

#[test]
fn every_number_is_a_sum_of_products() {
    for size @ (count, rows, columns) in SIZES {
        let matrix = uniform(2, rows * columns);
        let panels = panels(&matrix, rows, columns);
        for (b, depth, width) in [
            (Right::Straight(&panels), columns, rows),
            (Right::Turned(&panels), rows, columns),
        ] {
            let (x, before) = (uniform(1, count * depth), uniform(9, count * width));
            let value = |k: usize, c: usize| match b {
                Right::Straight(_) => matrix[c * columns + k],
                Right::Turned(_) => matrix[k * columns + c],
            };
            for (arch, add) in archs()
                .into_iter()
                .flat_map(|arch| [(arch, false), (arch, true)])
            {
                let found = run(arch, &x, b, &before, add);
                for (place, found) in found.iter().enumerate() {
                    let (row, c) = (place / width, place % width);
                    let product = |k: usize| f64::from(x[row * depth + k]) * f64::from(value(k, c));
                    let mut expected: f64 = (0..depth).map(product).sum();
                    if add {
                        expected += f64::from(before[place]);
                    }
                    let off = (f64::from(*found) - expected).abs();
                    assert!(off < 2e-5, "{size:?} {arch:?} {add}: {off}");
                }
            }
        }
    }
}

#[test]
fn neither_vectors_nor_threads_nor_other_rows_change_a_bit() {
    let fused = || {
        archs()
            .into_iter()
            .filter(|arch| !matches!(arch, Arch::Scalar))
    };
    for (count, rows, columns) in [(7, 4000, 700), (301, 150, 600), (64, 2100, 30)] {
        let matrix = uniform(2, rows * columns);
        let panels = panels(&matrix, rows, columns);
        for (b, depth, width) in [
            (Right::Straight(&panels), columns, rows),
            (Right::Turned(&panels), rows, columns),
        ] {
            let (x, before) = (uniform(1, count * depth), vec![0.0; count * width]);
            let expected = run(arch(), &x, b, &before, false);
            for (arch, threads) in fused().flat_map(|arch| [1, 2, 3].map(|threads| (arch, threads)))
            {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let found = pool.unwrap().install(|| run(arch, &x, b, &before, false));
                assert!(found == expected, "{arch:?} on {threads} threads");
            }
            let alone = run(arch(), &x[..depth], b, &before[..width], false);
            assert!(alone == expected[..width], "a row alone");
        }
    }
}

#[test]
fn panels_hold_the_matrix_and_multiply_both_ways() {
    let random = crate::test_model::random;
    for (rows, columns) in [(1, 1), (16, 3), (37, 20), (48, 600), (700, 33), (2100, 64)] {
        let dense = random(1, &[rows, columns]);
        let panels = panels(
            &dense.flatten_all().unwrap().to_vec1().unwrap(),
            rows,
            columns,
        );
        assert_close(&panels.rows(0..rows).unwrap(), &dense, 0.0);
        let half = dense.narrow(0, rows / 2, rows - rows / 2).unwrap();
        assert_close(&panels.rows(rows / 2..rows).unwrap(), &half, 0.0);
        let last = Tensor::new(&[rows as u32 - 1], dense.device()).unwrap();
        let selected = dense.index_select(&last, 0).unwrap();
        assert_close(&panels.select(&[rows as u32 - 1]).unwrap(), &selected, 0.0);
        assert!(panels.select(&[rows as u32]).is_err());
        let (x, dy) = (random(2, &[9, columns]), random(3, &[9, rows]));
        let y = x.matmul(&dense.t().unwrap()).unwrap();
        assert_close(&panels.project(&x).unwrap(), &y, 5e-3);
        let dx = dy.matmul(&dense).unwrap();
        assert_close(&panels.project_backward(&dy, None).unwrap(), &dx, 5e-3);
        let sum = random(4, &[9, columns]);
        let expected = (&sum + dx).unwrap();
        let found = panels.project_backward(&dy, Some(sum)).unwrap();
        assert_close(&found, &expected, 5e-3);
        let none = panels.project(&x.narrow(0, 0, 0).unwrap()).unwrap();
        assert_eq!(none.dims(), [0, rows]);
        let wide = random(5, &[2, columns + 1]);
        assert!(panels.project(&wide).is_err());
        assert!(
            panels
                .project_backward(&random(5, &[2, rows + 1]), None)
                .is_err()
        );
    }
}
