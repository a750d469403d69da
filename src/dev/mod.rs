//! What runs on a developer's machine without set-up: the private PostgreSQL, `dev`, `simulate` and `demo`.

mod demo;
mod line;
pub mod postgres;
mod simulate;
mod up;

pub use demo::demo;
pub use line::{Bearer, Line, connect};
pub use simulate::simulate;
pub use up::{Environment, EnvironmentSettings, up};
