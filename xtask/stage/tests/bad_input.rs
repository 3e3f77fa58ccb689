//! Broken files: each is refused in one line that names the file, the value and what to do.

mod sounds;

use sounds::{clicks, wav, wav_bytes};
use stage::song::Song;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// The one line `listen` would print.
fn refusal(path: &Path, rate_hz: Option<u32>) -> String {
    let Err(error) = Song::open(path, rate_hz) else { panic!("{} is accepted", path.display()) };
    let line = format!("{error:#}");
    assert!(!line.contains('\n'), "{line}");
    assert!(line.starts_with(&path.display().to_string()), "{line}");
    line
}

fn assert_says(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "'{word}' is missing in: {line}");
    }
}

#[test]
fn missing_empty_and_foreign_files() {
    let dir = tempdir().expect("a folder");
    assert_says(&refusal(&dir.path().join("none.wav"), None), &["No such file", "check the path"]);
    assert_says(&refusal(dir.path(), None), &["is not a file", "wav, flac, ogg or mp3"]);
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    };
    assert_says(&refusal(&file("empty.wav", b""), None), &["0 bytes", "export it again"]);
    let text = b"no audio here\n".repeat(1_000);
    assert_says(&refusal(&file("text.wav", &text), None), &["is not audio", "convert it"]);
    assert_says(&refusal(&file("text.ogg", b"OggS, but no Ogg"), None), &["export it again"]);
    let noise: Vec<u8> =
        (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    refusal(&file("noise.mp3", &noise), None);
}

#[test]
fn truncated_wavs() {
    let dir = tempdir().expect("a folder");
    let whole = wav_bytes(44_100, 1, &clicks(44_100, 1.0));
    let path = dir.path().join("cut.wav");
    for length in [30, 44, 45, 1_000, whole.len() / 2, whole.len() - 4] {
        fs::write(&path, &whole[..length]).expect("written");
        refusal(&path, None);
    }
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    assert_says(&refusal(&path, None), &["truncated after 0.", "export it again"]);
}

#[test]
fn a_truncated_ogg() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/demo.ogg");
    let whole = fs::read(&demo).expect("the demo song");
    let dir = tempdir().expect("a folder");
    let path = dir.path().join("cut.ogg");
    for length in [100, whole.len() / 2, whole.len() - 10] {
        fs::write(&path, &whole[..length]).expect("written");
        assert_says(&refusal(&path, None), &["truncated", "export it again"]);
    }
    fs::write(&path, &whole).expect("written");
    assert!(Song::open(&path, None).is_ok());
}

#[test]
fn samples_that_are_no_numbers() {
    let dir = tempdir().expect("a folder");
    let mut samples = vec![0.1_f32; 1_000];
    samples[75] = f32::NAN;
    let path = wav(dir.path(), "nan.wav", 48_000, 2, &samples);
    assert_says(&refusal(&path, None), &["sample 37 of channel 2 is NaN", "export"]);
    samples[75] = f32::INFINITY;
    let path = wav(dir.path(), "inf.wav", 48_000, 2, &samples);
    assert_says(&refusal(&path, None), &["sample 37 of channel 2 is inf"]);
    let path = wav(dir.path(), "zero.wav", 48_000, 2, &[]);
    assert_says(&refusal(&path, None), &["0 samples", "export it again"]);
}

#[test]
fn sample_rates() {
    let dir = tempdir().expect("a folder");
    let slow = wav(dir.path(), "slow.wav", 4_000, 1, &clicks(4_000, 1.0));
    assert_says(&refusal(&slow, None), &["4000 Hz", "--rate HZ from 16000"]);
    assert_says(&refusal(&slow, Some(3)), &["3 Hz", "--rate HZ from 16000"]);
    let resampled = Song::open(&slow, Some(44_100)).expect("the remedy works");
    assert_eq!((resampled.rate_hz, resampled.frames()), (44_100, 44_100));
    let none = wav(dir.path(), "none.wav", 0, 1, &[0.0; 100]);
    refusal(&none, None);
}

#[test]
fn good_files_are_accepted() {
    let dir = tempdir().expect("a folder");
    let mono = Song::open(&wav(dir.path(), "m.wav", 44_100, 1, &clicks(44_100, 1.5)), None);
    let mono = mono.expect("mono");
    assert_eq!((mono.channels.len(), mono.frames(), mono.duration_s()), (1, 66_150, 1.5));
    // Left gets channels 1, 3, 5 in equal parts; right 2, 4, 6.
    let six: Vec<f32> = [0.3, 0.6, 0.0, 0.0, 0.0, 0.3].repeat(10);
    let six = Song::open(&wav(dir.path(), "6.wav", 48_000, 6, &six), None).expect("six channels");
    assert_eq!(six.channels.len(), 2);
    assert!((six.channels[0][9] - 0.1).abs() < 1e-6 && (six.channels[1][9] - 0.3).abs() < 1e-6);
}
