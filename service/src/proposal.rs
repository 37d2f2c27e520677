//! The second of two people: whoever proposed a step does not decide it, and what is decided is just what was proposed.

use domain::access::Actor;
use domain::id::{Id, Staff};

use crate::frame::staff_of;
use crate::{Fault, Refusal};

/// What was proposed, as far as deciding on it needs.
pub(crate) struct Proposed {
    /// Who proposed; absent where it was the command line, which counts as one person.
    pub by: Option<Id<Staff>>,
    /// Whether it is the very thing that is being decided.
    pub is_this: bool,
}

/// What a step says where it cannot be decided.
pub(crate) struct Sentences {
    pub missing: &'static str,
    pub same_person: &'static str,
    /// The code and the sentence where something else was proposed.
    pub another: (&'static str, &'static str),
}

/// Who proposed what is being decided.
///
/// # Errors
/// [`Fault::Refused`] with `PROPOSAL_MISSING`, `SAME_PERSON`, or the code for another proposal.
pub(crate) fn find_proposer(
    actor: &Actor,
    proposed: Option<Proposed>,
    sentences: &Sentences,
) -> Result<Option<Id<Staff>>, Fault> {
    let refuse = |code, message| Fault::refused(Refusal::new(code, message).at(["proposal"]));
    let Some(proposed) = proposed else {
        return Err(refuse("PROPOSAL_MISSING", sentences.missing));
    };
    if proposed.by == staff_of(actor) {
        return Err(refuse("SAME_PERSON", sentences.same_person));
    }
    if !proposed.is_this {
        let (code, message) = sentences.another;
        return Err(refuse(code, message));
    }
    Ok(proposed.by)
}

/// Who proposed, as the log names them.
pub(crate) fn name_of(by: Option<Id<Staff>>) -> String {
    by.map_or_else(|| Actor::Operator.name().to_owned(), |id| id.to_string())
}
