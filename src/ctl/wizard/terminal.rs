//! Questions on a terminal.

use inquire::{Confirm, InquireError, MultiSelect, Password, PasswordDisplayMode, Select, Text};
use inquire::{list_option::ListOption, validator::Validation};
use secrecy::SecretString;

use super::prompts::{Pause, Prompts};
use crate::{
    api::v1::Choice,
    ctl::{error::Error, labels::label, lang::Lang},
};

/// A person at a terminal.
#[derive(Debug)]
pub struct Terminal {
    lang: Lang,
}

impl Terminal {
    /// Asks in a language.
    pub fn new(lang: Lang) -> Self {
        Self { lang }
    }
}

/// Asks for a secret once, without the wizard around it.
///
/// # Errors
/// [`Error::Interrupted`] on Escape and Ctrl-C.
pub fn secret(lang: Lang, question: &str) -> Result<SecretString, Error> {
    Terminal::new(lang).secret(question).map_err(flat)
}

/// Asks for yes or no once, without the wizard around it.
///
/// # Errors
/// [`Error::Interrupted`] on Escape and Ctrl-C.
pub fn confirm(lang: Lang, question: &str) -> Result<bool, Error> {
    Terminal::new(lang).confirm(question).map_err(flat)
}

fn flat(pause: Pause) -> Error {
    match pause {
        Pause::Menu => Error::Interrupted,
        Pause::Error(error) => error,
    }
}

impl From<InquireError> for Pause {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationCanceled => Self::Menu,
            InquireError::OperationInterrupted => Self::Error(Error::Interrupted),
            InquireError::NotTTY => Self::Error(Error::Usage("this needs a terminal".to_owned())),
            InquireError::IO(error) => Self::Error(error.into()),
            InquireError::InvalidConfiguration(cause) => Self::Error(Error::Internal(cause)),
            InquireError::Custom(cause) => Self::Error(Error::Internal(cause.to_string())),
        }
    }
}

impl Prompts for Terminal {
    fn say(&mut self, text: &str) {
        eprintln!("{}", text.trim_end_matches('\n'));
    }

    /// The cursor starts on a line that is no answer: pressing Enter chooses nothing by accident.
    fn choose(&mut self, question: &str, options: &[String]) -> Result<usize, Pause> {
        let nothing = self.lang.text("ctl-prompt-choose");
        let help = self.lang.text("ctl-prompt-keys");
        loop {
            let lines = std::iter::once(nothing.clone()).chain(options.iter().cloned()).collect();
            let chosen =
                Select::new(question, lines).with_help_message(&help).with_page_size(12).raw_prompt()?;
            if let Some(index) = chosen.index.checked_sub(1) {
                return Ok(index);
            }
        }
    }

    fn tick(&mut self, question: &str, options: &[String]) -> Result<Vec<usize>, Pause> {
        let help = self.lang.text("ctl-prompt-keys-multiple");
        let ticked = MultiSelect::new(question, options.to_vec()).with_help_message(&help).raw_prompt()?;
        Ok(ticked.into_iter().map(|option: ListOption<String>| option.index).collect())
    }

    fn confirm(&mut self, question: &str) -> Result<bool, Pause> {
        let parser = |answer: &str| match answer.trim().to_lowercase().as_str() {
            "y" | "yes" | "はい" => Ok(true),
            "n" | "no" | "いいえ" => Ok(false),
            _ => Err(()),
        };
        let lang = self.lang;
        let formatter = |yes| label::<Choice>(if yes { Choice::Yes } else { Choice::No }.into(), lang);
        let refusal = lang.text("ctl-prompt-yes-or-no");
        let confirm = Confirm::new(question)
            .with_placeholder("y/n")
            .with_parser(&parser)
            .with_formatter(&formatter)
            .with_error_message(&refusal);
        Ok(confirm.prompt()?)
    }

    fn line(&mut self, question: &str, empty_means: Option<&str>) -> Result<String, Pause> {
        let refusal = self.lang.text("ctl-prompt-empty");
        let text = Text::new(question);
        let answer = match empty_means {
            Some(meaning) => text.with_placeholder(meaning).prompt()?,
            None => text.with_validator(filled(refusal)).prompt()?,
        };
        Ok(answer.trim().to_owned())
    }

    fn secret(&mut self, question: &str) -> Result<SecretString, Pause> {
        let refusal = self.lang.text("ctl-prompt-empty");
        let answer = Password::new(question)
            .with_display_mode(PasswordDisplayMode::Masked)
            .without_confirmation()
            .with_formatter(&|_| "********".to_owned())
            .with_validator(filled(refusal))
            .prompt()?;
        Ok(SecretString::from(answer))
    }
}

fn filled(refusal: String) -> impl Fn(&str) -> Result<Validation, inquire::CustomUserError> + Clone {
    move |answer| {
        Ok(if answer.trim().is_empty() {
            Validation::Invalid(refusal.as_str().into())
        } else {
            Validation::Valid
        })
    }
}
