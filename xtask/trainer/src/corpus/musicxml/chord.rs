//! Chord symbols: a `harmony` element as pitch classes.

use roxmltree::Node;

use super::read::text_of;
use crate::compose::harmony::Chord;

/// The chord of `harmony`; `None` for "no chord" and for what is not understood.
pub(super) fn read(harmony: Node<'_, '_>) -> Option<Chord> {
    let root = class(harmony, "root")?;
    let tones: &[u8] = match text_of(harmony, "kind")?.trim() {
        "none" => return None,
        "minor" => &[0, 3, 7],
        "augmented" => &[0, 4, 8],
        "diminished" => &[0, 3, 6],
        "dominant" | "dominant-ninth" | "dominant-11th" | "dominant-13th" => &[0, 4, 7, 10],
        "major-seventh" | "major-ninth" | "major-11th" | "major-13th" => &[0, 4, 7, 11],
        "minor-seventh" | "minor-ninth" | "minor-11th" | "minor-13th" => &[0, 3, 7, 10],
        "diminished-seventh" => &[0, 3, 6, 9],
        "augmented-seventh" | "augmented-ninth" => &[0, 4, 8, 10],
        "half-diminished" => &[0, 3, 6, 10],
        "major-minor" | "minor-major" => &[0, 3, 7, 11],
        "major-sixth" | "maj69" => &[0, 4, 7, 9],
        "minor-sixth" => &[0, 3, 7, 9],
        "suspended-second" => &[0, 2, 7],
        "suspended-fourth" => &[0, 5, 7],
        "power" => &[0, 7],
        _ => &[0, 4, 7],
    };
    let mut chord = Chord::new(root, tones);
    chord.bass = class(harmony, "bass").unwrap_or(chord.root);
    Some(chord)
}

/// The pitch class of `root` or `bass`.
fn class(harmony: Node<'_, '_>, what: &str) -> Option<u8> {
    let node = harmony.children().find(|child| child.has_tag_name(what))?;
    let step = semitone(text_of(node, &format!("{what}-step"))?.trim())?;
    let alter = text_of(node, &format!("{what}-alter"));
    let alter = alter.and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or(0.0);
    Some((i32::from(step) + alter.round() as i32).rem_euclid(12) as u8)
}

/// Semitones of a note name above C.
pub(super) fn semitone(step: &str) -> Option<u8> {
    Some(match step {
        "C" => 0,
        "D" => 2,
        "E" => 4,
        "F" => 5,
        "G" => 7,
        "A" => 9,
        "B" => 11,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_understood() {
        let of = |inside: &str| {
            let text = format!("<harmony>{inside}</harmony>");
            let document = roxmltree::Document::parse(&text).expect("xml");
            read(document.root_element())
        };
        let root = "<root><root-step>E</root-step><root-alter>-1</root-alter></root>";
        let bass = "<bass><bass-step>G</bass-step></bass>";
        let chord = of(&format!("{root}<kind>minor-seventh</kind>{bass}")).expect("a chord");
        assert_eq!((chord.root, chord.bass, chord.tones), (3, 7, vec![0, 3, 7, 10]));
        assert_eq!(of(&format!("{root}<kind>none</kind>")), None);
        assert_eq!(of("<kind>major</kind>"), None);
    }
}
