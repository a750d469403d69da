//! What runs on a developer's machine without set-up: the private PostgreSQL behind `dev`, `demo` and the tests.

pub mod postgres;
