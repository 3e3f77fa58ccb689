//! The repertoire: every style with its grooves, bass lines and chord figures, as a table.
//!
//! A drum line is an instrument letter (see [`super::drums`]), a space, and one character per step:
//! `X` accent, `x` normal, `v` soft, `g` ghost, `?` now and then, `.` rest. A bass line has `r` root,
//! `5` fifth, `3` third, `o` octave, `w` walking, `-` hold. A chord figure has `X x v` the chord,
//! `m` a palm-muted one, `b` its bass note, `1`-`4` a single tone, `-` hold. Longer lines than a bar
//! go on over the next.

mod acoustic;
mod clubs;
mod country;
mod dance;
mod electronic;
mod genres;
mod metal;

use std::sync::LazyLock;

use super::grid::Steadiness::{Band, Machine, Rubato};
use super::harmony::Colour::{Blues, Dark, Plain, Seventh};
use super::style::{Density, Drums, Palette, Style, Tempo};

const fn tempo(median: f64, spread: f64, low: f64, high: f64) -> Tempo {
    Tempo { median, spread, range: (low, high) }
}
const fn density(lead: f64, arp: f64, pad: f64) -> Density {
    Density { lead, arp, pad }
}

const STRAIGHT: (f64, f64, f64) = (0.5, 0.5, 1.0);
const ROCK_BASS: &[u8] = &[33, 34, 33, 36];
const SYNTH_BASS: &[u8] = &[38, 39, 38, 87, 81];
const GUITARS: &[u8] = &[24, 25, 26, 27, 28];
const SYNTHS: &[u8] = &[80, 81, 82, 84, 86, 87, 88, 90, 62, 63];
const LEADS: &[u8] = &[80, 81, 82, 73, 65, 66, 56, 40, 26, 11, 85, 53];
const PADS: &[u8] = &[48, 49, 50, 51, 52, 88, 89, 90, 91, 92, 94, 95];
const METAL: Palette =
    Palette { bass: ROCK_BASS, chords: &[30, 29, 30], lead: &[30, 29, 81], pad: &[48, 52, 89] };
const ROCK: Palette = Palette {
    bass: ROCK_BASS,
    chords: &[27, 29, 30, 25, 18],
    lead: &[29, 30, 65, 26, 53, 80],
    pad: PADS,
};
const POP: Palette =
    Palette { bass: &[33, 34, 38, 39], chords: &[0, 4, 5, 24, 25, 27], lead: LEADS, pad: PADS };
const ELECTRO: Palette =
    Palette { bass: SYNTH_BASS, chords: SYNTHS, lead: &[80, 81, 84, 87, 85, 98], pad: PADS };
const JAZZ: Palette = Palette {
    bass: &[32, 32, 33],
    chords: &[0, 4, 26, 16, 11],
    lead: &[65, 66, 56, 57, 71, 11],
    pad: &[48],
};
const FOLK: Palette =
    Palette { bass: &[32, 33], chords: GUITARS, lead: &[73, 40, 22, 105, 72, 21], pad: &[48, 49] };
const ORCHESTRA: Palette = Palette {
    bass: &[43, 42, 58, 70],
    chords: &[48, 49, 46, 45, 60, 6, 0],
    lead: &[40, 73, 68, 71, 60, 56],
    pad: &[48, 49, 52],
};

const ROCK_GROOVES: &[&[&str]] = &[
    &["k X.......X.......", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X.....x.X.......", "s ....X.......X...", "h X.x.X.x.X.x.X.x."],
    &["k X..x..x...x.....", "s ....X.......X..?", "r x.x.x.x.x.x.x.x."],
    &["k X.x.....x.x.....", "s ....X.......X...", "o x...x...x...x..."],
    &["k X.....x...x...?.", "s ....X..g.g..X...", "h xvxvxvxvxvxvxvxv"],
    &["k X...X...X...X...", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X.......X.x.....", "s ....X.......X...", "h x...x...x...x...", "f ..x...x...x...x."],
    &[
        "k X.....X...X.....X..X....X.......",
        "s ....X.......X.......X.......X..x",
        "h x.x.x.x.x.x.x.x.",
    ],
];
const METAL_GROOVES: &[&[&str]] = &[
    &["k XxxxXxxxXxxxXxxx", "s ....X.......X...", "c x...x...x...x..."],
    &["k X.xxX.xxX.xxX.xx", "s ....X.......X...", "h X...X...X...X..."],
    &["k X.x.X.x.X.x.X.x.", "s ..X...X...X...X.", "h X.x.X.x.X.x.X.x."],
    &["k X.X.X.X.X.X.X.X.", "s .X.X.X.X.X.X.X.X", "r X.X.X.X.X.X.X.X."],
    &["k X.....xxX..x..xx", "s ....X.......X...", "o X...X...X...X..."],
    &["k X..xX.......x.xx", "s ........X.......", "c X...x...x...x..."],
    &["k XxxXxxXxX...X...", "s ....X.......X...", "c X..x..x.X...X..."],
    &["k X...X...X...X.xx", "s ....X.......X...", "r X.x.X.x.X.x.X.x."],
];
const PUNK_GROOVES: &[&[&str]] = &[
    &["k X...X...X...X...", "s ..X...X...X...X.", "h X.X.X.X.X.X.X.X."],
    &["k X.....x.X.x.....", "s ....X.......X...", "o X.x.X.x.X.x.X.x."],
    &["k X.....X.X.....X.", "s ....X.......X...", "r X.x.X.x.X.x.X.x."],
];
const FOUR_FLOOR: &[&[&str]] = &[
    &["k X...X...X...X...", "p ....X.......X...", "o ..x...x...x...x."],
    &["k X...X...X...X...", "s ....X.......X...", "h xvxvxvxvxvxvxvxv", "o ..x...x...x...x."],
    &["k X...X...X...X...", "h ..x...x...x...x."],
    &["k X...X...X...X..?", "p ....X.......X..?", "h x.xvx.xvx.xvx.xv", "z xvvvxvvvxvvvxvvv"],
    &["k X...X...X...X...", "p ....X..x....X...", "r ..x...x...x...x.", "h vvvvvvvvvvvvvvvv"],
    &["k X...X...X...X.x.", "x ..x..x..x..x..x.", "o ..x...x...x...x."],
];
const BREAKS: &[&[&str]] = &[
    &["k X.........X.....", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X.x.......xx....", "s ....X..g.g..X..g", "h x.x.x.x.x.x.x.x."],
    &["k X.x...x...x.....", "s ....X..x.x..X..x", "r x.x.x.x.x.x.x.x."],
    &["k X..x......x..x..", "s ....X..g....X.g.", "h xxxxxxxxxxxxxxxx"],
    &[
        "k X.........x.....X.x.......x.....",
        "s ....X..x....X.......X..x.x....X.",
        "h x.x.x.x.x.x.x.x.",
    ],
];
const HIPHOP_GROOVES: &[&[&str]] = &[
    &["k X......x..x.....", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X.x....x.xx.....", "s ....X.......X...", "h x.xvx.xvx.x.x.xv"],
    &["k X..x......x...x.", "p ....X.......X...", "h xvxvxvxvxvxvxvxx"],
    &["k X.....x...x.....", "s ....X..g.g..X...", "h x.x.x.x.x.x.x.o."],
    &["k X.......x..x..x.", "p ....X.......X...", "h x.x.x.xxx.x.xxxx"],
];
const FUNK_GROOVES: &[&[&str]] = &[
    &["k X.x....x..x..x..", "s ....X..g.g..X..g", "h xxxxxxxxxxxxxxxx"],
    &["k X..x..x...x.x...", "s .g..X..g.g..Xg..", "h x.x.x.x.x.x.x.o."],
    &["k X.x...x.....x...", "s ....X..g.X..g.X.", "h x.x.x.x.x.x.x.x."],
];
const REGGAE_GROOVES: &[&[&str]] = &[
    &["k ........X.......", "x ........X.......", "h x.x.x.x.x.x.x.x."],
    &["k X.......X.......", "s ........X.......", "h x.x.x.x.x.x.x.xv"],
    &["k X...X...X...X...", "x ........X..?....", "h x.x.x.x.x.x.x.x."],
];
const SWING_GROOVES: &[&[&str]] = &[
    &["r X...X.x.X...X.x.", "f ....x.......x...", "k v...v...v...v...", "s ......?.......?."],
    &["r X...X.x.X...X.x.", "f ....X.......X...", "s ..?....?..?....."],
    &["h X...X.x.X...X.x.", "k X.......X.......", "s ....x.......x..."],
];
const LATIN_GROOVES: &[&[&str]] = &[
    &["k X..xX..xX..xX..x", "x x..x..x...x..x..", "h x.x.x.x.x.x.x.x."],
    &["k ...x..x....x..x.", "w x...x...x...x...", "g ..x...xx..x...xx", "z xvxvxvxvxvxvxvxv"],
    &["k X.....x.X.....x.", "s ...x..x....x..x.", "h x.x.x.x.x.x.x.x."],
    &["k X...X...X...X...", "s ...x..x....x..x.", "z xvxvxvxvxvxvxvxv"],
];
const COUNTRY_GROOVES: &[&[&str]] = &[
    &["k X...X...X...X...", "s vvXvvvXvvvXvvvXv"],
    &["k X.......X.......", "s ....X.......X...", "h x.x.x.x.x.x.x.x."],
    &["k X...x...X...x...", "x ..x...x...x...x."],
];
const WALTZ_GROOVES: &[&[&str]] = &[
    &["k X...........", "s ....x...x...", "h x...x...x..."],
    &["k X...........", "h ....x...x...", "r x...x.x.x..."],
    &["k X.......?...", "x ....x...x...", "r X...x...x..."],
];
const MARCH_GROOVES: &[&[&str]] = &[
    &["k X...X...", "s ..X...X."],
    &["k X...x...", "s vvXvvvXv", "c ....v..."],
    &["k X...X...", "h ..x...x.", "s ......X."],
];
const COMPOUND_GROOVES: &[&[&str]] = &[
    &["k X.....", "s ...X..", "h xxxxxx"],
    &["k X....x", "s ...X..", "r xvvxvv"],
    &["k X.x...", "x ...X..", "h xvvxvv"],
];
const SHUFFLE_GROOVES: &[&[&str]] = &[
    &["k X.....X.....", "s ...X.....X..", "h x.xx.xx.xx.x"],
    &["k X..x..X..x..", "s ...X.....X..", "r x.xx.xx.xx.x"],
    &["k X....xX.....", "s ...X.....X..", "h xxxxxxxxxxxx"],
];

const EIGHTHS_BASS: &[&str] = &[
    "r.r.r.r.r.r.r.r.",
    "r-r-r-r-r-r-r-r-",
    "r-----r-r---r-5-",
    "r---r---r---r---",
    "r-..r-r-..r-5-o-",
    "r--r--r-r--r--5-",
];
const LONG_BASS: &[&str] =
    &["r---------------", "r-------5-------", "r-----------5---", "r-----r---------"];
const OCTAVE_BASS: &[&str] = &[
    "r.o.r.o.r.o.r.o.",
    "..r-..r-..r-..r-",
    "r-r-o-r-r-r-o-r-",
    "r..r..r.r..r..o.",
    "rrorrrorrrorrror",
    ".rrr.rrr.rrr.rrr",
    "r-..r-..r-..r-..",
];
const SYNC_BASS: &[&str] = &[
    "r--r..r-..r-..5-",
    "r-.....r-.r-....",
    "r..r..r...5-o...",
    "r.......r..r....",
    "r-r...o..r-.5-3-",
];
const WALK_BASS: &[&str] = &["r---w---w---w---", "r---w---5---w---", "r-------5-------"];
const REGGAE_BASS: &[&str] = &["r-..r-3-5-......", "....r-r-5-3-r-..", "r-....r-..5-..3-"];
const LATIN_BASS: &[&str] = &["r--5..5-r--5..5-", "......5-....r---", "r-----5-r-----5-"];
const STAB_CHORDS: &[&str] = &[
    "x---x---x---x---",
    "x---------------",
    "x-------x-------",
    "x-..x-x-..x-x-..",
    "X-xxX-xxX-xxX-xx",
    "x--x--x-x--x--x-",
    "....X.......X...",
    "x-.x..x-..x-.x..",
];
const RIFF_CHORDS: &[&str] = &[
    "xxxxxxxxxxxxxxxx",
    "X.xxX.xxX.xxX.xx",
    "X---------------",
    "X-xxx-xxX-xxx-x-",
    "X-..X-..X-..X-..",
    "x.x.x.x.x.x.x.x.",
    "X-----X-----X---",
    "x-.xx-.xx-.xx-x-",
];
const OFFBEAT_CHORDS: &[&str] = &[
    "..x-..x-..x-..x-",
    "..X...X...X...X.",
    "....x-......x-..",
    "x..x..x..x..x.x.",
    "..x..x..x..x..x.",
];
const PICKED_CHORDS: &[&str] = &[
    "b-1-2-3-2-1-2-3-",
    "b-2-1-3-b-2-1-3-",
    "b-1-2-3-4-3-2-1-",
    "1-2-3-2-1-2-3-2-",
    "b---2-3-b---2-3-",
    "b1232123b1232123",
];
const COMP_CHORDS: &[&str] = &[
    "x-......x-......",
    "......x-........",
    "x.....x-........",
    "....x-........x-",
    "x-..........x-..",
];
const OOMPAH_CHORDS: &[&str] = &["b-..x-..b-..x-..", "b---X-..b---X-x-"];
const WALTZ_CHORDS: &[&str] =
    &["b---x---x---", "b---x-..x-..", "b-1-2-3-2-1-", "x-----------", "....x-..x-.."];
const WALTZ_BASS: &[&str] = &["r-----------", "r-------5---", "r-..5-..5-..", "r---w---w---"];
const MARCH_CHORDS: &[&str] = &["b-x-b-x-", "..x...x.", "b-x-b-xx"];
const MARCH_BASS: &[&str] = &["r-..5-..", "r---5---", "r-r-5-5-"];
const COMPOUND_CHORDS: &[&str] = &["b12321", "b13b13", "x-----", "1232b2", "x--x--"];
const COMPOUND_BASS: &[&str] = &["r-----", "r--5--", "r----5", "r--r-5"];
const SHUFFLE_CHORDS: &[&str] = &["x-xx-xx-xx-x", "x..x..x..x..", "x-----x-----", "..x..x..x..x"];
const SHUFFLE_BASS: &[&str] = &["r-.5-.w-.5-.", "r-rr-rr-rr-r", "r--w--w--w--"];

const BASE: Style = Style {
    name: "",
    weight: 1.0,
    per_bar: 4,
    steps: 4,
    tempo: tempo(110.0, 0.15, 70.0, 170.0),
    swing: STRAIGHT,
    steadiness: Band,
    colour: Plain,
    drums: Drums::Acoustic,
    grooves: ROCK_GROOVES,
    human: &[],
    bass: EIGHTHS_BASS,
    chords: STAB_CHORDS,
    palette: ROCK,
    drive: 0.0,
    chip: 0.0,
    density: density(0.6, 0.1, 0.3),
    chord_beats: &[4, 4, 4, 2, 8],
    half_time: 0.05,
    double_time: 0.0,
    riff: 0.0,
    offbeat: 0.0,
};
const SILENT: Style = Style { drums: Drums::Silent, grooves: &[], half_time: 0.0, ..BASE };

/// Every style of the composer.
pub(super) static STYLES: LazyLock<Vec<Style>> = LazyLock::new(|| {
    let drawn = [COMMON, metal::STYLES, electronic::STYLES, acoustic::STYLES];
    let named = [genres::STYLES, country::STYLES, dance::STYLES, clubs::STYLES];
    [drawn.concat(), named.concat()].concat()
});

/// The commonest styles, a line each so that they can be compared.
#[rustfmt::skip]
const COMMON: &[Style] = &[
    Style { name: "rock", weight: 2.0, tempo: tempo(122.0, 0.17, 75.0, 180.0), human: &["rock", "pop"], drive: 0.6, ..BASE },
    Style { name: "metal", weight: 2.2, tempo: tempo(132.0, 0.22, 80.0, 210.0), colour: Dark, grooves: METAL_GROOVES, human: &["rock", "punk"], chords: metal::RIFFS, palette: METAL, drive: 1.0, density: density(0.45, 0.0, 0.15), half_time: 0.22, double_time: 0.12, riff: 0.4, ..BASE },
    Style { name: "punk", weight: 0.8, tempo: tempo(168.0, 0.1, 140.0, 210.0), grooves: PUNK_GROOVES, human: &["punk"], chords: RIFF_CHORDS, palette: METAL, drive: 1.0, half_time: 0.15, double_time: 0.1, ..BASE },
    Style { name: "pop", weight: 1.6, tempo: tempo(112.0, 0.16, 70.0, 160.0), human: &["pop", "dance", "soul"], palette: POP, density: density(0.8, 0.25, 0.5), ..BASE },
    Style { name: "house", weight: 1.4, tempo: tempo(125.0, 0.05, 110.0, 140.0), swing: (0.5, 0.58, 0.5), steadiness: Machine, drums: Drums::Machine, grooves: FOUR_FLOOR, bass: OCTAVE_BASS, chords: OFFBEAT_CHORDS, palette: ELECTRO, chip: 0.35, density: density(0.5, 0.4, 0.5), half_time: 0.0, offbeat: 0.12, ..BASE },
    Style { name: "techno", weight: 1.2, tempo: tempo(132.0, 0.07, 118.0, 155.0), steadiness: Machine, colour: Dark, drums: Drums::Machine, grooves: FOUR_FLOOR, bass: OCTAVE_BASS, chords: STAB_CHORDS, palette: ELECTRO, chip: 0.5, density: density(0.3, 0.7, 0.4), half_time: 0.0, offbeat: 0.12, ..BASE },
    Style { name: "breakbeat", weight: 1.0, tempo: tempo(132.0, 0.08, 110.0, 150.0), steadiness: Machine, colour: Dark, drums: Drums::Machine, grooves: BREAKS, human: &["hiphop", "funk"], bass: SYNC_BASS, palette: ELECTRO, chip: 0.5, density: density(0.5, 0.5, 0.5), offbeat: 0.12, ..BASE },
    Style { name: "drumnbass", weight: 0.6, tempo: tempo(172.0, 0.03, 160.0, 180.0), steadiness: Machine, colour: Dark, drums: Drums::Machine, grooves: BREAKS, bass: LONG_BASS, palette: ELECTRO, chip: 0.5, density: density(0.4, 0.4, 0.6), half_time: 0.0, offbeat: 0.12, ..BASE },
    Style { name: "tracker", weight: 2.4, tempo: tempo(127.0, 0.14, 80.0, 175.0), steadiness: Machine, drums: Drums::Machine, grooves: ROCK_GROOVES, bass: OCTAVE_BASS, palette: ELECTRO, drive: 0.15, chip: 0.45, density: density(0.85, 0.6, 0.5), offbeat: 0.12, ..BASE },
    Style { name: "tracker-breaks", weight: 1.2, tempo: tempo(125.0, 0.15, 85.0, 165.0), steadiness: Machine, colour: Dark, drums: Drums::Machine, grooves: BREAKS, bass: SYNC_BASS, palette: ELECTRO, chip: 0.4, density: density(0.8, 0.6, 0.5), offbeat: 0.12, ..BASE },
    Style { name: "chiptune", weight: 1.5, tempo: tempo(140.0, 0.15, 95.0, 190.0), steadiness: Machine, drums: Drums::Chip, grooves: ROCK_GROOVES, bass: EIGHTHS_BASS, palette: ELECTRO, chip: 1.0, density: density(0.95, 0.8, 0.1), offbeat: 0.12, ..BASE },
    Style { name: "electro", weight: 1.0, tempo: tempo(116.0, 0.12, 85.0, 140.0), steadiness: Machine, drums: Drums::Machine, grooves: HIPHOP_GROOVES, bass: OCTAVE_BASS, palette: ELECTRO, chip: 0.5, density: density(0.7, 0.5, 0.6), offbeat: 0.12, ..BASE },
    Style { name: "hiphop", weight: 1.2, tempo: tempo(90.0, 0.08, 70.0, 112.0), swing: (0.5, 0.62, 0.5), colour: Seventh, drums: Drums::Machine, grooves: HIPHOP_GROOVES, human: &["hiphop", "soul"], bass: SYNC_BASS, chords: COMP_CHORDS, palette: POP, density: density(0.4, 0.15, 0.4), ..BASE },
    Style { name: "funk", weight: 1.0, tempo: tempo(106.0, 0.1, 84.0, 132.0), swing: (0.5, 0.56, 0.5), colour: Seventh, grooves: FUNK_GROOVES, human: &["funk", "soul", "gospel"], bass: SYNC_BASS, chords: OFFBEAT_CHORDS, palette: Palette { chords: &[27, 28, 4, 7, 61, 16], ..ROCK }, ..BASE },
    Style { name: "disco", weight: 0.8, tempo: tempo(119.0, 0.05, 104.0, 134.0), colour: Seventh, grooves: FOUR_FLOOR, human: &["dance"], bass: OCTAVE_BASS, chords: OFFBEAT_CHORDS, palette: POP, density: density(0.6, 0.2, 0.7), ..BASE },
    Style { name: "reggae", weight: 0.8, tempo: tempo(76.0, 0.1, 62.0, 95.0), swing: (0.5, 0.6, 0.5), grooves: REGGAE_GROOVES, human: &["reggae"], bass: REGGAE_BASS, chords: OFFBEAT_CHORDS, palette: Palette { chords: &[27, 16, 0, 17], ..POP }, ..BASE },
    Style { name: "ska", weight: 0.3, tempo: tempo(148.0, 0.1, 120.0, 180.0), grooves: ROCK_GROOVES, bass: WALK_BASS, chords: &["..X...X...X...X."], palette: Palette { chords: &[27, 16, 61], lead: &[56, 57, 65], ..ROCK }, ..BASE },
    Style { name: "swing", weight: 1.4, tempo: tempo(138.0, 0.28, 72.0, 240.0), swing: (0.58, 0.68, 1.0), colour: Seventh, grooves: SWING_GROOVES, human: &["jazz"], bass: WALK_BASS, chords: COMP_CHORDS, palette: JAZZ, density: density(0.85, 0.0, 0.0), half_time: 0.0, ..BASE },
    Style { name: "bossa", weight: 0.6, tempo: tempo(132.0, 0.12, 100.0, 170.0), colour: Seventh, grooves: LATIN_GROOVES, human: &["latin"], bass: LATIN_BASS, chords: OFFBEAT_CHORDS, palette: JAZZ, ..BASE },
    Style { name: "latin", weight: 0.8, tempo: tempo(104.0, 0.16, 78.0, 140.0), grooves: LATIN_GROOVES, human: &["latin", "afrocuban", "afrobeat"], bass: LATIN_BASS, chords: OFFBEAT_CHORDS, palette: Palette { chords: &[0, 24, 25, 61], lead: &[56, 73, 65, 11], ..POP }, ..BASE },
    Style { name: "country", weight: 0.6, tempo: tempo(112.0, 0.18, 75.0, 170.0), grooves: COUNTRY_GROOVES, human: &["country"], bass: LONG_BASS, chords: OOMPAH_CHORDS, palette: FOLK, ..BASE },
    Style { name: "blues", weight: 0.8, steps: 3, tempo: tempo(104.0, 0.22, 58.0, 150.0), colour: Blues, grooves: SHUFFLE_GROOVES, bass: SHUFFLE_BASS, chords: SHUFFLE_CHORDS, drive: 0.3, density: density(0.8, 0.0, 0.0), chord_beats: &[4], ..BASE },
    Style { name: "waltz", weight: 1.4, per_bar: 3, tempo: tempo(122.0, 0.25, 72.0, 200.0), grooves: WALTZ_GROOVES, bass: WALTZ_BASS, chords: WALTZ_CHORDS, palette: JAZZ, density: density(0.85, 0.0, 0.3), chord_beats: &[3, 3, 6], half_time: 0.0, ..BASE },
    Style { name: "pop-34", weight: 0.8, per_bar: 3, tempo: tempo(104.0, 0.25, 66.0, 180.0), grooves: WALTZ_GROOVES, bass: WALTZ_BASS, chords: WALTZ_CHORDS, palette: POP, drive: 0.3, density: density(0.8, 0.1, 0.5), chord_beats: &[3, 3, 6], half_time: 0.0, ..BASE },
    Style { name: "march", weight: 0.5, per_bar: 2, tempo: tempo(112.0, 0.1, 88.0, 140.0), grooves: MARCH_GROOVES, bass: MARCH_BASS, chords: MARCH_CHORDS, palette: Palette { bass: &[58], chords: &[61, 60, 21], lead: &[56, 72, 71, 21], pad: &[48] }, density: density(0.9, 0.0, 0.1), chord_beats: &[2, 4, 4], half_time: 0.0, ..BASE },
    Style { name: "ballad-68", weight: 0.9, per_bar: 2, steps: 3, tempo: tempo(58.0, 0.18, 40.0, 84.0), grooves: COMPOUND_GROOVES, bass: COMPOUND_BASS, chords: COMPOUND_CHORDS, palette: POP, density: density(0.85, 0.0, 0.5), chord_beats: &[2, 2, 4, 1], half_time: 0.0, ..BASE },
    Style { name: "slow-rock", weight: 0.9, tempo: tempo(76.0, 0.14, 56.0, 100.0), human: &["rock", "soul", "pop"], bass: LONG_BASS, chords: PICKED_CHORDS, palette: POP, drive: 0.2, density: density(0.8, 0.1, 0.6), ..BASE },
    Style { name: "folk", weight: 1.0, tempo: tempo(106.0, 0.2, 65.0, 165.0), steadiness: Band, chords: PICKED_CHORDS, bass: LONG_BASS, palette: FOLK, density: density(0.7, 0.0, 0.1), ..SILENT },
    Style { name: "piano", weight: 1.2, tempo: tempo(88.0, 0.25, 50.0, 150.0), steadiness: Rubato, chords: PICKED_CHORDS, bass: LONG_BASS, palette: Palette { bass: &[0], chords: &[0, 1, 2, 4], lead: &[0, 0, 73, 40], pad: &[48] }, density: density(0.9, 0.0, 0.2), ..SILENT },
    Style { name: "orchestra", weight: 1.2, tempo: tempo(106.0, 0.25, 56.0, 168.0), steadiness: Rubato, chords: &["x-------x-------", "x---x---x---x---", "x-x-x-x-x-x-x-x-", "b-1-2-3-2-1-2-3-", "x.xxx.xxx.xxx.xx"], bass: &["r---r---r---r---", "r-------5-------", "r---------------", "r-r-r-r-r-r-r-r-"], palette: ORCHESTRA, density: density(0.95, 0.2, 0.5), ..SILENT },
    Style { name: "orchestra-34", weight: 0.9, per_bar: 3, tempo: tempo(112.0, 0.25, 66.0, 180.0), steadiness: Rubato, chords: WALTZ_CHORDS, bass: WALTZ_BASS, palette: ORCHESTRA, density: density(0.95, 0.1, 0.4), chord_beats: &[3, 3, 6], ..SILENT },
    Style { name: "synth", weight: 0.8, tempo: tempo(112.0, 0.15, 70.0, 150.0), steadiness: Machine, chords: &["x---------------", "x--x--x-x--x--x-", "x-x-x-x-x-x-x-x-"], bass: OCTAVE_BASS, palette: ELECTRO, chip: 0.4, density: density(0.7, 0.9, 0.8), ..SILENT },
    Style { name: "hymn", weight: 0.5, tempo: tempo(84.0, 0.15, 58.0, 120.0), steadiness: Rubato, chords: &["x---x---x---x---", "x---x---x-------"], bass: &["r---w---5---w---", "r---r---5---r---"], palette: Palette { bass: &[19, 43, 52], chords: &[52, 53, 19, 48, 54], lead: &[52, 53, 19], pad: &[52] }, density: density(0.5, 0.0, 0.1), chord_beats: &[1, 2, 2, 4], ..SILENT },
];
