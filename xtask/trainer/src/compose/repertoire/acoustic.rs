//! Hands and breath: jazz, blues, dances, odd meters, and people alone with an instrument.

use super::super::grid::Steadiness::Rubato;
use super::super::harmony::Colour::{Blues, Plain, Seventh};
use super::super::style::Style;
use super::{
    BASE, COMP_CHORDS, COMPOUND_BASS, COMPOUND_CHORDS, COMPOUND_GROOVES, FOLK, JAZZ, LONG_BASS,
    MARCH_BASS, MARCH_CHORDS, ORCHESTRA, PICKED_CHORDS, POP, Palette, SHUFFLE_BASS, SHUFFLE_CHORDS,
    SILENT, SWING_GROOVES, WALK_BASS, WALTZ_BASS, WALTZ_CHORDS, density, tempo,
};

const BRUSHES: &[&[&str]] = &[
    &["r x...v.v.x...v.v.", "f ....x.......x..."],
    &["s v.v.x.v.v.v.x.v.", "f ....x.......x...", "k v..............."],
];
const BIG_BAND: &[&[&str]] = &[
    &["r X...X.x.X...X.x.", "f ....X.......X...", "k x...x...x...x...", "s ....x.......x..."],
    &["h X...X.x.X...X.x.", "k X...x...X...x...", "s ..?...x...?..xX."],
];
const JAZZ_WALTZ: &[&[&str]] = &[
    &["r X...X.x.x...", "f ....x...x...", "k v..........."],
    &["r X...X...x.x.", "f ....x.......", "s ..?....?...."],
];
const TWO_BEAT: &[&[&str]] = &[
    &["k X...X...", "s ..X...X.", "h x.x.x.x."],
    &["k X...x...", "x ..X...X.", "r x.xxx.xx"],
    &["k X.......", "s ..x...x.", "f ..x...x."],
];
const SAMBA: &[&[&str]] =
    &[&["k x..xX..x", "z xvxvxvxv", "x x.x..x.x"], &["l x...X...", "s v.vvv.vv", "w x.xx.x.x"]];
const SIX_ROCK: &[&[&str]] = &[
    &["k X....x", "s ...X..", "r XxxXxx"],
    &["k X.xx.x", "s ...X..", "h xxxxxx"],
    &["k X.....x..x..", "s ...X.....X..", "o x.....x....."],
];
const TWELVE: &[&[&str]] = &[
    &["k X.....X.....", "s ...X.....X..", "h xxxxxxxxxxxx"],
    &["k X....xX..x..", "s ...X.....X..", "r xvxxvxxvxxvx"],
    &["k X.....x.....", "x ...X.....X..", "h xvvxvvxvvxvv"],
];
const HALF_SHUFFLE: &[&[&str]] = &[
    &["k X....x..x...", "s .g..g.X.g..g", "h x.xx.xx.xx.x"],
    &["k X......x...x", "s ......X.....", "h x.xx.xx.xx.x"],
];
const AFRO: &[&[&str]] = &[
    &["w x.x.xx.x.x.x", "l x..x..x..x..", "g ..x.xx..x.xx"],
    &["k X.....X.....", "w x.x.xx.x.x.x", "z xvvxvvxvvxvv"],
];
const FIVE: &[&[&str]] = &[
    &["k X.....x.....X.......", "s ....X.......X...X...", "r X...X.x.X...X...X.x."],
    &["k X..x..X.....X.x.....", "s ........X.......X...", "h x.x.x.x.x.x.x.x.x.x."],
    &["k X...........X.......", "x ....x...x.......x...", "r X...X...X...X...X..."],
];
const SEVEN: &[&[&str]] = &[
    &[
        "k X.......X.......X...x.......",
        "s ....X.......X.......X...X...",
        "h x.x.x.x.x.x.x.x.x.x.x.x.x.x.",
    ],
    &[
        "k X.....x.....X.....x.X.......",
        "s ....X.......X...........X...",
        "r X...X...X...X...X...X...X...",
    ],
];
const FIVE_CHORDS: &[&str] =
    &["x-....x-....x---x---", "b-1-2-3-2-1-b-2-3-2-", "x-----------x-------"];
const FIVE_BASS: &[&str] =
    &["r-----5-----r---5---", "r---w---w---r---w---", "r-----------5-------"];
const SEVEN_CHORDS: &[&str] = &["x-----x-....x---....x---x---", "b-1-2-3-b-1-2-3-b-1-2-3-2-1-"];
const SEVEN_BASS: &[&str] = &["r-------r-------r-----5-----", "r-----5-r-----5-r-----5-r---"];
const ALONE: Palette =
    Palette { bass: &[0, 0, 4], chords: &[0, 0, 0, 1, 4], lead: &[0, 0, 1], pad: &[48] };
const GUITAR: Palette =
    Palette { bass: &[24, 25], chords: &[24, 24, 25, 26], lead: &[24, 25], pad: &[48] };
/// Nobody keeps time for them.
const SOLO: Style = Style {
    steadiness: Rubato,
    palette: ALONE,
    chords: PICKED_CHORDS,
    bass: LONG_BASS,
    density: density(0.85, 0.0, 0.03),
    ..SILENT
};
const SWINGING: Style = Style {
    swing: (0.58, 0.68, 1.0),
    colour: Seventh,
    grooves: SWING_GROOVES,
    bass: WALK_BASS,
    chords: COMP_CHORDS,
    palette: JAZZ,
    density: density(0.85, 0.0, 0.0),
    half_time: 0.0,
    ..BASE
};

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    Style { name: "bebop", weight: 0.6, tempo: tempo(208.0, 0.12, 165.0, 270.0), swing: (0.54, 0.63, 1.0), human: &["jazz"], bass: &["r---w---w---w---"], ..SWINGING },
    Style { name: "jazz-ballad", weight: 0.7, tempo: tempo(66.0, 0.12, 52.0, 86.0), grooves: BRUSHES, bass: &["r-------w-------", "r---w---w---w---", "r-------5-------"], chords: &["x---------------", "x-......x-......", "x-------x-------"], ..SWINGING },
    Style { name: "big-band", weight: 0.7, tempo: tempo(152.0, 0.18, 104.0, 220.0), grooves: BIG_BAND, human: &["jazz"], bass: &["r---w---w---w---"], palette: Palette { bass: &[32], chords: &[61, 66, 56, 0, 26], lead: &[56, 57, 65, 66, 61], pad: &[61] }, ..SWINGING },
    Style { name: "jazz-waltz", weight: 0.6, per_bar: 3, tempo: tempo(144.0, 0.18, 92.0, 210.0), grooves: JAZZ_WALTZ, bass: &["r---w---w---", "r-----------"], chords: &["x-......x-..", "....x-......", "x-----x-----"], chord_beats: &[3, 3, 6], ..SWINGING },
    Style { name: "gypsy", weight: 0.5, tempo: tempo(176.0, 0.2, 110.0, 250.0), swing: (0.54, 0.64, 1.0), drums: super::Drums::Silent, grooves: &[], bass: &["r-------5-------", "r---w---w---w---"], chords: &["x---X-..x---X-..", "x-..X-.xx-..X-.x"], palette: Palette { bass: &[32], chords: &[24, 25, 26], lead: &[40, 24, 21, 71], pad: &[48] }, ..SWINGING },
    Style { name: "boogie", weight: 0.5, steps: 3, tempo: tempo(148.0, 0.16, 100.0, 200.0), colour: Blues, grooves: TWELVE, bass: &["r.35.35.ow.5", "r.r5.5o.o5.5"], chords: SHUFFLE_CHORDS, palette: Palette { chords: &[0, 3, 26, 16], ..JAZZ }, density: density(0.7, 0.0, 0.0), half_time: 0.0, ..BASE },
    Style { name: "slow-blues", weight: 0.7, steps: 3, tempo: tempo(64.0, 0.15, 48.0, 84.0), colour: Blues, grooves: TWELVE, bass: SHUFFLE_BASS, chords: SHUFFLE_CHORDS, drive: 0.25, density: density(0.9, 0.0, 0.1), half_time: 0.0, chord_beats: &[4], ..BASE },
    Style { name: "blues-68", weight: 0.5, per_bar: 2, steps: 3, tempo: tempo(60.0, 0.15, 44.0, 80.0), colour: Blues, grooves: COMPOUND_GROOVES, bass: COMPOUND_BASS, chords: COMPOUND_CHORDS, drive: 0.25, density: density(0.9, 0.0, 0.1), half_time: 0.0, chord_beats: &[2], ..BASE },
    Style { name: "half-shuffle", weight: 0.4, steps: 3, tempo: tempo(94.0, 0.12, 72.0, 124.0), colour: Seventh, grooves: HALF_SHUFFLE, bass: SHUFFLE_BASS, chords: SHUFFLE_CHORDS, palette: POP, half_time: 0.0, ..BASE },
    Style { name: "doo-wop", weight: 0.5, steps: 3, tempo: tempo(70.0, 0.14, 52.0, 100.0), grooves: TWELVE, bass: &["r-----5-----", "r--r--5--5--"], chords: &["xxxxxxxxxxxx", "b12321b12321", "x--x--x--x--"], palette: POP, density: density(0.9, 0.0, 0.3), half_time: 0.0, ..BASE },
    Style { name: "afro-128", weight: 0.4, steps: 3, tempo: tempo(112.0, 0.14, 84.0, 144.0), grooves: AFRO, bass: SHUFFLE_BASS, chords: &["x..x.x..x.x.", "..x..x..x..x", "b.1.2.b.1.2."], palette: POP, half_time: 0.0, ..BASE },
    Style { name: "rock-68", weight: 0.7, per_bar: 2, steps: 3, tempo: tempo(72.0, 0.18, 48.0, 104.0), grooves: SIX_ROCK, bass: COMPOUND_BASS, chords: &["XxxXxx", "x--x--", "x-----", "b12321"], drive: 0.5, half_time: 0.0, chord_beats: &[2, 2, 4, 1], ..BASE },
    Style { name: "jig", weight: 0.5, per_bar: 2, steps: 3, tempo: tempo(112.0, 0.13, 80.0, 144.0), grooves: COMPOUND_GROOVES, bass: COMPOUND_BASS, chords: &["x-xx-x", "b-xb-x", "x--x--"], palette: FOLK, density: density(1.0, 0.0, 0.0), half_time: 0.0, chord_beats: &[2, 2, 4], ..BASE },
    Style { name: "polka", weight: 0.5, per_bar: 2, tempo: tempo(118.0, 0.12, 90.0, 150.0), grooves: TWO_BEAT, bass: MARCH_BASS, chords: MARCH_CHORDS, palette: Palette { bass: &[58, 32], chords: &[21, 22, 24], lead: &[21, 71, 40, 56], pad: &[48] }, density: density(0.95, 0.0, 0.0), half_time: 0.0, chord_beats: &[2, 4, 4], ..BASE },
    Style { name: "foxtrot", weight: 0.5, per_bar: 2, tempo: tempo(88.0, 0.18, 56.0, 124.0), swing: (0.56, 0.67, 0.5), colour: Seventh, grooves: TWO_BEAT, bass: MARCH_BASS, chords: MARCH_CHORDS, palette: JAZZ, density: density(0.9, 0.0, 0.0), half_time: 0.0, chord_beats: &[2, 2, 4], ..BASE },
    Style { name: "samba", weight: 0.5, per_bar: 2, tempo: tempo(104.0, 0.12, 78.0, 132.0), colour: Seventh, grooves: SAMBA, bass: &["r--5r--5", "r--r5--5"], chords: &["x..x..x.", "..x..x.x", "x.xx.x.x"], palette: Palette { chords: &[24, 25, 0], lead: &[73, 22, 65, 66], ..JAZZ }, half_time: 0.0, chord_beats: &[2, 4, 4], ..BASE },
    Style { name: "five", weight: 0.4, per_bar: 5, tempo: tempo(138.0, 0.2, 90.0, 200.0), colour: Seventh, grooves: FIVE, bass: FIVE_BASS, chords: FIVE_CHORDS, palette: JAZZ, half_time: 0.0, chord_beats: &[5, 5, 10], ..BASE },
    Style { name: "five-rock", weight: 0.25, per_bar: 5, tempo: tempo(126.0, 0.18, 85.0, 175.0), grooves: FIVE, bass: FIVE_BASS, chords: FIVE_CHORDS, drive: 0.6, half_time: 0.0, chord_beats: &[5, 5, 10], ..BASE },
    Style { name: "seven", weight: 0.3, per_bar: 7, tempo: tempo(144.0, 0.2, 96.0, 220.0), grooves: SEVEN, bass: SEVEN_BASS, chords: SEVEN_CHORDS, drive: 0.3, half_time: 0.0, chord_beats: &[7, 7, 14], ..BASE },
    Style { name: "two-beat-ballad", weight: 0.3, per_bar: 2, tempo: tempo(80.0, 0.18, 52.0, 110.0), bass: &["r-------", "r---5---"], chords: &["b-1-2-1-", "x-------", "b123b123"], chord_beats: &[2, 2, 4], ..SOLO },
    Style { name: "piano-34", weight: 0.8, per_bar: 3, tempo: tempo(104.0, 0.25, 62.0, 180.0), bass: WALTZ_BASS, chords: WALTZ_CHORDS, chord_beats: &[3, 3, 6], ..SOLO },
    Style { name: "piano-68", weight: 0.6, per_bar: 2, steps: 3, tempo: tempo(58.0, 0.2, 40.0, 90.0), bass: COMPOUND_BASS, chords: COMPOUND_CHORDS, chord_beats: &[2, 2, 4, 1], ..SOLO },
    Style { name: "piano-ballad", weight: 0.8, tempo: tempo(72.0, 0.16, 50.0, 104.0), chords: &["b-1-2-3-b-1-2-3-", "x---x---x---x---", "b---2-3-b---2-3-", "x---------------"], ..SOLO },
    Style { name: "guitar-solo", weight: 0.8, tempo: tempo(90.0, 0.22, 56.0, 140.0), palette: GUITAR, ..SOLO },
    Style { name: "guitar-34", weight: 0.4, per_bar: 3, tempo: tempo(108.0, 0.2, 70.0, 160.0), palette: GUITAR, bass: WALTZ_BASS, chords: WALTZ_CHORDS, chord_beats: &[3, 3, 6], ..SOLO },
    Style { name: "choir-68", weight: 0.3, per_bar: 2, steps: 3, tempo: tempo(54.0, 0.18, 40.0, 76.0), palette: Palette { bass: &[52, 19], chords: &[52, 53, 54], lead: &[53, 54, 73], pad: &[52] }, bass: COMPOUND_BASS, chords: &["x--x--", "x-xx-x", "x-----"], chord_beats: &[2, 2, 1], ..SOLO },
    Style { name: "strings-motor", weight: 0.6, tempo: tempo(124.0, 0.18, 84.0, 170.0), colour: Plain, chords: &["xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x.", "b-x-x-x-b-x-x-x-", "X..X..X.X..X..X."], bass: &["r-r-r-r-r-r-r-r-", "r---r---r---r---", "rrrrrrrrrrrrrrrr"], palette: ORCHESTRA, density: density(0.9, 0.2, 0.3), ..SILENT },
];
