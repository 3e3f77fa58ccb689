//! Rock, blues and jazz of many rooms: drawn by name only, as in [`super::genres`].

use super::super::harmony::Colour::{Blues, Dark, Plain, Seventh};
use super::super::style::{Drums, Style};
use super::genres::GENRE;
use super::{FUNK_GROOVES, PADS, Palette, SHUFFLE_CHORDS, density, tempo};

const BACKBEAT: &[&[&str]] = &[
    &["k X.....X.X.......", "s ....X.....X.X...", "h x.x.x.x.x.x.x.x."],
    &["k X.....x...x.x...", "s ....X.......X...", "a ....x.......x...", "r x.x.x.x.x.x.x.x."],
    &["k X.......X.......", "l x.x.x.x.x.x.x.x.", "s ....X.......X..."],
    &["k X.x.....X.x.....", "s ....X.......X...", "o x...x...x...x..."],
    &["k X...x...X...x...", "s ....X..X....X...", "h x.x.x.x.x.x.x.o."],
    &["k X.....X...X.....", "s ........X.......", "o x...x...x...x..."],
];
const ROCK_AND_ROLL: &[&[&str]] = &[
    &["k X...X...X...X...", "s ....X.X.....X...", "r x.x.x.x.x.x.x.x."],
    &["k X.......X.......", "s ....X.......X.X.", "h xxx.xxx.xxx.xxx."],
];
const RIDING: &[&str] = &[
    "r-r-r-r-r-r-5-5-",
    "rrrrrrrrrrrrrrrr",
    "r---....r-r-5---",
    "r--r--r-o--o--5-",
    "r-r-5-5-w-w-5-5-",
];
const CRUNCH: &[&str] = &[
    "X-----x-x---x---",
    "X-x.X-x.X-x.X-x.",
    "x--x--x---x-x---",
    "X---x-x.X---x-x.",
    "X-.xx-.xX-.xx-.x",
    "x.mmx.mmx.mmx.mm",
];
const JANGLE: &[&str] =
    &["1232123212321232", "x-xxx-xxx-xxx-xx", "b-2-3-2-1-2-3-4-", "x-x-xxx-x-x-xxx-"];
const BAR_ROOM: &[&[&str]] = &[
    &["k X.....X.....", "s ...X.....X..", "r x.xx.xx.xx.x"],
    &["k X..x..X..x..", "x ...X.....X..", "h x.xx.xx.xx.x"],
    &["k X.....X..x..", "s v.vX.vv.vX.v"],
    &["k X....xX....x", "s ...X.....X.x", "o x..x..x..x.."],
];
const BAR_BASS: &[&str] =
    &["r-.3-.5-.w-.", "r-rr-r5-5w-w", "r-....5-....", "r-.r-.w-.5-.", "r..3..5..3.."];
const BAR_CHORDS: &[&str] = &[
    "x-.......x-.",
    "...X.....X..",
    "b-xx-xb-xx-x",
    "x-x...x-x...",
    "..x-....x-..",
    "b-1b-2b-3b-2",
];
const SLOW_SOUL: &[&[&str]] = &[
    &["k X.....x.X.......", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X..x...x..x.....", "x ....X.......X...", "h xvxvxvxvxvxvxvxv"],
    &["k X..X..X...X..X..", "x ..x...x...x...x.", "g ..xx..xx..xx..xx"],
];
const PICKING: &[&str] =
    &["b.1.b.2.b.1.b.3.", "b-12b-31b-12b-32", "b.21b.23b.21b.23", "bx.xb.x.bx.xb.x."];
const COOL: &[&[&str]] = &[
    &["r X...x.x.X...x.x.", "f ....x.......x...", "s v.v.v.v.v.v.v.v."],
    &["r x...X.x.x...X.x.", "f ....X.......X...", "k ?.....?...?....."],
    &["s x.v.X.v.x.v.X.v.", "f ....x.......x..."],
    &["r X...X.x.X...X.x.", "f ....X.......X...", "s ...?..x...?...x.", "k x.....?...x....."],
];
const COMPING: &[&str] = &[
    "..x-......x-....",
    "x--x-...........",
    "......x-......x-",
    "....x-......x-..",
    "x-....x-..x-....",
    "..x-..x-........",
];
const WALKS: &[&str] = &[
    "r---w---w---5---",
    "r---3---5---w---",
    "r---5---r---w---",
    "r-----w-5-----w-",
    "r---w---w---w-w-",
];
const STREET: &[&[&str]] = &[
    &["k X...X...X...X...", "s vxX.vxX.vxX.vxX.", "c ............x..."],
    &["k X.......X.......", "s ....X.xx....X.xx", "w x...x...x...x..."],
    &["k X...x...X...x...", "s ..X...X...X...X.", "c ....x.......x..."],
];

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    Style { name: "rock-and-roll", tempo: tempo(164.0, 0.1, 132.0, 196.0), swing: (0.5, 0.6, 1.0), colour: Plain, grooves: ROCK_AND_ROLL, chords: &["x-x-x-x-x-x-x-x-", "xx.xxx.xxx.xxx.x", "..X...X...X...X."], palette: Palette { bass: &[32, 33], chords: &[27, 0, 26, 3], lead: &[27, 66, 29, 0], pad: &[53] }, drive: 0.3, density: density(0.85, 0.0, 0.05), ..ROOM },
    Style { name: "garage-rock", tempo: tempo(140.0, 0.12, 108.0, 176.0), palette: Palette { bass: &[33, 34], chords: &[27, 17, 29, 18], lead: &[29, 17, 27, 53], pad: &[17, 18] }, drive: 0.6, density: density(0.6, 0.0, 0.3), ..ROOM },
    Style { name: "arena", tempo: tempo(112.0, 0.14, 76.0, 140.0), palette: Palette { bass: &[34, 33], chords: &[29, 30, 0, 18], lead: &[29, 30, 53, 81], pad: PADS }, drive: 0.85, density: density(0.7, 0.15, 0.6), half_time: 0.15, ..ROOM },
    Style { name: "indie", tempo: tempo(130.0, 0.13, 96.0, 168.0), chords: JANGLE, palette: Palette { bass: &[33, 34], chords: &[27, 26, 27, 28], lead: &[27, 53, 0, 9, 80], pad: &[16, 48, 89] }, drive: 0.35, density: density(0.7, 0.35, 0.3), ..ROOM },
    Style { name: "folk-rock", tempo: tempo(112.0, 0.13, 84.0, 144.0), chords: JANGLE, palette: Palette { bass: &[33], chords: &[25, 27, 25], lead: &[27, 22, 53, 16], pad: &[16, 18] }, drive: 0.15, density: density(0.8, 0.25, 0.4), ..ROOM },
    Style { name: "psychedelic", tempo: tempo(100.0, 0.16, 70.0, 138.0), colour: Dark, palette: Palette { bass: &[33, 32], chords: &[18, 27, 16, 104], lead: &[29, 104, 18, 30, 73], pad: &[18, 16, 52] }, drive: 0.45, density: density(0.8, 0.2, 0.5), ..ROOM },
    Style { name: "barrelhouse", steps: 3, tempo: tempo(108.0, 0.2, 70.0, 150.0), drums: Drums::Silent, grooves: &[], palette: Palette { bass: &[0, 3, 32], chords: &[0, 3, 1], lead: &[0, 22, 3], pad: &[0] }, ..BARS },
    Style { name: "texas-shuffle", steps: 3, tempo: tempo(126.0, 0.12, 96.0, 156.0), palette: Palette { bass: &[33, 34], chords: &[27, 16, 29], lead: &[29, 27, 29, 22], pad: &[16] }, drive: 0.25, ..BARS },
    Style { name: "slow-twelve", steps: 3, tempo: tempo(62.0, 0.12, 48.0, 78.0), palette: Palette { bass: &[33, 32], chords: &[16, 0, 61, 27], lead: &[29, 27, 26, 66, 22], pad: &[16, 61] }, density: density(0.95, 0.1, 0.35), ..BARS },
    Style { name: "horn-blues", steps: 3, tempo: tempo(116.0, 0.15, 84.0, 150.0), chords: SHUFFLE_CHORDS, palette: Palette { bass: &[32, 33], chords: &[61, 0, 16, 66], lead: &[27, 66, 56, 26, 57], pad: &[61] }, density: density(0.9, 0.0, 0.4), ..BARS },
    Style { name: "soul-blues", tempo: tempo(92.0, 0.12, 70.0, 116.0), grooves: SLOW_SOUL, human: &["blues", "soul"], bass: &["r--r3-5-..w-5-3-", "r-....3-5-..o-5-", "r--3--5-r--3--5-", "r-r-..5-w-5-..3-"], chords: &["....x-......x-..", "x-......x-....x-", "..x-..x-..x-..x-", "X.....x-X......."], palette: Palette { bass: &[33], chords: &[16, 27, 4, 61], lead: &[27, 29, 53, 66], pad: &[16, 61] }, ..BARS },
    Style { name: "ragtime-blues", tempo: tempo(94.0, 0.14, 70.0, 126.0), swing: (0.52, 0.62, 0.5), drums: Drums::Silent, grooves: &[], bass: &["r---5---r---5---", "r---3---5---3---"], chords: PICKING, palette: Palette { bass: &[25, 32], chords: &[25, 24], lead: &[25, 22, 24, 40], pad: &[25] }, density: density(0.5, 0.0, 0.0), ..BARS },
    Style { name: "cool", tempo: tempo(122.0, 0.18, 84.0, 172.0), palette: Palette { bass: &[32], chords: &[0, 11, 26], lead: &[11, 59, 66, 56, 26], pad: &[48] }, ..COMBO },
    Style { name: "hard-bop", tempo: tempo(198.0, 0.14, 144.0, 264.0), palette: Palette { bass: &[32], chords: &[0, 0, 1], lead: &[56, 66, 65, 57], pad: &[61] }, ..COMBO },
    Style { name: "organ-trio", tempo: tempo(136.0, 0.18, 92.0, 190.0), palette: Palette { bass: &[32, 16, 33], chords: &[16, 17, 16], lead: &[26, 16, 66, 26], pad: &[16] }, ..COMBO },
    Style { name: "dixieland", tempo: tempo(186.0, 0.14, 136.0, 236.0), grooves: STREET, bass: &["r---....5---....", "r---5---r---5---", "r---5---w---w---"], chords: &["x...X...x...X...", "..x...x...x...x.", "x...x.x.x...x.x."], palette: Palette { bass: &[58, 32], chords: &[105, 0, 3], lead: &[56, 71, 57, 71], pad: &[57, 61] }, density: density(0.95, 0.0, 0.3), ..COMBO },
    Style { name: "fusion", tempo: tempo(108.0, 0.12, 84.0, 138.0), swing: (0.5, 0.54, 0.5), grooves: FUNK_GROOVES, human: &["funk", "jazz"], bass: &["r--r..5-o..r..3-", "r-.o..r-..5-3-..", "rr..o.r...5.w.3."], chords: &["x-...x-.....x-..", "..xx....x-......", "x-....x-...x-..."], palette: Palette { bass: &[35, 33, 36], chords: &[4, 5, 27], lead: &[65, 27, 81, 66, 29], pad: &[89, 48] }, density: density(0.9, 0.15, 0.4), ..COMBO },
    Style { name: "chamber-jazz", tempo: tempo(112.0, 0.2, 70.0, 168.0), drums: Drums::Silent, grooves: &[], palette: Palette { bass: &[32], chords: &[26, 0, 24, 11], lead: &[71, 73, 26, 66, 11, 40], pad: &[48] }, density: density(0.95, 0.0, 0.05), ..COMBO },
];

/// What the rock bands share.
const ROOM: Style = Style {
    colour: Plain,
    grooves: BACKBEAT,
    human: &["rock"],
    bass: RIDING,
    chords: CRUNCH,
    ..GENRE
};
/// What the blues bands share.
const BARS: Style = Style {
    colour: Blues,
    grooves: BAR_ROOM,
    bass: BAR_BASS,
    chords: BAR_CHORDS,
    density: density(0.9, 0.0, 0.1),
    half_time: 0.0,
    chord_beats: &[4],
    ..GENRE
};
/// What the jazz combos share.
const COMBO: Style = Style {
    swing: (0.56, 0.68, 1.0),
    colour: Seventh,
    grooves: COOL,
    human: &["jazz"],
    bass: WALKS,
    chords: COMPING,
    density: density(0.95, 0.0, 0.05),
    half_time: 0.0,
    ..GENRE
};
