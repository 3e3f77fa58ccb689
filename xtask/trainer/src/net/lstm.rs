//! A long short-term memory layer (Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000)
//! as ONE operation over time: one product for all inputs, a small one per step, and a backward
//! pass written by hand. Gates are in ONNX's order: input, output, forget, cell.

use super::gradient;
use super::shape::Recurrent;
use listener::kernels::activation::{sigmoid, tanh};
use listener::kernels::matrix::{self, Onto, Packed, View};
use listener::vectorised;

/// Weights of one layer, packed for both directions.
pub(crate) struct Lstm {
    place: Recurrent,
    hidden: usize,
    bias: Vec<f32>,
    input: Packed,
    recurrent: Packed,
    input_back: Packed,
    recurrent_back: Packed,
}

/// What the forward pass of `lanes` sequences leaves for the backward pass. Time is the slow index.
#[derive(Default)]
pub(crate) struct Tape {
    /// Activated gates [time, lanes, 4 hidden]; on the way back, their gradients.
    gates: Vec<f32>,
    /// Cells [time + 1, lanes, hidden]; the first is the state at the start.
    cells: Vec<f32>,
    /// Outputs [time + 1, lanes, hidden]; the first is the state at the start.
    pub(crate) outputs: Vec<f32>,
    /// tanh of the cells [time, lanes, hidden].
    squashed: Vec<f32>,
    /// Gradients that travel back through time [lanes, hidden].
    d_output: Vec<f32>,
    d_cell: Vec<f32>,
}

impl Tape {
    /// The outputs [time, lanes, hidden], without the state at the start.
    pub(crate) fn sequence(&self, state: usize) -> &[f32] {
        &self.outputs[state..]
    }

    /// Copies the state at the end: output and cell, [lanes, hidden] each.
    pub(crate) fn last(&self, h: &mut [f32], c: &mut [f32]) {
        h.copy_from_slice(&self.outputs[self.outputs.len() - h.len()..]);
        c.copy_from_slice(&self.cells[self.cells.len() - c.len()..]);
    }
}

impl Lstm {
    /// Packs the weights of `place` out of the parameters.
    pub(crate) fn new(place: &Recurrent, params: &[f32]) -> Self {
        let (inputs, gates) = (place.input.inputs, place.input.outputs);
        let input = View::new(&params[place.input.weights.clone()], inputs, gates);
        let recurrent = View::new(&params[place.weights.clone()], gates / 4, gates);
        Self {
            place: place.clone(),
            hidden: gates / 4,
            bias: params[place.input.bias.clone()].to_vec(),
            input: Packed::new(input),
            recurrent: Packed::new(recurrent),
            input_back: Packed::new(input.transposed()),
            recurrent_back: Packed::new(recurrent.transposed()),
        }
    }

    /// `x` [time, lanes, inputs] from state `h`, `c` [lanes, hidden] onto the tape.
    pub(crate) fn forward(&self, x: &[f32], h: &[f32], c: &[f32], tape: &mut Tape) {
        let (state, inputs, width) = (h.len(), self.place.input.inputs, 4 * self.hidden);
        let (rows, lanes) = (x.len() / inputs, state / self.hidden);
        let time = rows / lanes;
        tape.gates.resize(rows * width, 0.0);
        tape.cells.resize((time + 1) * state, 0.0);
        tape.outputs.resize((time + 1) * state, 0.0);
        tape.squashed.resize(time * state, 0.0);
        tape.cells[..state].copy_from_slice(c);
        tape.outputs[..state].copy_from_slice(h);

        matrix::multiply(
            View::new(x, rows, inputs),
            &self.input,
            &mut tape.gates,
            width,
            Onto::Row(&self.bias),
        );
        for t in 0..time {
            let gates = &mut tape.gates[t * lanes * width..][..lanes * width];
            let (before, after) = tape.outputs.split_at_mut((t + 1) * state);
            let before = View::new(&before[t * state..], lanes, self.hidden);
            matrix::multiply(before, &self.recurrent, gates, width, Onto::Existing);
            let (cells, new_cells) = tape.cells.split_at_mut((t + 1) * state);
            step(
                self.hidden,
                gates,
                &cells[t * state..],
                &mut new_cells[..state],
                &mut tape.squashed[t * state..][..state],
                &mut after[..state],
            );
        }
    }

    /// From `dy` [time, lanes, hidden] to `dx` [time, lanes, inputs]; adds the weights' gradients.
    /// The state at the start is taken as given: truncated backpropagation through time.
    pub(crate) fn backward(
        &self,
        x: &[f32],
        dy: &[f32],
        tape: &mut Tape,
        dx: &mut [f32],
        grads: &mut [f32],
        scratch: &mut Packed,
    ) {
        let (width, inputs) = (4 * self.hidden, self.place.input.inputs);
        let rows = x.len() / inputs;
        let state = tape.outputs.len() - dy.len();
        let (time, lanes) = (dy.len() / state, state / self.hidden);
        tape.d_output.clear();
        tape.d_output.resize(state, 0.0);
        tape.d_cell.clear();
        tape.d_cell.resize(state, 0.0);
        for t in (0..time).rev() {
            let gates = &mut tape.gates[t * lanes * width..][..lanes * width];
            step_back(
                self.hidden,
                &dy[t * state..][..state],
                &tape.d_output,
                &mut tape.d_cell,
                &tape.cells[t * state..][..state],
                &tape.squashed[t * state..][..state],
                gates,
            );
            let gates = View::new(gates, lanes, width);
            matrix::multiply(
                gates,
                &self.recurrent_back,
                &mut tape.d_output,
                self.hidden,
                Onto::Nothing,
            );
        }
        let gates = View::new(&tape.gates, rows, width);
        gradient::accumulate_column_sums(&tape.gates, &mut grads[self.place.input.bias.clone()]);
        let before = View::new(&tape.outputs[..time * state], rows, self.hidden);
        gradient::accumulate_gradient(
            before,
            gates,
            &mut grads[self.place.weights.clone()],
            scratch,
        );
        let weights = &mut grads[self.place.input.weights.clone()];
        gradient::accumulate_gradient(View::new(x, rows, inputs), gates, weights, scratch);
        matrix::multiply(gates, &self.input_back, dx, inputs, Onto::Nothing);
    }
}

vectorised! {
    /// One step: activates `gates`, and makes new cells and outputs.
    fn step<FMA>(hidden: usize, gates: &mut [f32], cells: &[f32], new_cells: &mut [f32], squashed: &mut [f32], outputs: &mut [f32]) {
        for (lane, gates) in gates.chunks_exact_mut(4 * hidden).enumerate() {
            let (through, cell_in) = gates.split_at_mut(3 * hidden);
            for gate in through.iter_mut() {
                *gate = sigmoid::<FMA>(*gate);
            }
            for gate in cell_in.iter_mut() {
                *gate = tanh::<FMA>(*gate);
            }
            let (i, rest) = through.split_at(hidden);
            let (o, f) = rest.split_at(hidden);
            let at = lane * hidden..(lane + 1) * hidden;
            let (old, new) = (&cells[at.clone()], &mut new_cells[at.clone()]);
            let (squashed, outputs) = (&mut squashed[at.clone()], &mut outputs[at]);
            for u in 0..hidden {
                let cell = f[u] * old[u] + i[u] * cell_in[u];
                new[u] = cell;
                squashed[u] = tanh::<FMA>(cell);
                outputs[u] = o[u] * squashed[u];
            }
        }
    }
}

vectorised! {
    /// One step back: turns `gates` into their gradients (before activation) and moves `d_cell`
    /// to the step before.
    fn step_back<FMA>(hidden: usize, dy: &[f32], d_output: &[f32], d_cell: &mut [f32], cells: &[f32], squashed: &[f32], gates: &mut [f32]) {
        for (lane, gates) in gates.chunks_exact_mut(4 * hidden).enumerate() {
            let at = lane * hidden..(lane + 1) * hidden;
            let (dy, d_output, d_cell) = (&dy[at.clone()], &d_output[at.clone()], &mut d_cell[at.clone()]);
            let (old, squashed) = (&cells[at.clone()], &squashed[at]);
            let (i, rest) = gates.split_at_mut(hidden);
            let (o, rest) = rest.split_at_mut(hidden);
            let (f, g) = rest.split_at_mut(hidden);
            for u in 0..hidden {
                let dh = dy[u] + d_output[u];
                let dc = d_cell[u] + dh * o[u] * (1.0 - squashed[u] * squashed[u]);
                let (di, df, dg) = (dc * g[u], dc * old[u], dc * i[u]);
                d_cell[u] = dc * f[u];
                o[u] = dh * squashed[u] * o[u] * (1.0 - o[u]);
                i[u] = di * i[u] * (1.0 - i[u]);
                f[u] = df * f[u] * (1.0 - f[u]);
                g[u] = dg * (1.0 - g[u] * g[u]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};
    use crate::net::shape::Dense;

    const TIME: usize = 5;
    const LANES: usize = 3;
    const INPUTS: usize = 6;
    const HIDDEN: usize = 8;

    fn place() -> Recurrent {
        let (w, r) = (INPUTS * 4 * HIDDEN, HIDDEN * 4 * HIDDEN);
        let input = Dense {
            inputs: INPUTS,
            outputs: 4 * HIDDEN,
            weights: 0..w,
            bias: w + r..w + r + 4 * HIDDEN,
        };
        Recurrent { input, weights: w..w + r }
    }

    fn run(params: &[f32], x: &[f32]) -> Tape {
        let (h, c) = (numbers(LANES * HIDDEN), numbers(2 * LANES * HIDDEN));
        let mut tape = Tape::default();
        Lstm::new(&place(), params).forward(x, &h, &c[LANES * HIDDEN..], &mut tape);
        tape
    }

    fn loss(params: &[f32], x: &[f32]) -> f64 {
        let tape = run(params, x);
        let weights = numbers(TIME * LANES * HIDDEN);
        tape.sequence(LANES * HIDDEN).iter().zip(&weights).map(|(y, w)| f64::from(y * w)).sum()
    }

    #[test]
    fn gradients_match_finite_differences() {
        let params = numbers(place().input.bias.end);
        let x = numbers(TIME * LANES * INPUTS);
        let mut tape = run(&params, &x);
        let (mut dx, mut grads) = (vec![0.0; x.len()], vec![0.0; params.len()]);
        let dy = numbers(TIME * LANES * HIDDEN);
        let layer = Lstm::new(&place(), &params);
        layer.backward(&x, &dy, &mut tape, &mut dx, &mut grads, &mut Packed::default());
        assert_gradient(&params, &grads, |params| loss(params, &x));
        assert_gradient(&x, &dx, |x| loss(&params, x));
    }

    #[test]
    fn carried_state_continues_the_sequence() {
        let params = numbers(place().input.bias.end);
        let x = numbers(TIME * LANES * INPUTS);
        let layer = Lstm::new(&place(), &params);
        let (mut h, mut c) = (vec![0.0; LANES * HIDDEN], vec![0.0; LANES * HIDDEN]);
        let mut whole = Tape::default();
        layer.forward(&x, &h, &c, &mut whole);
        let mut tape = Tape::default();
        for (t, x) in x.chunks_exact(LANES * INPUTS).enumerate() {
            layer.forward(x, &h, &c, &mut tape);
            tape.last(&mut h, &mut c);
            assert_eq!(h, whole.outputs[(t + 1) * LANES * HIDDEN..][..LANES * HIDDEN]);
        }
    }
}
