//! The one error of the ear. Audio is never an error; only models, libraries and settings are.

/// Why the ear could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host runs at a rate the features are not defined for.
    #[error("sample rate {rate_hz} Hz is not supported; use a rate from {min_hz} to {max_hz} Hz")]
    UnsupportedRate {
        /// The rate asked for.
        rate_hz: f64,
        /// Lowest supported rate.
        min_hz: f64,
        /// Highest supported rate.
        max_hz: f64,
    },
    /// The bytes are not an ONNX model this crate can run.
    #[error(
        "the model cannot be read: {reason}; choose another file, none for the built-in model, or train it again with `cargo xtask train`"
    )]
    Model {
        /// What the reader said.
        reason: String,
    },
    /// The model was trained on other features than this build computes.
    #[error(
        "the model was trained with {field} = {model}, this build computes {field} = {ours}; \
         retrain it with `cargo xtask train` from this version"
    )]
    SpecMismatch {
        /// The feature setting that differs.
        field: &'static str,
        /// The value in the model's metadata.
        model: String,
        /// The value of this build.
        ours: String,
    },
    /// An input or output of the model has another name or shape than the ear feeds it.
    #[error(
        "the model's {tensor} is {found}, expected {expected}; it is not a Tatum model of this kind: choose another file, or none for the built-in model"
    )]
    Shape {
        /// Name of the tensor.
        tensor: String,
        /// What the model declares.
        found: String,
        /// What the ear needs.
        expected: String,
    },
    /// A backend could not be started, or failed while it ran.
    #[error("{backend}: {reason}")]
    Backend {
        /// Name of the backend.
        backend: &'static str,
        /// What it said, and the remedy.
        reason: String,
    },
}
