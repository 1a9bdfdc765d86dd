//! What users name is there in the module of each provider, so that they name no crate below it.

#[allow(unused_macros, reason = "without a provider there is nothing to name")]
macro_rules! names {
    ($test:ident, $provider:ident) => {
        #[test]
        fn $test() {
            use auth_clients::$provider::{
                Call, Client, ClientBuilder, Clock, CoreError, Error, ErrorKind, ExposeSecret, Idempotency,
                Items, Observer, Pages, QueryValue, Reply, Request, RetryPolicy, SecretString, Sleep, decode,
                observe, transport,
            };

            /// A program can keep each of them.
            #[expect(dead_code, reason = "only its types matter")]
            struct Program {
                client: (Client, ClientBuilder),
                call: Call<serde_json::Value>,
                request: fn(Request) -> Call<serde_json::Value>,
                reply: Reply<()>,
                lists: (Pages<(), u64>, Items<(), u64, ()>),
                errors: (Error, CoreError, ErrorKind),
                settings: (RetryPolicy, Idempotency, SecretString),
                query: Box<dyn QueryValue>,
                parts: (Box<dyn Observer>, Box<dyn transport::Transport>, Box<dyn Clock>, Box<dyn Sleep>),
                events: (observe::CallEnded, observe::CallOutcome, observe::RenewalOutcome),
                failure: (transport::TransportError, transport::Fault, transport::Phase),
            }
            let _ = |request: Request| -> Call<serde_json::Value> { request.call(decode::json) };
            let _ = |request: Request| -> Call<()> { request.call(decode::empty) };
            let _ = |request: Request| -> Call<http::Response<bytes::Bytes>> { request.call(decode::raw) };
            #[cfg(feature = "hyper")]
            let _: Option<auth_clients::$provider::HyperTransport> = None;
            #[cfg(feature = "reqwest-013")]
            let _: Option<auth_clients::$provider::ReqwestTransport> = None;
            #[cfg(feature = "testing")]
            let _: Option<auth_clients::$provider::testing::ScriptedTransport> = None;
            #[cfg(feature = "blocking")]
            let _ = |call: Call<()>| auth_clients::$provider::blocking::wait(call);

            let secret = SecretString::from("secret");
            assert_eq!(secret.expose_secret(), "secret");
            // Errors of all providers become the shared type.
            let core: fn(Error) -> CoreError = Error::into_inner;
            let kind = |error: Error| core(error).kind();
            let _: &dyn Fn(Error) -> ErrorKind = &kind;
        }
    };
}

#[cfg(feature = "revesecure")]
names!(names_of_revesecure, revesecure);
#[cfg(feature = "vaultvision")]
names!(names_of_vaultvision, vaultvision);
#[cfg(feature = "verigator")]
names!(names_of_verigator, verigator);
#[cfg(feature = "virtuous")]
names!(names_of_virtuous, virtuous);
#[cfg(feature = "vise")]
names!(names_of_vise, vise);

#[cfg(feature = "virtuous")]
#[test]
fn names_of_virtuous_alone() {
    use auth_clients::virtuous::models::Contact;
    use auth_clients::virtuous::{Walk, store};

    let _: Option<(Walk<Contact>, store::StoreError)> = None;
}
