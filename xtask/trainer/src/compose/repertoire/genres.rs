//! Further styles of the genres that the rest of the repertoire plays little of. They are drawn by name
//! only (weight 0), so that the mixture of all styles stays what it was.

use super::super::grid::Steadiness::{Machine, Rubato};
use super::super::harmony::Colour::{Blues, Plain, Seventh};
use super::super::style::{Drums, Style};
use super::{
    BASE, BREAKS, COUNTRY_GROOVES, EIGHTHS_BASS, FOLK, FOUR_FLOOR, FUNK_GROOVES, HIPHOP_GROOVES,
    JAZZ, LONG_BASS, OCTAVE_BASS, OFFBEAT_CHORDS, OOMPAH_CHORDS, ORCHESTRA, PICKED_CHORDS, POP,
    Palette, REGGAE_BASS, REGGAE_GROOVES, ROCK, ROCK_GROOVES, SHUFFLE_BASS, SHUFFLE_CHORDS,
    SHUFFLE_GROOVES, SILENT, STAB_CHORDS, SYNC_BASS, WALK_BASS, WALTZ_BASS, WALTZ_CHORDS,
    WALTZ_GROOVES, density, tempo,
};

const STEPPERS: &[&[&str]] = &[
    &["k X...X...X...X...", "x ........X.......", "h x.x.x.x.x.x.x.x."],
    &["k X...X...X...X...", "s ........X.......", "h x.xvx.xvx.xvx.xv"],
];
const DISCO_GROOVES: &[&[&str]] = &[
    &["k X...X...X...X...", "s ....X.......X...", "o ..X...X...X...X.", "h x...x...x...x..."],
    &["k X...X...X...X...", "s ....X.......X...", "h xxoxxxoxxxoxxxox", "p ....x.......x..."],
    &["k X...X...X...X...", "p ....X.......X...", "z xvxvxvxvxvxvxvxv", "o ..x...x...x...x."],
];
const SCRATCHES: &[&str] =
    &["..xx..xx..xx..xx", ".xx..xx..xx..xx.", "x.xxx.xxx.xxx.xx", "..x-..x-..xx..x-"];
const SKANK: &[&str] =
    &["..X...X...X...X.", "....X.......X...", "..x.x...x...x.x.", "..X-..X-..X-..X-"];
const TRAIN: &[&[&str]] =
    &[&["k X...X...X...X...", "s vvXvvvXvvvXvvvXv"], &["k X.......X.......", "s vvvvXvvvvvvvXvvv"]];
const LAZY: &[&[&str]] = &[
    &["k X.....x.x.......", "s ....X.......X...", "h x.xvx.xvx.xvx.xv"],
    &["k X..x....x.......", "s ....X.......X..g", "h x.x.x.x.x.x.x.xv"],
    &["k X......xx.......", "p ....X.......X...", "h xvxvxvxvxvxvxvxv"],
];
const ALBERTI: &[&str] =
    &["b-2-1-2-b-2-1-2-", "b-1-2-1-b-1-2-1-", "x---x---x---x---", "b123b123b123b123"];

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    Style { name: "disco-strings", tempo: tempo(122.0, 0.05, 108.0, 134.0), colour: Seventh, grooves: DISCO_GROOVES, human: &["dance"], bass: OCTAVE_BASS, chords: SCRATCHES, palette: Palette { bass: &[33, 34, 36], chords: &[27, 28, 4, 7], lead: &[48, 49, 56, 61, 40], pad: &[48, 49, 50] }, density: density(0.85, 0.1, 0.95), ..GENRE },
    Style { name: "disco-funk", tempo: tempo(114.0, 0.05, 102.0, 126.0), colour: Seventh, grooves: DISCO_GROOVES, human: &["dance"], bass: SYNC_BASS, chords: SCRATCHES, palette: Palette { bass: &[36, 33, 37], chords: &[28, 27, 4, 0], lead: &[61, 56, 65, 53], pad: &[48, 50] }, density: density(0.8, 0.1, 0.8), ..GENRE },
    Style { name: "disco-piano", tempo: tempo(120.0, 0.05, 110.0, 132.0), colour: Plain, grooves: FOUR_FLOOR, human: &["dance"], bass: OCTAVE_BASS, chords: STAB_CHORDS, palette: Palette { bass: &[33, 38], chords: &[0, 1, 3, 27], lead: &[53, 48, 56, 81], pad: &[48, 49, 50, 51] }, density: density(0.8, 0.15, 0.85), ..GENRE },
    Style { name: "roots", tempo: tempo(72.0, 0.08, 62.0, 86.0), swing: (0.5, 0.58, 0.5), grooves: REGGAE_GROOVES, human: &["reggae"], bass: REGGAE_BASS, chords: SKANK, palette: Palette { bass: &[33, 32, 34], chords: &[27, 16, 17, 26], lead: &[53, 22, 66, 56, 57], pad: &[16, 17, 52] }, ..GENRE },
    Style { name: "dub", tempo: tempo(70.0, 0.08, 60.0, 82.0), grooves: STEPPERS, bass: REGGAE_BASS, chords: SKANK, palette: Palette { bass: &[33, 38, 39], chords: &[27, 16, 28], lead: &[21, 22, 57], pad: &[16, 89] }, density: density(0.3, 0.1, 0.4), ..GENRE },
    Style { name: "rocksteady", tempo: tempo(84.0, 0.07, 74.0, 98.0), swing: (0.5, 0.58, 0.5), grooves: REGGAE_GROOVES, human: &["reggae"], bass: REGGAE_BASS, chords: OFFBEAT_CHORDS, palette: Palette { bass: &[32, 33], chords: &[27, 0, 16, 26], lead: &[57, 66, 53, 65], pad: &[16, 52] }, ..GENRE },
    Style { name: "train-beat", tempo: tempo(106.0, 0.12, 84.0, 132.0), grooves: TRAIN, human: &["country"], bass: LONG_BASS, chords: OOMPAH_CHORDS, palette: Palette { bass: &[32, 33], chords: &[25, 24, 105, 27], lead: &[110, 22, 25, 27, 105, 40], pad: &[48] }, density: density(0.8, 0.1, 0.15), ..GENRE },
    Style { name: "honky-tonk", tempo: tempo(120.0, 0.14, 88.0, 160.0), grooves: COUNTRY_GROOVES, human: &["country"], bass: &["r---5---r---5---", "r---5---r---w---"], chords: OOMPAH_CHORDS, palette: Palette { bass: &[32, 33], chords: &[3, 25, 0], lead: &[110, 40, 27, 25, 22], pad: &[48] }, density: density(0.85, 0.0, 0.1), ..GENRE },
    Style { name: "country-ballad", tempo: tempo(82.0, 0.12, 62.0, 104.0), grooves: ROCK_GROOVES, human: &["country"], bass: LONG_BASS, chords: PICKED_CHORDS, palette: Palette { chords: &[25, 24], lead: &[110, 40, 22, 25], ..FOLK }, density: density(0.8, 0.0, 0.4), ..GENRE },
    Style { name: "country-34", per_bar: 3, tempo: tempo(108.0, 0.14, 78.0, 144.0), grooves: WALTZ_GROOVES, bass: WALTZ_BASS, chords: WALTZ_CHORDS, palette: Palette { chords: &[25, 24, 105], lead: &[110, 22, 40, 25], ..FOLK }, density: density(0.85, 0.0, 0.2), half_time: 0.0, chord_beats: &[3, 3, 6], ..GENRE },
    Style { name: "boom-bap", tempo: tempo(90.0, 0.06, 78.0, 104.0), swing: (0.53, 0.62, 0.5), colour: Seventh, grooves: BREAKS, human: &["hiphop"], bass: SYNC_BASS, chords: &["x---------------", "x-......x-......", "x-....x-........"], palette: Palette { bass: &[32, 33, 39], chords: &[4, 0, 11, 26], lead: &[65, 73, 56, 11], pad: &[48, 89] }, density: density(0.25, 0.1, 0.3), ..GENRE },
    Style { name: "lofi", tempo: tempo(78.0, 0.07, 66.0, 90.0), swing: (0.54, 0.62, 0.5), colour: Seventh, drums: Drums::Machine, grooves: LAZY, human: &["hiphop"], bass: LONG_BASS, chords: &["x---------------", "x-------x-------"], palette: Palette { bass: &[33, 39, 32], chords: &[4, 5, 0, 26], lead: &[73, 4, 11, 0], pad: &[89, 48] }, density: density(0.4, 0.1, 0.4), ..GENRE },
    Style { name: "south", tempo: tempo(74.0, 0.07, 64.0, 86.0), steadiness: Machine, colour: super::Dark, drums: Drums::Machine, grooves: HIPHOP_GROOVES, bass: LONG_BASS, chords: STAB_CHORDS, palette: Palette { bass: &[38, 39], chords: &[62, 63, 81, 48], lead: &[80, 81, 98, 14], pad: &[48, 89, 52] }, chip: 0.2, density: density(0.6, 0.2, 0.4), ..GENRE },
    Style { name: "chicago", steps: 3, tempo: tempo(112.0, 0.16, 76.0, 148.0), colour: Blues, grooves: SHUFFLE_GROOVES, human: &["blues"], bass: SHUFFLE_BASS, chords: SHUFFLE_CHORDS, palette: Palette { bass: &[32, 33], chords: &[27, 0, 26, 16], lead: &[22, 29, 27, 26], pad: &[16] }, drive: 0.15, density: density(0.95, 0.0, 0.1), half_time: 0.0, chord_beats: &[4], ..GENRE },
    Style { name: "jump-blues", steps: 3, tempo: tempo(152.0, 0.12, 116.0, 190.0), colour: Blues, grooves: SHUFFLE_GROOVES, bass: &["r--3--5--w--", "r--r--5--5--"], chords: SHUFFLE_CHORDS, palette: Palette { bass: &[32], chords: &[0, 26, 61], lead: &[66, 65, 26, 57], pad: &[61] }, density: density(0.95, 0.0, 0.1), half_time: 0.0, chord_beats: &[4], ..GENRE },
    Style { name: "blues-rock", tempo: tempo(104.0, 0.14, 76.0, 136.0), colour: Blues, grooves: ROCK_GROOVES, human: &["blues", "rock"], bass: &["r-r-5-5-w-w-5-5-", "r.r.3.5.o.5.3.r."], chords: STAB_CHORDS, palette: Palette { chords: &[27, 29, 16], lead: &[29, 27, 22], ..ROCK }, drive: 0.4, density: density(0.95, 0.0, 0.0), chord_beats: &[4], ..GENRE },
    Style { name: "delta", steps: 3, tempo: tempo(92.0, 0.18, 62.0, 132.0), colour: Blues, drums: Drums::Silent, grooves: &[], bass: SHUFFLE_BASS, chords: SHUFFLE_CHORDS, palette: Palette { bass: &[25, 24], chords: &[25, 24, 26], lead: &[22, 25], pad: &[48] }, density: density(0.8, 0.0, 0.0), half_time: 0.0, chord_beats: &[4], ..GENRE },
    Style { name: "pop-ballad", tempo: tempo(76.0, 0.1, 60.0, 96.0), human: &["pop", "soul"], bass: LONG_BASS, chords: PICKED_CHORDS, palette: POP, density: density(0.9, 0.15, 0.8), ..GENRE },
    Style { name: "power-pop", tempo: tempo(130.0, 0.1, 104.0, 158.0), human: &["pop", "rock"], bass: EIGHTHS_BASS, chords: STAB_CHORDS, palette: Palette { chords: &[27, 25, 0], lead: &[53, 54, 27, 80], ..POP }, drive: 0.1, density: density(0.9, 0.15, 0.4), ..GENRE },
    Style { name: "teen-pop", tempo: tempo(112.0, 0.1, 88.0, 132.0), steadiness: Machine, drums: Drums::Machine, grooves: ROCK_GROOVES, human: &["pop", "dance"], bass: OCTAVE_BASS, chords: STAB_CHORDS, palette: Palette { bass: &[38, 33, 39], chords: &[0, 4, 5, 25], lead: &[53, 54, 80, 52], pad: &[50, 89, 48] }, density: density(0.9, 0.35, 0.7), ..GENRE },
    Style { name: "soul-pop", tempo: tempo(102.0, 0.1, 80.0, 124.0), colour: Seventh, grooves: FUNK_GROOVES, human: &["soul", "pop"], bass: SYNC_BASS, chords: OFFBEAT_CHORDS, palette: Palette { chords: &[4, 0, 27, 5], lead: &[53, 54, 65, 56], ..POP }, density: density(0.9, 0.05, 0.5), ..GENRE },
    Style { name: "baroque", tempo: tempo(96.0, 0.18, 64.0, 138.0), drums: Drums::Silent, grooves: &[], bass: WALK_BASS, chords: ALBERTI, palette: Palette { bass: &[42, 43, 6, 70], chords: &[6, 6, 48, 46, 19], lead: &[40, 68, 73, 56, 74], pad: &[48, 19] }, density: density(0.95, 0.5, 0.3), chord_beats: &[2, 4, 1], ..GENRE },
    Style { name: "sonatina", steadiness: Rubato, tempo: tempo(104.0, 0.25, 58.0, 160.0), chords: ALBERTI, bass: LONG_BASS, palette: Palette { bass: &[0, 42], chords: &[0, 0, 6], lead: &[0, 40, 73, 71], pad: &[48] }, density: density(0.95, 0.3, 0.0), weight: 0.0, ..SILENT },
    Style { name: "winds", steadiness: Rubato, tempo: tempo(100.0, 0.2, 60.0, 150.0), chords: &["x-------x-------", "x-x-x-x-x-x-x-x-", "b-1-2-3-2-1-2-3-"], bass: LONG_BASS, palette: Palette { bass: &[70, 58, 43], chords: &[71, 60, 68, 72], lead: &[73, 68, 71, 72], pad: &[60, 71] }, density: density(0.95, 0.2, 0.4), weight: 0.0, ..SILENT },
    Style { name: "symphony", steadiness: Rubato, tempo: tempo(112.0, 0.25, 60.0, 170.0), chords: &["x---x---x---x---", "x.xxx.xxx.xxx.xx", "x---------------"], bass: &["r---r---r---r---", "r-------5-------"], palette: ORCHESTRA, density: density(0.95, 0.2, 0.8), weight: 0.0, ..SILENT },
    Style { name: "combo", tempo: tempo(168.0, 0.2, 110.0, 240.0), swing: (0.58, 0.68, 1.0), colour: Seventh, grooves: super::SWING_GROOVES, human: &["jazz"], bass: WALK_BASS, chords: super::COMP_CHORDS, palette: JAZZ, density: density(0.95, 0.0, 0.0), ..GENRE },
    Style { name: "classic-rock", tempo: tempo(118.0, 0.14, 84.0, 160.0), human: &["rock"], bass: EIGHTHS_BASS, chords: super::RIFF_CHORDS, palette: Palette { chords: &[29, 27, 18, 29], lead: &[29, 30, 18], ..ROCK }, drive: 0.75, density: density(0.6, 0.0, 0.15), ..GENRE },
];

/// What they share.
pub(super) const GENRE: Style = Style { weight: 0.0, ..BASE };
