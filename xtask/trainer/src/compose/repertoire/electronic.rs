//! Machines: club music, trackers and games.

use super::super::grid::Steadiness::Machine;
use super::super::harmony::Colour::{Dark, Plain, Seventh};
use super::super::style::{Drums, Style};
use super::{
    BASE, ELECTRO, FOUR_FLOOR, HIPHOP_GROOVES, LONG_BASS, OCTAVE_BASS, ORCHESTRA, Palette,
    SYNC_BASS, density, tempo,
};

const TRANCE_GROOVES: &[&[&str]] = &[
    &["k X...X...X...X...", "p ....X.......X...", "o ..X...X...X...X.", "h xvxvxvxvxvxvxvxv"],
    &["k X...X...X...X...", "o ..X...X...X...X.", "z vvvvvvvvvvvvvvvv"],
    &["k X...X...X...X.x.", "s ....X.......X..x", "o ..X...X...X...X.", "r ....x.......x..."],
];
const MINIMAL_GROOVES: &[&[&str]] = &[
    &["k X...X...X...X...", "x ...x......x...x.", "h ..x...x...x...xv"],
    &["k X...X...X..xX...", "w ..x..x....x..x..", "o ..x...x...x...x."],
    &["k X.......X.......", "p ....X.......X...", "z ..x...x...x...x."],
    &["o ..X...X...X...X.", "x ......x.......x.", "z ..v...v...v...v."],
];
const JUNGLE_GROOVES: &[&[&str]] = &[
    &["k X.X.......XX....", "s ....X..X.X..X..X", "r X.X.X.X.X.X.X.X."],
    &["k X.........X.....", "s ....X..g.g..X..g", "h xvxvxvxvxvxvxvxv"],
    &["k X.X.......X.....", "s ....X..x.x..X...", "h X.x.X.x.X.x.X.x.", "o ..............X."],
    &[
        "k X.X.......X.....X.X.......X.....",
        "s ....X..x.x....X.....X..x.x....X.",
        "r X.x.X.x.X.x.X.x.",
    ],
];
const HALFSTEP_GROOVES: &[&[&str]] = &[
    &["k X.......x.......", "s ........X.......", "h x..x..x.x..x..x."],
    &["k X..x......x.....", "p ........X.......", "h xxvxxvxvxxvxxvxv"],
    &["k X.....x.....x...", "s ........X.......", "o ..........x....."],
];
const SYNTHWAVE_GROOVES: &[&[&str]] = &[
    &["k X...X...X...X...", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X.......X.......", "s ....X.......X...", "h xvxvxvxvxvxvxvxv"],
    &["k X.....x.X.......", "p ....X.......X...", "h x.xxx.xxx.xxx.xx"],
];
const OFFBEAT_BASS: &[&str] = &[
    "..r-..r-..r-..r-",
    "..rr..rr..rr..rr",
    ".rrr.rrr.rrr.rrr",
    "..r-..o-..r-..o-",
    "..r...r...r..rr.",
];
const PULSES: &[&str] = &[
    "..x-..x-..x-..x-",
    "x-..x-..x-..x-..",
    "x..x..x...x..x..",
    "x--x--x--x--x---",
    "..X...X...X...X.",
    "x.xx.xx.x.xx.xx.",
    "x---------------",
];

/// What they share.
const CLUB: Style = Style {
    steadiness: Machine,
    drums: Drums::Machine,
    palette: ELECTRO,
    colour: Dark,
    chords: PULSES,
    bass: OFFBEAT_BASS,
    chip: 0.4,
    density: density(0.5, 0.7, 0.5),
    half_time: 0.0,
    offbeat: 0.15,
    ..BASE
};

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    Style { name: "trance", weight: 1.0, tempo: tempo(138.0, 0.04, 126.0, 150.0), grooves: TRANCE_GROOVES, density: density(0.7, 0.9, 0.7), ..CLUB },
    Style { name: "minimal", weight: 0.8, tempo: tempo(126.0, 0.04, 116.0, 136.0), grooves: MINIMAL_GROOVES, bass: SYNC_BASS, density: density(0.25, 0.4, 0.4), ..CLUB },
    Style { name: "acid", weight: 0.6, tempo: tempo(130.0, 0.06, 115.0, 150.0), grooves: FOUR_FLOOR, bass: &["rrorr.rorrrorro.", "r.rrorr.r.orrrr.", "rorrr.rrro.rrrro"], chip: 0.8, density: density(0.2, 0.5, 0.2), ..CLUB },
    Style { name: "hardcore", weight: 0.4, tempo: tempo(168.0, 0.05, 150.0, 190.0), grooves: TRANCE_GROOVES, density: density(0.6, 0.6, 0.3), ..CLUB },
    Style { name: "jungle", weight: 0.8, tempo: tempo(168.0, 0.04, 155.0, 180.0), grooves: JUNGLE_GROOVES, bass: LONG_BASS, density: density(0.4, 0.4, 0.7), offbeat: 0.05, ..CLUB },
    Style { name: "halfstep", weight: 0.4, tempo: tempo(140.0, 0.03, 132.0, 150.0), grooves: HALFSTEP_GROOVES, bass: LONG_BASS, density: density(0.5, 0.3, 0.6), offbeat: 0.03, ..CLUB },
    Style { name: "trap", weight: 0.6, tempo: tempo(74.0, 0.08, 62.0, 88.0), grooves: HIPHOP_GROOVES, bass: LONG_BASS, density: density(0.6, 0.3, 0.6), offbeat: 0.03, ..CLUB },
    Style { name: "synthwave", weight: 0.8, tempo: tempo(104.0, 0.12, 80.0, 128.0), colour: Plain, grooves: SYNTHWAVE_GROOVES, bass: OCTAVE_BASS, density: density(0.8, 0.8, 0.7), offbeat: 0.04, ..CLUB },
    Style { name: "eurodance", weight: 0.6, tempo: tempo(134.0, 0.06, 120.0, 150.0), colour: Plain, grooves: FOUR_FLOOR, density: density(0.9, 0.5, 0.6), ..CLUB },
    Style { name: "garage", weight: 0.5, tempo: tempo(131.0, 0.03, 124.0, 138.0), swing: (0.54, 0.62, 0.5), colour: Seventh, grooves: &[&["k X.........x.....", "p ....X.......X...", "h ..x...xv..x...xv"], &["k X.....x...x.....", "s ....X.......X...", "o ..x...x...x...x."]], bass: SYNC_BASS, ..CLUB },
    Style { name: "arps", weight: 0.8, tempo: tempo(118.0, 0.14, 84.0, 150.0), grooves: MINIMAL_GROOVES, density: density(0.5, 1.0, 0.8), offbeat: 0.1, ..CLUB },
    Style { name: "tracker-trance", weight: 1.0, tempo: tempo(134.0, 0.08, 118.0, 160.0), grooves: TRANCE_GROOVES, chip: 0.6, density: density(0.8, 0.9, 0.5), offbeat: 0.2, ..CLUB },
    Style { name: "tracker-slow", weight: 0.8, tempo: tempo(96.0, 0.14, 70.0, 122.0), colour: Plain, grooves: SYNTHWAVE_GROOVES, bass: SYNC_BASS, chip: 0.5, density: density(0.9, 0.7, 0.7), offbeat: 0.05, ..CLUB },
    Style { name: "game-battle", weight: 0.8, tempo: tempo(150.0, 0.14, 112.0, 190.0), grooves: super::ROCK_GROOVES, bass: super::EIGHTHS_BASS, chords: super::RIFF_CHORDS, palette: Palette { bass: &[38, 33, 43], chords: &[29, 30, 48, 61, 81], lead: &[80, 81, 40, 56, 61, 73], pad: &[48, 52, 88] }, drive: 0.3, chip: 0.4, density: density(0.95, 0.5, 0.5), half_time: 0.08, double_time: 0.08, offbeat: 0.03, ..CLUB },
    Style { name: "game-march", weight: 0.5, tempo: tempo(118.0, 0.14, 88.0, 150.0), drums: Drums::Acoustic, grooves: &[&["k X.......X.......", "s x.xxx.xxx.xxx.xx"], &["k X...x...X...x...", "s ....X..x.x..X.xx", "c X..............."]], bass: &["r---r---r---r---", "r-r-r-r-r-r-r-r-"], chords: &["x.xxx.xxx.xxx.xx", "x-------x-------", "x-x-x-xxx-x-x-xx"], palette: ORCHESTRA, chip: 0.15, density: density(0.95, 0.2, 0.5), offbeat: 0.0, ..CLUB },
    Style { name: "game-waltz", weight: 0.4, per_bar: 3, tempo: tempo(132.0, 0.18, 90.0, 190.0), colour: Plain, drums: Drums::Chip, grooves: super::WALTZ_GROOVES, bass: super::WALTZ_BASS, chords: super::WALTZ_CHORDS, chip: 0.8, density: density(0.95, 0.6, 0.2), chord_beats: &[3, 3, 6], offbeat: 0.0, ..CLUB },
];
