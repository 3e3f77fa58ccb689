//! What each lane of the batch hears: a stretch of a clip in another room, key and pace, now and then
//! after another clip or two at once; and what is true of it, block by block.
//!
//! Genres are drawn alike, however many clips each has. Decisions follow from seed, step and lane.

use listener::BANDS;

use super::TagPlan;
use crate::corpus::COLLECTED;
use crate::corpus::tagged::instruments::{AUDIBLE, SILENT};
use crate::dice::Dice;
use crate::features;
use crate::net::UNKNOWN;
use crate::tagclip::{TagClip, TagTruth};
use crate::train::colour::Colour;

/// An instrument counts for this long after it was last heard, blocks: what is shown is not to flicker.
const MEMORY: usize = 4;
/// Share of stretches that follow on another clip, as songs in a set do, and not on silence.
const FOLLOWS: f64 = 0.3;
/// Spread of the pace at which clips are heard.
const PACE: f64 = 0.05;

/// Training music.
pub(super) struct Music {
    /// Magnitudes and truth.
    clips: Vec<(Vec<[f32; BANDS]>, TagTruth)>,
    /// Clips of each genre, and of none.
    shelves: Vec<Vec<usize>>,
    genres: usize,
    instruments: usize,
    block: usize,
    blocks: usize,
}

/// Features [blocks * block, BANDS] and targets [blocks, outputs] of one lane.
pub(super) struct Example {
    pub(super) mel: Vec<f32>,
    pub(super) targets: Vec<f32>,
}

impl Music {
    /// Takes `clips`, to be heard as `plan` says.
    pub(super) fn new(clips: &[TagClip], plan: &TagPlan) -> Self {
        let genres = plan.shape.genres;
        let mut shelves = vec![Vec::new(); genres + 1];
        let mut kept = Vec::new();
        for clip in clips.iter().filter(|clip| !clip.frames.is_empty()) {
            let shelf = clip.truth.genre.map_or(genres, usize::from).min(genres);
            let times = if clip.source == COLLECTED { plan.recordings } else { 1 };
            shelves[shelf].extend(std::iter::repeat_n(kept.len(), times));
            let mut frames = clip.frames.clone();
            features::to_magnitudes(&mut frames);
            kept.push((frames, clip.truth.clone()));
        }
        // Clips of no genre teach instruments, and are drawn as often as those of some genres together.
        let any = shelves.pop().unwrap_or_default();
        shelves.extend(std::iter::repeat_n(any, 1 + genres / 4));
        shelves.retain(|shelf| !shelf.is_empty());
        Self {
            clips: kept,
            shelves,
            genres,
            instruments: plan.shape.instruments,
            block: plan.shape.block,
            blocks: plan.blocks,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clips.is_empty()
    }

    /// One example.
    pub(super) fn example(&self, plan: &TagPlan, dice: &mut Dice) -> Example {
        let mut example = self.stretch(dice);
        if dice.chance(plan.mixup) {
            let other = self.stretch(dice);
            self.mix(&mut example, &other, dice);
        }
        if self.blocks > 1 && dice.chance(FOLLOWS) {
            let before = dice.whole(1, self.blocks / 2 + 1);
            example = self.follow(&self.stretch(dice), &example, before);
        }
        let width = self.genres + self.instruments + 2;
        for targets in example.targets.chunks_exact_mut(width) {
            for target in targets[..self.genres].iter_mut().filter(|t| **t >= 0.0) {
                *target = (1.0 - plan.smoothing) * *target + plan.smoothing / self.genres as f32;
            }
        }
        example
    }

    /// `before` blocks of `first`, of which nobody asks, then those that `second` begins with.
    fn follow(&self, first: &Example, second: &Example, before: usize) -> Example {
        let after = self.blocks - before;
        let (frames, width) = (self.block * BANDS, self.genres + self.instruments + 2);
        let mel = [&first.mel[..before * frames], &second.mel[..after * frames]].concat();
        let mut targets = vec![UNKNOWN; before * width];
        targets.extend_from_slice(&second.targets[..after * width]);
        Example { mel, targets }
    }

    /// A stretch of one clip.
    fn stretch(&self, dice: &mut Dice) -> Example {
        let shelf = &self.shelves[dice.whole(0, self.shelves.len())];
        let (magnitudes, truth) = &self.clips[*dice.pick(shelf)];
        let pace = if dice.chance(0.5) { 1.0 } else { dice.normal(PACE).exp() };
        let rows = self.blocks * self.block;
        let spare = (magnitudes.len() as f64 - pace * rows as f64).max(0.0);
        let at = dice.between(0.0, spare).floor();
        let colour = Colour::draw(dice);
        let place = |row: usize| at + pace * row as f64;
        let heard = (0..rows).take_while(|&row| place(row) < magnitudes.len() as f64).count();
        let mut mel = vec![0.0; rows * BANDS];
        for (row, features) in mel.chunks_exact_mut(BANDS).take(heard).enumerate() {
            let (before, share) = (place(row) as usize, place(row).fract() as f32);
            let after = (before + 1).min(magnitudes.len() - 1);
            colour.apply(&magnitudes[before], &magnitudes[after], share, features);
        }
        let mut targets = Vec::new();
        for block in 0..self.blocks {
            if (block + 1) * self.block > heard {
                targets.resize(self.blocks * (self.genres + self.instruments + 2), UNKNOWN);
                break;
            }
            let first = place((block + 1).saturating_sub(MEMORY) * self.block);
            let last = place((block + 1) * self.block);
            self.mark(truth, (first, last), &mut targets);
        }
        Example { mel, targets }
    }

    /// Appends what is true of a block, given that frames `span` of its clip were heard lately.
    fn mark(&self, truth: &TagTruth, span: (f64, f64), targets: &mut Vec<f32>) {
        match truth.genre {
            Some(genre) => targets
                .extend((0..self.genres).map(|k| f32::from(u8::from(k == usize::from(genre))))),
            None => targets.extend(std::iter::repeat_n(UNKNOWN, self.genres)),
        }
        match &truth.instruments {
            Some(seconds) => {
                let index = |frame: f64| (frame / 50.0) as usize;
                let last = index(span.1 - 1.0).min(seconds.len().saturating_sub(1));
                let from = index(span.0).min(last);
                let bits = seconds.get(from..=last).unwrap_or(&[]).iter().fold(0, |a, b| a | b);
                targets.extend((0..self.instruments).map(|k| ((bits >> k) & 1) as f32));
            }
            None => targets.extend(std::iter::repeat_n(UNKNOWN, self.instruments)),
        }
        targets.extend(truth.mood.unwrap_or([UNKNOWN; 2]));
    }

    /// `example` with `other` sounding at the same time, somewhat softer. An instrument of one clip stays where
    /// that clip makes most of the sound in half of the places that sound, goes where it does so hardly
    /// anywhere, and between the two nobody can say.
    fn mix(&self, example: &mut Example, other: &Example, dice: &mut Dice) {
        let gain = 10_f32.powf(-dice.between(0.0, 15.0) as f32 / 20.0);
        let mut loud = example.mel.clone();
        let mut soft = other.mel.clone();
        for mel in [&mut loud, &mut soft] {
            features::to_magnitudes(mel.as_chunks_mut::<BANDS>().0);
        }
        soft.iter_mut().for_each(|magnitude| *magnitude *= gain);
        let energy = |mel: &[f32]| mel.iter().map(|m| m * m).sum::<f32>();
        let (a, b) = (energy(&loud), energy(&soft));
        let share = a.sqrt() / (a.sqrt() + b.sqrt()).max(1e-9);
        for ((to, loud), soft) in example.mel.iter_mut().zip(&loud).zip(&soft) {
            *to = features::to_feature(loud + soft);
        }
        let masks = masks(&loud, &soft, self.block * BANDS);
        let width = self.genres + self.instruments + 2;
        for (place, (to, &from)) in example.targets.iter_mut().zip(&other.targets).enumerate() {
            let (block, k) = (place / width, place % width);
            let instrument = (self.genres..self.genres + self.instruments).contains(&k);
            *to = match (*to == UNKNOWN || from == UNKNOWN, instrument) {
                (true, _) => UNKNOWN,
                (false, false) => share * *to + (1.0 - share) * from,
                (false, true) => {
                    let lately = &masks[(block + 1).saturating_sub(MEMORY)..=block];
                    let most = |of: usize| lately.iter().map(|mask| mask[of]).fold(0.0, f32::max);
                    match (stays(*to, most(0)), stays(from, most(1))) {
                        (a, b) if a.max(b) == 1.0 => 1.0,
                        (a, b) => a.min(b),
                    }
                }
            };
        }
    }
}

/// Of the places that sound in each block of `size` values, the share in which `ours` is the louder, and the
/// share in which `theirs` is.
fn masks(ours: &[f32], theirs: &[f32], size: usize) -> Vec<[f32; 2]> {
    let power = |(a, b): (&f32, &f32)| a * a + b * b;
    let loudest = ours.iter().zip(theirs).map(power).fold(0.0, f32::max);
    let blocks = ours.chunks_exact(size).zip(theirs.chunks_exact(size));
    let mask = |(ours, theirs): (&[f32], &[f32])| {
        let sounding = ours.iter().zip(theirs).filter(|&place| power(place) > SILENT * loudest);
        let (louder, all) =
            sounding.fold((0, 0), |(louder, all), (a, b)| (louder + usize::from(a > b), all + 1));
        [louder, all - louder].map(|count| count as f32 / all.max(1) as f32)
    };
    blocks.map(mask).collect()
}

/// What becomes of an instrument's target in a clip that makes most of the sound in `share` of the places.
fn stays(target: f32, share: f32) -> f32 {
    match share {
        _ if target == 0.0 => 0.0,
        0.5.. => 1.0,
        AUDIBLE.. => UNKNOWN,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Pooling, TagShape};

    fn plan(mixup: f64) -> TagPlan {
        let (genres, instruments, pooling) = (2, 3, Pooling::Lstm);
        let shape = TagShape {
            channels: vec![8, 8],
            features: 8,
            hidden: 8,
            block: 50,
            pooling,
            genres,
            instruments,
        };
        TagPlan { mixup, blocks: 6, smoothing: 0.1, ..TagPlan::usual(shape) }
    }

    fn clip(genre: Option<u8>, seconds: usize, bits: u32) -> TagClip {
        let instruments = Some((0..seconds).map(|s| if s < 2 { 0 } else { bits }).collect());
        TagClip {
            name: String::new(),
            source: String::new(),
            group: String::new(),
            frames: vec![[0.5; BANDS]; seconds * 50],
            chroma: Vec::new(),
            truth: TagTruth { genre, instruments, mood: Some([0.5, -0.5]) },
        }
    }

    #[test]
    fn genres_are_drawn_alike_and_targets_follow_the_clip() {
        let plan = plan(0.0);
        let mut clips = vec![clip(Some(0), 6, 0b101)];
        clips.extend((0..9).map(|_| clip(Some(1), 6, 0b010)));
        let music = Music::new(&clips, &plan);
        let (mut first, mut changes) = (0, 0);
        for seed in 0..200 {
            let example = music.example(&plan, &mut Dice::named(seed, "example"));
            assert_eq!(example.targets.len(), 6 * 7);
            // What comes before a song change teaches nothing; the song begins where the targets do.
            let begin = example.targets.chunks(7).position(|block| block[0] != UNKNOWN);
            let begin = begin.expect("a block that teaches");
            changes += usize::from(begin > 0);
            let targets = &example.targets[7 * begin..];
            let is_first = targets[0] > 0.5;
            first += usize::from(is_first);
            assert!((targets[0] + targets[1] - 1.0).abs() < 1e-6);
            assert_eq!(targets[2..5], [0.0; 3]);
            let late = &targets[2 * 7 + 2..2 * 7 + 5];
            let expected = if is_first { [1.0, 0.0, 1.0] } else { [0.0, 1.0, 0.0] };
            assert_eq!(late, expected);
        }
        assert!((70..130).contains(&first), "{first}");
        assert!((40..80).contains(&changes), "{changes} of 200 follow on another clip");
    }

    #[test]
    fn recordings_are_drawn_as_often_as_asked() {
        let plan = TagPlan { recordings: 9, ..plan(0.0) };
        let mut clips = vec![clip(Some(0), 6, 1); 10];
        clips[0].source = COLLECTED.to_owned();
        clips[0].truth.instruments = Some(vec![0b100; 6]);
        let music = Music::new(&clips, &plan);
        let recorded = (0..400).filter(|&seed| {
            let example = music.example(&plan, &mut Dice::named(seed, "recordings"));
            example.targets[3 * 7 + 4] > 0.5
        });
        let count = recorded.count();
        assert!((160..240).contains(&count), "{count} of 400, about half");
    }

    #[test]
    fn a_short_clip_ends_in_silence_that_teaches_nothing() {
        let plan = plan(0.0);
        let music = Music::new(&[clip(Some(0), 3, 1)], &plan);
        for seed in 0..20 {
            let example = music.example(&plan, &mut Dice::named(seed, "short"));
            let known = example.targets.chunks(7).filter(|block| block[0] != UNKNOWN).count();
            assert!((1..=3).contains(&known), "{known} of its 3 seconds");
        }
    }

    #[test]
    fn an_instrument_stays_where_its_clip_is_heard() {
        // Two blocks of four places: ours is louder in three, then in none; the fifth place is silent.
        let ours = [1.0, 1.0, 1.0, 0.1, 0.001, 0.1, 0.1, 0.1, 0.1, 0.0];
        let theirs = [0.1, 0.1, 0.1, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0];
        assert_eq!(masks(&ours, &theirs, 5), [[0.75, 0.25], [0.0, 1.0]]);
        assert_eq!([0.75, 0.25, 0.0].map(|share| stays(1.0, share)), [1.0, UNKNOWN, 0.0]);
        assert_eq!(stays(0.0, 1.0), 0.0);
    }

    #[test]
    fn two_clips_at_once_are_both() {
        let plan = plan(1.0);
        let music = Music::new(&[clip(Some(0), 6, 0b001), clip(None, 6, 0b010)], &plan);
        for seed in 0..50 {
            let example = music.example(&plan, &mut Dice::named(seed, "both"));
            for targets in example.targets.chunks_exact(7) {
                assert!(targets[2..5].iter().all(|&t| t == UNKNOWN || t == 0.0 || t == 1.0));
                assert!(targets[5] == UNKNOWN || (targets[5] - 0.5).abs() < 1e-5);
            }
            assert!(example.mel.iter().all(|m| m.is_finite()));
        }
    }
}
