//! What runs on a developer's machine without set-up: the private PostgreSQL, `dev`, `simulate` and `demo`.

mod demo;
pub mod postgres;
mod simulate;
mod up;

pub use demo::demo;
pub use simulate::simulate;
pub use up::{Environment, EnvironmentSettings, up};
