//! `connectord`'s command line: arguments, commands, `doctor`. No rule and no translation in here.

mod args;
mod commands;
mod doctor;
mod tokens;

pub use args::Args;
pub use commands::run;
