//! `TagEar`: one lane's part of tagging. Collects frames into blocks, and makes of what the network
//! says about each block the tags that are shown: smoothed, unsure when it is, quiet in silence.

use std::sync::Arc;

use super::settings::TagSettings;
use super::vocabulary::{MOST_TAGS, Vocabulary};
use crate::model::Lane;
use crate::silence::{BREAK_S, is_silent};
use crate::{BANDS, FeatureSpec, ModelShape, NetState};

/// What the music is, as shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tags {
    /// Probability of each genre of the vocabulary in this passage, smoothed.
    pub genre: [f32; MOST_TAGS],
    /// Probability that each instrument of the vocabulary plays, smoothed.
    pub instrument: [f32; MOST_TAGS],
    /// Which instruments are shown, a bit each from the lowest.
    pub playing: u32,
    /// The genre that is named, by all that was heard of the piece; none while unsure.
    pub top: Option<u8>,
    /// Unpleasant -1 to pleasant 1, smoothed.
    pub valence: f32,
    /// Calm -1 to excited 1, smoothed.
    pub arousal: f32,
    /// Whether the newest block was music; in silence the last tags are held.
    pub sounding: bool,
    /// Seconds of music these tags rest on; 0 says that there are none.
    pub heard_s: f32,
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            genre: [0.0; MOST_TAGS],
            instrument: [0.0; MOST_TAGS],
            playing: 0,
            top: None,
            valence: 0.0,
            arousal: 0.0,
            sounding: false,
            heard_s: 0.0,
        }
    }
}

impl Tags {
    /// Whether instrument `index` is shown.
    #[must_use]
    pub fn plays(&self, index: usize) -> bool {
        index < MOST_TAGS && self.playing & (1 << index) != 0
    }
}

/// One lane's memory and tags.
#[derive(Debug, Clone)]
pub struct TagEar {
    state: NetState,
    /// Frames of the block at hand, `[block, bands]`.
    block: Vec<f32>,
    /// Values of `block` in use.
    filled: usize,
    vocabulary: Arc<Vocabulary>,
    settings: TagSettings,
    tags: Tags,
    piece: Piece,
    /// Seconds of silence up to now.
    silent_s: f32,
}

/// Since the piece began.
#[derive(Debug, Clone, Default)]
struct Piece {
    /// Probability of each genre.
    genre: [f32; MOST_TAGS],
    /// Seconds of music that these rest on.
    heard_s: f32,
}

impl TagEar {
    pub(super) fn new(
        shape: &ModelShape,
        block: usize,
        vocabulary: &Arc<Vocabulary>,
        settings: &TagSettings,
    ) -> Self {
        Self {
            state: NetState::new(shape),
            block: vec![0.0; block * BANDS],
            filled: 0,
            vocabulary: Arc::clone(vocabulary),
            settings: settings.clone(),
            tags: Tags::default(),
            piece: Piece::default(),
            silent_s: 0.0,
        }
    }

    /// Forgets everything, without allocating.
    pub fn reset(&mut self) {
        self.forget();
        self.filled = 0;
        self.silent_s = 0.0;
    }

    /// What was heard says nothing of what comes.
    fn forget(&mut self) {
        self.state.reset();
        self.tags = Tags::default();
        self.piece = Piece::default();
    }

    /// Takes the log-mel frame `bins`. When that makes a block of music whole it says so: the network
    /// must then hear this ear before the next frame comes.
    #[must_use]
    pub fn push(&mut self, bins: &[f32; BANDS]) -> bool {
        for (to, &from) in self.block[self.filled..].iter_mut().zip(bins) {
            *to = if from.is_finite() { from } else { 0.0 };
        }
        self.filled += BANDS;
        if self.filled < self.block.len() {
            return false;
        }
        self.filled = 0;
        let sounding = !is_silent(&self.block);
        self.tags.sounding = sounding;
        if sounding {
            self.silent_s = 0.0;
        } else {
            self.silent_s += self.seconds();
            if self.silent_s >= BREAK_S {
                self.forget();
            }
        }
        sounding
    }

    /// Whether the frame that was taken last made a block whole, be it of music or of silence; true
    /// before the first.
    #[must_use]
    pub fn block_ended(&self) -> bool {
        self.filled == 0
    }

    /// The newest tags.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The words they are in.
    #[must_use]
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// Length of a block, seconds.
    fn seconds(&self) -> f32 {
        ((self.block.len() / BANDS) as f64 * FeatureSpec::CURRENT.hop_s) as f32
    }

    /// Takes the genres of a block of music into those of the passage and of the piece.
    fn hear_genres(&mut self, genres: &[f32]) {
        let seconds = self.seconds();
        let TagSettings { genre_s, piece_s, turn, .. } = self.settings;
        let (passage, piece) = (&mut self.tags.genre, &mut self.piece);
        piece.heard_s += seconds;
        let of_passage = weight(seconds, self.tags.heard_s, genre_s);
        let of_piece = weight(seconds, piece.heard_s, piece_s);
        for ((passage, piece), &new) in passage.iter_mut().zip(&mut piece.genre).zip(genres) {
            towards(passage, new, 0.0, of_passage);
            towards(piece, new, 0.0, of_piece);
        }
        let Some(named) = self.tags.top.map(usize::from) else { return };
        let others = passage.iter().enumerate().filter(|(genre, _)| *genre != named);
        let most = others.fold(0.0, |most: f32, (_, &p)| most.max(p));
        if most >= passage[named] + turn {
            piece.genre = *passage;
            piece.heard_s = piece.heard_s.min(genre_s);
        }
    }

    /// The genre to name: the one that is named stays unless another leads clearly or it is doubtful.
    fn choose(&self) -> Option<u8> {
        let TagSettings { sure, doubt, lead, .. } = self.settings;
        let genre = &self.piece.genre[..self.vocabulary.genres.len()];
        let best = (0..genre.len()).max_by(|&a, &b| genre[a].total_cmp(&genre[b]))?;
        let kept = self.tags.top.map(usize::from).filter(|&named| {
            genre[named] >= doubt && (best == named || genre[best] < genre[named] + lead)
        });
        kept.or((genre[best] >= sure).then_some(best)).map(|index| index as u8)
    }
}

impl Lane for &mut TagEar {
    fn mel(&self) -> &[f32] {
        &self.block
    }

    fn state(&mut self) -> &mut NetState {
        &mut self.state
    }

    /// `outputs`: genres, instruments, valence, arousal.
    fn hear(&mut self, outputs: &[f32]) {
        let seconds = self.seconds();
        self.tags.heard_s += seconds;
        let newest = weight(seconds, self.tags.heard_s, self.settings.smoothing_s);
        let (genre, rest) = outputs.split_at(self.vocabulary.genres.len());
        let (instrument, mood) = rest.split_at(self.vocabulary.instruments.len());
        self.hear_genres(genre);
        let tags = &mut self.tags;
        for (p, &new) in tags.instrument.iter_mut().zip(instrument) {
            towards(p, new, 0.0, newest);
        }
        towards(&mut tags.valence, mood[0], -1.0, newest);
        towards(&mut tags.arousal, mood[1], -1.0, newest);
        for (index, &p) in tags.instrument.iter().enumerate() {
            let bit = 1 << index;
            let needed = if tags.playing & bit == 0 { self.settings.on } else { self.settings.off };
            tags.playing =
                if p >= needed && p > 0.0 { tags.playing | bit } else { tags.playing & !bit };
        }
        self.tags.top = self.choose();
    }
}

/// What the newest `seconds` of `heard_s` weigh in an exponential mean with the time constant `longest_s` that
/// starts as a plain one, so that the first blocks count in full.
fn weight(seconds: f32, heard_s: f32, longest_s: f32) -> f32 {
    (1.0 - (-seconds / longest_s.max(1e-3)).exp()).max(seconds / heard_s)
}

/// Moves `mean` by `share` of the way to `new`, which a broken network may have made anything.
fn towards(mean: &mut f32, new: f32, low: f32, share: f32) {
    let new = if new.is_finite() { new.clamp(low, 1.0) } else { 0.0 };
    *mean += share * (new - *mean);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear() -> TagEar {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let vocabulary = Arc::new(Vocabulary {
            genres: words("rock jazz"),
            instruments: words("drums piano"),
            moods: Vec::new(),
        });
        let shape = ModelShape { context: 4, layers: 1, hidden: 8 };
        TagEar::new(&shape, 50, &vocabulary, &TagSettings::default())
    }

    /// A second of frames at this level; says how often the network had to hear.
    fn second(ear: &mut TagEar, level: f32) -> usize {
        (0..50).filter(|_| ear.push(&[level; BANDS])).count()
    }

    fn hear(ear: &mut TagEar, outputs: [f32; 6]) {
        assert_eq!(second(ear, 0.5), 1);
        let mut lane = ear;
        Lane::hear(&mut lane, &outputs);
    }

    #[test]
    fn a_clear_genre_is_named_at_once_and_a_moment_of_another_changes_nothing() {
        let mut ear = ear();
        hear(&mut ear, [0.9, 0.1, 0.9, 0.1, 0.5, 0.5]);
        assert_eq!(ear.tags().top, Some(0));
        assert!(ear.tags().plays(0) && !ear.tags().plays(1));
        (0..10).for_each(|_| hear(&mut ear, [0.9, 0.1, 0.9, 0.1, 0.5, 0.5]));
        hear(&mut ear, [0.1, 0.9, 0.9, 0.1, 0.5, 0.5]);
        assert_eq!(ear.tags().top, Some(0), "one second");
        (0..8).for_each(|_| hear(&mut ear, [0.1, 0.9, 0.1, 0.9, 0.5, 0.5]));
        assert_eq!(ear.tags().top, Some(0), "a passage");
        assert!(!ear.tags().plays(0) && ear.tags().plays(1), "instruments follow sooner");
        (0..25).for_each(|_| hear(&mut ear, [0.1, 0.9, 0.1, 0.9, 0.5, 0.5]));
        assert_eq!(ear.tags().top, Some(1), "another piece");
    }

    #[test]
    fn a_name_outlasts_a_passage_but_not_another_piece() {
        let mut ear = ear();
        (0..300).for_each(|_| hear(&mut ear, [0.9, 0.1, 0.9, 0.1, 0.5, 0.5]));
        (0..60).for_each(|_| hear(&mut ear, [0.4, 0.6, 0.9, 0.1, 0.5, 0.5]));
        assert_eq!(ear.tags().top, Some(0), "a minute that leans the other way");
        assert!(ear.tags().genre[1] > 0.55, "which is seen: {:?}", ear.tags().genre);
        (0..20).for_each(|_| hear(&mut ear, [0.1, 0.9, 0.9, 0.1, 0.5, 0.5]));
        assert_eq!(ear.tags().top, Some(1), "long before the mean since the beginning turns");
    }

    #[test]
    fn after_a_break_an_ear_is_a_new_one() {
        let (mut broken, mut reset) = (ear(), ear());
        for ear in [&mut broken, &mut reset] {
            (0..300).for_each(|_| hear(ear, [0.9, 0.1, 0.9, 0.1, 0.5, 0.5]));
        }
        (0..4).for_each(|_| assert_eq!(second(&mut broken, 0.0), 0));
        reset.reset();
        let mut new = ear();
        for _ in 0..20 {
            for ear in [&mut broken, &mut reset, &mut new] {
                hear(ear, [0.45, 0.55, 0.1, 0.9, 0.5, 0.5]);
            }
            assert_eq!(broken.tags(), new.tags());
            assert_eq!(reset.tags(), new.tags());
        }
        assert_eq!(new.tags().top, Some(1));
    }

    #[test]
    fn it_is_unsure_when_nothing_leads() {
        let mut ear = ear();
        hear(&mut ear, [0.2, 0.2, 0.4, 0.4, 0.0, 0.0]);
        assert_eq!((ear.tags().top, ear.tags().playing), (None, 0));
    }

    #[test]
    fn silence_is_not_heard_holds_the_tags_and_then_forgets_them() {
        let mut ear = ear();
        hear(&mut ear, [0.9, 0.1, 0.9, 0.1, 0.5, 0.5]);
        assert_eq!(second(&mut ear, 0.0), 0);
        assert_eq!((ear.tags().top, ear.tags().sounding), (Some(0), false));
        (0..3).for_each(|_| assert_eq!(second(&mut ear, 0.0), 0));
        assert_eq!(*ear.tags(), Tags::default());
    }

    #[test]
    fn a_broken_network_or_frame_stays_inside() {
        let mut ear = ear();
        hear(&mut ear, [f32::NAN, 7.0, f32::INFINITY, -3.0, f32::NAN, 9.0]);
        let tags = *ear.tags();
        assert!(tags.genre.iter().chain(&tags.instrument).all(|p| (0.0..=1.0).contains(p)));
        assert_eq!((tags.valence, tags.arousal), (0.0, 1.0));
        assert_eq!(second(&mut ear, f32::NAN), 0, "not a number is silence");
    }
}
