//! What each command does.

mod desk;
pub(crate) mod init;
pub(crate) mod serve;
