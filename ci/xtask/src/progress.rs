// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is going on, said on standard error: a spinner on a terminal, one line per step elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A long step. It disappears from the terminal when dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Says that `what` has begun.
    pub(crate) fn start(what: impl Into<String>) -> Self {
        let what = what.into();
        let progress = Self::quiet(what.clone());
        if progress.bar.is_hidden() {
            eprintln!("{what} …");
        }
        progress
    }

    /// The same, but without a line where there is no terminal.
    pub(crate) fn quiet(what: impl Into<String>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if !bar.is_hidden() {
            bar.set_style(
                ProgressStyle::with_template("{spinner} {msg} [{elapsed}]").expect("the template is constant"),
            );
            bar.set_message(what.into());
            bar.enable_steady_tick(Duration::from_millis(150));
        }
        Self { bar }
    }

    /// A line for standard error that does not disturb the spinner.
    pub(crate) fn note(&self, text: &str) {
        if self.bar.is_hidden() {
            eprintln!("  {text}");
        } else {
            self.bar.println(text);
        }
    }

    /// Says where the step is: in place of what was said before on a terminal, as a line elsewhere.
    pub(crate) fn detail(&self, text: &str) {
        if self.bar.is_hidden() {
            eprintln!("  {text}");
        } else {
            self.bar.set_message(text.to_owned());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
