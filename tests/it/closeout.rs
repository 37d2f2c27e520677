//! A round from its first score to its package: what is put in, what is refused, and that it ends once.

mod closing;
mod correction;
mod evidence;
mod import;
mod package;
mod ranking;
mod stretch;
mod succession;
