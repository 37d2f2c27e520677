//! Errors at the GraphQL edge.
//!
//! [`GraphqlFault`] has no `Display` on purpose: the library sends the text of anything that has one to the client, so
//! with it `?` on an internal error would compile and leak. Here it does not compile; an internal error must pass
//! [`GraphqlFault::internal`], which logs it and shows a reference. Expected refusals of a change are no errors at all
//! but data in its payload.

use std::time::Duration;

use async_graphql::{ErrorExtensionValues, ServerError};
use http::StatusCode;
use service::Fault;

use crate::http::RequestId;

/// Every value that `extensions.code` can take. Clients branch on these; none is ever renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The HTTP request is no GraphQL request: no JSON, no `query`, a parameter of the wrong kind.
    BadRequest,
    /// Another method would be right.
    MethodNotAllowed,
    /// None of the accepted media types can be sent.
    NotAcceptable,
    /// The body is not `application/json` in UTF-8.
    UnsupportedMediaType,
    /// The body is larger than allowed.
    PayloadTooLarge,
    /// The body did not arrive in time.
    RequestTimeout,
    /// A browser says that another site sent a change.
    ForeignOrigin,
    /// Nothing is known by this `sha256Hash`: send the document with it, once.
    PersistedQueryNotFound,
    /// The server executes only documents that came with its settings, and this is none of them.
    DocumentNotTrusted,
    /// The document is larger than a guard allows.
    DocumentTooLarge,
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The named operation does not exist, or none is named where there are several.
    OperationNotFound,
    /// The operation costs more than one operation may.
    ComplexityExceeded,
    /// An argument or variable has a value that the server cannot take.
    BadUserInput,
    /// The token is missing, wrong or expired.
    Unauthenticated,
    /// The role does not allow this.
    Forbidden,
    /// The second factor was shown too long ago for this step: send `secondFactorShow`, then this again.
    SecondFactorStale,
    /// There is no such thing, or it may not be seen.
    NotFound,
    /// Somebody else changed it in the meantime.
    Conflict,
    /// Too much in too little time; `retryAfter` says when.
    RateLimited,
    /// The database cannot be reached or is full; trying later helps.
    Unavailable,
    /// The operation took too long. A change may have happened all the same.
    DeadlineExceeded,
    /// The answer is larger than allowed.
    ResponseTooLarge,
    /// Something is broken on the server; `reference` leads to it in the log.
    Internal,
}

impl ErrorCode {
    /// All of them, in the order of the declaration.
    pub const ALL: [Self; 25] = [
        Self::BadRequest,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::UnsupportedMediaType,
        Self::PayloadTooLarge,
        Self::RequestTimeout,
        Self::ForeignOrigin,
        Self::PersistedQueryNotFound,
        Self::DocumentNotTrusted,
        Self::DocumentTooLarge,
        Self::GraphqlParseFailed,
        Self::GraphqlValidationFailed,
        Self::OperationNotFound,
        Self::ComplexityExceeded,
        Self::BadUserInput,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::SecondFactorStale,
        Self::NotFound,
        Self::Conflict,
        Self::RateLimited,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::ResponseTooLarge,
        Self::Internal,
    ];

    /// The word in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::ForeignOrigin => "FOREIGN_ORIGIN",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::DocumentTooLarge => "DOCUMENT_TOO_LARGE",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::OperationNotFound => "OPERATION_NOT_FOUND",
            Self::ComplexityExceeded => "COMPLEXITY_EXCEEDED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::SecondFactorStale => "SECOND_FACTOR_STALE",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::ResponseTooLarge => "RESPONSE_TOO_LARGE",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status of a request that fails with this before anything was executed.
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::PersistedQueryNotFound
            | Self::DocumentNotTrusted
            | Self::DocumentTooLarge
            | Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::OperationNotFound
            | Self::ComplexityExceeded
            | Self::BadUserInput => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::ForeignOrigin | Self::Forbidden | Self::SecondFactorStale => {
                StatusCode::FORBIDDEN
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::DeadlineExceeded => StatusCode::SERVICE_UNAVAILABLE,
            Self::ResponseTooLarge | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether GraphQL itself refused the document, as opposed to HTTP or access refusing the request. Clients that
    /// accept only `application/json` get these with status 200, as the specification of GraphQL over HTTP asks.
    pub(crate) fn is_of_document(self) -> bool {
        matches!(
            self,
            Self::PersistedQueryNotFound
                | Self::DocumentNotTrusted
                | Self::DocumentTooLarge
                | Self::GraphqlParseFailed
                | Self::GraphqlValidationFailed
                | Self::OperationNotFound
                | Self::ComplexityExceeded
                | Self::BadUserInput
        )
    }
}

/// One error as the client sees it. The library adds path and locations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphqlFault {
    code: ErrorCode,
    message: String,
    reference: Option<String>,
    retry_after: Option<Duration>,
}

impl GraphqlFault {
    /// A fault whose text may be shown: it speaks of what the client sent.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reference: None,
            retry_after: None,
        }
    }

    /// A value that the server cannot take.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadUserInput, message)
    }

    /// Too much in too little time.
    pub fn rate_limited(retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs().max(1);
        let message = format!("too many requests: try again in {seconds} s");
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ErrorCode::RateLimited, message)
        }
    }

    /// Something is broken on the server. The cause goes to the log, the client gets a reference to it.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = cause.to_string();
        let mut deeper = cause.source();
        while let Some(cause) = deeper {
            text = format!("{text}: {cause}");
            deeper = cause.source();
        }
        Self::internal_text(&text)
    }

    /// The same for a cause that is no error value. The text is logged, never shown.
    pub fn internal_text(cause: &str) -> Self {
        let reference = RequestId::draw().as_str().to_owned();
        tracing::error!(reference, cause, "an operation failed inside");
        let message = format!(
            "something went wrong on the server; tell the operator the reference `{reference}`"
        );
        Self {
            reference: Some(reference),
            ..Self::new(ErrorCode::Internal, message)
        }
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The text for the client.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// After what time trying again makes sense.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn extensions(&self) -> ErrorExtensionValues {
        let mut values = ErrorExtensionValues::default();
        values.set("code", self.code.as_str());
        if let Some(reference) = &self.reference {
            values.set("reference", reference.as_str());
        }
        if let Some(after) = self.retry_after {
            values.set("retryAfter", after.as_secs().max(1));
        }
        values
    }

    pub(crate) fn into_server_error(self) -> ServerError {
        let mut error = ServerError::new(self.message.clone(), None);
        error.extensions = Some(self.extensions());
        error
    }
}

impl From<GraphqlFault> for async_graphql::Error {
    fn from(fault: GraphqlFault) -> Self {
        let extensions = fault.extensions();
        Self {
            message: fault.message,
            source: None,
            extensions: Some(extensions),
        }
    }
}

impl From<Fault> for GraphqlFault {
    /// For reads, and for changes whose payload has no place for it: expected refusals of a change belong there.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refusals) => {
                let messages: Vec<String> = refusals
                    .into_iter()
                    .map(|refusal| refusal.message)
                    .collect();
                Self::bad_input(messages.join("; "))
            }
            Fault::NotFound => Self::new(
                ErrorCode::NotFound,
                "there is no such thing, or it may not be seen",
            ),
            Fault::Denied => Self::new(ErrorCode::Forbidden, "the role does not allow this"),
            Fault::Conflict => Self::new(
                ErrorCode::Conflict,
                "somebody else changed this in the meantime: read it again",
            ),
            Fault::Unavailable => Self::new(
                ErrorCode::Unavailable,
                "the database cannot be reached just now: try again later",
            ),
            Fault::Internal(cause) => Self::internal(cause.error()),
        }
    }
}

/// Whether execution had begun when an error arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The document was being parsed, validated or priced.
    Before,
    /// Fields were being resolved.
    During,
}

/// Gives an error of the library its code. Our own carry one already.
pub(crate) fn classify(error: &mut ServerError, stage: Stage) {
    if code_of(error).is_some() {
        return;
    }
    let code = match stage {
        Stage::Before => code_before_execution(&error.message),
        Stage::During if is_about_input(&error.message) => ErrorCode::BadUserInput,
        Stage::During => {
            // Its text was not written for clients: it may name types, files or statements.
            let fault = GraphqlFault::internal_text(&error.message);
            error.extensions = Some(fault.extensions());
            error.message = fault.message;
            return;
        }
    };
    error
        .extensions
        .get_or_insert_default()
        .set("code", code.as_str());
}

/// The code that an error carries.
pub(crate) fn code_of(error: &ServerError) -> Option<ErrorCode> {
    let async_graphql::Value::String(word) = error.extensions.as_ref()?.get("code")? else {
        return None;
    };
    ErrorCode::ALL
        .into_iter()
        .find(|code| code.as_str() == word)
}

fn code_before_execution(message: &str) -> ErrorCode {
    match message {
        "Query is too complex." => ErrorCode::ComplexityExceeded,
        "Query is nested too deep." => ErrorCode::DocumentTooLarge,
        _ if message.starts_with("The recursion depth of the query") => ErrorCode::DocumentTooLarge,
        _ if message.starts_with("The number of directives on the field") => {
            ErrorCode::DocumentTooLarge
        }
        _ if message.starts_with("Unknown operation named")
            || message.starts_with("Operation name required") =>
        {
            ErrorCode::OperationNotFound
        }
        _ => ErrorCode::GraphqlValidationFailed,
    }
}

/// The texts of the library that answer an argument: coercion and validators, cursors and page sizes.
fn is_about_input(message: &str) -> bool {
    const BEGINNINGS: [&str; 5] = [
        "Failed to parse \"",
        "Invalid value for argument",
        "The \"first\"",
        "The \"last\"",
        "The \"after\"",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| message.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_words() {
        let words: std::collections::BTreeSet<&str> =
            ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn a_fault_has_no_display() {
        struct Probe<T>(std::marker::PhantomData<T>);
        trait Hidden {
            const SHOWN: bool = false;
        }
        impl<T> Hidden for Probe<T> {}
        // An inherent constant wins over that of the trait wherever its bound holds.
        impl<T: std::fmt::Display> Probe<T> {
            const SHOWN: bool = true;
        }
        const { assert!(Probe::<String>::SHOWN && !Probe::<GraphqlFault>::SHOWN) }
    }

    #[test]
    fn an_internal_error_shows_a_reference_and_not_its_text() {
        let fault = GraphqlFault::internal(&std::io::Error::other("secret path"));
        assert!(!fault.message().contains("secret"));
        let error = fault.into_server_error();
        assert_eq!(code_of(&error), Some(ErrorCode::Internal));
        assert!(error.extensions.unwrap().get("reference").is_some());
    }

    #[test]
    fn an_unknown_text_of_the_library_is_not_shown() {
        let mut error = ServerError::new("Data `api::Secret` does not exist.", None);
        classify(&mut error, Stage::During);
        assert_eq!(code_of(&error), Some(ErrorCode::Internal));
        assert!(!error.message.contains("Secret"));
    }
}
