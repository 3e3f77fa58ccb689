//! How soon, and how steadily, the genre that is shown is the one it stays with.

use crate::hearing::TagMoment;

/// Music between two moments, in seconds.
const MOMENT_S: f64 = 1.0;

/// The named genre over the time of one piece. Silence is no part of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Steadiness {
    /// Seconds of music.
    pub(super) music_s: f64,
    /// Seconds from the start of the music until the name that was there at its end was there for
    /// good; None when Tatum was unsure at the end.
    pub(super) stable_s: Option<f64>,
    /// Changes of the named genre per minute of music, once there is one; that it goes is a change,
    /// that it comes again another. None without music.
    pub(super) changes_per_minute: Option<f64>,
}

impl Steadiness {
    pub(super) fn of(moments: &[TagMoment]) -> Self {
        let music: Vec<&TagMoment> = moments.iter().filter(|moment| moment.sounding).collect();
        let (Some(first), Some(last)) = (music.first(), music.last()) else {
            return Self::default();
        };
        let start = (first.time - MOMENT_S).max(0.0);
        let held = music.iter().rev().take_while(|moment| moment.top == last.top).last();
        let stable = held.filter(|moment| moment.top.is_some()).map(|held| held.time - start);
        let named = music.iter().skip_while(|moment| moment.top.is_none());
        let tops: Vec<&Option<String>> = named.map(|moment| &moment.top).collect();
        let changes = tops.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let music_s = music.len() as f64 * MOMENT_S;
        Self {
            music_s,
            stable_s: stable,
            changes_per_minute: Some(changes as f64 * 60.0 / music_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment each second: `r` rock, `j` jazz, `?` unsure, `.` silence.
    fn steady(shown: &str) -> Steadiness {
        let moment = |(index, letter): (usize, char)| TagMoment {
            time: index as f64 + 1.0,
            top: match letter {
                'r' => Some("rock".to_owned()),
                'j' => Some("jazz".to_owned()),
                _ => None,
            },
            sounding: letter != '.',
            ..TagMoment::default()
        };
        Steadiness::of(&shown.chars().enumerate().map(moment).collect::<Vec<_>>())
    }

    #[test]
    fn stable_is_when_the_last_name_is_there_for_good() {
        for (shown, stable_s) in [
            ("rrrr", Some(1.0)),
            ("??rr", Some(3.0)),
            ("rjrr", Some(3.0)),
            ("rrrj", Some(4.0)),
            ("...rr", Some(1.0)),
            ("r..r", Some(1.0)),
            ("?rr..", Some(2.0)),
            ("rr??", None),
            ("....", None),
            ("", None),
        ] {
            assert_eq!(steady(shown).stable_s, stable_s, "{shown}");
        }
    }

    #[test]
    fn every_change_of_what_is_shown_counts() {
        for (shown, changes) in [
            ("rrrrrr", Some(0.0)),
            ("???rrr", Some(0.0)),
            ("rrjjrr", Some(20.0)),
            ("rr?rrr", Some(20.0)),
            ("rr..jjrr", Some(20.0)),
            ("...", None),
        ] {
            assert_eq!(steady(shown).changes_per_minute, changes, "{shown}");
        }
        assert_eq!(steady("rr..j").music_s, 3.0);
    }
}
