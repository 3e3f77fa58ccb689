//! Progress of long work.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `length` steps that looks as `template` says.
#[must_use]
pub(crate) fn bar(length: u64, template: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
