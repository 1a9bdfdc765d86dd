//! The pages that a person sees. They need no script and nothing from elsewhere.

use http::{HeaderValue, StatusCode, header};

use crate::framework::exchange::Reply;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:10vh auto;padding:0 1rem}\
label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}\
input,button{padding:.5rem;margin:.25rem 0 1rem}\
[role=alert]{border-left:.25rem solid #c00;padding-left:.75rem}\
small{opacity:.8}";

fn page(status: StatusCode, title: &str, content: &str) -> Reply {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body><main>\
         <h1>{title}</h1>{content}<p><small>This is the emulator of Vault Vision.</small></p></main></body></html>"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    Reply::text(status, "text/html; charset=utf-8", html)
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))
        .header(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The login page; `request` is the query of the authorization request, which the form sends along.
pub(super) fn log_in(request: &str, email: &str, sign_up: bool, problem: &str) -> Reply {
    let (title, action, button, kind) = if sign_up {
        ("Sign up", "sign_up", "Sign up", "new-password")
    } else {
        ("Log in", "log_in", "Log in", "current-password")
    };
    let problem = match problem {
        "" => String::new(),
        problem => format!("<p role=\"alert\">{}</p>", escaped(problem)),
    };
    let content = format!(
        "{problem}<form method=\"post\" action=\"login\"><input type=\"hidden\" name=\"request\" value=\"{}\">\
         <label for=\"email\">Email address</label>\
         <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" value=\"{}\" autofocus>\
         <label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"{kind}\">\
         <button name=\"action\" value=\"{action}\">{button}</button>\
         <button name=\"action\" value=\"cancel\">Cancel</button></form>",
        escaped(request),
        escaped(email)
    );
    page(StatusCode::OK, title, &content)
}

/// The page of `prompt=settings`, with the query of the authorization request if there is one to return to.
pub(super) fn settings(request: Option<&str>) -> Reply {
    let back = request.map(|request| {
        format!(
            "<form method=\"post\" action=\"login\"><input type=\"hidden\" name=\"request\" value=\"{}\">\
             <button name=\"action\" value=\"continue\" autofocus>Return to the application</button></form>",
            escaped(request)
        )
    });
    let content =
        "<p>Users change their password and their devices here.</p>".to_owned() + &back.unwrap_or_default();
    page(StatusCode::OK, "Settings", &content)
}

/// The page that asks before it ends the session of another user than the application named. The form sends the parameters of
/// the request without the user.
pub(super) fn confirm_logout<'p>(parameters: impl Iterator<Item = (&'p str, &'p str)>) -> Reply {
    let fields = parameters
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value)));
    let content = format!(
        "<p>Another user is logged in here than in the application.</p>\
         <form method=\"post\" action=\"logout\">{}<button autofocus>Log out</button></form>",
        fields.collect::<String>()
    );
    page(StatusCode::OK, "Log out?", &content)
}

pub(super) fn logged_out() -> Reply {
    page(StatusCode::OK, "You are logged out", "")
}

/// The page for a request that can't be sent back to an application.
pub(super) fn error(reason: &str) -> Reply {
    page(StatusCode::BAD_REQUEST, "Invalid request", &format!("<p role=\"alert\">{}</p>", escaped(reason)))
}
