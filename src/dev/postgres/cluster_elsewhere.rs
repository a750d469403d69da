//! Platforms without Unix sockets have no private server: give the address of one that runs.

use std::path::Path;

use super::{Durability, Error, Programs};

/// Can't be made on this platform; see [`Error::UnsupportedPlatform`].
#[derive(Debug)]
pub enum Cluster {}

impl Programs {
    /// The same as [`find`](Self::find): nothing is downloaded on this platform.
    ///
    /// # Errors
    /// [`Error::NotInstalled`].
    pub fn find_or_download() -> Result<Self, Error> {
        Self::find()
    }
}

impl Cluster {
    /// Always fails on this platform.
    ///
    /// # Errors
    /// [`Error::UnsupportedPlatform`].
    pub fn temporary(_programs: &Programs, _durability: Durability) -> Result<Self, Error> {
        Err(Error::UnsupportedPlatform)
    }

    /// Always fails on this platform.
    ///
    /// # Errors
    /// [`Error::UnsupportedPlatform`].
    pub fn lasting(_programs: &Programs, _folder: &Path) -> Result<Self, Error> {
        Err(Error::UnsupportedPlatform)
    }

    /// The address of a database.
    #[must_use]
    pub fn url(&self, _database: &str) -> String {
        match *self {}
    }

    /// The folder of the server's socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        match *self {}
    }

    /// Stops the server.
    ///
    /// # Errors
    /// None.
    pub fn stop(self) -> Result<(), Error> {
        match self {}
    }
}
