//! `eval tags`: how right and how steady the tags of the built plugin are, live, on a labelled
//! collection. Without labels only how soon and how steadily a genre is named.

mod piece;
mod report;
mod score;
mod steady;
mod table;

use super::plot;
use super::progress::Progress;
use crate::host::{Host, Mode, default_plugin};
use crate::listen::{check_block, hear};
use crate::song::Song;
use crate::write::{all_or_nothing, make_folder, pretty, print};
use anyhow::{Result, bail};
use metrics::collection::{Collection, Fault, Refusal};
use metrics::expected_calibration_error;
use piece::{Piece, words};
use report::{Report, Setting};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Scores the tags of the built plugin: genre, instruments, valence and arousal.
#[derive(clap::Args)]
pub struct Options {
    /// Folders of audio: one for each genre, or with tags.csv (file, genre, instruments, valence,
    /// arousal, artist, fold), or with the tags.tsv of MTG-Jamendo. faults.txt lists files to leave out.
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// Write eval-tags.tsv, eval-tags-scores.tsv, eval-tags.json and pictures into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    pub json: bool,
    /// Samples per process call.
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub block: u32,
    /// The CLAP to host [default: what `cargo xtask bundle` made].
    #[arg(long, value_name = "PATH")]
    pub plugin: Option<PathBuf>,
    /// Let the plugin load this tag model instead of its own.
    #[arg(long, value_name = "PATH")]
    pub tag_model: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Names the option, the folder or the tags file at fault and what to do, or says that the plugin has
/// no tags.
pub fn run(options: &Options) -> Result<bool> {
    check_block(options.block)?;
    // What is wrong with the collection is said before minutes of listening. The plugin's words are
    // not known yet, so it is read again when they are.
    let audio = audio(&Collection::read(&options.dirs, None)?);
    if audio.is_empty() {
        let names: Vec<String> = options.dirs.iter().map(|dir| dir.display().to_string()).collect();
        bail!("nothing to hear in {}; name folders with wav, flac, ogg or mp3", names.join(", "));
    }
    if let Some(dir) = &options.out {
        make_folder(dir)?;
    }
    let plugin = options.plugin.clone().unwrap_or_else(default_plugin);
    let host = Host::load(&plugin, None)?.with_tag_model(options.tag_model.as_deref())?;
    let report = listen(&host, &audio, options)?;
    print(options.json.then(|| report.json()), || table::text(&report))?;
    if let Some(dir) = &options.out {
        write(&report, dir)?;
    }
    Ok(true)
}

/// All files of a collection, in order of path.
fn audio(collection: &Collection) -> Vec<PathBuf> {
    let labelled = collection.labelled.iter().map(|file| &file.path);
    let mut all: Vec<PathBuf> = labelled.chain(&collection.unlabelled).cloned().collect();
    all.sort();
    all
}

/// Plays every file through the plugin and scores what it heard. A file that is no sound audio is
/// refused, and the others go on.
fn listen(host: &Host, audio: &[PathBuf], options: &Options) -> Result<Report> {
    let progress = Progress::new(audio.len());
    let mode = Mode { live: true, block: options.block };
    let (mut pieces, mut unreadable) = (Vec::new(), Vec::new());
    let mut backend = String::new();
    for (index, path) in audio.iter().enumerate() {
        progress.begin(index, &path.file_name().unwrap_or_default().to_string_lossy());
        let song = match Song::open(path, None) {
            Ok(song) => song,
            Err(error) => {
                let line = format!("{error:#}");
                unreadable.push(Refusal { fault: Fault::Unreadable, line });
                continue;
            }
        };
        let hearing = hear(host, &song, mode, &|done| progress.within(index, done, song.frames()))?;
        backend.clone_from(&hearing.backend);
        pieces.push(Piece::heard(path, hearing));
    }
    progress.finish();
    if let (true, Some(first)) = (pieces.is_empty(), unreadable.first()) {
        bail!("none of {} files can be heard; the first: {first}", audio.len());
    }
    let words = words(&pieces);
    if words.genres.is_empty() {
        bail!("the plugin heard no tags in {} files; give it a tag model, or music", pieces.len());
    }
    let collection = Collection::read(&options.dirs, Some(&words))?;
    let mut labels: BTreeMap<&Path, _> =
        collection.labelled.iter().map(|file| (file.path.as_path(), file)).collect();
    for piece in &mut pieces {
        piece.label = labels.remove(piece.path.as_path()).cloned();
    }
    let refused = [unreadable, collection.refused].concat();
    let left_out = collection.left_out;
    let model = options.tag_model.as_ref().map(|model| model.display().to_string());
    let setting = Setting { mode: "live", block: options.block, backend, model, left_out };
    Ok(Report::new(setting, pieces, &words, refused))
}

/// Writes the report, and the pictures that have something in them.
fn write(report: &Report, dir: &Path) -> Result<()> {
    let json = pretty(&report.json())?;
    let mut files = vec![
        ("eval-tags.tsv", report.files_tsv().into_bytes()),
        ("eval-tags-scores.tsv", report.scores_tsv().into_bytes()),
        ("eval-tags.json", json),
    ];
    let scores = &report.scores;
    if let Some(accuracy) = scores.get("genre_accuracy") {
        let title = format!("Genres: {} files", accuracy.files);
        let about = format!("accuracy {:.3}", accuracy.value.mean);
        let picture = plot::confusion::png(&title, &about, &scores.genres, &scores.confusion)?;
        files.push(("genre-confusion.png", picture));
    }
    if let Some(error) = expected_calibration_error(&scores.reliability) {
        let count: usize = scores.reliability.iter().map(|bin| bin.count).sum();
        let picture = plot::reliability::Reliability {
            title: "Probability and truth of named genres",
            of: "names",
            legend: format!("{count} names, calibration error {error:.3}"),
            bins: Some(scores.reliability),
        };
        files.push(("genre-reliability.png", picture.png()?));
    }
    let (names, contents): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let paths: Vec<PathBuf> = names.iter().map(|name| dir.join(name)).collect();
    all_or_nothing(&paths, &contents)
}

#[cfg(test)]
mod tests;
