//! The handler of the protocol: from a tool and its arguments to a result. Calls go through the broker of the proxy.

use super::arguments::{Arguments, View, is_plain_read, short};
use super::tools::{DESCRIBE, READ, SEARCH, WRITE};
use super::{Source, catalog, result, tools};
use crate::broker::caller::Caller;
use crate::broker::problem::Problem;
use crate::broker::{Asked, Broker};
use crate::index::Operation;
use http::StatusCode;
use http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use std::sync::Arc;

/// The server of one connection, or of all requests over HTTP.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) source: Arc<Source>,
    /// The only provider, if there is one.
    pub(super) provider: Option<&'static str>,
    pub(super) writes: bool,
    /// The caller on standard input and output. Over HTTP, each request has its own.
    pub(super) caller: Option<Arc<Caller>>,
}

/// A refusal, and the operation that it is about.
type Refusal = Box<(Problem, Option<Operation>)>;

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let own = Implementation::new("authctl", env!("CARGO_PKG_VERSION")).with_title("authctl");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(own)
            .with_instructions(tools::instructions(self.writes))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::tools(self.writes)))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let of_request =
            context.extensions.get::<Parts>().and_then(|head| head.extensions.get::<Arc<Caller>>());
        let caller = of_request.or(self.caller.as_ref()).cloned();
        let caller = caller.ok_or_else(|| ErrorData::internal_error("the caller is not known", None))?;
        let cancelled = context.ct;
        let result = match request.name.as_ref() {
            name @ (SEARCH | DESCRIBE) => self.look_up(name, request.arguments, &caller),
            name => self.call(name, request.arguments, &caller, cancelled.cancelled()).await,
        };
        Ok(result.into())
    }
}

impl Server {
    /// What needs no call.
    fn look_up(&self, name: &str, given: Option<JsonObject>, caller: &Caller) -> CallToolResult {
        let text = if name == SEARCH {
            Arguments::new(given, &["query", "provider", "limit", "cursor"])
                .and_then(|arguments| catalog::search(&arguments, &caller.rules, self.provider))
        } else {
            Arguments::new(given, &["operation"])
                .and_then(|arguments| arguments.operation())
                .map(|operation| catalog::describe(&operation, &caller.rules))
        };
        text.map_or_else(|problem| result::of_problem(&problem, None), result::own)
    }

    /// Calls an operation.
    async fn call(
        &self,
        name: &str,
        given: Option<JsonObject>,
        caller: &Arc<Caller>,
        cancelled: impl Future<Output = ()>,
    ) -> CallToolResult {
        let broker: Arc<Broker> = match self.source.broker().await {
            Ok(broker) => broker,
            Err(failure) => {
                let problem = Problem::new(StatusCode::BAD_GATEWAY, "credentials", failure.message());
                return result::of_problem(&problem, None);
            }
        };
        let (operation, asked, view) = match self.asked(name, given) {
            Ok(asked) => asked,
            Err(refusal) => {
                let (problem, operation) = *refusal;
                broker.refuse(caller, operation.as_ref(), &problem);
                return result::of_problem(&problem, operation.as_ref());
            }
        };
        match broker.ask(caller, asked, cancelled).await {
            Ok(response) => result::of_response(&operation, &response, &view),
            Err(problem) => result::of_problem(&problem, Some(&operation)),
        }
    }

    /// The call that a tool asks for.
    fn asked(&self, name: &str, given: Option<JsonObject>) -> Result<(Operation, Asked, View), Refusal> {
        let refused = |status: StatusCode, code, detail: String| Problem::new(status, code, detail);
        let names: &[&str] = match name {
            READ => &["operation", "parameters", "body", "fields", "limit", "cursor"],
            WRITE => &["operation", "parameters", "body", "fields"],
            _ => {
                let problem = refused(
                    StatusCode::NOT_FOUND,
                    "unknown_tool",
                    format!("there is no tool {}", short(name)),
                );
                return Err(Box::new((problem, None)));
            }
        };
        let arguments = Arguments::new(given, names).map_err(|problem| Box::new((problem, None)))?;
        let operation = arguments.operation().map_err(|problem| Box::new((problem, None)))?;
        let id = catalog::id(&operation);
        let checked = match (name, is_plain_read(&operation)) {
            (READ, true) => Ok(()),
            (_, false) if !self.writes => Err(refused(
                StatusCode::FORBIDDEN,
                "writes_off",
                format!("{id} changes something or returns credentials, and this server only reads"),
            )),
            (READ, false) => {
                Err(refused(StatusCode::BAD_REQUEST, "wrong_tool", format!("{id} is called by `write`")))
            }
            (_, true) => {
                Err(refused(StatusCode::BAD_REQUEST, "wrong_tool", format!("{id} is called by `read`")))
            }
            (_, false) => Ok(()),
        };
        let asked = checked.and_then(|()| arguments.view()).and_then(|view| {
            let asked = arguments.call(&operation, &view)?;
            Ok((asked, view))
        });
        match asked {
            Ok((asked, view)) => Ok((operation, asked, view)),
            Err(problem) => Err(Box::new((problem, Some(operation)))),
        }
    }
}
