//! `trainer corpus` and `trainer compose`: the corpus and single pieces from the command line.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::{Corpus, CorpusSettings, annotation, build, open_all, tagged};
use crate::augment::Transform;
use crate::compose::score::{Note, Part, Score};
use crate::compose::style::Style;
use crate::compose::{compose, compose_at};
use crate::dice::Dice;
use crate::render::audio::write_wav;
use crate::render::{Split, Studio};
use crate::tagging::Users;

/// Renders a corpus into a cache folder.
#[derive(Debug, Args)]
pub struct CorpusArgs {
    /// Folder that keeps the rendered features.
    #[arg(long, default_value = "target/school/corpus")]
    cache: PathBuf,
    /// Hours of music.
    #[arg(long, default_value_t = 10.0)]
    hours: f64,
    /// Folder with the datasets; without it the composer (and mma, where installed) writes
    /// everything.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Folder of recordings (wav, flac, ogg, mp3) with their beats beside them (`.beats`, `.jams`);
    /// may be given several times. With --tags one, labelled as for `train tags`; the folder then lists it until
    /// it is filled again without.
    #[arg(long)]
    audio: Vec<PathBuf>,
    /// Folder of MIDI files (mid, midi, kar), to be played as written; may be given several times.
    #[arg(long)]
    midi: Vec<PathBuf>,
    /// SoundFont (.sf2); may be given several times. Default: those installed.
    #[arg(long = "soundfont")]
    soundfonts: Vec<PathBuf>,
    /// Seed of every decision.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The corpus of tags instead of that of beats.
    #[arg(long, conflicts_with = "midi")]
    tags: bool,
}

/// What music a model is trained on, and its decoder fitted to: the same words name the same corpus.
#[derive(Debug, Args)]
pub struct MusicArgs {
    /// Folder with the datasets; without it the composer (and mma, where installed) writes
    /// everything.
    #[arg(long, env = "TATUM_DATA")]
    pub data: Option<PathBuf>,
    /// Folder of recordings (wav, flac, ogg, mp3) with their beats beside them (`.beats`, `.jams`);
    /// may be given several times.
    #[arg(long)]
    pub audio: Vec<PathBuf>,
    /// Folder of MIDI files (mid, midi, kar), to be played as written; may be given several times.
    #[arg(long)]
    pub midi: Vec<PathBuf>,
    /// Hours of music to render.
    #[arg(long, default_value_t = 10.0)]
    pub hours: f64,
    /// Seed of every decision.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// SoundFont (.sf2); may be given several times. Default: those installed.
    #[arg(long = "soundfont")]
    pub soundfonts: Vec<PathBuf>,
    /// Folder of clips that were rendered before, here or elsewhere: it is used as it is, and nothing is
    /// rendered; may be given several times, played with the same sounds. The decoder is fitted to clips of the first.
    #[arg(long, conflicts_with_all = ["audio", "midi", "hours", "soundfonts"])]
    pub corpus: Vec<PathBuf>,
}

impl MusicArgs {
    /// The corpus they name, kept in `cache`.
    #[must_use]
    pub fn settings(&self, cache: PathBuf) -> CorpusSettings {
        CorpusSettings {
            seed: self.seed,
            hours: self.hours,
            data: self.data.clone(),
            audio: self.audio.clone(),
            midi: self.midi.clone(),
            soundfonts: self.soundfonts.clone(),
            cache,
        }
    }

    /// That corpus: rendered into `cache`, or read from the folders that were named.
    ///
    /// # Errors
    /// As [`build`] and [`open_all`].
    pub fn corpus(&self, cache: PathBuf) -> Result<Corpus> {
        match &self.corpus[..] {
            [] => build(&self.settings(cache)),
            folders => open_all(folders),
        }
    }
}

/// Composes one piece and writes it as sound with its beats.
#[derive(Debug, Args)]
pub struct ComposeArgs {
    /// Style, as `rock`, `house`, `waltz`.
    #[arg(long, default_value = "rock")]
    style: String,
    /// Seed of every decision.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// At least this long, seconds.
    #[arg(long, default_value_t = 40.0)]
    seconds: f64,
    /// Tempo; drawn from the style when not given.
    #[arg(long)]
    bpm: Option<f64>,
    /// SoundFont (.sf2); may be given several times. Default: those installed.
    #[arg(long = "soundfont")]
    soundfonts: Vec<PathBuf>,
    /// WAV file to write; the beats go beside it as `.beats`.
    #[arg(long)]
    out: PathBuf,
}

/// Runs `trainer corpus`.
///
/// # Errors
/// As [`build`].
pub fn corpus(args: &CorpusArgs) -> Result<()> {
    let settings = CorpusSettings {
        seed: args.seed,
        hours: args.hours,
        data: args.data.clone(),
        audio: args.audio.clone(),
        midi: args.midi.clone(),
        soundfonts: args.soundfonts.clone(),
        cache: args.cache.clone(),
    };
    let (sources, train, validation) = if args.tags {
        let vocabulary = tagged::vocabulary(None)?;
        ensure!(args.audio.len() < 2, "--tags takes one --audio, not {}", args.audio.len());
        let mut corpus =
            tagged::build(&CorpusSettings { audio: Vec::new(), ..settings }, &vocabulary)?;
        for folder in &args.audio {
            let own = Users::read(folder, &vocabulary, None, args.seed)?;
            corpus.extend(own.without(0).into(), own.report, &vocabulary)?;
        }
        (corpus.sources, corpus.train.len(), corpus.validation.len())
    } else {
        let corpus = build(&settings)?;
        (corpus.sources, corpus.train.len(), corpus.validation.len())
    };
    for source in &sources {
        println!(
            "{:<10} {:6.2} h  {:5} clips  {:3} skipped  {} ({})",
            source.name,
            source.hours,
            source.clips,
            source.skipped,
            source.licence,
            source.attribution
        );
    }
    println!("{train} clips to learn from, {validation} for validation");
    Ok(())
}

/// Longest piece that is composed, seconds.
const LONGEST_S: f64 = 3600.0;
/// Tempi that a piece is composed at, beats per minute.
const TEMPI: (f64, f64) = (20.0, 400.0);

/// Runs `trainer compose`.
///
/// # Errors
/// When the style is unknown, length or tempo are nobody's, no sound can be made, or the files cannot be written.
pub fn piece(args: &ComposeArgs) -> Result<()> {
    let style = Style::named(&args.style).with_context(|| {
        let names: Vec<&str> = Style::all().iter().map(|style| style.name).collect();
        format!("style {:?} is unknown; choose one of {}", args.style, names.join(", "))
    })?;
    let seconds = args.seconds;
    ensure!(
        seconds > 0.0 && seconds <= LONGEST_S,
        "seconds = {seconds}: give more than 0 and at most {LONGEST_S}"
    );
    if let Some(bpm) = args.bpm {
        let (least, most) = TEMPI;
        ensure!((least..=most).contains(&bpm), "bpm = {bpm}: give {least} to {most}");
    }
    let mut dice = Dice::named(args.seed, "piece");
    let score = match args.bpm {
        Some(bpm) => compose_at(&mut dice, style, bpm, args.seconds, &[]),
        None => compose(&mut dice, style, args.seconds, &[]),
    };
    let mut score = score;
    end_together(&mut score);
    let studio = Studio::open(&args.soundfonts, &[])?;
    let (mut audio, _) = studio.record(&mut dice, &score, Split::Train)?;
    let room = crate::augment::room(&mut dice, 0.9);
    for channel in audio.channels() {
        let wet = crate::render::filter::convolve(channel, &room);
        channel.iter_mut().zip(wet).for_each(|(dry, wet)| *dry += 0.1 * wet);
        limit(channel);
    }
    write_wav(&args.out, &audio)?;
    annotation::write(&args.out.with_extension("beats"), "from the score", &score.beats)?;
    let bpm =
        60.0 / score.beats.windows(2).map(|b| b[1].time_s - b[0].time_s).next().unwrap_or(1.0);
    println!(
        "{:.1} s of {} at about {bpm:.0} bpm to {}",
        score.seconds,
        style.name,
        args.out.display()
    );
    for part in &score.parts {
        println!("  {:?}: {} notes", part.voice, part.notes.len());
    }
    Ok(())
}

/// Seconds a last chord rings.
const LAST_S: f64 = 2.2;

/// A last stroke on the final downbeat: what is played on the fullest downbeat of the piece, held.
fn end_together(score: &mut Score) {
    let Some(end) = score.beats.last().map(|beat| beat.time_s) else { return };
    let starts = |part: &Part, time: f64| {
        part.notes.iter().filter(move |note| (note.at - time).abs() < 0.03).count()
    };
    let downbeats = score
        .beats
        .iter()
        .filter(|beat| beat.in_bar == 1 && beat.time_s < end)
        .map(|beat| beat.time_s);
    let players = |&time: &f64| score.parts.iter().filter(|part| starts(part, time) > 0).count();
    let Some(fullest) = downbeats.max_by_key(players) else { return };
    for part in &mut score.parts {
        let last: Vec<Note> =
            part.notes.iter().filter(|note| (note.at - fullest).abs() < 0.03).copied().collect();
        part.notes.retain(|note| note.at < end - 0.03);
        part.notes.extend(last.into_iter().map(|note| Note { at: end, length: LAST_S, ..note }));
    }
    score.seconds = end + LAST_S + 0.6;
}

/// Gentle mastering: soft limiting, peak at -1 dB.
fn limit(channel: &mut [f32]) {
    let mut take = crate::augment::Take { samples: channel.to_vec(), ..Default::default() };
    Transform::Clip(1.0).apply(&mut take);
    channel.iter_mut().zip(take.samples).for_each(|(to, from)| *to = 0.89 * from);
}
