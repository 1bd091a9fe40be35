//! The thread that reads, for everything but the verdicts on tokens. It sees what was committed before it was asked.

use std::sync::mpsc::Receiver;

use crate::file::Link;
use crate::migration;
use crate::queue::{Job, Message};

/// Answers until it is told to close, or until nobody is left to ask.
pub(crate) fn run(inbox: &Receiver<Message>, mut link: Link) {
    for message in inbox {
        match message {
            Message::Job(job) => answer(job, &mut link),
            Message::Close(reply) => {
                link.close();
                // Whoever asked may have gone away.
                let _: Result<(), _> = reply.send(());
                return;
            }
        }
    }
}

fn answer(mut job: Box<dyn Job>, link: &mut Link) {
    let outcome = link.with(|connection, _| {
        migration::check(connection)?;
        Ok(job.run(connection)?)
    });
    job.answer(outcome);
}
