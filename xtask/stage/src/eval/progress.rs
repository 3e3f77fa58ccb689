//! The progress bar of a run over many files.

use indicatif::{ProgressBar, ProgressStyle};

/// Steps of the bar per file.
const STEPS: u64 = 100;

/// A bar over `files` files.
pub(super) struct Progress {
    bar: ProgressBar,
    files: usize,
}

impl Progress {
    pub(super) fn new(files: usize) -> Self {
        let bar = ProgressBar::new(files as u64 * STEPS);
        let style = ProgressStyle::with_template("{prefix} [{bar:40}] {eta:>4} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        Self { bar, files }
    }

    /// File `index`, from 0, begins.
    pub(super) fn begin(&self, index: usize, name: &str) {
        self.bar.set_prefix(format!("{}/{}", index + 1, self.files));
        self.bar.set_message(name.to_owned());
        self.within(index, 0, 1);
    }

    /// So many samples `of` file `index` are done.
    pub(super) fn within(&self, index: usize, done: usize, of: usize) {
        let step = done as u64 * STEPS / of.max(1) as u64;
        self.bar.set_position(index as u64 * STEPS + step);
    }

    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
