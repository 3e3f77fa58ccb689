//! From frames to blocks, and from blocks to a judgement without a recurrent layer: running statistics,
//! and running attention.
//!
//! All are causal: after block t they are what the blocks 0..=t say. Time is the slow index.

/// Where the mean and maximum of a sequence go in rows of pooled blocks.
#[derive(Clone, Copy)]
pub(crate) struct Pooling {
    /// Frames per block.
    pub(crate) block: usize,
    pub(crate) lanes: usize,
    /// Values per frame.
    pub(crate) width: usize,
    /// Values per pooled block, and the first of the `2 width` that are ours.
    pub(crate) row: usize,
    pub(crate) offset: usize,
}

impl Pooling {
    /// Mean and maximum over blocks of `x` [time, lanes, width] into `y` [blocks, lanes, row]; `winner`
    /// [blocks, lanes, width] remembers which frame of the block was the maximum.
    pub(crate) fn forward(self, x: &[f32], y: &mut [f32], winner: &mut Vec<u32>) {
        let Self { block, lanes, width, row, offset } = self;
        let blocks = x.len() / (block * lanes * width);
        winner.clear();
        winner.resize(blocks * lanes * width, 0);
        for place in 0..blocks * lanes {
            let (at, lane) = (place / lanes, place % lanes);
            let (mean, most) = y[place * row + offset..][..2 * width].split_at_mut(width);
            let winner = &mut winner[place * width..][..width];
            mean.fill(0.0);
            most.fill(f32::MIN);
            for k in 0..block {
                let frame = &x[((at * block + k) * lanes + lane) * width..][..width];
                for unit in 0..width {
                    mean[unit] += frame[unit];
                    if frame[unit] > most[unit] {
                        (most[unit], winner[unit]) = (frame[unit], k as u32);
                    }
                }
            }
            mean.iter_mut().for_each(|mean| *mean /= block as f32);
        }
    }

    /// From `dy` [blocks, lanes, row] to `dx` [time, lanes, width].
    pub(crate) fn backward(self, dy: &[f32], winner: &[u32], dx: &mut Vec<f32>) {
        let Self { block, lanes, width, row, offset } = self;
        let blocks = winner.len() / (lanes * width);
        dx.clear();
        dx.resize(blocks * block * lanes * width, 0.0);
        for place in 0..blocks * lanes {
            let (at, lane) = (place / lanes, place % lanes);
            let (mean, most) = dy[place * row + offset..][..2 * width].split_at(width);
            let winner = &winner[place * width..][..width];
            for k in 0..block {
                let frame = &mut dx[((at * block + k) * lanes + lane) * width..][..width];
                for unit in 0..width {
                    let won = if winner[unit] == k as u32 { most[unit] } else { 0.0 };
                    frame[unit] = mean[unit] / block as f32 + won;
                }
            }
        }
    }
}

/// Running mean and maximum of `x` [time, lanes, width] -> `y` [time, lanes, 2 width]. `winner`
/// remembers at which time each maximum was.
pub(crate) fn statistics(
    x: &[f32],
    lanes: usize,
    width: usize,
    y: &mut Vec<f32>,
    winner: &mut Vec<u32>,
) {
    let row = lanes * width;
    let time = x.len() / row;
    y.clear();
    y.resize(2 * x.len(), 0.0);
    winner.clear();
    winner.resize(x.len(), 0);
    for lane in 0..lanes {
        for unit in 0..width {
            let at = |t: usize| t * row + lane * width + unit;
            let (mut sum, mut best) = (0.0, 0);
            for t in 0..time {
                sum += x[at(t)];
                if x[at(t)] > x[at(best)] {
                    best = t;
                }
                let to = t * 2 * row + lane * 2 * width + unit;
                y[to] = sum / (t + 1) as f32;
                y[to + width] = x[at(best)];
                winner[at(t)] = best as u32;
            }
        }
    }
}

/// From `dy` [time, lanes, 2 width] to `dx` [time, lanes, width].
pub(crate) fn statistics_back(
    dy: &[f32],
    winner: &[u32],
    lanes: usize,
    width: usize,
    dx: &mut Vec<f32>,
) {
    let row = lanes * width;
    let time = winner.len() / row;
    dx.clear();
    dx.resize(winner.len(), 0.0);
    for lane in 0..lanes {
        for unit in 0..width {
            let at = |t: usize| t * row + lane * width + unit;
            let mut later = 0.0;
            for t in (0..time).rev() {
                let from = t * 2 * row + lane * 2 * width + unit;
                later += dy[from] / (t + 1) as f32;
                dx[at(t)] += later;
                dx[at(winner[at(t)] as usize)] += dy[from + width];
            }
        }
    }
}

/// Running mean of `x` [time, lanes, width], weighted by e^`score` [time, lanes] -> `y` like `x`.
/// `weights` keeps the exponentials, shifted by each lane's highest score.
pub(crate) fn attention(
    x: &[f32],
    score: &[f32],
    lanes: usize,
    y: &mut Vec<f32>,
    weights: &mut Vec<f32>,
) {
    let time = score.len() / lanes;
    let width = x.len() / score.len();
    y.clear();
    y.resize(x.len(), 0.0);
    weights.clear();
    weights.resize(score.len(), 0.0);
    for lane in 0..lanes {
        let highest = (0..time).map(|t| score[t * lanes + lane]).fold(f32::MIN, f32::max);
        let (mut sum, mut mean) = (0.0, vec![0.0; width]);
        for t in 0..time {
            let place = t * lanes + lane;
            let weight = (score[place] - highest).max(-60.0).exp();
            weights[place] = weight;
            sum += weight;
            let from = &x[place * width..][..width];
            let to = &mut y[place * width..][..width];
            for ((mean, from), to) in mean.iter_mut().zip(from).zip(to) {
                *mean += weight / sum * (from - *mean);
                *to = *mean;
            }
        }
    }
}

/// From `dy` to `dx` like `x` and `d_score` [time, lanes].
pub(crate) fn attention_back(
    (x, y, weights): (&[f32], &[f32], &[f32]),
    dy: &[f32],
    lanes: usize,
    dx: &mut Vec<f32>,
    d_score: &mut Vec<f32>,
) {
    let time = weights.len() / lanes;
    let width = x.len() / weights.len();
    dx.clear();
    dx.resize(x.len(), 0.0);
    d_score.clear();
    d_score.resize(weights.len(), 0.0);
    for lane in 0..lanes {
        let place = |t: usize| t * lanes + lane;
        let mut sums = vec![0.0; time];
        let mut sum = 0.0;
        for t in 0..time {
            sum += weights[place(t)];
            sums[t] = sum;
        }
        // y_t = sum_{s<=t} w_s x_s / W_t, so dy_t reaches every s <= t with w_s / W_t.
        let mut later = vec![0.0; width];
        let mut offset = 0.0;
        for t in (0..time).rev() {
            let at = place(t) * width;
            for unit in 0..width {
                let share = dy[at + unit] / sums[t];
                later[unit] += share;
                offset += share * y[at + unit];
            }
            let mut inner = 0.0;
            for unit in 0..width {
                dx[at + unit] = weights[place(t)] * later[unit];
                inner += later[unit] * x[at + unit];
            }
            d_score[place(t)] = weights[place(t)] * (inner - offset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};

    const LANES: usize = 2;
    const WIDTH: usize = 3;
    const TIME: usize = 5;

    fn dot(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
    }

    #[test]
    fn statistics_gradient_matches_finite_differences() {
        // Far enough apart that a small step changes no maximum.
        let x: Vec<f32> = numbers(TIME * LANES * WIDTH).iter().map(|v| 9.0 * v).collect();
        let dy = numbers(2 * x.len());
        let run = |x: &[f32]| {
            let (mut y, mut winner) = (Vec::new(), Vec::new());
            statistics(x, LANES, WIDTH, &mut y, &mut winner);
            (y, winner)
        };
        let mut dx = Vec::new();
        statistics_back(&dy, &run(&x).1, LANES, WIDTH, &mut dx);
        assert_gradient(&x, &dx, |x| dot(&run(x).0, &dy));
    }

    #[test]
    fn attention_gradient_matches_finite_differences() {
        let (x, score) = (numbers(TIME * LANES * WIDTH), numbers(TIME * LANES));
        let dy: Vec<f32> = numbers(2 * x.len())[x.len()..].to_vec();
        let run = |x: &[f32], score: &[f32]| {
            let (mut y, mut weights) = (Vec::new(), Vec::new());
            attention(x, score, LANES, &mut y, &mut weights);
            (y, weights)
        };
        let (y, weights) = run(&x, &score);
        let (mut dx, mut d_score) = (Vec::new(), Vec::new());
        attention_back((&x, &y, &weights), &dy, LANES, &mut dx, &mut d_score);
        assert_gradient(&x, &dx, |x| dot(&run(x, &score).0, &dy));
        assert_gradient(&score, &d_score, |score| dot(&run(&x, score).0, &dy));
    }
}
