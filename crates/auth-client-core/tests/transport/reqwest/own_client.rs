//! A transport over a client of reqwest that the caller built.

use auth_client_core::testing::WireServer;
use auth_client_core::{ErrorKind, ReqwestTransport, RetryPolicy, decode};

#[tokio::test]
async fn a_redirect_that_such_a_client_followed_is_reported() {
    let target = WireServer::start([WireServer::json(200, "1")]).unwrap();
    let answer = format!("HTTP/1.1 302 x\r\nlocation: {}/x\r\ncontent-length: 0\r\n\r\n", target.url());
    let server = WireServer::start([answer.into_bytes()]).unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "a client that follows redirects is what this test is about"
    )]
    let following = ::reqwest::Client::builder().no_proxy().build().unwrap();
    let transport = ReqwestTransport::from_reqwest_013(following);
    let engine = crate::engine(transport, &server.url(), RetryPolicy::none());
    let call =
        engine.request(&crate::common::READ, &["7".into()]).call::<crate::common::Json, _>(decode::json);
    let error: auth_client_core::Error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
}
