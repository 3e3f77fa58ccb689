//! A piece: the material its sections share, and their playing bar by bar, in beats.

use super::drums::{self, Energy, Performance};
use super::figures::{self, Motif, Place};
use super::form::Section;
use super::harmony::{Chord, Key};
use super::players::Players;
use super::score::Note;
use super::style::Style;
use crate::dice::Dice;

/// The material of one theme of a piece.
struct Theme {
    progression: Vec<Chord>,
    groove: &'static [&'static str],
    bass: &'static str,
    chords: &'static str,
    motif: Motif,
}

/// Everything the sections of a piece share.
pub(super) struct Piece {
    key: Key,
    /// Chords given from outside, one per beat, instead of the themes' progressions.
    chart: Option<Vec<Chord>>,
    themes: Vec<Theme>,
    chord_beats: usize,
    driven: bool,
    riff: bool,
    centre: u8,
    order: Vec<usize>,
    arp_every: usize,
}

impl Piece {
    #[expect(clippy::explicit_auto_deref, reason = "without it `pick` is inferred unsized")]
    pub(super) fn draw(dice: &mut Dice, style: &Style, chart: Option<Vec<Chord>>) -> Self {
        let key = Key::draw(dice, style.colour);
        let busy = dice.between(0.1, 0.9);
        let themes = (0..3).map(|_| Theme {
            progression: key.progression(dice, style.colour),
            groove: if style.grooves.is_empty() { &[] } else { *dice.pick(style.grooves) },
            bass: *dice.pick(style.bass),
            chords: *dice.pick(style.chords),
            motif: {
                let bars = *dice.pick(&[1, 2, 2, 4]);
                Motif::draw(dice, bars, style.bar_steps(), style.steps, busy)
            },
        });
        Self {
            themes: themes.collect(),
            chord_beats: *dice.pick(style.chord_beats),
            driven: dice.chance(style.drive),
            riff: dice.chance(style.riff),
            centre: dice.whole(55, 67) as u8,
            order: (0..*dice.pick(&[3, 4, 4, 6, 8])).map(|_| dice.whole(0, 5)).collect(),
            arp_every: *dice.pick(&[1, 1, 2, 2, 3]),
            key,
            chart,
        }
    }

    pub(super) fn play(
        &self,
        dice: &mut Dice,
        style: &Style,
        section: &Section,
        first_bar: usize,
        human: Option<&Performance>,
        to: &mut Players,
    ) {
        to.driven = self.driven;
        let theme = &self.themes[section.theme % self.themes.len()];
        let per_bar = usize::from(style.per_bar);
        let (steps, step_beats) = (style.bar_steps(), 1.0 / style.steps as f64);
        let mut degree = 4 + dice.whole(0, 5) as i32;
        let performed = match (human, section.energy) {
            (Some(p), Energy::Full) => Some(p.bars(dice.whole(0, 64), section.bars)),
            _ => None,
        };
        let origin = (first_bar * per_bar) as f64;
        if let Some(notes) = &performed {
            to.drums.extend(notes.iter().map(|n| Note { at: n.at + origin, ..*n }));
        }
        for bar in 0..section.bars {
            let start = origin + (bar * per_bar) as f64;
            let place = Place { bar, steps, step_beats };
            let chord_at = |beat: f64| {
                let beat = bar * per_bar + beat as usize;
                match &self.chart {
                    Some(chart) => chart[(first_bar * per_bar + beat).min(chart.len() - 1)].clone(),
                    None => {
                        theme.progression[beat / self.chord_beats % theme.progression.len()].clone()
                    }
                }
            };
            let place_at =
                |notes: Vec<Note>| notes.into_iter().map(move |n| Note { at: n.at + start, ..n });
            let between = |notes: Vec<Note>| {
                let off = |note: &Note| !section.offbeat || (note.at - note.at.round()).abs() > 0.1;
                notes.into_iter().filter(off).collect::<Vec<Note>>()
            };
            let riff = self.riff.then_some(theme.chords).filter(|_| section.chords);
            if performed.is_none() {
                let mut notes = drum_bar(dice, style, section, theme.groove, bar);
                if let Some(riff) = riff.filter(|_| section.energy == Energy::Full) {
                    notes.retain(|note| note.key != drums::key_of('k'));
                    let kicks = figures::strokes(riff, place).into_iter();
                    notes.extend(kicks.map(|(at, velocity)| drums::hit('k', at, velocity)));
                }
                to.drums.extend(place_at(between(notes)));
            }
            if section.bass {
                let figure = riff.unwrap_or(theme.bass);
                to.bass.extend(place_at(between(figures::bass(dice, figure, place, &chord_at))));
            }
            if section.chords {
                let struck =
                    figures::chords(dice, theme.chords, place, self.centre, self.driven, &chord_at);
                to.chords.extend(place_at(between(struck)));
            }
            if section.lead {
                to.lead.extend(place_at(theme.motif.play(
                    dice,
                    place,
                    &self.key,
                    &mut degree,
                    &chord_at,
                )));
            }
            if section.arp {
                to.arp.extend(place_at(figures::arpeggio(
                    place,
                    &self.order,
                    self.arp_every,
                    self.centre + 12,
                    &chord_at,
                )));
            }
            if section.pad {
                to.pad.extend(place_at(figures::pad(place, self.centre + 5, &chord_at)));
            }
        }
    }
}

/// One bar of patterned drums with the section's crash and fill.
fn drum_bar(
    dice: &mut Dice,
    style: &Style,
    section: &Section,
    groove: &[&str],
    bar: usize,
) -> Vec<Note> {
    let mut notes = drums::bar(dice, style, groove, bar, section.energy);
    if bar == 0 && section.crash && section.energy != Energy::Out {
        notes.push(drums::hit('c', 0.0, 110.0));
    }
    if bar + 1 == section.bars && section.fill > 0.0 && section.energy != Energy::Out {
        let from = f64::from(style.per_bar) - section.fill;
        notes.retain(|n| n.at < from || n.key == drums::key_of('k'));
        notes.extend(drums::fill(dice, style, section.fill));
    }
    notes
}
