//! A transport over a client of reqwest that the caller built.

use auth_client_core::{ErrorKind, ReqwestTransport, RetryPolicy, decode};
use httpmock::MockServer;

fn following() -> ReqwestTransport {
    #[expect(
        clippy::disallowed_methods,
        reason = "a client that follows redirects is what these tests are about"
    )]
    let client = ::reqwest::Client::builder().no_proxy().build().unwrap();
    ReqwestTransport::from_reqwest_013(client)
}

#[tokio::test]
async fn a_redirect_that_such_a_client_followed_is_reported() {
    let server = MockServer::start_async().await;
    let target = MockServer::start_async().await;
    server.mock(|when, then| {
        when.path("/items/7");
        then.status(302).header("location", target.url("/x"));
    });
    let followed = target.mock(|when, then| {
        when.path("/x");
        then.status(200).header("content-type", "application/json").body("1");
    });
    let engine = crate::engine(following(), &server.base_url(), RetryPolicy::none());
    let call =
        engine.request(&crate::common::READ, &["7".into()]).call::<crate::common::Json, _>(decode::json);
    let error: auth_client_core::Error = call.await.unwrap_err();
    followed.assert();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert!(error.to_string().contains(&format!("to {}", target.base_url())), "{error}");
}

/// Only the port differs, which makes it another server.
#[tokio::test]
async fn a_redirect_to_the_same_path_on_another_port_is_noticed() {
    let server = MockServer::start_async().await;
    let target = MockServer::start_async().await;
    server.mock(|when, then| {
        when.path("/items/7");
        then.status(307).header("location", target.url("/items/7"));
    });
    let followed = target.mock(|when, then| {
        when.path("/items/7");
        then.status(200).header("content-type", "application/json").body("1");
    });
    let engine = crate::engine(following(), &server.base_url(), RetryPolicy::none());
    let call =
        engine.request(&crate::common::READ, &["7".into()]).call::<crate::common::Json, _>(decode::json);
    let error: auth_client_core::Error = call.await.unwrap_err();
    followed.assert();
    assert_eq!(error.kind(), ErrorKind::Redirect, "{error}");
    assert!(error.to_string().contains(&format!("to {}", target.base_url())), "{error}");
}
