//! A transport over a client of reqwest that the caller built.

use auth_client_core::{ErrorKind, ReqwestTransport, RetryPolicy, decode};
use httpmock::MockServer;

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
    #[expect(
        clippy::disallowed_methods,
        reason = "a client that follows redirects is what this test is about"
    )]
    let following = ::reqwest::Client::builder().no_proxy().build().unwrap();
    let transport = ReqwestTransport::from_reqwest_013(following);
    let engine = crate::engine(transport, &server.base_url(), RetryPolicy::none());
    let call =
        engine.request(&crate::common::READ, &["7".into()]).call::<crate::common::Json, _>(decode::json);
    let error: auth_client_core::Error = call.await.unwrap_err();
    followed.assert();
    assert_eq!(error.kind(), ErrorKind::Redirect);
}
