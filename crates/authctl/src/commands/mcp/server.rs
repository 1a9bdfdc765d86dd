//! The handler of the protocol: from a tool and its arguments to a result. Calls go through the broker of the proxy.

use super::arguments::{Arguments, View, short};
use super::tools::{DESCRIBE, READ, SEARCH, WRITE};
use super::{catalog, result, tools};
use crate::broker::caller::Caller;
use crate::broker::gate::check_expiry;
use crate::broker::problem::Problem;
use crate::broker::{Asked, Broker};
use crate::index::Operation;
use crate::routes::Route;
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
    pub(super) broker: Arc<Broker>,
    pub(super) writes: bool,
    /// The caller on standard input and output. Over HTTP, each request has its own.
    pub(super) caller: Option<Arc<Caller>>,
}

/// A refusal, and the operation that it is about.
type Refusal = Box<(Problem, Option<&'static Route>)>;

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
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = self.caller(&context)?;
        check_expiry(&caller, self.broker.now())
            .map_err(|problem| ErrorData::invalid_request(problem.detail, None))?;
        Ok(ListToolsResult::with_all_items(tools::tools(self.writes)))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context)?;
        let result = match request.name.as_ref() {
            name @ (SEARCH | DESCRIBE) => self.look_up(name, request.arguments, &caller),
            name => self.call(name, request.arguments, &caller, context.ct.cancelled_owned()).await,
        };
        Ok(result.into())
    }
}

impl Server {
    fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Arc<Caller>, ErrorData> {
        let of_request =
            context.extensions.get::<Parts>().and_then(|head| head.extensions.get::<Arc<Caller>>());
        let caller = of_request.or(self.caller.as_ref()).cloned();
        caller.ok_or_else(|| ErrorData::internal_error("the caller is not known", None))
    }

    /// The tools that call no vendor.
    fn look_up(&self, name: &str, given: Option<JsonObject>, caller: &Caller) -> CallToolResult {
        if let Err(problem) = check_expiry(caller, self.broker.now()) {
            self.broker.refuse(caller, None, &problem);
            return result::of_problem(&problem, None);
        }
        let text = if name == SEARCH {
            let served = self.broker.gate.backends.only();
            Arguments::new(given, &["query", "provider", "limit", "cursor"])
                .and_then(|arguments| catalog::search(&arguments, &caller.rules, served))
        } else {
            Arguments::new(given, &["operation"])
                .and_then(|arguments| arguments.operation())
                .map(|route| catalog::describe(&route.operation, &caller.rules))
        };
        text.map_or_else(|problem| result::of_problem(&problem, None), result::own)
    }

    /// Calls an operation.
    async fn call(
        &self,
        name: &str,
        given: Option<JsonObject>,
        caller: &Arc<Caller>,
        cancelled: impl Future<Output = ()> + Send + 'static,
    ) -> CallToolResult {
        let (asked, view) = match self.asked(name, given) {
            Ok(asked) => asked,
            Err(refusal) => {
                let (problem, route) = *refusal;
                self.broker.refuse(caller, route, &problem);
                return result::of_problem(&problem, route.map(|route| &route.operation));
            }
        };
        let operation = &asked.route.operation;
        match self.broker.ask(caller, asked, cancelled).await {
            Ok((response, made)) => result::of_response(operation, &response, made, &view),
            Err(problem) => result::of_problem(&problem, Some(operation)),
        }
    }

    /// The call that a tool asks for.
    fn asked(&self, name: &str, given: Option<JsonObject>) -> Result<(Asked, View), Refusal> {
        const READS: [&str; 6] = ["operation", "parameters", "body", "fields", "limit", "cursor"];
        const WRITES: [&str; 7] = ["operation", "parameters", "body", "fields", "limit", "cursor", "confirm"];
        let of_tool = |problem| Box::new((problem, None));
        let names: &[&str] = match name {
            READ => &READS,
            WRITE => &WRITES,
            _ => {
                let detail = format!("there is no tool {}", short(name));
                return Err(of_tool(Problem::new(StatusCode::NOT_FOUND, "unknown_tool", detail)));
            }
        };
        let arguments = Arguments::new(given, names).map_err(of_tool)?;
        let route = arguments.operation().map_err(of_tool)?;
        let asked = self.check_tool(name, &route.operation).and_then(|()| {
            let view = arguments.view(&route.operation)?;
            Ok((arguments.call(route, &view)?, view))
        });
        asked.map_err(|problem| Box::new((problem, Some(route))))
    }

    /// Refuses an operation that belongs to the other tool.
    fn check_tool(&self, name: &str, operation: &Operation) -> Result<(), Problem> {
        let (id, tool) = (catalog::id(operation), catalog::tool_of(operation));
        if tool == WRITE && !self.writes {
            let detail = format!("{id} changes something or returns credentials, and this server only reads");
            return Err(Problem::new(StatusCode::FORBIDDEN, "writes_off", detail));
        }
        if tool != name {
            let detail = format!("{id} is called by `{tool}`");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong_tool", detail));
        }
        Ok(())
    }
}
