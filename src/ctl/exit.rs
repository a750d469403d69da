//! Exit codes. They are a contract with scripts, written out in `--help`.

use std::process::ExitCode;

use tonic::Code;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// The call was fine and what it started ended badly: an attempt or a test contact failed.
    Failed = 1,
    /// The command line makes no sense. The same code as clap's own.
    Usage = 2,
    /// A rule of the product says no.
    Refused = 3,
    /// There is no such thing.
    NotFound = 4,
    /// Somebody else changed it, or it exists already.
    Conflict = 5,
    /// Not now: no answer, no time, no capacity.
    Unavailable = 6,
    /// Not allowed.
    Denied = 7,
    /// A field is wrong.
    Invalid = 8,
    /// A defect, of the server or of this program.
    Internal = 9,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The exit code for the status of an RPC.
    pub fn of_code(code: Code) -> Self {
        match code {
            Code::Ok => Self::Ok,
            Code::InvalidArgument | Code::OutOfRange => Self::Invalid,
            Code::FailedPrecondition => Self::Refused,
            Code::NotFound => Self::NotFound,
            Code::Aborted | Code::AlreadyExists => Self::Conflict,
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled => {
                Self::Unavailable
            }
            Code::Unauthenticated | Code::PermissionDenied => Self::Denied,
            Code::Internal | Code::Unknown | Code::DataLoss | Code::Unimplemented => Self::Internal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_code_has_the_documented_exit_code() {
        let expected = [
            (Code::Ok, 0),
            (Code::Cancelled, 6),
            (Code::Unknown, 9),
            (Code::InvalidArgument, 8),
            (Code::DeadlineExceeded, 6),
            (Code::NotFound, 4),
            (Code::AlreadyExists, 5),
            (Code::PermissionDenied, 7),
            (Code::ResourceExhausted, 6),
            (Code::FailedPrecondition, 3),
            (Code::Aborted, 5),
            (Code::OutOfRange, 8),
            (Code::Unimplemented, 9),
            (Code::Internal, 9),
            (Code::Unavailable, 6),
            (Code::DataLoss, 9),
            (Code::Unauthenticated, 7),
        ];
        for (code, exit) in expected {
            assert_eq!(Exit::of_code(code) as u8, exit, "{code:?}");
        }
    }
}
