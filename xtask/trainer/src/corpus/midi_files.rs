//! The user's own MIDI files, played as they are written.
//!
//! Beats come from the tempo map and the time signatures, at the level a listener taps: quarters in
//! x/4, dotted quarters in 6/8, 9/8 and 12/8. A time signature begins a new bar wherever it stands.
//! Stretches in a meter whose beat nobody agrees on (5/8, 3/8) are left out. A file that names no meter,
//! or 1/4, has beats, its quarters, but nobody knows its downbeats: they are neither learned nor scored.
//!
//! Notes that all come a little beside the clock, as through a slow interface, take the beats with them.
//! Much MIDI was played while a clock ran that the player never heard. There the notes keep to no beat,
//! or not to those of the clock, and the file is refused.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use super::files;
use super::midi::{self, Hand, Sequence};
use super::musicxml::Meter;
use super::musicxml::meter::{Pulse, pulse};
use super::pieces::{self, Cutter, FEWEST, Found, Piece};
use crate::clip::BeatLabel;
use crate::compose::grid::Grid;
use crate::compose::score::{Note, Part, Score, Voice};
use crate::dice::Dice;

/// Endings of MIDI files.
const MIDI: [&str; 3] = ["mid", "midi", "kar"];
/// Shortest music worth learning from, seconds.
const SHORTEST_S: f64 = 10.0;
/// The longest that a file may last, seconds and quarters: more is damage.
const LONGEST_S: f64 = 3.0 * 3600.0;
const LONGEST_QUARTERS: f64 = 100_000.0;
/// How much is heard before the first note, seconds.
const LEAD_S: f64 = 0.3;
/// Channel of the drums.
const DRUMS: u8 = 9;

/// Finds the MIDI files under `folders` and cuts them up.
///
/// # Errors
/// When a folder does not exist, or none of its files can be used.
pub(super) fn midi_files(folders: &[PathBuf]) -> Result<Found> {
    pieces::gather(folders, "midi", "no MIDI files", |folder, prefix| {
        let paths = files::under(folder, &MIDI);
        let cut =
            |path: &PathBuf| cut(folder, path, prefix).with_context(|| path.display().to_string());
        paths.par_iter().map(cut).collect()
    })
}

/// The file at `path` in pieces.
///
/// # Errors
/// When it cannot be read, is no MIDI file, is too short or too long, or has no clear beat.
fn cut(folder: &Path, path: &Path, prefix: &str) -> Result<Vec<Piece>> {
    let bytes = std::fs::read(path).context("cannot be read")?;
    let sequence = midi::parse(&bytes)?;
    let stretches = stretches(&sequence)?;
    let cutter = Cutter::new(folder, path, prefix, &bytes);
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut free, mut number) = (0, 0);
    for Stretch { span, mut beats } in stretches {
        let Some(grid) = Grid::new(beats.clone()) else { continue };
        if keeps_time(&sequence, &grid) {
            let late_s = lateness(&sequence, &grid);
            beats.iter_mut().for_each(|beat| beat.time_s += late_s);
            pieces.extend(cutter.cut(&mut number, span, &beats));
        } else {
            free += 1;
        }
    }
    match (pieces.is_empty(), free) {
        (false, _) => Ok(pieces),
        (true, 0) => bail!("has no {FEWEST} beats together in a meter with a clear beat"),
        (true, _) => bail!("its notes do not keep to its beats, as if played without hearing them"),
    }
}

/// Music without a break in its beats.
struct Stretch {
    /// Where it begins and ends, seconds.
    span: (f64, f64),
    beats: Vec<BeatLabel>,
}

/// Beats without a break, in quarters.
struct Run {
    /// Whether their places in the bar are known.
    barred: bool,
    beats: Vec<(f64, u8)>,
    end: f64,
}

/// The stretches of `sequence` that have a beat, from shortly before their first note.
///
/// # Errors
/// When it is too short or too long, or its tempo stands still.
fn stretches(sequence: &Sequence) -> Result<Vec<Stretch>> {
    let Sequence { tempo, meters, tracks } = sequence;
    let notes = || tracks.iter().flat_map(|track| &track.notes).map(|(note, _)| note);
    let end = notes().map(|note| note.at + note.length).fold(0.0, f64::max);
    let start = notes().map(|note| note.at).fold(end, f64::min);
    let seconds = tempo.seconds(end) - tempo.seconds(start);
    if seconds < SHORTEST_S {
        bail!("sounds for {seconds:.1} s; {SHORTEST_S} are the least");
    }
    if tempo.seconds(end) > LONGEST_S || end > LONGEST_QUARTERS {
        bail!("lasts {:.0} s and {end:.0} quarters, which no music does", tempo.seconds(end));
    }
    let mut signs = meters.clone();
    if signs.first().is_none_or(|sign| sign.0 > 0.0) {
        // Until a file says otherwise it is in 4/4.
        signs.insert(0, (0.0, Some(Meter { count: 4, unit: 4 })));
    }
    let mut runs: Vec<Run> = Vec::new();
    let mut goes_on = false;
    for (index, &(from, meter)) in signs.iter().enumerate() {
        let until = signs.get(index + 1).map_or(end, |next| next.0).min(end);
        if until <= from {
            continue;
        }
        // Bars of one quarter are how programs write down a beat without bars.
        let single = meter == Some(Meter { count: 1, unit: 4 });
        let barred = !single && !meters.is_empty();
        let pulse = match single {
            true => Some(Pulse { per_bar: 1, quarters: 1.0, compound: false }),
            false => meter.and_then(pulse),
        };
        let Some(pulse) = pulse else {
            goes_on = false;
            continue;
        };
        let count = (until - from) / pulse.quarters;
        // What is left of a bar that the next one cuts off is a beat if it is most of one.
        let count = if until < end { count.round() } else { count.ceil() };
        let beats = (0..count as usize).map(|beat| {
            let in_bar = (beat % usize::from(pulse.per_bar)) as u8 + 1;
            (from + beat as f64 * pulse.quarters, if barred { in_bar } else { 0 })
        });
        match runs.last_mut().filter(|run| goes_on && run.barred == barred) {
            Some(run) => {
                run.beats.extend(beats);
                run.end = until;
            }
            None => runs.push(Run { barred, beats: beats.collect(), end: until }),
        }
        goes_on = true;
    }
    let mut found = Vec::new();
    for Run { beats, end, .. } in runs {
        let Some(&(from, _)) = beats.first() else { continue };
        let inside = notes().map(|note| note.at).filter(|at| (from..end).contains(at));
        let first = inside.fold(end, f64::min);
        // Nobody can know the beats before the first note.
        let heard = beats.into_iter().filter(|(at, _)| *at > first - 0.05);
        let label = |(at, in_bar)| BeatLabel { time_s: tempo.seconds(at), in_bar };
        let beats: Vec<BeatLabel> = heard.map(label).collect();
        if beats.windows(2).any(|pair| pair[0].time_s >= pair[1].time_s) {
            bail!("its tempo is infinite: a beat lasts no time");
        }
        let lead = (tempo.seconds(first) - LEAD_S).max(tempo.seconds(from));
        found.push(Stretch { span: (lead, tempo.seconds(end)), beats });
    }
    Ok(found)
}

/// Whether the notes of `sequence` in the time of `grid` gather at its beats and at halves, thirds or
/// quarters of them: by the length of the mean of their phases (the mean resultant length of circular
/// statistics), which is near 0 for notes anywhere and 1 on a grid. And whether the beats are about as
/// full as any quarter of a beat between them: some files have the tempo right and the beats beside it.
/// (That refuses 144 of 157 such songs of POP909, no good one, and 4 of 110 drummers who play to a click.)
fn keeps_time(sequence: &Sequence, grid: &Grid) -> bool {
    let places: Vec<f64> = times(sequence, grid).map(|time| grid.position(time)).collect();
    let count = places.len() as f64;
    let gathered = |parts: f64| {
        let phases = places.iter().map(|place| (TAU * parts * place).sin_cos());
        let (y, x) = phases.fold((0.0, 0.0), |sum, phase| (sum.0 + phase.0, sum.1 + phase.1));
        f64::hypot(x, y) / count.max(1.0)
    };
    // Few notes gather by chance.
    let least = (3.0 / count.max(1.0).sqrt()).clamp(0.25, 0.7);
    let regular = [1.0, 2.0, 3.0, 4.0].into_iter().any(|parts| gathered(parts) >= least);
    let mut quarters = [0; 4];
    for place in &places {
        quarters[((4.0 * place).round() as i64).rem_euclid(4) as usize] += 1;
    }
    regular && quarters[1..].iter().all(|between| 5 * quarters[0] >= 4 * between)
}

/// How much later than their beats the notes of `sequence` come, seconds: the median of those nearer
/// than an eighth of a beat; 0 where they are few.
fn lateness(sequence: &Sequence, grid: &Grid) -> f64 {
    let off = |time: f64| {
        let place = grid.position(time);
        let near = (place - place.round()).abs() < 0.125;
        near.then(|| time - grid.seconds(place.round()))
    };
    let mut offs: Vec<f64> = times(sequence, grid).filter_map(off).collect();
    offs.sort_by(f64::total_cmp);
    if offs.len() < 2 * FEWEST { 0.0 } else { offs[offs.len() / 2] }
}

/// When notes of `sequence` begin between the first and the last beat of `grid`, seconds.
fn times(sequence: &Sequence, grid: &Grid) -> impl Iterator<Item = f64> {
    let beats = grid.beats();
    let within = beats[0].time_s - 0.05..beats[beats.len() - 1].time_s;
    let notes = sequence.tracks.iter().flat_map(|track| &track.notes);
    let times = notes.map(|(note, _)| sequence.tempo.seconds(note.at));
    times.filter(move |time| within.contains(time))
}

/// The score of `piece`: each channel of each track by the program, the level and the place it has.
///
/// # Errors
/// When its file cannot be read any more.
pub(super) fn score(piece: &Piece, dice: &mut Dice) -> Result<Score> {
    let read = || midi::parse(&std::fs::read(&*piece.path).context("cannot be read")?);
    let sequence = read().with_context(|| piece.path.display().to_string())?;
    let mut players: BTreeMap<(usize, u8, u8), (Hand, Vec<Note>)> = BTreeMap::new();
    for (index, track) in sequence.tracks.iter().enumerate() {
        for (note, hand) in &track.notes {
            let player = players.entry((index, hand.channel, hand.program));
            let (_, notes) = player.or_insert_with(|| (*hand, Vec::new()));
            let timed = sequence.tempo.timed(note);
            notes.push(Note { length: timed.length.max(0.03), ..timed });
        }
    }
    let parts = players.into_values().map(|(hand, notes)| part(hand, notes, dice)).collect();
    let (from, until) = piece.span;
    let whole = Score { parts, beats: Vec::new(), seconds: until };
    Ok(Score { beats: piece.beats.clone(), ..whole.cut(from, until - from) })
}

fn part(hand: Hand, notes: Vec<Note>, dice: &mut Dice) -> Part {
    let voice = match hand.channel {
        DRUMS => Voice::Kit(hand.program),
        _ => Voice::Program(hand.program),
    };
    let driven = matches!(voice, Voice::Program(29 | 30));
    let drive = if driven { dice.between(0.3, 0.9) as f32 } else { 0.0 };
    // As General MIDI defines it, and 100 is the level of who sets none.
    let gain_db = 40.0 * (f32::from(hand.volume.max(1)) / 100.0).log10();
    let pan = ((f32::from(hand.pan) - 64.0) / 63.0).clamp(-1.0, 1.0);
    Part { voice, notes, gain_db: gain_db.max(-40.0), pan, drive }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Split;
    use midly::num::{u4, u7, u15, u24, u28};
    use midly::{
        Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind,
    };

    type Event = (f64, TrackEventKind<'static>);

    fn tempo(at: f64, bpm: f64) -> Event {
        (at, TrackEventKind::Meta(MetaMessage::Tempo(u24::new((60e6 / bpm) as u32))))
    }

    fn meter(at: f64, count: u8, power: u8) -> Event {
        (at, TrackEventKind::Meta(MetaMessage::TimeSignature(count, power, 24, 8)))
    }

    /// Notes on channel 9 and 0 at `places`, quarters.
    fn notes(places: impl Iterator<Item = f64>) -> Vec<Event> {
        let on = |channel, at, vel| {
            let message = MidiMessage::NoteOn { key: u7::new(40), vel: u7::new(vel) };
            (at, TrackEventKind::Midi { channel: u4::new(channel), message })
        };
        places
            .flat_map(|at| [0, 9].map(|c| [on(c, at, 90), on(c, at + 0.2, 0)]))
            .flatten()
            .collect()
    }

    /// A file of `events`, in any order.
    fn file(mut events: Vec<Event>) -> Vec<u8> {
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut last, mut track) = (0, Vec::new());
        for (at, kind) in events {
            let tick = (at * 480.0).round() as u32;
            track.push(TrackEvent { delta: u28::new(tick - last), kind });
            last = tick;
        }
        let kind = TrackEventKind::Meta(MetaMessage::EndOfTrack);
        track.push(TrackEvent { delta: u28::new(0), kind });
        let timing = Timing::Metrical(u15::new(480));
        let mut bytes = Vec::new();
        let smf =
            Smf { header: Header { format: Format::SingleTrack, timing }, tracks: vec![track] };
        smf.write_std(&mut bytes).expect("written to memory");
        bytes
    }

    /// The beats of each stretch.
    fn beats(events: Vec<Event>) -> Result<Vec<Vec<(f64, u8)>>> {
        let rounded = |time: f64| (time * 1000.0).round() / 1000.0;
        let stretches = stretches(&midi::parse(&file(events)).expect("read"))?;
        let of = |stretch: Stretch| {
            stretch.beats.iter().map(|beat| (rounded(beat.time_s), beat.in_bar)).collect()
        };
        Ok(stretches.into_iter().map(of).collect())
    }

    fn quarters(count: u32) -> impl Iterator<Item = f64> {
        (0..count).map(f64::from)
    }

    #[test]
    fn beats_follow_tempo_and_meter() {
        let mut events = notes(quarters(26));
        // Two bars of 4/4, the second slower; three of 6/8; the rest in 3/4.
        events.extend([tempo(0.0, 120.0), tempo(4.0, 60.0), tempo(8.0, 90.0)]);
        events.extend([meter(0.0, 4, 2), meter(8.0, 6, 3), meter(17.0, 3, 2)]);
        let found = beats(events).expect("beats");
        let two_bars =
            [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0].into_iter().zip([1, 2, 3, 4, 1, 2, 3, 4]);
        let compound = (0..6).map(|beat| (6.0 + f64::from(beat), beat as u8 % 2 + 1));
        let waltz = (0..9).map(|beat| {
            ((1000.0 * (12.0 + f64::from(beat) / 1.5)).round() / 1000.0, beat as u8 % 3 + 1)
        });
        assert_eq!(found, [two_bars.chain(compound).chain(waltz).collect::<Vec<_>>()]);
    }

    #[test]
    fn odd_meters_break_the_beat_and_cut_bars_keep_it() {
        let mut events = notes(quarters(40));
        events.extend([meter(0.0, 4, 2), meter(8.0, 5, 3), meter(18.0, 4, 2), meter(24.0, 3, 2)]);
        let found = beats(events).expect("beats");
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [8, 22]);
        let bars: Vec<u8> = found[1].iter().take(9).map(|beat| beat.1).collect();
        assert_eq!(bars, [1, 2, 3, 4, 1, 2, 1, 2, 3]);
    }

    #[test]
    fn without_a_meter_there_are_beats_but_no_downbeats_and_none_before_the_first_note() {
        let found = beats(notes(quarters(40).skip(3))).expect("beats");
        assert_eq!(found[0][0], (1.5, 0));
        assert!(found[0].iter().all(|beat| beat.1 == 0));
        let mut late = notes(quarters(40).skip(3));
        late.push(meter(0.0, 4, 2));
        assert_eq!(beats(late.clone()).expect("beats")[0][0], (1.5, 4));
        late.extend([meter(8.0, 1, 2), meter(24.0, 3, 2)]);
        let found = beats(late).expect("beats");
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [5, 16, 16]);
        assert!(found[1].iter().all(|beat| beat.1 == 0) && found[2][1].1 == 2);
    }

    #[test]
    fn notes_beside_the_clock_take_the_beats_with_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("late.mid");
        // Sixty milliseconds late, with offbeats that swing.
        let swung = quarters(60).flat_map(|beat| [beat + 0.12, beat + 0.12 + 2.0 / 3.0]);
        std::fs::write(&path, file(notes(swung))).expect("written");
        for piece in cut(folder.path(), &path, "midi").expect("cut") {
            let played = score(&piece, &mut Dice::named(1, "midi")).expect("a score");
            for beat in &played.beats {
                let near = |note: &Note| (note.at - beat.time_s).abs() < 0.002;
                assert!(played.parts[0].notes.iter().any(near), "{beat:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_and_the_rest_is_cut_and_played() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let put = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).expect("written");
        };
        let mut song = notes(quarters(200));
        song.push(meter(0.0, 4, 2));
        put("song.mid", &file(song.clone()));
        put("corrupt.mid", b"MThd what follows is none");
        put("empty.mid", &file(vec![meter(0.0, 4, 2)]));
        put("short.mid", &file(notes(quarters(10))));
        put("odd.mid", &file([notes(quarters(80)), vec![meter(0.0, 7, 3)]].concat()));
        let mut smpte = file(song.clone());
        smpte[12..14].copy_from_slice(&[0xE7, 40]);
        put("smpte.mid", &smpte);
        let mut dice = Dice::named(1, "free");
        let anywhere: Vec<f64> = (0..300).map(|_| dice.between(0.0, 100.0)).collect();
        put("free.mid", &file(notes(anywhere.into_iter())));
        put("beside.mid", &file(notes(quarters(200).map(|beat| beat + 0.3))));
        put("still.mid", &file([song, vec![tempo(50.0, 1e9)]].concat()));
        let found = midi_files(&[folder.path().to_owned()]).expect("found");
        for (name, reason) in [
            ("corrupt.mid", "is not a MIDI file"),
            ("empty.mid", "holds no notes"),
            ("short.mid", "sounds for 4.6 s"),
            ("odd.mid", "clear beat"),
            ("smpte.mid", "SMPTE"),
            ("free.mid", "do not keep to its beats"),
            ("beside.mid", "do not keep to its beats"),
            ("still.mid", "lasts no time"),
        ] {
            let told = found.refused.iter().find(|line| line.contains(name));
            let told = told.unwrap_or_else(|| panic!("{name}: {:?}", found.refused));
            assert!(told.contains(reason), "{told}");
        }
        assert_eq!((found.pieces.len(), found.refused.len()), (3, 8));
        assert!(found.pieces.iter().all(|piece| piece.split == found.pieces[0].split));
        for piece in &found.pieces {
            let play = || score(piece, &mut Dice::named(1, "midi")).expect("a score");
            let played = play();
            assert_eq!(played, play());
            assert_eq!(played.parts.len(), 2);
            assert!(played.parts.iter().any(|part| part.voice == Voice::Kit(0)));
            for beat in &played.beats {
                let near = |note: &Note| (note.at - beat.time_s).abs() < 1e-6;
                assert!(played.parts[0].notes.iter().any(near), "{beat:?}");
            }
        }
        assert!(matches!(found.pieces[0].split, Split::Train | Split::Validation));
        assert!(midi_files(&[folder.path().join("absent")]).is_err());
    }

    #[test]
    fn damage_anywhere_is_no_panic() {
        let mut song = notes(quarters(60));
        song.extend([meter(0.0, 4, 2), meter(9.3, 0, 200), tempo(5.0, 33.0)]);
        let whole = file(song);
        let mut dice = Dice::named(1, "damage");
        for _ in 0..2000 {
            let mut bytes = whole.clone();
            for _ in 0..dice.whole(1, 6) {
                let at = dice.whole(0, bytes.len());
                bytes[at] = dice.whole(0, 256) as u8;
            }
            if let Ok(sequence) = midi::parse(&bytes) {
                for stretch in stretches(&sequence).unwrap_or_default() {
                    let grid = Grid::new(stretch.beats);
                    let _ =
                        grid.map(|grid| (keeps_time(&sequence, &grid), lateness(&sequence, &grid)));
                }
            }
        }
    }
}
