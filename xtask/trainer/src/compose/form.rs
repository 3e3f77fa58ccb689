//! Form: the sections of a piece, and who plays in each.

use super::drums::Energy;
use super::style::{Drums, Style};
use crate::dice::Dice;

/// A stretch of bars with one scoring.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    /// Bars it lasts.
    pub(super) bars: usize,
    /// Which of the piece's materials it uses: progression, groove and motif.
    pub(super) theme: usize,
    /// The drums.
    pub(super) energy: Energy,
    /// Beats of the fill in its last bar; 0 for none.
    pub(super) fill: f64,
    /// Whether the first beat is marked by a crash.
    pub(super) crash: bool,
    /// Bass, chords, melody, arpeggio, long chords.
    pub(super) bass: bool,
    /// Chords.
    pub(super) chords: bool,
    /// Melody.
    pub(super) lead: bool,
    /// Arpeggio.
    pub(super) arp: bool,
    /// Long chords.
    pub(super) pad: bool,
    /// Whether drums, bass and chords play only between the beats.
    pub(super) offbeat: bool,
}

/// Who belongs to the band at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    /// Melody.
    pub(super) lead: bool,
    /// Arpeggio.
    pub(super) arp: bool,
    /// Long chords.
    pub(super) pad: bool,
}

impl Band {
    /// Draws a band for `style`.
    pub(super) fn draw(dice: &mut Dice, style: &Style) -> Self {
        Self {
            lead: dice.chance(style.density.lead),
            arp: dice.chance(style.density.arp),
            pad: dice.chance(style.density.pad),
        }
    }
}

/// Sections that fill at least `bars` bars.
pub(super) fn draw(dice: &mut Dice, style: &Style, band: Band, bars: usize) -> Vec<Section> {
    let length = if bars < 16 { 4 } else { *dice.pick(&[4, 8, 8, 8]) };
    let mut sections: Vec<Section> = Vec::new();
    let mut filled = 0;
    let mut intro = dice.chance(0.4);
    let order = *dice.pick(&[[0, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 2, 1]]);
    let mut index = 0;
    while filled < bars {
        let mut section = full(dice, style, band, length, order[index % order.len()]);
        if intro {
            let machine = matches!(style.drums, Drums::Machine | Drums::Chip);
            section.bars = *dice.pick(if machine { &[2, 4, 8, 8] } else { &[2, 2, 4, 4] });
            thin_out(dice, &mut section, if machine { 0.8 } else { 0.6 });
            intro = false;
        } else if index > 0 && dice.chance(0.2) {
            thin_out(dice, &mut section, 0.75);
            section.bars = *dice.pick(&[2, 4, 4, length]);
        } else {
            index += 1;
        }
        section.offbeat = dice.chance(style.offbeat);
        filled += section.bars;
        sections.push(section);
    }
    sections
}

fn full(dice: &mut Dice, style: &Style, band: Band, bars: usize, theme: usize) -> Section {
    let silent = style.drums == Drums::Silent;
    let energy = match () {
        () if silent => Energy::Out,
        () if dice.chance(style.half_time) => Energy::HalfTime,
        () if dice.chance(style.double_time) => Energy::DoubleTime,
        () => Energy::Full,
    };
    Section {
        bars,
        theme,
        energy,
        fill: if silent || dice.chance(0.35) { 0.0 } else { *dice.pick(&[1.0, 1.0, 2.0]) },
        crash: !silent && dice.chance(0.5),
        bass: dice.chance(0.95),
        chords: dice.chance(0.93),
        lead: band.lead && dice.chance(0.75),
        arp: band.arp && dice.chance(0.8),
        pad: band.pad && dice.chance(0.8),
        offbeat: false,
    }
}

/// A breakdown or an intro: fewer drums with probability `quiet`, and fewer players.
fn thin_out(dice: &mut Dice, section: &mut Section, quiet: f64) {
    if section.energy != Energy::Out && dice.chance(quiet) {
        section.energy = *dice.pick(&[Energy::Out, Energy::Out, Energy::Light, Energy::Kick]);
        section.crash = false;
    }
    section.bass &= dice.chance(0.5);
    section.lead &= dice.chance(0.5);
    section.chords &= dice.chance(0.8);
    let heard = section.bass || section.chords || section.arp || section.lead;
    if !heard && matches!(section.energy, Energy::Out | Energy::Light) {
        section.chords = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_fill_the_piece_and_are_never_empty() {
        for seed in 0..50 {
            let mut dice = Dice::named(seed, "form");
            let style = Style::draw(&mut dice);
            let band = Band::draw(&mut dice, style);
            let sections = draw(&mut dice, style, band, 20);
            assert!(sections.iter().map(|s| s.bars).sum::<usize>() >= 20);
            for s in &sections {
                let drums = !matches!(s.energy, Energy::Out | Energy::Light);
                assert!(drums || s.bass || s.chords || s.lead || s.arp || s.pad, "{s:?}");
            }
        }
    }
}
