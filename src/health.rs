//! `Health`: is the plugin listening, and if not, what to do about it. One line for the screen.

use std::fmt;

use crate::text::Text;

/// A message of the ear, short enough for one line.
pub(crate) type Message = Text<240>;

/// How an instance is doing. Audio passes through whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Health {
    /// Frames are heard.
    Ok,
    /// No frame has come yet.
    #[default]
    Waiting,
    /// The model is being loaded.
    Loading,
    /// The host runs at a rate the features are not defined for.
    UnsupportedRate {
        /// The host's rate, Hz.
        rate_hz: f64,
    },
    /// The model's file cannot be read, as in a project from another machine; the built-in one listens instead.
    ModelMissing(Message),
    /// The model cannot be used.
    ModelRefused(Message),
    /// A runtime was asked for and refused; the embedded one listens instead.
    RuntimeRefused(Message),
    /// An execution provider was asked for and refused; another listens instead.
    ProviderRefused(Message),
    /// The worker panicked or its runtime failed.
    WorkerFailed(Message),
    /// The tag network panicked or its runtime failed; beats are heard all the same.
    TagsStopped(Message),
    /// The processor cannot follow every instance, and this one rests.
    Overloaded {
        /// How much was not heard, seconds.
        missed_s: u64,
    },
    /// An offline render waited for the worker and gave up.
    WorkerStalled {
        /// How long it waited, seconds.
        waited_s: u64,
    },
}

impl Health {
    /// Whether beats can be heard.
    pub(crate) fn listens(&self) -> bool {
        matches!(
            self,
            Self::Ok | Self::ModelMissing(_) | Self::RuntimeRefused(_) | Self::ProviderRefused(_)
        )
    }

    /// Whether there is nothing to worry about: all is well, or will soon be.
    pub(crate) fn is_calm(&self) -> bool {
        matches!(self, Self::Ok | Self::Waiting | Self::Loading)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Waiting => f.write_str("waiting for audio; start the host's audio engine"),
            Self::Loading => f.write_str("loading the model"),
            Self::UnsupportedRate { rate_hz } => {
                let (min_hz, max_hz) = listener::RATE_RANGE_HZ;
                write!(
                    f,
                    "sample rate {rate_hz} Hz is not supported; use a rate from {min_hz} to {max_hz} Hz"
                )
            }
            Self::ModelMissing(message) => {
                write!(f, "{message}; until then the built-in one listens")
            }
            Self::ModelRefused(message) => message.fmt(f),
            Self::RuntimeRefused(message) => write!(f, "{message}; the embedded runtime is used"),
            Self::ProviderRefused(message) => {
                write!(f, "{message}; set TATUM_PROVIDERS to others, or to cpu")
            }
            Self::WorkerFailed(message) => {
                write!(f, "the worker stopped: {message}; switch the plugin off and on again")
            }
            Self::TagsStopped(message) => {
                write!(f, "the tags stopped: {message}; switch the plugin off and on again")
            }
            Self::Overloaded { missed_s } => write!(
                f,
                "the processor is too slow for every instance; this one rests ({missed_s} s missed); switch off others, or keep this window open"
            ),
            Self::WorkerStalled { waited_s } => write!(
                f,
                "the worker gave nothing for {waited_s} s, so this render misses beats; render again"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_value_and_remedy() {
        let reason = Message::from("x.onnx: no such file; choose another");
        for (health, value, remedy) in [
            (Health::UnsupportedRate { rate_hz: 8000.0 }, "8000 Hz", "use a rate from"),
            (Health::ModelMissing(reason), "x.onnx", "choose another"),
            (Health::ModelRefused(reason), "x.onnx", "choose another"),
            (
                Health::RuntimeRefused("lib.so: too old".into()),
                "lib.so",
                "embedded runtime is used",
            ),
            (Health::ProviderRefused("CUDA: no driver".into()), "CUDA", "set TATUM_PROVIDERS"),
            (Health::WorkerFailed("out of range".into()), "out of range", "off and on"),
            (Health::TagsStopped("out of range".into()), "out of range", "off and on"),
            (Health::Overloaded { missed_s: 7 }, "7 s", "switch off others"),
            (Health::WorkerStalled { waited_s: 10 }, "10 s", "render again"),
        ] {
            let line = health.to_string();
            assert!(line.contains(value) && line.contains(remedy), "{line}");
        }
        assert_eq!(Health::Ok.to_string(), "ok");
    }
}
