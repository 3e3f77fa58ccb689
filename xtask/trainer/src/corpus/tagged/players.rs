//! Players: further ways in which the figures of a style are played, kept apart by the sides of the split.

use std::collections::BTreeSet;

use super::genres::Genre;
use crate::compose::style::Style;
use crate::compose::variation;
use crate::dice::Dice;

/// How many players of each figure there are beside the one it was written for, in training and in
/// validation: a figure that is met in few ways is learned by heart, and it is genres that are to be learned.
/// Some of them play alike.
const PLAYERS: [usize; 2] = [40, 5];

/// Every drum groove, bass line and chord figure of `style`, as words.
pub(super) fn figures(style: &Style) -> impl Iterator<Item = String> {
    let grooves = style.grooves.iter().map(|lines| lines.join("/"));
    grooves.chain(style.bass.iter().chain(style.chords).map(|&line| line.to_owned()))
}

/// Gives every figure of every style further players. What happens to be a figure of the other side, as
/// written or as played there, is left out.
pub(super) fn join(genres: &mut [Genre]) {
    let mut known: [BTreeSet<String>; 2] = Default::default();
    for (_, sides) in &*genres {
        for (known, styles) in known.iter_mut().zip(sides) {
            known.extend(styles.iter().flat_map(figures));
        }
    }
    // Validation first: training gives way. What validation plays does not depend on how many play in training,
    // and fewer play some of what more would, so that corpora of fewer keep their sides apart from those of more.
    for (side, other) in [(1, 0), (0, 1)] {
        for style in genres.iter_mut().flat_map(|(_, sides)| &mut sides[side]) {
            let mut dice = Dice::named(side as u64, &format!("players {}", style.name));
            *style =
                further(style, PLAYERS[side], &mut dice, |figure| !known[other].contains(figure));
            known[side].extend(figures(style));
        }
    }
}

/// `style` with the figures of so many `players` more, as far as they are `free`.
fn further(
    style: &Style,
    players: usize,
    dice: &mut Dice,
    free: impl Fn(&String) -> bool,
) -> Style {
    let (bar, steps) = (style.bar_steps(), style.steps);
    let mut grooves = style.grooves.to_vec();
    let (mut bass, mut chords) = (style.bass.to_vec(), style.chords.to_vec());
    for _ in 0..players {
        for lines in style.grooves {
            let played = variation::groove(dice, lines, bar, steps);
            if free(&played.join("/")) {
                let lines = played.into_iter().map(|line| &*line.leak());
                grooves.push(lines.collect::<Vec<&'static str>>().leak());
            }
        }
        let played = style.bass.iter().map(|line| variation::bass(dice, line, bar));
        bass.extend(played.filter(&free).map(|line| &*line.leak()));
        let played = style.chords.iter().map(|line| variation::chords(dice, line, bar));
        chords.extend(played.filter(&free).map(|line| &*line.leak()));
    }
    // Small tables for the life of the program.
    Style { grooves: grooves.leak(), bass: bass.leak(), chords: chords.leak(), ..*style }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_figures_than_were_written_and_none_that_is_taken() {
        let rock = Style::named("rock").expect("rock is played");
        let written = figures(rock).count();
        let of = |players: usize, free: &dyn Fn(&String) -> bool| -> Vec<String> {
            figures(&further(rock, players, &mut Dice::named(1, "players"), free)).collect()
        };
        let play = |free: &dyn Fn(&String) -> bool| of(5, free);
        let all = play(&|_| true);
        assert_eq!(all.len(), written * 6);
        assert_eq!(all, play(&|_| true));
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert!(distinct.len() > 3 * written, "{} of {}", distinct.len(), all.len());
        assert_eq!(play(&|_| false).len(), written);
        let many: BTreeSet<String> = of(40, &|_| true).into_iter().collect();
        assert!(all.iter().all(|figure| many.contains(figure)) && many.len() > 2 * distinct.len());
    }
}
