//! Country, from the string band to the roadhouse. Drawn by name only, as in [`super::genres`].

use super::super::harmony::Colour::{Plain, Seventh};
use super::super::style::{Drums, Style};
use super::genres::GENRE;
use super::{Palette, WALK_BASS, density, tempo};

const TWO_STEP: &[&[&str]] = &[
    &["k X.......X.......", "x ....X.......X...", "h x...x...x...x..."],
    &["k X.......X.......", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X.......X.......", "s v.vvX.vvv.vvX.vv"],
    &["k X.......X.....x.", "x ....X.......X...", "r x...x...x...x.x."],
];
const BOOM_CHICK: &[&[&str]] = &[
    &["k X...x...X...x...", "s ..X...X...X...X."],
    &["k X...X...X...X...", "x ..X...X...X...Xv", "f ..x...x...x...x."],
    &["k X...x...X...x...", "s v.X.v.X.v.X.v.Xv"],
];
const BRUSHED: &[&[&str]] = &[
    &["k x.......x.......", "s v.v.X.v.v.v.X.v.", "f ....x.......x..."],
    &["k X...x...X...x...", "s ....X.v.....X.v.", "h x...x.x.x...x.x."],
];
const ROADHOUSE: &[&[&str]] = &[
    &["k X...X...X...X...", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X.....x.X.......", "s ....X.......X.x.", "h x.x.x.x.x.x.x.o."],
    &["k X..x....X..x....", "s ....X.......X...", "a ....x.......x...", "h x.x.x.x.x.x.x.x."],
];
const SHUFFLE: &[&[&str]] = &[
    &["k X..x..X..x..", "x ...X.....X..", "h x.xx.xx.xx.x"],
    &["k X.....X.....", "s v.vX.vv.vX.v", "f ...x.....x.."],
    &["k X..X..X..X..", "s ...X.....X..", "r x.xx.xx.xx.x"],
];
const BOOM: &[&str] = &[
    "r-..5-..r-..5-..",
    "r---....5---....",
    "r---5---r---3---",
    "r-..5-..r-..w-w-",
    "r-------5---3---",
];
const FOURS: &[&str] =
    &["r---r---5---5---", "r---5---r---w---", "r--rr---5--5r---", "r-r-r-r-5-5-w-w-"];
const CHICK: &[&str] = &[
    "..X...X...X...X.",
    "b-x-b-x-b-x-b-x-",
    "b...X-x.b...X-x.",
    "....X.......X.x.",
    "b-..x-xxb-..x-xx",
];
const ROLLS: &[&str] = &[
    "1231231212312312",
    "2134213421342134",
    "b231b231b321b321",
    "1323132313231323",
    "b.12b.12b.13b.13",
];
const SHUFFLE_BOOM: &[&str] = &["r-....5-....", "r-.r-.5-.5-.", "r-.5-.r-.w-.", "r-.3-.5-.w-."];
const SHUFFLE_CHICK: &[&str] = &["...X.....X..", "...x-x...x-x", "b..X..b..X..", "..xX....xX.."];

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    Style { name: "two-step", tempo: tempo(172.0, 0.1, 140.0, 208.0), grooves: TWO_STEP, human: &["country"], bass: BOOM, chords: CHICK, palette: Palette { bass: &[32, 33], chords: &[25, 24, 27, 3], lead: &[110, 27, 22, 25], pad: &[48, 21] }, density: density(0.85, 0.05, 0.1), ..COUNTRY },
    Style { name: "boom-chick", tempo: tempo(108.0, 0.12, 84.0, 138.0), grooves: BOOM_CHICK, human: &["country"], bass: BOOM, chords: CHICK, palette: Palette { bass: &[32], chords: &[25, 25, 27], lead: &[26, 25, 27, 22, 56], pad: &[48] }, density: density(0.75, 0.1, 0.05), ..COUNTRY },
    Style { name: "western-swing", tempo: tempo(164.0, 0.14, 124.0, 216.0), swing: (0.56, 0.66, 1.0), colour: Seventh, grooves: BRUSHED, human: &["country", "jazz"], bass: WALK_BASS, chords: &["x...X...x...X...", "..X...X...X...X.", "x...x.x.x...x.x."], palette: Palette { bass: &[32], chords: &[25, 26, 0, 24], lead: &[110, 40, 26, 71, 56, 105], pad: &[48] }, density: density(0.95, 0.0, 0.05), ..COUNTRY },
    Style { name: "bluegrass", tempo: tempo(136.0, 0.12, 104.0, 172.0), drums: Drums::Silent, grooves: &[], bass: BOOM, chords: ROLLS, palette: Palette { bass: &[32], chords: &[105, 105, 25], lead: &[110, 105, 25, 110, 22], pad: &[110] }, density: density(0.9, 0.4, 0.0), ..COUNTRY },
    Style { name: "string-band", tempo: tempo(116.0, 0.14, 88.0, 150.0), drums: Drums::Silent, grooves: &[], bass: BOOM, chords: CHICK, palette: Palette { bass: &[32, 25], chords: &[25, 24, 105], lead: &[110, 40, 105, 22, 15, 21], pad: &[110, 21] }, density: density(0.95, 0.3, 0.1), ..COUNTRY },
    Style { name: "outlaw", tempo: tempo(104.0, 0.13, 78.0, 134.0), grooves: ROADHOUSE, human: &["country", "rock"], bass: FOURS, chords: &["x-x-x-x-x-x-x-x-", "x-..x-xxx-..x-xx", "X---x-x-X---x-x-"], palette: Palette { bass: &[33, 34], chords: &[27, 25, 28, 0], lead: &[27, 22, 110, 29, 26], pad: &[16, 48] }, drive: 0.08, density: density(0.8, 0.0, 0.2), ..COUNTRY },
    Style { name: "countrypolitan", tempo: tempo(88.0, 0.13, 66.0, 116.0), grooves: BRUSHED, human: &["country"], bass: FOURS, chords: ROLLS, palette: Palette { bass: &[33, 32], chords: &[0, 25, 24], lead: &[53, 110, 27, 0, 25], pad: &[48, 49, 52] }, density: density(0.9, 0.1, 0.85), ..COUNTRY },
    Style { name: "country-shuffle", steps: 3, tempo: tempo(118.0, 0.13, 88.0, 152.0), grooves: SHUFFLE, bass: SHUFFLE_BOOM, chords: SHUFFLE_CHICK, palette: Palette { bass: &[32, 33], chords: &[25, 27, 3, 0], lead: &[110, 27, 40, 22], pad: &[48] }, density: density(0.9, 0.0, 0.1), ..COUNTRY },
];

/// What they share.
const COUNTRY: Style = Style { colour: Plain, half_time: 0.0, chord_beats: &[4, 4, 8, 2], ..GENRE };
