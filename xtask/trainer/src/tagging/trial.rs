//! A tag model heard as the plugin hears it: second by second, smoothed, by the listener's own code.

use anyhow::{Result, anyhow, ensure};
use listener::{BANDS, FeatureSpec, Runtime, TagNet, Tags, Vocabulary};
use rayon::prelude::*;

use super::scores::{TagScores, scores_of};
use crate::tagclip::TagClip;

/// What a model says of one piece.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    /// Tags after every second of music.
    pub(super) moments: Vec<Tags>,
}

impl Heard {
    /// Mean over the seconds of music: genres, instruments, valence and arousal.
    pub(super) fn mean(&self, vocabulary: &Vocabulary) -> Vec<f32> {
        let (genres, instruments) = (vocabulary.genres.len(), vocabulary.instruments.len());
        let count = self.moments.len().max(1) as f32;
        let mean = |of: &dyn Fn(&Tags) -> f32| self.moments.iter().map(of).sum::<f32>() / count;
        let genre = (0..genres).map(|k| mean(&|tags| tags.genre[k]));
        let instrument = (0..instruments).map(|k| mean(&|tags| tags.instrument[k]));
        let mood = [mean(&|tags| tags.valence), mean(&|tags| tags.arousal)];
        genre.chain(instrument).chain(mood).collect()
    }

    /// The genre named for most of the time; none when that is unsure.
    pub(super) fn top(&self, vocabulary: &Vocabulary) -> Option<usize> {
        let named = |genre| self.moments.iter().filter(|tags| tags.top == genre).count();
        let choices = (0..vocabulary.genres.len()).map(|k| Some(k as u8)).chain([None]);
        choices.rev().max_by_key(|&genre| named(genre)).flatten().map(usize::from)
    }
}

/// What the model `onnx` says of each piece, given as frames.
///
/// # Errors
/// When the model cannot be used.
pub(super) fn hear(onnx: &[u8], pieces: &[&[[f32; BANDS]]]) -> Result<Vec<Heard>> {
    let load = || TagNet::from_bytes(onnx, &FeatureSpec::CURRENT, &Runtime::Embedded);
    pieces
        .par_iter()
        // A network is costly to make and serves one piece after the other.
        .map_init(load, |net, frames| {
            let net = net.as_mut().map_err(|error| anyhow!("{error}"))?;
            let mut ear = net.new_ear();
            let mut heard = Heard::default();
            for bins in *frames {
                if ear.push(bins) {
                    net.step(&mut [&mut ear])?;
                    heard.moments.push(*ear.tags());
                }
            }
            Ok(heard)
        })
        .collect()
}

/// Scores of the model `onnx` on `clips`, as the plugin gives them.
///
/// # Errors
/// When the model cannot be used, or has other words than `vocabulary`.
pub(super) fn scores(onnx: &[u8], vocabulary: &Vocabulary, clips: &[TagClip]) -> Result<TagScores> {
    let file = listener::TagFile::read(onnx)?;
    ensure!(
        (&file.vocabulary.genres, &file.vocabulary.instruments)
            == (&vocabulary.genres, &vocabulary.instruments),
        "it has other words"
    );
    let pieces: Vec<&[[f32; BANDS]]> = clips.iter().map(|clip| &clip.frames[..]).collect();
    let said: Vec<Vec<f32>> =
        hear(onnx, &pieces)?.iter().map(|heard| heard.mean(vocabulary)).collect();
    let counts = (vocabulary.genres.len(), vocabulary.instruments.len());
    Ok(scores_of(counts, &said, clips))
}
