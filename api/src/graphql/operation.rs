//! One operation from its text to its answer, the same on every transport.
//!
//! Guards, parsing, rules about the operation as a whole, execution with a deadline, codes on every error, a bound on
//! the answer. A change runs in a task of its own: neither a deadline nor a client that hangs up stops it halfway.

use std::future::Future;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, OperationDefinition, OperationType};
use async_graphql::{Data, Executor, Request, Response, ServerError, Value, Variables};
use axum::body::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};
use tracing::Instrument;

use super::error::{ErrorCode, GraphqlFault, Stage, classify, code_of};
use super::extension::{Begun, Budget, Payer, Purse};
use super::guard::{document, text};
use super::persisted::{Documents, Trusted};
use super::request::Parameters;
use super::shelf::{Edition, Kept, Origin, Rights, Shelf, asks_for_what_stays};
use crate::config;
use crate::http::failure::panic_text;
use crate::http::{ClientAddress, RequestId};
use crate::metric;

/// A document of 30 KB can be wrong in 1,400 places; nobody reads so many.
const MAXIMUM_ERRORS: usize = 50;

/// Changes before which a second factor is asked for again: those that settle results, and those that give or take the
/// means to do so. Ending sessions is not among them: it is what one does in need.
pub(super) const SENSITIVE: [&str; 21] = [
    "dutyListsApprove",
    "gradeAdjust",
    "gradeProposeAdjust",
    "roundClose",
    "roundMoveVersion",
    "roundProposeClose",
    "roundProposeReopen",
    "roundProposeVersion",
    "roundPublish",
    "roundReopen",
    "serviceTokenAdd",
    "staffAdd",
    "staffBindIdentity",
    "staffChange",
    "staffInvite",
    "staffInviteAgain",
    "staffRemoveIdentity",
    "staffRemovePassword",
    "staffRemoveSecondFactor",
    "tieChoose",
    "waiverAdd",
];

/// Somebody who asks for an operation, as far as the transport can tell.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The access token, from the `Authorization` header or from `connection_init`.
    pub token: Option<config::Secret>,
    /// The client's address.
    pub address: ClientAddress,
    /// The request, for the audit log.
    pub request_id: RequestId,
}

/// What an admitted caller brings into an operation.
#[derive(Default)]
pub struct Admission {
    /// Data for the resolvers: the actor, and loaders that live for this operation only.
    pub data: Data,
    /// The account that pays for the operation; without one its network pays.
    pub account: Option<i64>,
    /// What the caller may read; without it no answer is kept or given again.
    pub rights: Option<Rights>,
    /// Whether the caller has to show the second factor again before a sensitive step.
    pub needs_code: bool,
}

/// Decides who is asking. Called for every operation, also on a WebSocket that is already open.
pub trait Gate: Clone + Send + Sync + 'static {
    /// Admits the caller, anonymous or not.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] for a token that is wrong, expired or withdrawn; a missing one is no error.
    fn admit(&self, caller: Caller)
    -> impl Future<Output = Result<Admission, GraphqlFault>> + Send;

    /// The revision that an admitted caller is shown now where this one was kept; none while the round is open or hidden
    /// from them.
    fn find_edition(
        &self,
        _admission: &Admission,
        _kept: Edition,
    ) -> impl Future<Output = Option<Edition>> + Send {
        std::future::ready(None)
    }
}

/// How an operation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Get,
    Post,
    Socket,
    /// Server-sent events, asked for by POST.
    Events,
    /// The same by GET, as `EventSource` does.
    EventsByGet,
}

/// An operation that passed both guards.
#[derive(Debug)]
pub(super) struct Prepared {
    request: Request,
    kind: OperationType,
    /// The only field at its root; known to be one of the schema only once the document was found valid.
    field: Option<String>,
    /// Whether it gives rights or does what cannot be taken back.
    is_sensitive: bool,
    /// Whether it asks for nothing that changes while a revision stands.
    stays: bool,
}

impl Prepared {
    pub(super) fn is_subscription(&self) -> bool {
        self.kind == OperationType::Subscription
    }
}

/// An answer, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    json: Bytes,
    /// Why nothing was executed; `None` when the response has `data`.
    pub(super) refused: Option<ErrorCode>,
    /// Seconds after which trying again makes sense.
    pub(super) retry_after: Option<u64>,
    /// Headers that resolvers set.
    pub(super) headers: http::HeaderMap,
    /// The same answer on the shelf, if it is one that is given again.
    pub(super) kept: Option<Arc<Kept>>,
    /// The revision that all of its figures are of, where nothing else was asked for and nothing failed.
    edition: Option<Edition>,
    /// Whether every part of it could be given.
    is_whole: bool,
}

impl Reply {
    /// A request error: `errors` without `data`.
    pub(super) fn refuse(errors: &[ServerError]) -> Self {
        let seconds = |error: &ServerError| match error.extensions.as_ref()?.get("retryAfter")? {
            Value::Number(seconds) => seconds.as_u64(),
            _ => None,
        };
        Self {
            json: serde_json::to_vec(errors).unwrap_or_default().into(),
            refused: Some(
                errors
                    .first()
                    .and_then(code_of)
                    .unwrap_or(ErrorCode::Internal),
            ),
            retry_after: errors.iter().find_map(seconds),
            headers: http::HeaderMap::new(),
            kept: None,
            edition: None,
            is_whole: false,
        }
    }

    fn again(kept: Arc<Kept>) -> Self {
        Self {
            json: kept.json.clone(),
            refused: None,
            retry_after: None,
            headers: http::HeaderMap::new(),
            edition: Some(kept.edition),
            kept: Some(kept),
            is_whole: true,
        }
    }

    /// The JSON that WebSocket messages carry: the response, or for a refusal the bare list of errors.
    pub(super) fn payload(&self) -> &[u8] {
        &self.json
    }

    /// The JSON of a whole response.
    pub(super) fn into_document(self) -> Bytes {
        if self.refused.is_none() {
            return self.json;
        }
        [b"{\"errors\":".as_slice(), &self.json, b"}"]
            .concat()
            .into()
    }
}

impl From<GraphqlFault> for Reply {
    fn from(fault: GraphqlFault) -> Self {
        Self::refuse(&[fault.into_server_error()])
    }
}

/// Everything that the transports share.
pub struct Endpoint<E, G> {
    executor: E,
    pub(super) gate: G,
    pub(super) settings: config::Graphql,
    budget: Arc<Budget>,
    shelf: Shelf,
    documents: Documents,
}

impl<E: Executor, G: Gate> Endpoint<E, G> {
    /// `executor` is the schema, built through [`super::fence`].
    pub fn new(executor: E, gate: G, settings: config::Graphql) -> Self {
        let budget = Arc::new(Budget::new(settings.cost_per_second));
        let documents = Documents::new(Trusted::default(), settings.only_trusted);
        Self {
            executor,
            gate,
            settings,
            budget,
            shelf: Shelf::new(),
            documents,
        }
    }

    /// The same with documents that need not be sent.
    #[must_use]
    pub fn trust(self, trusted: Trusted) -> Self {
        let documents = Documents::new(trusted, self.settings.only_trusted);
        Self { documents, ..self }
    }

    /// The answer to these words, if it is on the shelf and the caller is still shown that edition.
    pub(super) async fn find_kept(&self, admission: &Admission, words: &str) -> Option<Reply> {
        let rights = admission.rights.as_ref()?;
        let kept = self.shelf.find(rights, words)?;
        if !self.shelf.is_fresh(&kept) {
            let now = self.gate.find_edition(admission, kept.edition).await;
            if now != Some(kept.edition) {
                self.shelf.forget(rights, words);
                return None;
            }
            self.shelf.confirm(&kept);
        }
        Some(Reply::again(kept))
    }

    /// Puts an answer on the shelf, if it is one that stays.
    pub(super) fn keep(&self, rights: Option<&Rights>, words: &str, reply: &mut Reply) {
        if let (Some(rights), Some(edition)) = (rights, reply.edition) {
            reply.kept = self.shelf.keep(rights, words, edition, reply.json.clone());
        }
    }

    /// Judges the operation before anything of it is executed.
    pub(super) fn prepare(
        &self,
        parameters: Parameters,
        transport: Transport,
    ) -> Result<Prepared, ServerError> {
        self.judge(parameters, transport).inspect_err(|error| {
            metric::count_operation(&metric::Operation {
                kind: "none",
                field: None,
                outcome: code_of(error).unwrap_or(ErrorCode::Internal).as_str(),
            });
        })
    }

    fn judge(&self, parameters: Parameters, transport: Transport) -> Result<Prepared, ServerError> {
        let fault = GraphqlFault::into_server_error;
        let Parameters {
            document: asked,
            operation_name,
            variables,
        } = parameters;
        let query = self.documents.find(&asked).map_err(fault)?;
        let limits = &self.settings.guard;
        text::check(&query, limits).map_err(|refusal| fault(refusal.into()))?;
        let parsed = async_graphql::parser::parse_query(&query)
            .map_err(|error| syntax_error(error.into()))?;
        document::check(&parsed, limits).map_err(|refusal| fault(refusal.into()))?;
        variables
            .values()
            .try_for_each(|value| document::check_constant(value, limits))
            .map_err(|refusal| fault(refusal.into()))?;
        let operation =
            document::find_operation(&parsed, operation_name.as_deref()).ok_or_else(|| {
                fault(GraphqlFault::new(
                    ErrorCode::OperationNotFound,
                    match &operation_name {
                        Some(name) => format!("the document has no operation `{name}`"),
                        None => "the document has several operations: name one in `operationName`"
                            .to_owned(),
                    },
                ))
            })?;
        check_required(operation, &variables).map_err(fault)?;
        let kind = operation.ty;
        check_kind(kind, transport).map_err(fault)?;
        let fields = document::root_fields(&parsed, operation);
        let is_sensitive =
            kind == OperationType::Mutation && fields.iter().any(|field| SENSITIVE.contains(field));
        let field = match fields.as_slice() {
            [one] => Some((*one).to_owned()),
            _ => None,
        };
        let stays = kind == OperationType::Query
            && matches!(transport, Transport::Get | Transport::Post)
            && asks_for_what_stays(&parsed, operation);
        if kind == OperationType::Mutation && fields.len() > 1 {
            return Err(fault(GraphqlFault::new(
                ErrorCode::GraphqlValidationFailed,
                "a mutation names one field at its root: send one change at a time",
            )));
        }
        self.documents.learn(&asked);
        let mut request = Request::new(&*query).variables(variables);
        // The library knows a single operation by no name and refuses the one it has.
        if let DocumentOperations::Multiple(_) = parsed.operations {
            request.operation_name = operation_name;
        }
        request.set_parsed_query(parsed);
        if !self.settings.introspection {
            request = request.disable_introspection();
        }
        Ok(Prepared {
            request,
            kind,
            field,
            is_sensitive,
            stays,
        })
    }

    fn equip(
        &self,
        mut request: Request,
        admission: Admission,
        network: std::net::IpAddr,
    ) -> (Request, Begun, Origin) {
        let (begun, origin) = (Begun::default(), Origin::default());
        let payer = admission
            .account
            .map_or(Payer::Network(network), Payer::Account);
        request.data = admission.data;
        request.data.insert(begun.clone());
        request.data.insert(origin.clone());
        request.data.insert(Purse {
            budget: Arc::clone(&self.budget),
            payer,
        });
        (request, begun, origin)
    }

    /// Executes a query or a mutation.
    pub(super) async fn execute(
        &self,
        mut prepared: Prepared,
        admission: Admission,
        network: std::net::IpAddr,
    ) -> Reply {
        #[expect(
            clippy::disallowed_methods,
            reason = "figures tell how long an operation took"
        )]
        let began = std::time::Instant::now();
        let (kind, field) = (word_of(prepared.kind), prepared.field.take());
        let reply = self.run(prepared, admission, network).await;
        metric::count_operation(&metric::Operation {
            kind,
            // What was refused may name a field that there is not.
            field: field.as_deref().filter(|_| reply.refused.is_none()),
            outcome: match reply.refused {
                Some(code) => code.as_str(),
                None if reply.is_whole => "OK",
                None => "ERRORS",
            },
        });
        metric::time_operation(kind, began.elapsed());
        reply
    }

    async fn run(
        &self,
        prepared: Prepared,
        admission: Admission,
        network: std::net::IpAddr,
    ) -> Reply {
        if admission.needs_code && prepared.is_sensitive {
            let message = "this step asks for a second factor shown lately: send `secondFactorShow` with a code, then this again";
            return GraphqlFault::new(ErrorCode::SecondFactorStale, message).into();
        }
        let (request, begun, origin) = self.equip(prepared.request, admission, network);
        let executor = self.executor.clone();
        let work = async move {
            AssertUnwindSafe(executor.execute(request))
                .catch_unwind()
                .await
        };
        let deadline = self.settings.deadline;
        let outcome = if prepared.kind == OperationType::Mutation {
            let task = tokio::spawn(work.in_current_span());
            match tokio::time::timeout(deadline, task).await {
                Ok(Ok(outcome)) => outcome,
                // The panic was caught within; this is a runtime that is shutting down.
                Ok(Err(error)) => return GraphqlFault::internal(&error).into(),
                Err(_elapsed) => {
                    let message = "the change takes longer than allowed and is still going on: look whether it was \
                                   made before you send it again";
                    return GraphqlFault::new(ErrorCode::DeadlineExceeded, message).into();
                }
            }
        } else {
            match tokio::time::timeout(deadline, work).await {
                Ok(outcome) => outcome,
                Err(_elapsed) => {
                    let message = "the query takes longer than allowed: ask for less at once";
                    return GraphqlFault::new(ErrorCode::DeadlineExceeded, message).into();
                }
            }
        };
        match outcome {
            Ok(response) => {
                let mut reply = self.finish(response, &begun);
                if prepared.stays && reply.is_whole {
                    reply.edition = origin.edition();
                }
                reply
            }
            Err(panic) => GraphqlFault::internal_text(&panic_text(panic.as_ref())).into(),
        }
    }

    /// Executes a subscription: one reply per event.
    pub(super) fn subscribe(
        self: Arc<Self>,
        prepared: Prepared,
        admission: Admission,
        network: std::net::IpAddr,
    ) -> impl Stream<Item = Reply> + Send + 'static {
        metric::count_operation(&metric::Operation {
            kind: word_of(prepared.kind),
            field: None,
            outcome: "OK",
        });
        let (request, begun, _) = self.equip(prepared.request, admission, network);
        let events = AssertUnwindSafe(self.executor.execute_stream(request, None)).catch_unwind();
        events.map(move |event| match event {
            Ok(response) => self.finish(response, &begun),
            Err(panic) => GraphqlFault::internal_text(&panic_text(panic.as_ref())).into(),
        })
    }

    fn finish(&self, mut response: Response, begun: &Begun) -> Reply {
        let executed = begun.is_set() || response.data != Value::Null;
        let stage = if executed {
            Stage::During
        } else {
            Stage::Before
        };
        for error in &mut response.errors {
            // Even without the extension, a path tells that a field was being resolved.
            let stage = if error.path.is_empty() {
                stage
            } else {
                Stage::During
            };
            classify(error, stage);
        }
        if !executed && !response.errors.is_empty() {
            response.errors.truncate(MAXIMUM_ERRORS);
            return Reply::refuse(&response.errors);
        }
        response
            .extensions
            .insert("cost".to_owned(), begun.cost(self.settings.complexity));
        let mut body = Capped {
            bytes: Vec::with_capacity(1_024),
            limit: self.settings.response_bytes,
        };
        match serde_json::to_writer(&mut body, &response) {
            Ok(()) => Reply {
                json: body.bytes.into(),
                refused: None,
                retry_after: None,
                headers: std::mem::take(&mut response.http_headers),
                kept: None,
                edition: None,
                is_whole: response.errors.is_empty(),
            },
            Err(error) if error.is_io() => {
                let limit = self.settings.response_bytes;
                let message =
                    format!("the answer has more than {limit} bytes: ask for less at once");
                GraphqlFault::new(ErrorCode::ResponseTooLarge, message).into()
            }
            Err(error) => GraphqlFault::internal(&error).into(),
        }
    }
}

/// The parser draws its message over several lines; what it says stands on the last, and `locations` tells the place.
fn syntax_error(error: ServerError) -> ServerError {
    let said = error.message.lines().last().unwrap_or_default();
    let said = said.trim().trim_start_matches("= ");
    let fault = GraphqlFault::new(
        ErrorCode::GraphqlParseFailed,
        format!("the document is no GraphQL: {said}"),
    );
    ServerError {
        locations: error.locations,
        ..fault.into_server_error()
    }
}

/// The library finds a missing variable only where a field uses it, when execution has begun.
fn check_required(
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), GraphqlFault> {
    let missing = operation
        .variable_definitions
        .iter()
        .map(|definition| &definition.node)
        .find(|definition| {
            let given = variables
                .get(&definition.name.node)
                .is_some_and(|value| *value != Value::Null);
            let left_out = !variables.contains_key(&definition.name.node);
            let has_default = definition.default_value.is_some() && left_out;
            !(definition.var_type.node.nullable || given || has_default)
        });
    match missing {
        Some(definition) => {
            let name = &definition.name.node;
            Err(GraphqlFault::bad_input(format!(
                "the variable `${name}` is required: give it a value that is not null"
            )))
        }
        None => Ok(()),
    }
}

fn word_of(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

fn check_kind(kind: OperationType, transport: Transport) -> Result<(), GraphqlFault> {
    match (kind, transport) {
        (OperationType::Mutation, Transport::Get | Transport::EventsByGet) => {
            Err(GraphqlFault::new(
                ErrorCode::MethodNotAllowed,
                "a change is sent by POST, never by GET",
            ))
        }
        (OperationType::Subscription, Transport::Get | Transport::Post) => Err(GraphqlFault::new(
            ErrorCode::BadRequest,
            "a subscription runs over a WebSocket with the subprotocol `graphql-transport-ws`, or with `accept: \
             text/event-stream`",
        )),
        _ => Ok(()),
    }
}

/// A buffer with an end.
struct Capped {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
