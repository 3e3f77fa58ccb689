//! Loud guitars: the branches of metal, punk and heavy rock.

use super::super::grid::Steadiness::Machine;
use super::super::harmony::Colour::{Dark, Plain};
use super::super::style::{Drums, Style};
use super::{BASE, METAL, ROCK, ROCK_GROOVES, SHUFFLE_BASS, SHUFFLE_GROOVES, density, tempo};

/// Riffs: `X` rings, `m` is muted by the palm. Many accents lie off the beat.
pub(super) const RIFFS: &[&str] = &[
    "X-mmX-mmX-mmX-mm",
    "m-mmm-mmm-mmm-mm",
    "mmmmmmmmmmmmmmmm",
    "m-m-m-m-m-m-m-m-",
    "X-mmmmX-mmmmX-mm",
    "mmXmmXmmXmmXmmX-",
    "X-..X-..X-..X-..",
    "X-----mmX-----mm",
    "m.mmm.mX-.mmX-X-",
    "X..X..X..X..X.X.",
    "X---------------",
    "..X-m.X-..X-m.X-",
    "X-m-X-m-m-X-m-m-",
    "xxxxxxxxxxxxxxxx",
    "X--X--X--X--X--X--X--X--X--X-X-.",
    "m.m.X-m.m.X-m.X-m.m.X-m.m.X-X-X-",
];
const BREAKDOWN: &[&str] = &[
    "X.....mm....X...",
    "X..m..m.....mm..",
    "m..m..m..m..m.m.",
    "X---..mmm...X-m.",
    "mm..mm....m.m...",
    "X-------X-------",
];
const THRASH_GROOVES: &[&[&str]] = &[
    &["k X...X...X...X...", "s ..X...X...X...X.", "h X.x.X.x.X.x.X.x."],
    &["k X.X.X.X.X.X.X.X.", "s ..X...X...X...X.", "r X...X...X...X..."],
    &["k X..xX..xX..xX..x", "s ..X...X...X...X.", "c X...X...X...X..."],
    &["k X.xxX.xxX.xxX.xx", "s ....X.......X...", "r X.x.X.x.X.x.X.x."],
    &["k X.x.X.x.X.x.X.x.", "s ....X.......X...", "o X.x.X.x.X.x.X.x."],
    &["k X.....x.X.x...x.", "s ....X.......X...", "n X...X...X...X..."],
];
const BLAST_GROOVES: &[&[&str]] = &[
    &["k X.X.X.X.X.X.X.X.", "s .X.X.X.X.X.X.X.X", "r X.X.X.X.X.X.X.X."],
    &["k XxXxXxXxXxXxXxXx", "s X.x.X.x.X.x.X.x.", "h X.X.X.X.X.X.X.X."],
    &["k X.x.X.x.X.x.X.x.", "s ..X...X...X...X.", "c X...X...X...X..."],
    &["k XxxxXxxxXxxxXxxx", "s ..X...X...X...X.", "r X...X...X...X..."],
    &["k XxxxXxxxXxxxXxxx", "s ....X.......X...", "c X...X...X...X..."],
    &["k XxxxXxxxXxxxXxxx", "s ........X.......", "n X.......X......."],
];
const DOUBLE_BASS: &[&[&str]] = &[
    &["k X.x.X.x.X.x.X.x.", "s ....X.......X...", "h X...X...X...X..."],
    &["k XxxxXxxxXxxxXxxx", "s ....X.......X...", "r X...X...X...X..."],
    &["k XxxxXxxxXxxxXxxx", "s ....X.......X...", "c X...x...X...x..."],
    &["k X.xxX.xxX.xxX.xx", "s ....X.......X...", "b X.x.X.x.X.x.X.x."],
    &["k X.......X.xx....", "s ....X.......X...", "o X...X...X...X..."],
];
const BREAKDOWN_GROOVES: &[&[&str]] = &[
    &["k X.....xx....X...", "s ........X.......", "n X...X...X...X..."],
    &["k X..x..x.....xx..", "s ........X.......", "c X...X...X...X..."],
    &["k X..x..x..x..x.x.", "s ........X.......", "n X.......X......."],
    &["k X.......X..x....", "s ....X.......X...", "o X...X...X...X..."],
    &["k X.xx..x.......xx", "s ........X.......", "r X...X...X...X..."],
];
const DBEAT_GROOVES: &[&[&str]] = &[
    &["k X..x..X.X..x..X.", "s ....X.......X...", "h X.X.X.X.X.X.X.X."],
    &["k X.xX..x.X.xX..x.", "s ....X.......X...", "c X.x.X.x.X.x.X.x."],
    &["k X...X...X...X...", "s ..X...X...X...X.", "h X.X.X.X.X.X.X.X."],
    &["k X...X...X...X...", "s ..X...X...X...X.", "o X...X...X...X..."],
    &["k X.X...X.X.X...X.", "s ....X.......X...", "r X.X.X.X.X.X.X.X."],
];
const SEVEN_GROOVES: &[&[&str]] = &[
    &[
        "k X.....x.X...X.....X...x.....",
        "s ....X.......X.......X.......",
        "h X.x.X.x.X.x.X.x.X.x.X.x.X.x.",
    ],
    &[
        "k X...X..xX.....X...X.xx......",
        "s ....X.......X.......X...X...",
        "r X...X...X...X...X...X...X...",
    ],
];
const SEVEN_RIFFS: &[&str] = &[
    "X-mmX-mmX-mmX-mmX-mmX-mmX-m-",
    "X-----m-X-----m-X-----m-X-m-",
    "mmmmmmmmX-mmmmmmX-mmmmmmX-X-",
];
const SEVEN_BASS: &[&str] = &["r---r---r---r---r---r---r-r-", "r-----r-r-----r-r-----r-r---"];

/// What they share.
const HEAVY: Style = Style {
    colour: Dark,
    chords: RIFFS,
    palette: METAL,
    drive: 1.0,
    density: density(0.4, 0.0, 0.12),
    riff: 0.4,
    ..BASE
};

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    Style { name: "thrash", weight: 1.1, tempo: tempo(168.0, 0.14, 120.0, 215.0), grooves: THRASH_GROOVES, human: &["punk", "rock"], half_time: 0.2, double_time: 0.1, ..HEAVY },
    Style { name: "blast", weight: 0.7, tempo: tempo(136.0, 0.2, 92.0, 200.0), grooves: BLAST_GROOVES, half_time: 0.2, ..HEAVY },
    Style { name: "power-metal", weight: 1.0, tempo: tempo(146.0, 0.17, 96.0, 190.0), grooves: DOUBLE_BASS, density: density(0.7, 0.1, 0.4), half_time: 0.12, double_time: 0.15, riff: 0.2, ..HEAVY },
    Style { name: "metalcore", weight: 1.0, tempo: tempo(126.0, 0.18, 88.0, 180.0), grooves: BREAKDOWN_GROOVES, chords: BREAKDOWN, half_time: 0.1, double_time: 0.25, riff: 0.75, ..HEAVY },
    Style { name: "doom", weight: 0.5, tempo: tempo(76.0, 0.16, 54.0, 105.0), grooves: BREAKDOWN_GROOVES, chords: BREAKDOWN, human: &["rock"], half_time: 0.15, riff: 0.3, ..HEAVY },
    Style { name: "industrial", weight: 0.6, tempo: tempo(124.0, 0.14, 90.0, 160.0), steadiness: Machine, drums: Drums::Machine, grooves: DOUBLE_BASS, chip: 0.2, density: density(0.4, 0.4, 0.4), half_time: 0.2, offbeat: 0.06, ..HEAVY },
    Style { name: "metal-7", weight: 0.25, per_bar: 7, tempo: tempo(146.0, 0.16, 100.0, 200.0), grooves: SEVEN_GROOVES, chords: SEVEN_RIFFS, bass: SEVEN_BASS, chord_beats: &[7, 7, 14], half_time: 0.0, ..HEAVY },
    Style { name: "dbeat", weight: 0.7, tempo: tempo(172.0, 0.12, 130.0, 220.0), grooves: DBEAT_GROOVES, human: &["punk"], half_time: 0.15, riff: 0.1, ..HEAVY },
    Style { name: "hard-rock", weight: 1.4, tempo: tempo(124.0, 0.16, 80.0, 175.0), colour: Plain, human: &["rock"], palette: ROCK, chords: &["X-..X-X-..X-X-..", "X-mmX-mmX-X-X-mm", "X---..X-X---....", "X-X-..X-..X-X-..", "m-m-X-m-m-X-m-X-"], density: density(0.6, 0.0, 0.1), half_time: 0.12, double_time: 0.06, riff: 0.3, ..HEAVY },
    Style { name: "grunge", weight: 0.8, tempo: tempo(112.0, 0.16, 74.0, 150.0), human: &["rock"], grooves: ROCK_GROOVES, chords: &["X---X-X-X---X-X-", "X-----X-..X-X---", "x-x-x-x-X---....", "X-.xX-.xX-.xX-x-"], half_time: 0.2, riff: 0.1, ..HEAVY },
    Style { name: "shuffle-rock", weight: 0.6, steps: 3, tempo: tempo(126.0, 0.15, 84.0, 168.0), colour: Plain, grooves: SHUFFLE_GROOVES, bass: SHUFFLE_BASS, chords: &["X.mX.mX.mX.m", "m.mX.mm.mX.m", "X-----X--X--"], palette: ROCK, riff: 0.2, ..HEAVY },
];
