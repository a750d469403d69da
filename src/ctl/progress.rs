//! What is going on, on standard error: a spinner on a terminal, plain lines elsewhere, silence beside JSON.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Format;

/// One thing in progress. Dropping it removes the spinner.
#[derive(Debug)]
pub struct Progress {
    form: Form,
    last: String,
}

#[derive(Debug)]
enum Form {
    Spinner(ProgressBar),
    Lines,
    Silent,
}

impl Progress {
    /// Starts to show progress in the form that fits standard error.
    pub fn start(format: Format) -> Self {
        let form = match (io::stderr().is_terminal(), format) {
            (true, _) => Form::Spinner(spinner()),
            (false, Format::Table) => Form::Lines,
            (false, Format::Json) => Form::Silent,
        };
        Self { form, last: String::new() }
    }

    /// Says what is being done now. Said again, it is not repeated.
    pub fn state(&mut self, text: &str) {
        if self.last == text {
            return;
        }
        text.clone_into(&mut self.last);
        match &self.form {
            Form::Spinner(bar) => bar.set_message(text.to_owned()),
            Form::Lines => eprintln!("{text}"),
            Form::Silent => {}
        }
    }

    /// Says what is being done now to those who watch a spinner; elsewhere the lines say it.
    pub fn spin(&mut self, text: &str) {
        if let Form::Spinner(bar) = &self.form {
            bar.set_message(text.to_owned());
        }
    }

    /// Says something that stays on the screen.
    pub fn line(&mut self, text: &str) {
        match &self.form {
            Form::Spinner(bar) => bar.suspend(|| eprintln!("{text}")),
            Form::Lines => eprintln!("{text}"),
            Form::Silent => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Form::Spinner(bar) = &self.form {
            bar.finish_and_clear();
        }
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
