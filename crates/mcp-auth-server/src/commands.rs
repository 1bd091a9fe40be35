//! One module for each command.

pub(crate) mod audit;
pub(crate) mod config;
mod desk;
pub(crate) mod doctor;
pub(crate) mod init;
pub(crate) mod policy;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod store;
pub(crate) mod token;
pub(crate) mod user;
