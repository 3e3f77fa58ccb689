//! Small collections in every layout, whole and damaged.

use super::*;
use std::fs;
use tempfile::TempDir;

/// A folder with these files; an audio file's bytes are its own path, so that none is another's copy.
fn folder(audio: &[&str], lists: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in audio.iter().map(|name| (*name, *name)).chain(lists.iter().copied()) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    }
    dir
}

fn read(dir: &TempDir, words: Option<&Words>) -> Result<Collection> {
    Collection::read(&[dir.path().to_path_buf()], words)
}

fn words(genres: &str, instruments: &str) -> Words {
    let list = |text: &str| text.split(',').map(ToOwned::to_owned).collect();
    Words { genres: list(genres), instruments: list(instruments) }
}

/// The only refusal of this kind holds these words.
fn refused(found: &Collection, fault: Fault, words: &[&str]) {
    let lines: Vec<&str> =
        found.refused.iter().filter(|r| r.fault == fault).map(|r| r.line.as_str()).collect();
    assert_eq!(lines.len(), 1, "{fault:?}: {:#?}", found.refused);
    for word in words {
        assert!(lines[0].contains(word), "'{word}' is missing in: {}", lines[0]);
    }
}

fn genres(found: &Collection) -> Vec<(String, Option<&str>)> {
    let name =
        |file: &Labelled| file.path.file_name().expect("a name").to_string_lossy().into_owned();
    found.labelled.iter().map(|file| (name(file), file.genre.as_deref())).collect()
}

#[test]
fn a_folder_is_a_genre() {
    let dir =
        folder(&["jazz/a.wav", "jazz/deep/b.FLAC", "rock/c.mp3", "lone.ogg", ".x/d.wav"], &[]);
    let found = read(&dir, None).expect("a collection");
    assert_eq!(
        genres(&found),
        [("a.wav", "jazz"), ("b.FLAC", "jazz"), ("c.mp3", "rock")]
            .map(|(f, g)| (f.into(), Some(g)))
    );
    assert_eq!(found.labelled[0].group, "a");
    assert_eq!(found.unlabelled, [dir.path().join("lone.ogg")]);
    assert_eq!((found.left_out, counts(&found.refused).as_str()), (0, ""));
    found.require_labels(&[]).expect("labels");
}

#[test]
fn a_folder_alone_or_empty_is_said() {
    let dir = folder(&["jazz/a.wav", "jazz/b.wav"], &[("rock/notes.txt", "none")]);
    let found = read(&dir, None).expect("a collection");
    refused(&found, Fault::OneGenre, &["'jazz'", "only genre", "add others"]);
    refused(&found, Fault::EmptyFolder, &["rock", "no audio", "put files"]);
    assert_eq!(counts(&found.refused), "1 empty folder, 1 lone genre");
    assert_eq!(found.labelled.len(), 2);
}

#[test]
fn the_tags_file_of_jamendo() {
    let tags = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\r\n\
        track_1\tartist_7\talbum_1\t01/1.mp3\t200.1\tgenre---hiphop\tinstrument---electricguitar\t\
        instrument---piano\tmood/theme---happy\r\n\
        track_2\tartist_7\talbum_1\t02/2.mp3\t3\tgenre---rock\tgenre---pop\r\n\
        track_3\tartist_8\talbum_1\t03/3.mp3\t3\tmood/theme---sad\r\n\
        track_4\tartist_8\talbum_1\t04/4.mp3\t3\tgenre---rock\r\n\
        track_5\tartist_8\r\n\
        track_6\tartist_8\talbum_1\t03/3.mp3\t3\tgenre---rock\r\n\
        track_7\tartist_8\talbum_1\t02/2.mp3\t3\tgenre/rock\r\n";
    let dir = folder(&["01/1.mp3", "02/2.low.mp3", "03/3.ogg"], &[("tags.tsv", tags)]);
    let known = words("hip-hop,rock", "piano,electric guitar");
    let found = read(&dir, Some(&known)).expect("a collection");
    assert_eq!(genres(&found)[0], ("1.mp3".into(), Some("hip-hop")));
    let both = ["electric guitar", "piano"].map(str::to_owned);
    assert_eq!(found.labelled[0].instruments.as_deref(), Some(&both[..]));
    assert_eq!(found.labelled[0].group, "artist_7");
    // Of its two genres one is known.
    assert_eq!(genres(&found)[1], ("2.low.mp3".into(), Some("rock")));
    assert_eq!(found.unlabelled, [dir.path().join("03/3.ogg")]);
    refused(&found, Fault::UnknownWord, &["2.low.mp3", "'pop'", "1 file", "hip-hop, rock"]);
    refused(&found, Fault::NoSuchFile, &["tags.tsv line 5", "'04/4.mp3'", "correct the path"]);
    refused(&found, Fault::Duplicate, &["line 7", "'03/3.mp3'", "remove one line"]);
    let rows = found.refused.iter().filter(|r| r.fault == Fault::Row);
    let rows: String = rows.map(|r| r.line.clone() + "\n").collect();
    for word in ["line 6: has 2 columns", "line 8: 'genre/rock'", "genre---WORD"] {
        assert!(rows.contains(word), "'{word}' is missing in: {rows}");
    }
    let blind = read(&dir, None).expect("a collection");
    refused(&blind, Fault::SeveralGenres, &["2.low.mp3 (pop, rock)", "1 file", "keep the one"]);
}

#[test]
fn the_plain_tags_file() {
    let tags = "\u{feff}File,genre,Instruments,valence,arousal,artist,fold\n\
        a,Jazz,\"Piano; double bass\",0.5,-1,\"Miller, Ann \"\"A\"\"\",3\n\
        ./b.wav,,,,,,\n\
        c.wav,rock,,,,,\n";
    let dir = folder(&["a.mp3", "b.wav", "c.wav"], &[("tags.csv", tags)]);
    let found = read(&dir, None).expect("a collection");
    let first = &found.labelled[0];
    assert_eq!((first.genre.as_deref(), first.fold), (Some("jazz"), Some(3)));
    assert_eq!(first.instruments, Some(vec!["double bass".into(), "piano".into()]));
    assert_eq!((first.mood, first.group.as_str()), (Some([0.5, -1.0]), "Miller, Ann \"A\""));
    let bare = &found.labelled[1];
    assert_eq!((bare.instruments.as_ref(), bare.mood, bare.group.as_str()), (None, None, "c"));
    assert_eq!(found.unlabelled, [dir.path().join("b.wav")]);
    assert!(found.refused.is_empty(), "{:?}", found.refused);
}

#[test]
fn a_tags_file_without_genres_leaves_them_to_the_folders() {
    let tags = "file,artist\nrock/a.wav,Ann\n";
    let dir = folder(&["rock/a.wav", "jazz/b.wav"], &[("tags.csv", tags)]);
    let found = read(&dir, None).expect("a collection");
    assert_eq!(genres(&found), [("b.wav".into(), Some("jazz")), ("a.wav".into(), Some("rock"))]);
    assert_eq!(found.labelled[1].group, "Ann");
}

#[test]
fn damaged_rows_are_named_and_the_others_taken() {
    let dir = folder(&["a.wav", "b.wav"], &[]);
    for (row, words) in [
        ("a.wav,rock\n", ["line 3", "2 cells, not 5", "quote cells"]),
        (",rock,0,0,1\n", ["line 3", "no file", "remove the line"]),
        ("a.wav,rock,0.5,,1\n", ["line 3", "'0.5' alone", "or neither"]),
        ("a.wav,rock,happy,0,1\n", ["line 3", "'happy' is no valence", "-1 to 1"]),
        ("a.wav,rock,0,NaN,1\n", ["line 3", "'NaN' is no arousal", "-1 to 1"]),
        ("a.wav,rock,0,0,one\n", ["line 3", "'one' is no fold", "whole number"]),
        ("\"a.wav,rock,0,0,1\n", ["line 3", "does not close", "'\"a.wav,rock"]),
    ] {
        let text = format!("file,genre,valence,arousal,fold\nb.wav,jazz,0,0,1\n{row}");
        fs::write(dir.path().join("tags.csv"), text).expect("written");
        let found = read(&dir, None).expect("a collection");
        refused(&found, Fault::Row, &words);
        refused(&found, Fault::Row, &["tags.csv"]);
        assert_eq!(genres(&found), [("b.wav".into(), Some("jazz"))], "{row}");
    }
    fs::write(dir.path().join("tags.csv"), "file,genres\na.wav,rock\n").expect("written");
    let found = read(&dir, None).expect("a collection");
    refused(&found, Fault::Row, &["line 1", "'genres'", "genre, instruments"]);
}

#[test]
fn what_makes_all_doubtful_is_an_error() {
    let dir = folder(&["a.wav"], &[]);
    let csv = "tags.csv";
    for (name, text, words) in [
        (csv, "file,valence,arousal\na.wav,0,7.2\n", ["line 2", "arousal 7.2", "(x - 5) / 4"]),
        (csv, "name,genre\na.wav,rock\n", ["'name,genre'", "must name", "file"]),
        (csv, "file,genre,genre\na.wav,rock,jazz\n", ["two columns", "'genre'", "remove one"]),
        (csv, "", ["tags.csv", "is empty", "remove it"]),
        ("tags.tsv", "TRACK\tPATH\n", ["tags.tsv", "'TRACK\tPATH'", "TRACK_ID ARTIST_ID"]),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, text).expect("written");
        let line = format!("{:#}", read(&dir, None).expect_err(text));
        for word in words {
            assert!(line.contains(word), "'{word}' is missing in: {line}");
        }
        fs::remove_file(path).expect("removed");
    }
    fs::write(dir.path().join(csv), b"file,genre\na.wav,r\xe9tro\n").expect("written");
    let line = format!("{:#}", read(&dir, None).expect_err("Latin-1"));
    assert!(line.contains("UTF-8"), "{line}");
    let none = [dir.path().join("none")];
    assert!(Collection::read(&none, None).expect_err("none").to_string().contains("not a folder"));
}

#[test]
fn copies_count_once() {
    let dir =
        folder(&["jazz/a.wav", "lone.wav"], &[("rock/b.wav", "jazz/a.wav"), ("z.wav", "lone.wav")]);
    let found = read(&dir, None).expect("a collection");
    assert_eq!(genres(&found), [("a.wav".into(), Some("jazz"))]);
    assert_eq!(found.unlabelled, [dir.path().join("lone.wav")]);
    assert!(counts(&found.refused).starts_with("2 duplicates"), "{}", counts(&found.refused));
    let lines: Vec<&str> = found.refused.iter().map(|r| r.line.as_str()).collect();
    assert!(
        lines[0].contains("b.wav") && lines[0].contains("a.wav, but other labels"),
        "{lines:?}"
    );
    // The same folder twice is no copy.
    let twice = [dir.path().to_path_buf(), dir.path().join("jazz/..").join("jazz")];
    let found = Collection::read(&twice, None).expect("a collection");
    assert!(counts(&found.refused).starts_with("2 duplicates"), "{:?}", found.refused);
}

#[test]
fn faulty_files_are_left_out_and_counted() {
    let list = "# by ear\njazz/a.wav  # clipped\nrock/c.au\n\nrock/none.wav\n";
    let dir =
        folder(&["jazz/a.wav", "jazz/b.wav", "rock/c.wav", "rock/d.wav"], &[("faults.txt", list)]);
    let found = read(&dir, None).expect("a collection");
    assert_eq!(genres(&found), [("b.wav".into(), Some("jazz")), ("d.wav".into(), Some("rock"))]);
    assert_eq!(found.left_out, 2);
    refused(
        &found,
        Fault::NoSuchFile,
        &["faults.txt line 5", "'rock/none.wav'", "remove the line"],
    );
}

#[test]
fn audio_that_is_not_read_and_no_labels_at_all() {
    let dir = folder(&["a.wav"], &[("jazz/b.au", "x"), ("jazz/c.AU", "y")]);
    let found = read(&dir, None).expect("a collection");
    refused(&found, Fault::Format, &["b.au", "2 files", "convert"]);
    let folders = [dir.path().to_path_buf()];
    let line = found.require_labels(&folders).expect_err("no labels").to_string();
    for word in ["none of 1 audio files", "b.au", "tags.csv"] {
        assert!(line.contains(word), "'{word}' is missing in: {line}");
    }
    let foreign = folder(&["shoegaze/a.wav", "shoegaze/b.wav"], &[]);
    let found = read(&foreign, Some(&words("rock,jazz", "piano"))).expect("a collection");
    refused(&found, Fault::UnknownWord, &["a.wav", "'shoegaze'", "2 files", "rock, jazz"]);
    assert!(found.require_labels(&folders).is_err());
}
