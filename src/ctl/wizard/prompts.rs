//! The questions that the wizard asks, whoever answers: a person at a terminal, or a script in a test.

use secrecy::SecretString;

use crate::ctl::error::Error;

/// Somebody who answers. Nothing is ever preselected: each answer has to be given.
pub trait Prompts {
    /// Shows a text.
    fn say(&mut self, text: &str);
    /// One of several options, by its index.
    fn choose(&mut self, question: &str, options: &[String]) -> Result<usize, Pause>;
    /// Any number of several options, by their indexes; none is an answer too.
    fn tick(&mut self, question: &str, options: &[String]) -> Result<Vec<usize>, Pause>;
    /// Yes or no.
    fn confirm(&mut self, question: &str) -> Result<bool, Pause>;
    /// A line of text. Empty where `empty_means` says what that stands for; asked again otherwise.
    fn line(&mut self, question: &str, empty_means: Option<&str>) -> Result<String, Pause>;
    /// A secret, which is not shown.
    fn secret(&mut self, question: &str) -> Result<SecretString, Pause>;
}

/// Why a step was left without an answer.
#[derive(Debug)]
pub enum Pause {
    /// Escape: somewhere else, or out.
    Menu,
    /// It can't go on.
    Error(Error),
}

impl From<Error> for Pause {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
