//! Answers that stand in for the network, for fuzzing: what a client does with bytes from outside can be tried without
//! any connection.

use std::{cell::RefCell, collections::VecDeque};

use super::{Answer, TransportError};

thread_local! {
    static ANSWERS: RefCell<Option<VecDeque<Answer>>> = const { RefCell::new(None) };
}

/// Runs `work` on this thread; every request that it sends gets the next of these answers, and is cut when there is
/// none left.
pub(crate) fn answering<T>(answers: VecDeque<Answer>, work: impl FnOnce() -> T) -> T {
    ANSWERS.set(Some(answers));
    let done = work();
    ANSWERS.set(None);
    done
}

/// The next answer; `None` where the network is asked as ever.
pub(super) fn next(cap: usize) -> Option<Result<Answer, TransportError>> {
    ANSWERS.with_borrow_mut(|answers| {
        let next = answers.as_mut()?.pop_front();
        Some(match next {
            None => Err(TransportError::Cut("no answer is left".to_owned())),
            Some(answer) if answer.body.len() > cap => Err(TransportError::TooLarge { limit: cap }),
            Some(answer) => Ok(answer),
        })
    })
}
