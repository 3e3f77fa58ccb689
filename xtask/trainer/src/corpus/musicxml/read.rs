//! Reading: the XML of each part, measure by measure, then all parts laid side by side.

use anyhow::{Context, Result, bail};
use roxmltree::{Document, Node, ParsingOptions};

use super::{Measure, Meter, Staff, Work, chord};
use crate::compose::harmony::Chord;
use crate::compose::score::Note;

/// Velocity of a part that has no dynamics.
const PLAIN: f64 = 78.0;

/// What one part says about one measure; times from the measure's start.
#[derive(Default)]
struct Bar {
    notes: Vec<(Note, bool)>,
    length: f64,
    meter: Option<Option<Meter>>,
    chords: Vec<(f64, Option<Chord>)>,
    tempi: Vec<(f64, f64)>,
    holds: Vec<f64>,
}

/// What goes on from measure to measure of a part.
struct Running {
    divisions: f64,
    transpose: i32,
    velocity: f64,
    lines: usize,
}

/// Reads a partwise score.
///
/// # Errors
/// When it is not well-formed or has no notes.
pub(in crate::corpus) fn parse(text: &str) -> Result<Work> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).context("is not XML")?;
    let score = document.root_element();
    if !score.has_tag_name("score-partwise") {
        bail!("is {:?}, not a partwise score", score.tag_name().name());
    }
    let mut parts: Vec<(String, usize, Vec<Bar>)> = Vec::new();
    for part in score.children().filter(|node| node.has_tag_name("part")) {
        let id = part.attribute("id").unwrap_or_default();
        let mut running = Running { divisions: 1.0, transpose: 0, velocity: PLAIN, lines: 1 };
        let measures = part.children().filter(|node| node.has_tag_name("measure"));
        let bars = measures.map(|measure| bar(measure, &mut running)).collect();
        parts.push((name_of(score, id), running.lines, bars));
    }
    let measures = measures(&parts);
    let mut work =
        Work { staves: Vec::new(), chords: vec![], tempi: vec![], holds: vec![], measures };
    for (name, lines, bars) in parts {
        let mut notes = Vec::new();
        for (measure, bar) in work.measures.iter().zip(bars) {
            let place = |at: f64| measure.at + at;
            notes.extend(bar.notes.into_iter().map(|(n, t)| (Note { at: place(n.at), ..n }, t)));
            work.chords.extend(bar.chords.into_iter().map(|(at, chord)| (place(at), chord)));
            work.tempi.extend(bar.tempi.into_iter().map(|(at, pace)| (place(at), pace)));
            work.holds.extend(bar.holds.into_iter().map(place));
        }
        work.staves.push(Staff { name, lines, notes: joined(notes) });
    }
    work.chords.sort_by(|a, b| a.0.total_cmp(&b.0));
    work.tempi.sort_by(|a, b| a.0.total_cmp(&b.0));
    work.tempi.dedup_by(|b, a| a.0 == b.0);
    work.holds.sort_by(f64::total_cmp);
    work.holds.dedup_by(|b, a| (*b - *a).abs() < 0.01);
    if work.staves.iter().all(|staff| staff.notes.is_empty()) {
        bail!("has no notes");
    }
    Ok(work)
}

/// The measures all parts agree on: as long as the longest part fills them.
fn measures(parts: &[(String, usize, Vec<Bar>)]) -> Vec<Measure> {
    let count = parts.iter().map(|part| part.2.len()).max().unwrap_or(0);
    let (mut at, mut meter) = (0.0, None);
    let measure = |index: usize| {
        let bars = || parts.iter().filter_map(|part| part.2.get(index));
        let length = bars().map(|bar| bar.length).fold(0.0, f64::max);
        meter = bars().find_map(|bar| bar.meter).unwrap_or(meter);
        let measure = Measure { at, length, meter };
        at += length;
        measure
    };
    (0..count).map(measure).collect()
}

fn bar(measure: Node<'_, '_>, running: &mut Running) -> Bar {
    let mut bar = Bar::default();
    let (mut cursor, mut struck) = (0.0_f64, 0.0_f64);
    for node in measure.children().filter(Node::is_element) {
        let duration = || number(node, "duration").unwrap_or(0.0).max(0.0) / running.divisions;
        match node.tag_name().name() {
            "attributes" => attributes(node, running, &mut bar),
            "backup" => cursor = (cursor - duration()).max(0.0),
            "forward" => cursor += duration(),
            "harmony" => bar.chords.push((cursor, chord::read(node))),
            "sound" => sound(node, cursor, running, &mut bar),
            "direction" => {
                node.descendants()
                    .filter(|child| child.has_tag_name("sound"))
                    .for_each(|child| sound(child, cursor, running, &mut bar));
                let dynamics = node.descendants().find(|child| child.has_tag_name("dynamics"));
                let mark = dynamics.and_then(|mark| mark.first_element_child());
                running.velocity = mark
                    .and_then(|mark| velocity_of(mark.tag_name().name()))
                    .unwrap_or(running.velocity);
            }
            "note" if child(node, "grace").is_none() => {
                if child(node, "chord").is_none() {
                    struck = cursor;
                    cursor += duration();
                }
                if node.descendants().any(|child| child.has_tag_name("fermata")) {
                    bar.holds.push(struck);
                }
                bar.notes.extend(note(node, struck, duration(), running));
            }
            _ => {}
        }
        bar.length = bar.length.max(cursor);
    }
    bar
}

fn attributes(node: Node<'_, '_>, running: &mut Running, bar: &mut Bar) {
    running.divisions = number(node, "divisions").filter(|&d| d > 0.0).unwrap_or(running.divisions);
    running.lines = number(node, "staves").map_or(running.lines, |count| count as usize);
    if let Some(transpose) = child(node, "transpose") {
        let part = |name| number(transpose, name).unwrap_or(0.0) as i32;
        running.transpose = part("chromatic") + 12 * part("octave-change");
    }
    if let Some(time) = child(node, "time") {
        let whole = |name| text_of(time, name).and_then(|text| text.trim().parse::<u8>().ok());
        let meter = whole("beats").zip(whole("beat-type"));
        let sane = meter.filter(|&(count, unit)| count > 0 && unit.is_power_of_two());
        bar.meter = Some(sane.map(|(count, unit)| Meter { count, unit }));
    }
}

fn sound(node: Node<'_, '_>, cursor: f64, running: &mut Running, bar: &mut Bar) {
    let value = |name: &str| node.attribute(name).and_then(|text| text.parse::<f64>().ok());
    if let Some(pace) = value("tempo").filter(|pace| (10.0..600.0).contains(pace)) {
        bar.tempi.push((cursor, pace));
    }
    // In percent of a forte of velocity 90.
    if let Some(dynamics) = value("dynamics") {
        running.velocity = (0.9 * dynamics).clamp(25.0, 120.0);
    }
}

/// A sounding note, and whether it goes on from one before.
fn note(node: Node<'_, '_>, at: f64, length: f64, running: &Running) -> Option<(Note, bool)> {
    if length <= 0.0 || child(node, "cue").is_some() {
        return None;
    }
    let pitch = child(node, "pitch")?;
    let step = i32::from(chord::semitone(text_of(pitch, "step")?.trim())?);
    let alter = number(pitch, "alter").unwrap_or(0.0).round() as i32;
    let octave = number(pitch, "octave")? as i32;
    let key = u8::try_from(12 * (octave + 1) + step + alter + running.transpose).ok()?;
    let has = |name: &str| node.descendants().any(|child| child.has_tag_name(name));
    let accent = if has("accent") || has("strong-accent") { 14.0 } else { 0.0 };
    let length = if has("staccato") || has("staccatissimo") { 0.5 * length } else { length };
    let tied = node
        .children()
        .any(|child| child.has_tag_name("tie") && child.attribute("type") == Some("stop"));
    let velocity = (running.velocity + accent).clamp(1.0, 127.0) as u8;
    (key < 128).then_some((Note { at, length, key, velocity }, tied))
}

/// Ties joined and unisons of two voices made one.
fn joined(mut notes: Vec<(Note, bool)>) -> Vec<Note> {
    notes.sort_by(|a, b| a.0.at.total_cmp(&b.0.at).then(a.0.key.cmp(&b.0.key)));
    let mut whole: Vec<Note> = Vec::with_capacity(notes.len());
    let mut last: [Option<usize>; 128] = [None; 128];
    for (note, tied) in notes {
        let before = last[usize::from(note.key)].map(|index| &mut whole[index]);
        match before {
            Some(before) if tied && (before.at + before.length - note.at).abs() < 0.02 => {
                before.length = note.at + note.length - before.at;
            }
            Some(before) if (before.at - note.at).abs() < 0.01 => {
                before.length = before.length.max(note.length);
            }
            _ => {
                last[usize::from(note.key)] = Some(whole.len());
                whole.push(note);
            }
        }
    }
    whole
}

fn velocity_of(mark: &str) -> Option<f64> {
    Some(match mark {
        "pppp" | "ppp" => 38.0,
        "pp" => 48.0,
        "p" => 60.0,
        "mp" => 70.0,
        "mf" => 82.0,
        "f" | "fp" => 96.0,
        "ff" | "fz" | "sf" | "sfz" => 108.0,
        "fff" | "ffff" => 118.0,
        _ => return None,
    })
}

fn name_of(score: Node<'_, '_>, id: &str) -> String {
    let named =
        |node: &Node<'_, '_>| node.has_tag_name("score-part") && node.attribute("id") == Some(id);
    let list = child(score, "part-list");
    let part = list.and_then(|list| list.children().find(named));
    part.and_then(|part| text_of(part, "part-name")).unwrap_or_default().trim().to_owned()
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// The text of a child.
pub(super) fn text_of<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(node, name)?.text()
}

fn number(node: Node<'_, '_>, name: &str) -> Option<f64> {
    text_of(node, name)?.trim().parse().ok()
}

#[cfg(test)]
pub(in crate::corpus) mod tests {
    use super::*;
    use std::fmt::Write;

    /// A score of one staff: a meter, then measures of `(step and octave, quarters, extra XML)`; a
    /// step of `-` rests.
    pub(in crate::corpus) fn sheet(
        (count, unit): (u8, u8),
        measures: &[Vec<(&str, f64, &str)>],
    ) -> String {
        let mut text = String::from(
            "<?xml version=\"1.0\"?><!DOCTYPE score-partwise PUBLIC \"a\" \"b\"><score-partwise>\
             <part-list><score-part id=\"P1\"><part-name>Voice</part-name></score-part></part-list>\
             <part id=\"P1\">",
        );
        for (index, notes) in measures.iter().enumerate() {
            text.push_str("<measure>");
            if index == 0 {
                write!(
                    text,
                    "<attributes><divisions>12</divisions><time><beats>{count}</beats>\
                              <beat-type>{unit}</beat-type></time></attributes>"
                )
                .expect("text");
            }
            for (pitch, quarters, extra) in notes {
                let head = if *pitch == "-" {
                    "<rest/>".to_owned()
                } else {
                    let (step, octave) = pitch.split_at(1);
                    format!("<pitch><step>{step}</step><octave>{octave}</octave></pitch>")
                };
                if let Some(harmony) = extra.strip_prefix("<harmony>") {
                    write!(text, "<harmony>{harmony}").expect("text");
                }
                let extra = if extra.starts_with("<harmony>") { "" } else { extra };
                write!(text, "<note>{extra}{head}<duration>{}</duration></note>", quarters * 12.0)
                    .expect("text");
            }
            text.push_str("</measure>");
        }
        text.push_str("</part></score-partwise>");
        text
    }

    #[test]
    fn pickups_ties_tuplets_and_chords_are_placed() {
        let tie = "<tie type=\"stop\"/>";
        let third = 1.0 / 3.0;
        let text = sheet(
            (4, 4),
            &[
                vec![("G4", 1.0, "")],
                vec![("C5", 3.0, ""), ("D5", 1.0, "")],
                vec![
                    ("D5", 1.0, tie),
                    ("E5", third, ""),
                    ("F5", third, ""),
                    ("G5", third, ""),
                    ("-", 1.0, ""),
                    ("C4", 1.0, ""),
                    ("E4", 1.0, "<chord/>"),
                    ("A4", 0.0, "<grace/>"),
                ],
            ],
        );
        let work = parse(&text).expect("read");
        let lengths: Vec<f64> = work.measures.iter().map(|m| m.length).collect();
        assert_eq!(lengths, [1.0, 4.0, 4.0]);
        assert_eq!(work.measures[2].meter, Some(Meter { count: 4, unit: 4 }));
        assert_eq!(work.staves[0].name, "Voice");
        let notes = &work.staves[0].notes;
        assert_eq!(notes.len(), 8);
        assert_eq!((notes[0].key, notes[1].key), (67, 72));
        assert_eq!((notes[2].at, notes[2].length), (4.0, 2.0));
        assert!((notes[4].at - (6.0 + third)).abs() < 1e-9);
        assert_eq!((notes[6].at, notes[7].at, notes[7].key), (8.0, 8.0, 64));
    }

    #[test]
    fn voices_of_a_staff_lie_side_by_side() {
        let text = "<score-partwise><part id=\"P\"><measure><attributes><divisions>2</divisions>\
             <staves>2</staves><time><beats>3</beats><beat-type>4</beat-type></time></attributes>\
             <direction><direction-type><dynamics><ff/></dynamics></direction-type><sound tempo=\"90\"/></direction>\
             <note><pitch><step>C</step><alter>1</alter><octave>5</octave></pitch><duration>6</duration></note>\
             <backup><duration>6</duration></backup><forward><duration>2</duration></forward>\
             <note><pitch><step>C</step><octave>3</octave></pitch><duration>4</duration>\
             <notations><fermata/></notations></note></measure></part></score-partwise>";
        let work = parse(text).expect("read");
        assert_eq!((work.staves[0].lines, work.measures[0].length), (2, 3.0));
        assert_eq!(
            (work.tempi.as_slice(), work.holds.as_slice()),
            (&[(0.0, 90.0)][..], &[1.0][..])
        );
        let notes = &work.staves[0].notes;
        assert_eq!(
            (notes[0].key, notes[0].velocity, notes[1].key, notes[1].at),
            (73, 108, 48, 1.0)
        );
    }
}
