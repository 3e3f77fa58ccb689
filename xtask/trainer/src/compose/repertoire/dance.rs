//! Disco with its orchestra, hip-hop with its samples, pop with its band, and slower electronic music
//! between them: drawn by name only, as in [`super::genres`].

use super::super::grid::Steadiness::Machine;
use super::super::harmony::Colour::{Dark, Plain, Seventh};
use super::super::style::{Drums, Style};
use super::genres::GENRE;
use super::{BREAKS, LONG_BASS, OFFBEAT_CHORDS, PADS, PICKED_CHORDS, Palette, density, tempo};

const DISCOTHEQUE: &[&[&str]] = &[
    &["k X...X...X...X...", "s ....X.......X...", "o ..X...X...X...X.", "a xvxvxvxvxvxvxvxv"],
    &["k X...X...X...X...", "s ....X.......X...", "o ..x...x...x...x.", "g x..xx.x.x..xx.xx"],
    &["k X...X...X...X...", "s ....X.......X..x", "h xvoxxvoxxvoxxvox", "w x...x...x...x..."],
    &["k X...X...X...X...", "s ....X..g....X..g", "h xxxxxxxxxxxxxxxx", "o ..x...x...x...x."],
    &[
        "k X...X...X...X...",
        "s ....X.......X...",
        "p ....X.......X...",
        "o ..X...X...X...X.",
        "g ..xx..x...xx..x.",
    ],
];
const GALLOP: &[&str] = &[
    "r-r-o-o-r-r-o-o-",
    "r.oor.oor.oor.oo",
    "r--r..o-r-5-o-5-",
    "r-..r-o-5-..5-o-",
    "r-o-r-o-5-o-3-o-",
    "r..or.o.r..o3.5.",
];
const STABS: &[&str] = &[
    "..X.....X..X....",
    "X..X..X.........",
    "......X-....X-X-",
    "X-......X-......",
    "..x-..x-..x-..xx",
    "x.xxx.xxx.xxx.xx",
    ".xx..xx..xx..xxx",
];
const KNOCK: &[&[&str]] = &[
    &["k X.....X...X.....", "p ....X.......X...", "h x.xxx.x.x.xxx.x."],
    &["k X..X....X.X.....", "s ....X.......X...", "o x...x...x...x..."],
    &["k X..x..x...x.....", "p ....X.......X...", "w x..x..x.x..x..x.", "h x.x.x.x.x.x.x.x."],
    &["k X......X..X.....", "s ....X.......X...", "z x.x.x.x.x.x.x.x."],
];
const DRILL: &[&[&str]] = &[
    &["k X.....x....x....", "s ......X.......X.", "h x..x..x.x..x..x."],
    &["k X..........X....", "p ......X.......X.", "h x..x..xxx..x..x."],
    &["k X.....X...x.....", "s ........X.......", "h xxxxx.xxxxx.xxxx"],
];
const LOOPED: &[&str] = &[
    "x-......x-..x-..",
    "b-2-1-..b-2-3-..",
    "x-x-....x-......",
    "..x-..x-....x-..",
    "1-2-3-2-........",
];
const SUB: &[&str] = &[
    "r-----..r-......",
    "r-..r-....r-5-..",
    "r--r..........r-",
    "r-......3-..5-..",
    "r-r-....o-......",
];
const BAND_POP: &[&[&str]] = &[
    &["k X.....x.X.......", "s ....X.......X...", "a x.x.x.x.x.x.x.x."],
    &["k X.......X.x.....", "x ....X.......X...", "z xvxvxvxvxvxvxvxv"],
    &["k X...X...X...X...", "s ....X.......X...", "a ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X..x..x.X..x....", "s ....X.......X...", "g ..xx..x...xx..x.", "h x...x...x...x..."],
    &["k X.....xxX.......", "s ....X.......X..x", "r x.x.x.x.x.x.x.x."],
];
const STRUMS: &[&str] = &[
    "x-x-.xx-x-x-.xx-",
    "x---x-xx.xx-x-xx",
    "x--xx-x-x--xx-x-",
    "X---X---X---X-x-",
    "x-x-x-x-x-x-x-x-",
];
const MELODIC_BASS: &[&str] =
    &["r--r5---r--r3---", "r-----r-5-----3-", "r---5---o---5-3-", "r-r-....5-5-w---"];

const PROGRAMMED: &[&[&str]] = &[
    &["k X...x...X...x...", "s ....X.......X...", "h x.xxx.xxx.xxx.xx"],
    &["k X..X..X...X..X..", "p ....X.......X...", "h xxxxxxxxxxxxxxxx"],
    &["k X.......X..X....", "s ....X.......X.vv", "o ..x...x...x...x.", "w x..x..x..x..x.x."],
    &["k X.X...X.X.X...X.", "s ....X..x....X..x", "h ..x...x...x...x."],
    &["k X...X...X...X...", "s ............X...", "z xxxxxxxxxxxxxxxx"],
];
const SEQUENCES: &[&str] = &[
    "r.rr..rrr.rr..rr",
    "r-o-..r-o-..r-o-",
    "rro.rro.rro.rr..",
    "r---....r-r-....",
    "r.r.o.r.r.r.o.5.",
];
const PULSES: &[&str] = &[
    "x..x..x..x..x...",
    "x.x.x.x.x.x.x.x.",
    "1.2.3.2.1.2.3.4.",
    "x---------------",
    "..xx..xx..xx..xx",
    "x-----x-----x---",
];

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    Style { name: "philly", tempo: tempo(116.0, 0.06, 102.0, 130.0), palette: Palette { bass: &[33, 34], chords: &[49, 48, 28, 61], lead: &[48, 61, 73, 53, 40], pad: &[48, 49] }, density: density(0.9, 0.05, 0.95), ..DISCO },
    Style { name: "latin-disco", tempo: tempo(120.0, 0.06, 106.0, 134.0), palette: Palette { bass: &[33, 36], chords: &[0, 28, 1, 61], lead: &[61, 56, 73, 57], pad: &[48, 49] }, density: density(0.85, 0.1, 0.6), ..DISCO },
    Style { name: "disco-wah", tempo: tempo(112.0, 0.07, 98.0, 126.0), chords: &["xx.xx.xxxx.xx.xx", ".xx..xx..xx..xxx", "x.xxx.xxx.xx.xxx", "..xx....x.xx...."], palette: Palette { bass: &[36, 37, 33], chords: &[28, 27, 7], lead: &[61, 66, 53, 56], pad: &[48, 49] }, density: density(0.8, 0.0, 0.7), ..DISCO },
    Style { name: "chorus-disco", tempo: tempo(124.0, 0.05, 112.0, 136.0), colour: Plain, palette: Palette { bass: &[33, 34], chords: &[27, 25, 0, 28], lead: &[53, 52, 54, 48], pad: &[48, 52, 49] }, density: density(0.95, 0.0, 0.9), ..DISCO },
    Style { name: "hustle", tempo: tempo(126.0, 0.06, 112.0, 138.0), palette: Palette { bass: &[33], chords: &[61, 48, 11, 46, 45], lead: &[48, 56, 73, 11, 61], pad: &[48, 49, 60] }, density: density(0.95, 0.15, 0.95), ..DISCO },
    Style { name: "west", tempo: tempo(94.0, 0.06, 82.0, 106.0), colour: Seventh, drums: Drums::Machine, grooves: KNOCK, human: &["hiphop"], bass: SUB, chords: OFFBEAT_CHORDS, palette: Palette { bass: &[38, 39, 36], chords: &[4, 28, 5, 7], lead: &[80, 81, 73, 53], pad: &[48, 89] }, chip: 0.1, density: density(0.6, 0.1, 0.5), ..GENRE },
    Style { name: "jazz-rap", tempo: tempo(92.0, 0.07, 80.0, 108.0), swing: (0.54, 0.62, 0.5), colour: Seventh, grooves: BREAKS, human: &["hiphop", "soul"], bass: &["r---w---5---w---", "r--r..5-..w-....", "r-....r-3-..5-.."], chords: LOOPED, palette: Palette { bass: &[32], chords: &[11, 4, 0, 26], lead: &[59, 66, 11, 73], pad: &[48] }, density: density(0.4, 0.0, 0.15), ..GENRE },
    Style { name: "drill", tempo: tempo(142.0, 0.04, 132.0, 152.0), steadiness: Machine, colour: Dark, drums: Drums::Machine, grooves: DRILL, bass: LONG_BASS, chords: LOOPED, palette: Palette { bass: &[38, 39], chords: &[0, 48, 45, 14], lead: &[0, 48, 52, 73, 11], pad: &[52, 48, 89] }, density: density(0.5, 0.3, 0.4), half_time: 0.0, ..GENRE },
    Style { name: "old-school", tempo: tempo(104.0, 0.07, 92.0, 120.0), steadiness: Machine, drums: Drums::Machine, grooves: KNOCK, human: &["hiphop"], bass: SUB, chords: &["X...............", "X.........X.....", "X..X............", "..X.......X....."], palette: Palette { bass: &[38, 36, 39], chords: &[61, 62, 28, 81], lead: &[80, 61, 53, 16], pad: &[48] }, density: density(0.25, 0.1, 0.1), ..GENRE },
    Style { name: "soul-samples", tempo: tempo(86.0, 0.06, 74.0, 98.0), swing: (0.52, 0.6, 0.5), colour: Seventh, grooves: BREAKS, human: &["hiphop", "soul"], bass: SUB, chords: LOOPED, palette: Palette { bass: &[33, 39], chords: &[0, 48, 16, 24, 8], lead: &[53, 48, 56, 65, 54], pad: &[48, 52] }, density: density(0.6, 0.1, 0.7), ..GENRE },
    Style { name: "piano-pop", tempo: tempo(116.0, 0.13, 84.0, 148.0), chords: &["x---x---x---x---", "x-x-x-x-x-x-x-x-", "b-x-x-x-b-x-x-x-", "x--x--x-x--x--x-"], palette: Palette { bass: &[33, 34], chords: &[0, 1, 2], lead: &[53, 54, 0, 73], pad: &[48, 16] }, density: density(0.95, 0.05, 0.5), ..BAND },
    Style { name: "acoustic-pop", tempo: tempo(100.0, 0.14, 74.0, 132.0), chords: STRUMS, palette: Palette { bass: &[33, 32], chords: &[25, 24, 25], lead: &[53, 9, 0, 25, 22, 12], pad: &[48, 16] }, density: density(0.95, 0.2, 0.25), ..BAND },
    Style { name: "sixties-pop", tempo: tempo(126.0, 0.12, 96.0, 156.0), chords: STRUMS, palette: Palette { bass: &[33, 32], chords: &[27, 16, 0, 6, 25], lead: &[53, 60, 68, 9, 61, 27], pad: &[48, 52, 61] }, density: density(0.95, 0.05, 0.5), ..BAND },
    Style { name: "soft-pop", tempo: tempo(86.0, 0.11, 66.0, 108.0), colour: Seventh, chords: PICKED_CHORDS, palette: Palette { bass: &[33, 35], chords: &[4, 5, 0, 27], lead: &[65, 53, 11, 73, 54], pad: PADS }, density: density(0.95, 0.1, 0.8), ..BAND },
    Style { name: "latin-pop", tempo: tempo(104.0, 0.1, 84.0, 128.0), bass: &["r-----5-r-----5-", "r..r..5-r..r..5-", "r--r--5---r-5---"], chords: &["x..x..x.x..x..x.", "b-1-2-1-b-1-2-3-", "..xx..x...xx..x."], palette: Palette { bass: &[33, 32], chords: &[24, 0, 25], lead: &[53, 56, 73, 24, 61], pad: &[48, 52] }, density: density(0.95, 0.15, 0.4), ..BAND },
    Style { name: "downtempo", tempo: tempo(92.0, 0.1, 74.0, 112.0), density: density(0.6, 0.6, 0.8), ..SEQUENCED },
    Style { name: "demo-scene", tempo: tempo(118.0, 0.12, 92.0, 144.0), chip: 0.35, density: density(0.95, 0.7, 0.5), ..SEQUENCED },
    Style { name: "computer-pop", tempo: tempo(112.0, 0.12, 86.0, 136.0), colour: Plain, chip: 0.25, density: density(0.95, 0.4, 0.5), ..SEQUENCED },
];

/// What the discos share: a live drummer, no synthesizers.
const DISCO: Style = Style {
    colour: Seventh,
    grooves: DISCOTHEQUE,
    human: &["dance"],
    bass: GALLOP,
    chords: STABS,
    half_time: 0.0,
    ..GENRE
};
/// What the pop bands share.
const BAND: Style = Style {
    colour: Plain,
    grooves: BAND_POP,
    human: &["pop", "soul"],
    bass: MELODIC_BASS,
    ..GENRE
};
/// What sequencers share: synthesizers and nothing else.
const SEQUENCED: Style = Style {
    steadiness: Machine,
    colour: Dark,
    drums: Drums::Machine,
    grooves: PROGRAMMED,
    bass: SEQUENCES,
    chords: PULSES,
    palette: Palette {
        bass: &[38, 39, 87],
        chords: &[81, 80, 90, 62, 63, 84],
        lead: &[80, 81, 82, 87, 85, 98],
        pad: &[88, 89, 90, 94, 95],
    },
    half_time: 0.0,
    offbeat: 0.1,
    ..GENRE
};
