//! Where secrets come from: a file, standard input, an environment variable or a masked question. Never the command
//! line, which others can read in the process list and the shell keeps in its history.

use std::{
    env, fs,
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use secrecy::{SecretString, zeroize::Zeroize as _};

use super::{context::Context, error::Error};

/// More than any secret of either vendor; a larger file is the wrong file.
const LARGEST: u64 = 64 * 1024;

/// One secret and the ways in which it may be given, in order of precedence.
#[derive(Debug)]
pub struct Source<'a> {
    /// `--…-stdin` was given.
    pub stdin: bool,
    /// `--…-file`; `-` is standard input.
    pub file: Option<&'a PathBuf>,
    /// The environment variable.
    pub variable: &'static str,
    /// The key of what to ask on a terminal.
    pub question: &'static str,
    /// The options to name where there is no terminal.
    pub options: &'static str,
}

impl Source<'_> {
    /// The secret, if it was given without asking.
    ///
    /// # Errors
    /// [`Error::Usage`] when what is named can't be read or is empty.
    pub fn given(&self) -> Result<Option<SecretString>, Error> {
        let from_stdin = self.stdin || self.file.is_some_and(|path| path == Path::new("-"));
        if from_stdin && io::stdin().is_terminal() {
            // What is typed there is shown, and Ctrl-C could not interrupt it.
            let refusal = "standard input is a terminal: leave the option out to be asked";
            return Err(Error::Usage(refusal.to_owned()));
        }
        if from_stdin {
            return read(io::stdin().lock(), "standard input").map(Some);
        }
        if let Some(path) = self.file {
            let name = path.display().to_string();
            let file = fs::File::open(path).map_err(|error| Error::Usage(format!("{name}: {error}")))?;
            return read(file, &name).map(Some);
        }
        match env::var(self.variable) {
            Ok(value) if !value.is_empty() => Ok(Some(SecretString::from(value))),
            Ok(_) | Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err(Error::Usage(format!("{} is not UTF-8", self.variable))),
        }
    }

    /// The secret, asked for on a terminal if it was not given.
    ///
    /// # Errors
    /// As [`Source::given`]; and [`Error::Usage`] naming the options when nobody can be asked.
    pub fn get(&self, context: &Context) -> Result<SecretString, Error> {
        if let Some(secret) = self.given()? {
            return Ok(secret);
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(Error::Usage(format!(
                "a secret is missing: give {} or {}",
                self.options, self.variable
            )));
        }
        let lang = context.view.lang;
        super::wizard::terminal::secret(lang, &lang.text(self.question))
    }
}

/// Everything up to the end, without one final line break: passwords may begin or end with spaces.
fn read(source: impl io::Read, name: &str) -> Result<SecretString, Error> {
    let mut text = String::new();
    let read = source.take(LARGEST + 1).read_to_string(&mut text);
    let refuse = |cause: String| Error::Usage(format!("{name}: {cause}"));
    let size = read.map_err(|error| refuse(error.to_string()))?;
    if size as u64 > LARGEST {
        text.zeroize();
        return Err(refuse("larger than any secret".to_owned()));
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() { Err(refuse("empty".to_owned())) } else { Ok(SecretString::from(text)) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn one_line_break_at_the_end_goes_and_nothing_else() {
        let cases = [
            ("pass\n", "pass"),
            ("pass\r\n", "pass"),
            (" pass \n", " pass "),
            ("a\n\n", "a\n"),
            ("pass", "pass"),
        ];
        for (written, secret) in cases {
            assert_eq!(read(written.as_bytes(), "test").unwrap().expose_secret(), secret);
        }
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        let large = vec![b'x'; 64 * 1024 + 1];
        for written in [&b""[..], b"\n", &large, b"\xff"] {
            assert!(matches!(read(written, "test"), Err(Error::Usage(_))));
        }
    }
}
