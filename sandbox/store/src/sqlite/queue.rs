//! The queue of writes, and who commits them.
//!
//! A commit takes less time than a change of threads, and does not wait for the disk, except the first after a checkpoint. So a
//! caller that finds nobody at work commits its own write and what is queued meanwhile. What exceeds its share is left to the
//! writer thread, and so are checkpoints, which wait for the disk. A disk that hangs blocks the caller's thread.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

use super::batch::Job;
use super::writer::Writer;

/// Maximum number of batches, and of writes in each, that a caller commits.
const CALLER_ROUNDS: usize = 2;
const CALLER_BATCH: usize = 16;

/// Maximum number of writes in a transaction of the writer thread.
const THREAD_BATCH: usize = 256;

pub(super) struct WriteQueue {
    state: Mutex<QueueState>,
    /// Locked by the committer alone.
    writer: Mutex<Writer>,
    wakes_thread: Condvar,
}

struct QueueState {
    jobs: VecDeque<Job>,
    committer: Committer,
    /// The store is dropped: the thread ends after the last job.
    is_closed: bool,
}

/// Who commits the queued jobs.
#[derive(Clone, Copy, PartialEq)]
enum Committer {
    Nobody,
    Caller,
    Thread,
    /// A committer has panicked. No write is accepted any more.
    Failed,
}

impl WriteQueue {
    pub(super) fn new(writer: Writer) -> Self {
        let state = QueueState { jobs: VecDeque::new(), committer: Committer::Nobody, is_closed: false };
        Self { state: Mutex::new(state), writer: Mutex::new(writer), wakes_thread: Condvar::new() }
    }

    /// Queues a job; after a failure it is dropped. [`Self::commit_if_idle`] must follow.
    pub(super) fn push(&self, job: Job) {
        let mut state = self.state.lock();
        if state.committer != Committer::Failed {
            state.jobs.push_back(job);
        }
    }

    /// Commits the queued jobs, if nobody else does.
    pub(super) fn commit_if_idle(&self) {
        let mut state = self.state.lock();
        if state.committer == Committer::Nobody && !state.jobs.is_empty() {
            state.committer = Committer::Caller;
            drop(state);
            self.commit_as_caller();
        }
    }

    fn commit_as_caller(&self) {
        let _guard = FailureGuard(self);
        let mut writer = self.writer.lock();
        for round in 0.. {
            let mut state = self.state.lock();
            if state.jobs.is_empty() && !writer.needs_checkpoint() {
                state.committer = Committer::Nobody;
                return;
            }
            if round == CALLER_ROUNDS || writer.needs_checkpoint() {
                state.committer = Committer::Thread;
                self.wakes_thread.notify_one();
                return;
            }
            drop(state);
            self.commit_batch(&mut writer, CALLER_BATCH);
        }
    }

    /// The writer thread. Runs until the store is closed.
    pub(super) fn run(&self) {
        let _guard = FailureGuard(self);
        loop {
            let mut state = self.state.lock();
            while state.committer != Committer::Thread {
                if state.is_closed {
                    return;
                }
                self.wakes_thread.wait(&mut state);
            }
            drop(state);
            let mut writer = self.writer.lock();
            loop {
                if writer.needs_checkpoint() {
                    writer.checkpoint();
                }
                let mut state = self.state.lock();
                if state.jobs.is_empty() {
                    state.committer = Committer::Nobody;
                    break;
                }
                drop(state);
                self.commit_batch(&mut writer, THREAD_BATCH);
            }
        }
    }

    fn commit_batch(&self, writer: &mut Writer, limit: usize) {
        if let Some(job) = writer.commit(limit, || self.state.lock().jobs.pop_front()) {
            self.state.lock().jobs.push_front(job);
        }
    }

    /// Ends the thread after the queued jobs.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.wakes_thread.notify_one();
    }

    /// Closes the file, after the thread has ended.
    pub(super) fn close_file(&self) {
        self.writer.lock().close();
    }
}

impl std::fmt::Debug for WriteQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteQueue").finish_non_exhaustive()
    }
}

/// Marks the queue as failed when its committer panics, so that no caller waits for ever.
struct FailureGuard<'a>(&'a WriteQueue);

impl Drop for FailureGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut state = self.0.state.lock();
            state.committer = Committer::Failed;
            state.jobs.clear();
        }
    }
}
