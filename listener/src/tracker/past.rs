//! The filter's memory: what arrived at the beats, step by step.
//!
//! From one beat to the next mass only moves on, so a state that is `age` steps past a beat holds what
//! arrived there `age` steps ago. Time passes without moving memory, and all tempi at one beat and age lie
//! side by side. What is older than its tempo's interval has moved on, and is no state's.

use std::ops::Range;

use super::states::{LANES, padded};

/// Mass by beat, age and tempo. The beats of all meters are numbered one after the other.
pub(crate) struct Past {
    /// `[beats, steps, tempi]`; the steps are a ring.
    mass: Vec<f32>,
    /// Steps remembered, one more than the longest interval.
    depth: usize,
    /// Tempi, up to a multiple of [`LANES`].
    width: usize,
    tempi: usize,
    /// Steps from beat to beat at the first tempo; at each next one it is one more.
    shortest: usize,
    /// Place of the newest step in the ring.
    newest: usize,
}

impl Past {
    pub(crate) fn new(beats: usize, intervals: &[usize]) -> Self {
        let depth = intervals.last().map_or(1, |longest| longest + 1);
        let (tempi, width) = (intervals.len(), padded(intervals.len()));
        let mass = vec![0.0; beats * depth * width];
        let shortest = intervals.first().copied().unwrap_or(0);
        Self { mass, depth, width, tempi, shortest, newest: 0 }
    }

    /// Every state of `beat` holds the mass of its tempo.
    pub(crate) fn fill(&mut self, beat: usize, mass: &[f32]) {
        let rows = self.depth * self.width;
        for row in self.mass[beat * rows..(beat + 1) * rows].chunks_exact_mut(self.width) {
            row[..mass.len()].copy_from_slice(mass);
        }
    }

    /// A step passes. What arrives in it is not written yet.
    #[inline(always)]
    pub(crate) fn turn(&mut self) {
        self.newest = if self.newest + 1 == self.depth { 0 } else { self.newest + 1 };
    }

    #[inline(always)]
    fn place(&self, beat: usize, age: usize) -> usize {
        let back = if age <= self.newest { 0 } else { self.depth };
        (beat * self.depth + back + self.newest - age) * self.width
    }

    /// The mass of all tempi at `beat` and `age`.
    #[inline(always)]
    pub(crate) fn row_mut(&mut self, beat: usize, age: usize) -> &mut [f32] {
        let place = self.place(beat, age);
        &mut self.mass[place..place + self.width]
    }

    /// Of a row, a group of [`LANES`] tempi.
    #[inline(always)]
    pub(crate) fn group(&self, beat: usize, age: usize, group: usize) -> &[f32; LANES] {
        const NONE: &[f32; LANES] = &[0.0; LANES];
        let place = self.place(beat, age) + group * LANES;
        self.mass[place..].first_chunk().unwrap_or(NONE)
    }

    /// The mass of a group of [`LANES`] tempi at `age`, of all beats together.
    #[inline(always)]
    pub(crate) fn profile(&self, age: usize, group: usize) -> [f32; LANES] {
        let mut profile = [0.0; LANES];
        let first = self.place(0, age) + group * LANES;
        for beat in self.mass[first..].chunks(self.depth * self.width) {
            if let Some(row) = beat.first_chunk::<LANES>() {
                for lane in 0..LANES {
                    profile[lane] += row[lane];
                }
            }
        }
        profile
    }

    /// Where what reaches the next beat in `ahead` steps lies, from the last of some tempi to the first: of
    /// the first tempi, and of the others, with how many these are. From tempo to tempo it is a row and
    /// back by one value.
    #[inline(always)]
    fn diagonal(&self, beat: usize, ahead: usize) -> [(Range<usize>, usize); 2] {
        let age = self.shortest - ahead;
        let near = (self.newest + 1).saturating_sub(age).min(self.tempi);
        let run = |tempo: usize, count: usize| {
            if count == 0 {
                return (0..0, 0);
            }
            let first = self.place(beat, age + tempo) + tempo;
            (first - (count - 1) * (self.width - 1)..first + 1, count)
        };
        [run(0, near), run(near, self.tempi - near)]
    }

    /// Takes what reaches the beat after `beat` in `ahead` steps, a value for each tempo.
    #[inline(always)]
    pub(crate) fn coming(&self, beat: usize, ahead: usize, to: &mut [f32]) {
        let mut rest = to;
        for (run, count) in self.diagonal(beat, ahead) {
            let (now, later) = rest.split_at_mut(count);
            let masses = self.mass[run].iter().rev().step_by(self.width - 1);
            now.iter_mut().zip(masses).for_each(|(to, mass)| *to = *mass);
            rest = later;
        }
    }

    /// Puts it back, changed.
    #[inline(always)]
    pub(crate) fn put_coming(&mut self, beat: usize, ahead: usize, from: &[f32]) {
        let mut rest = from;
        for (run, count) in self.diagonal(beat, ahead) {
            let (now, later) = rest.split_at(count);
            let masses = self.mass[run].iter_mut().rev().step_by(self.width - 1);
            now.iter().zip(masses).for_each(|(from, mass)| *mass = *from);
            rest = later;
        }
    }

    /// All mass at `beats` of each tempo of a `group` of [`LANES`].
    #[inline(always)]
    pub(crate) fn sum(&self, beats: Range<usize>, group: usize) -> [f32; LANES] {
        let from = [0; LANES];
        let to = std::array::from_fn(|lane| (self.shortest + group * LANES + lane) as i32);
        let mut sums = [0.0; LANES];
        for beat in beats {
            let of_beat = self.sum_between(beat, group, &from, &to);
            sums.iter_mut().zip(of_beat).for_each(|(sum, mass)| *sum += mass);
        }
        sums
    }

    /// The mass at `beat` of each tempo of a `group`, of ages `from` one `to` another before which it ends;
    /// no age is beyond its tempo's interval.
    #[inline(always)]
    pub(crate) fn sum_between(
        &self,
        beat: usize,
        group: usize,
        from: &[i32; LANES],
        to: &[i32; LANES],
    ) -> [f32; LANES] {
        let mut sums = [0.0; LANES];
        let (mut first, mut end) = (self.depth as i32, 0);
        for (&from, &to) in from.iter().zip(to).filter(|(from, to)| from < to) {
            (first, end) = (first.min(from), end.max(to));
        }
        for age in first.max(0)..end.min(self.depth as i32) {
            let row = self.group(beat, age as usize, group);
            for lane in 0..LANES {
                // All bits or none, of the signs of two differences: conditions do not vectorise well.
                let counts = ((from[lane] - 1 - age) & (age - to[lane])) >> (i32::BITS - 1);
                sums[lane] += f32::from_bits(row[lane].to_bits() & counts.cast_unsigned());
            }
        }
        sums
    }

    /// Multiplies all mass; what is less than `negligible` is nothing.
    pub(crate) fn scale(&mut self, scale: f32, negligible: f32) {
        self.mass.iter_mut().for_each(|m| *m = if *m < negligible { 0.0 } else { *m * scale });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_comes_to_the_next_beat_after_the_interval_of_its_tempo() {
        let intervals: Vec<usize> = (30..50).collect();
        let mut past = Past::new(2, &intervals);
        let mut coming = vec![0.0; intervals.len()];
        for step in 0..500_usize {
            past.turn();
            past.coming(1, 0, &mut coming);
            for (tempo, &mass) in coming.iter().enumerate() {
                let arrived = step as i32 - intervals[tempo] as i32;
                let expected = if arrived >= 0 { 100 * arrived + tempo as i32 } else { 0 };
                assert_eq!(mass, expected as f32, "step {step}, tempo {tempo}");
            }
            for (tempo, mass) in past.row_mut(1, 0).iter_mut().enumerate() {
                *mass = (100 * step + tempo) as f32;
            }
        }
        let before = past.row_mut(1, intervals[3] - 2)[3];
        past.coming(1, 2, &mut coming);
        assert_eq!(coming[3], before);
        coming.iter_mut().for_each(|mass| *mass += 1.0);
        past.put_coming(1, 2, &coming);
        assert_eq!(past.row_mut(1, intervals[3] - 2)[3], before + 1.0);
    }

    #[test]
    fn sums_count_every_state_once() {
        let intervals: Vec<usize> = (30..50).collect();
        let mut past = Past::new(3, &intervals);
        (0..3).for_each(|beat| past.fill(beat, &[1.0; 20]));
        (0..33).for_each(|_| past.turn());
        let sums = [past.sum(0..2, 0), past.sum(0..2, 1)].concat();
        let expected: Vec<f32> = intervals.iter().map(|&i| 2.0 * i as f32).collect();
        assert_eq!(sums[..20], expected);
        let (mut from, mut to) = ([0; LANES], [0; LANES]);
        (from[4], to[4]) = (3, 10);
        let some = past.sum_between(1, 0, &from, &to);
        assert_eq!((some[4], some.iter().sum::<f32>()), (7.0, 7.0));
    }
}
