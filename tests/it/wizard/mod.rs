//! The set-up wizard, requirement by requirement, through the public API alone.

mod path;
