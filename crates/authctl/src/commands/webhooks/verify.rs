//! `authctl virtuous webhooks verify FILE`: checks a stored delivery, without a network.

use super::Signing;
use super::delivery::About;
use super::signature::{self, Rejection};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::input;
use crate::json::Line;
use crate::output::{self, Printer};
use http::HeaderName;
use std::path::PathBuf;

const EXAMPLES: &str = "\
The file must have the bytes as received: an editor or a formatter changes them, and then no signature matches.

Exit codes: 0 if the signature is right, 9 if it is wrong or missing.

Examples, with the secret in VIRTUOUS_WEBHOOK_SECRET:
  $ authctl virtuous webhooks verify delivery.json --headers delivery.headers
  $ authctl virtuous webhooks verify - --signature \"$SIGNATURE\" < delivery.json";

/// Check the signature of a stored delivery.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The body of the delivery; - for standard input.
    file: String,
    /// The value of the header with the signature: base64 or hexadecimal digits. It is no secret.
    #[arg(
        long,
        value_name = "VALUE",
        required_unless_present = "headers",
        conflicts_with = "headers",
        allow_hyphen_values = true
    )]
    signature: Option<String>,
    /// A file with the headers of the delivery, one `Name: value` per line.
    #[arg(long, value_name = "FILE")]
    headers: Option<PathBuf>,
    #[command(flatten)]
    signing: Signing,
}

const COLUMNS: [&str; 6] = ["verified", "secret", "event", "id", "bytes", "problem"];

pub(super) fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse(&["--all", "--limit", "--dry-run"], "verify reads one delivery, and sends nothing")?;
    output::check_rows(globals, &COLUMNS)?;
    let secrets = arguments.signing.required(globals)?;
    let body = read(&arguments.file)?;
    let signature = match (&arguments.signature, &arguments.headers) {
        (Some(signature), _) => Ok(signature.clone()),
        (None, Some(path)) => {
            let text = read(&path.to_string_lossy())?;
            in_headers(&String::from_utf8_lossy(&text), &arguments.signing.signature_header)
        }
        (None, None) => Err(Rejection::new("no_signature", "there is no signature")),
    };
    let outcome = signature.and_then(|signature| signature::check(&secrets, &body, &signature));
    let number = outcome.map_err(|rejection| {
        Failure::new(Exit::Partly, rejection.code, rejection.cause).hint(rejection.advice)
    })?;
    let about = About::new(&body);
    let row = Line::default()
        .json("verified", true)
        .json("secret", number + 1)
        .text("event", about.event.as_deref())
        .text("id", about.id.as_deref())
        .json("bytes", body.len())
        .text("problem", about.problem.as_deref());
    Printer::new(globals, &COLUMNS.map(str::to_owned), &[], None).body(row.end().as_bytes(), None, None)
}

fn read(name: &str) -> Result<Vec<u8>, Failure> {
    input::read(if name == "-" { None } else { Some(name) })
}

/// The value of the one header of this name.
fn in_headers(text: &str, name: &HeaderName) -> Result<String, Rejection> {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let mut values = fields.filter(|(own, _)| own.trim().eq_ignore_ascii_case(name.as_str()));
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Ok(value.trim().to_owned()),
        (None, _) => Err(Rejection::new("no_signature", format!("the headers have no {name}"))
            .advice("--signature-header NAME names another one")),
        (Some(_), Some(_)) => {
            let cause = format!("the headers have {name} more than once");
            Err(Rejection::new("several_signatures", cause)
                .advice("keep the header of the delivery, and remove those that a proxy added"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_found_by_its_name() {
        let name = HeaderName::from_static("x-virtuous-signature");
        let headers = "POST /hook HTTP/1.1\r\nHost: a:1\r\nX-VIRTUOUS-SIGNATURE:  abc= \r\n\r\n";
        assert_eq!(in_headers(headers, &name), Ok("abc=".to_owned()));
        assert_eq!(in_headers("Host: a", &name).unwrap_err().code, "no_signature");
        let twice = "x-virtuous-signature: a\nX-Virtuous-Signature: b";
        assert_eq!(in_headers(twice, &name).unwrap_err().code, "several_signatures");
    }
}
