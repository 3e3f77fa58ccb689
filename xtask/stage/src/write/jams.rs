//! The hearing as JAMS (Humphrey et al., "JAMS: A JSON Annotated Music Specification", ISMIR 2014),
//! namespaces `beat`, `tempo`, `onset`, `tag_open` and `mood_thayer`.

use crate::hearing::Hearing;
use serde_json::{Value, json};

/// A whole JAMS document; `title` names the song.
pub(super) fn document(hearing: &Hearing, title: &str) -> Value {
    let beats = hearing.beats.iter();
    let onsets = hearing.onsets.iter();
    json!({
        "file_metadata": {
            "title": title,
            "artist": "",
            "release": "",
            "duration": hearing.duration,
            "identifiers": {},
            "jams_version": "0.3.4",
        },
        "annotations": [
            annotation(hearing, "beat", beats
                .map(|b| observation(b.time, 0.0, json!(b.beat), json!(b.confidence)))
                .collect()),
            annotation(hearing, "tempo", tempo(hearing)),
            annotation(hearing, "onset", onsets
                .map(|o| observation(o.time, 0.0, Value::Null, json!(o.strength)))
                .collect()),
            annotation(hearing, "tag_open", tags(hearing)),
            annotation(hearing, "mood_thayer", mood(hearing)),
        ],
        "sandbox": {},
    })
}

/// Each tempo lasts until the next; its confidence is the tracker's at its start.
fn tempo(hearing: &Hearing) -> Vec<Value> {
    let ends = hearing.tempo.iter().skip(1).map(|t| t.time).chain([hearing.duration]);
    let mut frames = hearing.frames.iter().peekable();
    let mut confidence = 0.0;
    hearing
        .tempo
        .iter()
        .zip(ends)
        .map(|(tempo, end)| {
            while let Some(frame) = frames.next_if(|frame| frame.time <= tempo.time) {
                confidence = frame.confidence;
            }
            observation(tempo.time, end - tempo.time, json!(tempo.bpm), json!(confidence))
        })
        .collect()
}

/// The genre, the mood word and the instruments of the whole piece, with how sure each is.
fn tags(hearing: &Hearing) -> Vec<Value> {
    let tags = &hearing.tags;
    let genre = tags.top.iter().map(|top| (top.as_str(), tags.genre.get(top)));
    let mood = tags.mood_word().map(|word| (word, tags.mood.get(word)));
    let players = tags.players().into_iter().map(|name| (name, tags.instrument.get(name)));
    genre
        .chain(mood)
        .chain(players)
        .map(|(word, sure)| observation(0.0, hearing.duration, json!(word), json!(sure)))
        .collect()
}

/// Valence and arousal, each from one moment to the next.
fn mood(hearing: &Hearing) -> Vec<Value> {
    let moments = &hearing.tag_moments;
    let starts = [0.0].into_iter().chain(moments.iter().map(|moment| moment.time));
    starts
        .zip(moments)
        .filter(|(_, moment)| moment.sounding)
        .map(|(start, moment)| {
            let value = json!([moment.valence, moment.arousal]);
            observation(start, moment.time - start, value, Value::Null)
        })
        .collect()
}

fn observation(time: f64, duration: f64, value: Value, confidence: Value) -> Value {
    json!({ "time": time, "duration": duration, "value": value, "confidence": confidence })
}

fn annotation(hearing: &Hearing, namespace: &str, data: Vec<Value>) -> Value {
    json!({
        "namespace": namespace,
        "time": 0.0,
        "duration": hearing.duration,
        "data": data,
        "annotation_metadata": {
            "curator": { "name": "", "email": "" },
            "annotator": {},
            "version": env!("CARGO_PKG_VERSION"),
            "corpus": "",
            "annotation_tools": format!("Tatum, {}, {}", hearing.mode, hearing.backend),
            "annotation_rules": "",
            "validation": "",
            "data_source": "program",
        },
        "sandbox": {},
    })
}
