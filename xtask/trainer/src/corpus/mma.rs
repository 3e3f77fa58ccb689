//! Musical MIDI Accompaniment (B. van der Poel, GPL): the installed program is run as a tool to
//! play styles of its own library over progressions made here. None of it is part of this project.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::files;
use super::midi::{self, Track};
use super::sources::CLIP_S;
use crate::compose::grid::{Grid, Steadiness, tempo_course};
use crate::compose::harmony::{Chord, Colour, Key};
use crate::compose::score::{Note, Part, Score, Voice};
use crate::dice::Dice;
use crate::render::Split;

/// Where distributions install its library of styles.
const LIBRARIES: [&str; 2] = ["/usr/share/mma/lib", "/usr/local/share/mma/lib"];
/// Longest a run may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Styles tried for one clip before it is given up.
const TRIES: usize = 6;

/// One style file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Book {
    /// As `Use` wants it: `stdlib/8beat`.
    name: String,
    /// Its grooves, intros and endings left out.
    grooves: Vec<String>,
    meter: Meter,
    held_out: bool,
}

impl Book {
    /// As `Use` wants it: `stdlib/8beat`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Which side of the split it is on.
    pub(super) fn split(&self) -> Split {
        if self.held_out { Split::Validation } else { Split::Train }
    }
}

/// How the program's quarters make beats and bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meter {
    /// So many quarters a bar, each a beat.
    Simple(u8),
    /// Six quarters of the program, which stand for the eighths of a 6/8 bar.
    SixEight,
}

impl Meter {
    /// Quarters per beat, beats per bar.
    fn beat(self) -> (f64, u8) {
        match self {
            Self::Simple(per_bar) => (1.0, per_bar),
            Self::SixEight => (3.0, 2),
        }
    }
}

/// The style files of the installed program; none when it is not installed.
///
/// # Errors
/// When it takes too long to answer: a corpus without its styles would be another one.
pub(super) fn books() -> Result<Vec<Book>> {
    let Some(library) = LIBRARIES.iter().map(Path::new).find(|folder| folder.is_dir()) else {
        return Ok(Vec::new());
    };
    if !runs()? {
        return Ok(Vec::new());
    }
    let paths = files::under(library, &["mma"]);
    Ok(paths.iter().filter_map(|path| book(library, path)).collect())
}

fn runs() -> Result<bool> {
    match finished(Command::new("mma").arg("-v"), PATIENCE) {
        Err(error) if error.is::<TooSlow>() => Err(error.context("mma")),
        ended => Ok(ended.is_ok_and(|status| status.success())),
    }
}

fn book(library: &Path, path: &Path) -> Option<Book> {
    let text = String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned();
    let name = path.strip_prefix(library).ok()?.with_extension("");
    let name = name.to_str()?.to_owned();
    if name.contains(char::is_whitespace) || name.contains("metronome") {
        return None;
    }
    let (meter, grooves) = grooves(&text)?;
    let held_out = files::held_out(&name);
    Some(Book { name, grooves, meter, held_out })
}

/// The grooves that a style file defines in its first meter of a known kind.
fn grooves(text: &str) -> Option<(Meter, Vec<String>)> {
    let (mut time, mut signature) = (None, None);
    let mut found: Option<(Meter, Vec<String>)> = None;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().replace('/', " ");
        let words: Vec<String> = line.split_whitespace().map(str::to_lowercase).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["time", beats] => time = beats.parse::<u8>().ok(),
            ["time", ..] => time = None,
            ["timesig", count, unit] => signature = Some((count.to_owned(), unit.to_owned())),
            ["defgroove", name, ..] => {
                let written = signature.as_ref().map(|(c, u)| (c.as_str(), u.as_str()));
                let meter = match (time, written) {
                    (Some(4), None | Some(("4", "4"))) => Meter::Simple(4),
                    (Some(3), Some(("3", "4"))) => Meter::Simple(3),
                    (Some(5), Some(("5", "4"))) => Meter::Simple(5),
                    (Some(6), Some(("6", "8"))) => Meter::SixEight,
                    _ => continue,
                };
                let aside = ["intro", "end", "fill", "count", "metronome"];
                if aside.iter().any(|word| name.contains(word)) {
                    continue;
                }
                let (first, names) = found.get_or_insert((meter, Vec::new()));
                if *first == meter {
                    names.push(name.to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

/// Plays a random style of `books` for one side of the split.
///
/// # Errors
/// When there is none, or the program fails on every style tried, or takes too long on one.
pub(super) fn perform(books: &[Book], split: Split, dice: &mut Dice) -> Result<Score> {
    let ours: Vec<&Book> = books.iter().filter(|book| book.split() == split).collect();
    if ours.is_empty() {
        bail!("mma has no styles for {split:?}");
    }
    perform_one(&ours, dice)
}

/// Plays a random style of `ours`, which must not be empty.
///
/// # Errors
/// When the program fails on every style tried, or takes too long on one.
pub(super) fn perform_one(ours: &[&Book], dice: &mut Dice) -> Result<Score> {
    let mut last = None;
    for _ in 0..TRIES {
        let book = dice.pick(ours);
        match play(book, dice) {
            Ok(score) => return Ok(score),
            // A busy machine must not decide what is played: the next run tries this style again.
            Err(error) if error.is::<TooSlow>() => {
                return Err(error.context(format!("mma style {}", book.name)));
            }
            Err(error) => last = Some(error.context(format!("mma style {}", book.name))),
        }
    }
    Err(last.context("no style was tried")?)
}

fn play(book: &Book, dice: &mut Dice) -> Result<Score> {
    let (quarters, per_bar) = book.meter.beat();
    let manner = manner(book);
    let bpm = manner.0 * dice.normal(manner.1).exp();
    let clip_bars = (CLIP_S * bpm / 60.0 / f64::from(per_bar)).ceil() as usize + 1;
    let bars = (clip_bars + dice.whole(0, 8)).clamp(12, 64);
    let song = song(book, dice, bars, bpm * quarters, manner.2);
    let tracks = midi::read(&run(&song)?)?;
    let beats = bars * usize::from(per_bar);
    let steadiness = if dice.chance(0.3) { Steadiness::Machine } else { Steadiness::Band };
    let course = tempo_course(dice, bpm, beats + 1, steadiness);
    let start_s = dice.between(0.03, 0.4);
    let grid = Grid::at_tempo(beats + 1, per_bar, start_s, |beat| course[beat]);
    let parts = dress(dice, &tracks, |quarter| grid.seconds(quarter / quarters));
    let seconds = grid.seconds(beats as f64);
    Ok(Score { parts, beats: grid.beats().to_vec(), seconds })
}

/// The tracks as parts, with some of them silent or on another instrument of their family.
fn dress(dice: &mut Dice, tracks: &[Track], seconds: impl Fn(f64) -> f64) -> Vec<Part> {
    let mut parts = Vec::new();
    let sounding: Vec<&Track> = tracks.iter().filter(|track| !track.beats.is_empty()).collect();
    let kept = dice.whole(0, sounding.len().max(1));
    for (index, track) in sounding.into_iter().enumerate() {
        let drums = track.channel == 9;
        if dice.chance(if drums { 0.08 } else { 0.18 }) && index != kept {
            continue;
        }
        let other = dice.chance(0.3);
        let voice = match (drums, other) {
            (true, false) => Voice::Kit(track.program),
            (true, true) => Voice::Kit(*dice.pick(&[0, 8, 16, 25, 32, 40])),
            (false, false) => Voice::Program(track.program),
            (false, true) => Voice::Program(track.program / 8 * 8 + dice.whole(0, 8) as u8),
        };
        let driven = matches!(voice, Voice::Program(29 | 30));
        let drive = if driven { dice.between(0.3, 0.9) as f32 } else { 0.0 };
        let placed = |note: &Note| {
            let at = seconds(note.at);
            let length = (seconds(note.at + note.length) - at).max(0.04);
            Note { at: at.max(0.0), length, ..*note }
        };
        parts.push(Part {
            voice,
            notes: track.beats.iter().map(placed).collect(),
            gain_db: dice.normal(2.5) as f32,
            pan: dice.normal(0.35).clamp(-1.0, 1.0) as f32,
            drive,
        });
    }
    parts
}

/// A song in the program's language: chords bar by bar, two grooves in turn.
fn song(book: &Book, dice: &mut Dice, bars: usize, pace: f64, colour: Colour) -> String {
    let key = Key::draw(dice, colour);
    let progressions = [key.progression(dice, colour), key.progression(dice, colour)];
    let grooves = [dice.pick(&book.grooves), dice.pick(&book.grooves)];
    let mut text =
        format!("RndSeed {}\nTempo {pace:.2}\nUse {}\n", dice.whole(1, 1 << 20), book.name);
    let length = *dice.pick(&[4, 8, 8, 16]);
    for bar in 0..bars {
        let section = bar / length % 2;
        if bar % length == 0 {
            text += &format!("Groove {}\n", grooves[section]);
        }
        let chords = &progressions[section];
        let chord = |index: usize| name(&chords[index % chords.len()]);
        let two = book.meter == Meter::Simple(4) && dice.chance(0.15);
        text += &match two {
            true => format!("{} {} / {} /\n", bar + 1, chord(bar), chord(bar + 1)),
            false => format!("{} {}\n", bar + 1, chord(bar)),
        };
    }
    text
}

/// A chord as the program spells it.
fn name(chord: &Chord) -> String {
    let roots = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"];
    let kind = match chord.tones[..] {
        [0, 3, 7] => "m",
        [0, 3, 6] => "mb5",
        [0, 4, 7, 11] => "M7",
        [0, 3, 7, 10] => "m7",
        [0, 4, 7, 10] => "7",
        [0, 3, 6, 10] => "m7b5",
        _ => "",
    };
    format!("{}{kind}", roots[usize::from(chord.root % 12)])
}

/// Median tempo of the beat, its spread and the colour of the chords, by a word in the name.
const MANNERS: [(&str, f64, f64, Colour); 44] = [
    ("ballad", 72.0, 0.12, Colour::Plain),
    ("bald", 72.0, 0.12, Colour::Plain),
    ("slow", 72.0, 0.12, Colour::Plain),
    ("lullaby", 84.0, 0.1, Colour::Plain),
    ("hymn", 84.0, 0.12, Colour::Plain),
    ("dnb", 172.0, 0.03, Colour::Dark),
    ("bebop", 200.0, 0.12, Colour::Seventh),
    ("fast", 174.0, 0.12, Colour::Seventh),
    ("quickstep", 196.0, 0.05, Colour::Seventh),
    ("polka", 120.0, 0.1, Colour::Plain),
    ("march", 114.0, 0.08, Colour::Plain),
    ("waltz", 126.0, 0.25, Colour::Plain),
    ("jive", 168.0, 0.06, Colour::Blues),
    ("bossa", 134.0, 0.1, Colour::Seventh),
    ("swing", 142.0, 0.22, Colour::Seventh),
    ("jazz", 138.0, 0.22, Colour::Seventh),
    ("band", 146.0, 0.18, Colour::Seventh),
    ("fox", 140.0, 0.15, Colour::Seventh),
    ("boogie", 150.0, 0.12, Colour::Blues),
    ("shuffle", 124.0, 0.14, Colour::Blues),
    ("blues", 96.0, 0.22, Colour::Blues),
    ("tango", 122.0, 0.08, Colour::Plain),
    ("bolero", 92.0, 0.1, Colour::Plain),
    ("mambo", 104.0, 0.1, Colour::Plain),
    ("salsa", 100.0, 0.1, Colour::Plain),
    ("reggae", 76.0, 0.1, Colour::Plain),
    ("ska", 148.0, 0.08, Colour::Plain),
    ("house", 124.0, 0.04, Colour::Dark),
    ("techno", 134.0, 0.06, Colour::Dark),
    ("trance", 138.0, 0.04, Colour::Dark),
    ("rave", 142.0, 0.05, Colour::Dark),
    ("dance", 126.0, 0.06, Colour::Plain),
    ("disco", 118.0, 0.05, Colour::Seventh),
    ("hip", 92.0, 0.08, Colour::Seventh),
    ("trip", 88.0, 0.08, Colour::Dark),
    ("funk", 104.0, 0.1, Colour::Seventh),
    ("soul", 104.0, 0.14, Colour::Seventh),
    ("rnb", 88.0, 0.12, Colour::Seventh),
    ("ambient", 90.0, 0.12, Colour::Plain),
    ("punk", 168.0, 0.1, Colour::Plain),
    ("metal", 134.0, 0.18, Colour::Dark),
    ("mtl", 134.0, 0.18, Colour::Dark),
    ("thr", 160.0, 0.12, Colour::Dark),
    ("rock", 122.0, 0.16, Colour::Plain),
];

fn manner(book: &Book) -> (f64, f64, Colour) {
    if book.meter == Meter::SixEight {
        return (64.0, 0.2, Colour::Plain);
    }
    let named = MANNERS.iter().find(|manner| book.name.contains(manner.0));
    named.map_or((112.0, 0.17, Colour::Plain), |manner| (manner.1, manner.2, manner.3))
}

/// Whether `error` says that the program did not end in time.
pub(super) fn was_too_slow(error: &anyhow::Error) -> bool {
    error.is::<TooSlow>()
}

/// The program did not end in time.
#[derive(Debug)]
struct TooSlow(Duration);

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "took more than {} s; run again when the machine is idle", self.0.as_secs())
    }
}

impl Error for TooSlow {}

/// Runs the program on `song` and gives the MIDI it writes.
fn run(song: &str) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("no temporary folder for mma")?;
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("a.mma"), song)?;
    // In place of the user's settings, which would change what is played.
    std::fs::write(file("none.mma"), "")?;
    let mut mma = Command::new("mma");
    mma.args(["-i", "none.mma", "-w", "-f", "a.mid", "a.mma"]).current_dir(folder.path());
    // Its choices must follow from the seed alone.
    mma.env("PYTHONHASHSEED", "0");
    if !finished(&mut mma, PATIENCE)?.success() {
        bail!("mma refused the song");
    }
    std::fs::read(file("a.mid")).context("mma wrote nothing")
}

/// Runs `command` in silence to its end.
///
/// # Errors
/// [`TooSlow`] when it takes longer than `patience`; it is ended then.
fn finished(command: &mut Command, patience: Duration) -> Result<ExitStatus> {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = silent.spawn().context("mma does not start")?;
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if began.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Err(TooSlow(patience).into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grooves_are_listed_with_their_meter() {
        let text = "Time 4\nTimesig 4/4\nDefGroove Plain about it\n  DefGroove PlainIntro\n\
                    DefGroove Plain2\nTime 3\nTimeSig 3 4\nDefGroove Waltz";
        assert_eq!(grooves(text), Some((Meter::Simple(4), vec!["plain".into(), "plain2".into()])));
        let six = "Time 6 // beats\nTimesig 6/8\nDefGroove Six";
        assert_eq!(grooves(six), Some((Meter::SixEight, vec!["six".into()])));
        assert_eq!(grooves("Time 6\nDefGroove Odd\nTime 6/8\nDefGroove Odder"), None);
    }

    #[test]
    fn songs_name_every_bar_and_repeat() {
        let book = Book {
            name: "stdlib/8beat".into(),
            grooves: vec!["8beat".into()],
            meter: Meter::Simple(4),
            held_out: false,
        };
        let text = song(&book, &mut Dice::named(1, "mma"), 20, 120.0, Colour::Seventh);
        assert_eq!(text, song(&book, &mut Dice::named(1, "mma"), 20, 120.0, Colour::Seventh));
        assert!(text.contains("\n20 ") && text.contains("Use stdlib/8beat\nGroove 8beat\n1 "));
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_hangs_is_ended_and_told_apart() {
        let error = finished(Command::new("sleep").arg("60"), Duration::from_millis(20));
        assert!(error.expect_err("ended").context("a style").is::<TooSlow>());
        assert!(finished(&mut Command::new("true"), PATIENCE).expect("ended").success());
    }

    /// Needs mma itself; on a machine without it there is nothing to play.
    #[test]
    fn the_installed_program_plays_on_the_beat() {
        let books = books().expect("an answer");
        if books.is_empty() {
            eprintln!("mma is not installed: nothing tested");
            return;
        }
        assert!(books.len() > 100 && books.iter().any(|book| book.held_out));
        let mut offs = Vec::new();
        for seed in 0..12 {
            let score =
                perform(&books, Split::Train, &mut Dice::named(seed, "mma")).expect("played");
            let again =
                perform(&books, Split::Train, &mut Dice::named(seed, "mma")).expect("played");
            assert_eq!(score, again);
            let drums = score.parts.iter().filter(|part| part.voice.is_drums());
            for note in drums.flat_map(|part| &part.notes).filter(|note| note.key == 36) {
                let off = |beat: &crate::clip::BeatLabel| note.at - beat.time_s;
                let near = score.beats.iter().map(off).min_by(|a, b| a.abs().total_cmp(&b.abs()));
                offs.extend(near.filter(|off| off.abs() < 0.03));
            }
        }
        let mean = offs.iter().sum::<f64>() / offs.len() as f64;
        assert!(offs.len() > 100 && mean.abs() < 0.004, "{} kicks, {mean} s", offs.len());
    }
}
