//! Attacks on a server in a process of its own, while somebody else works with it: the attacker is stopped in time or
//! held within bounds, the memory of the process as well, and the other one notices nothing.
//!
//! What is measured is read from `/proc`; what does not need it runs everywhere.

mod hosts;
mod redirects;

#[cfg(target_os = "linux")]
mod bodies;
#[cfg(target_os = "linux")]
mod caps;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(target_os = "linux")]
mod floods;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod panics;
#[cfg(target_os = "linux")]
mod silent;
#[cfg(target_os = "linux")]
mod victim;
#[cfg(target_os = "linux")]
mod witness;
