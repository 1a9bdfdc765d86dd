//! The methods that the builders of all clients share.

/// Adds the methods of the shared settings to a provider's `ClientBuilder`.
///
/// The builder must have a field `settings` of type [`Settings`](crate::provider::Settings).
///
/// ```
/// use auth_client_core::provider::Settings;
/// use auth_client_core::testing::ScriptedTransport;
///
/// struct ClientBuilder {
///     settings: Settings,
/// }
///
/// impl ClientBuilder {
///     auth_client_core::provider::shared_builder_methods!();
/// }
///
/// let builder = ClientBuilder { settings: Settings::new("shop-client/1.0") };
/// let builder = builder
///     .base_url("https://test.shop.example")
///     .transport(ScriptedTransport::new())
///     .operation_timeout(std::time::Duration::from_secs(20))
///     .max_response_bytes(1 << 20)
///     .user_agent("my-program/2.0");
/// assert!(builder.settings.transport().is_ok());
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! shared_builder_methods {
    () => {
        /// Sets the base URL, for example of a test server, the emulator or a gateway. Trailing slashes are ignored.
        ///
        /// It must be https (http is allowed for loopback addresses only), without username, query or fragment. `build`
        /// returns an error for any other URL.
        pub fn base_url(mut self, url: impl Into<String>) -> Self {
            self.settings.set_base_url("base URL", url);
            self
        }

        /// Sets the transport. Clients that share a transport share its connections, and don't set up TLS again.
        pub fn transport(mut self, transport: impl $crate::transport::Transport + 'static) -> Self {
            self.settings.set_transport(::std::sync::Arc::new(transport));
            self
        }

        /// Sets the proxy, certificates, addresses and time limits of this client's connections. Can't be combined with
        /// [`transport`](Self::transport): configure that transport itself.
        pub fn transport_settings(mut self, settings: $crate::TransportSettings) -> Self {
            self.settings.set_transport_settings(settings);
            self
        }

        /// Sets the time limit of one attempt, up to the last byte of the response. Default: 30 seconds.
        pub fn attempt_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.settings.timeouts_mut().attempt = limit;
            self
        }

        /// Sets the time limit of a whole call, including all attempts and delays. Default: 120 seconds.
        /// Assumption (deadlines): this is enough for every call; no vendor documents a duration.
        pub fn operation_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.settings.timeouts_mut().operation = limit;
            self
        }

        /// Sets the time limit for opening a connection, including DNS and TLS. Default: 10 seconds. Has no effect on a
        /// custom transport.
        pub fn connect_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.settings.timeouts_mut().connect = Some(limit);
            self
        }

        /// Sets the retry policy. Default: at most three attempts, if the idempotency class of the operation allows
        /// retries. Assumption (rate-limits): the vendor has no rate limits, so calls are not delayed before a 429.
        pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
            self.settings.set_retry(policy);
            self
        }

        /// Sets an observer of all calls: attempts, retries, renewals and their durations, without secrets. Several
        /// clients can share an observer in an `Arc`.
        pub fn observer(mut self, observer: impl $crate::Observer + 'static) -> Self {
            self.settings.set_observer(::std::sync::Arc::new(observer));
            self
        }

        /// Sets the maximum size of a response body in bytes. Default: 16 MiB.
        /// Assumption (response-size): no response is larger; no vendor documents a size.
        pub fn max_response_bytes(mut self, limit: usize) -> Self {
            self.settings.limits_mut().response = limit;
            self
        }

        /// Sets the maximum size of an error body in bytes; a larger one is truncated. Default: 64 KiB.
        pub fn max_error_bytes(mut self, limit: usize) -> Self {
            self.settings.limits_mut().error = limit;
            self
        }

        /// Prepends the name and version of your program to the header `User-Agent`, such as `my-program/1.0`.
        pub fn user_agent(mut self, product: &str) -> Self {
            self.settings.add_user_agent(product);
            self
        }

        /// Sets the clock and the timer, for example those of [`ManualTime`]($crate::testing) in tests.
        pub fn time(
            mut self,
            clock: ::std::sync::Arc<dyn $crate::Clock>,
            sleep: ::std::sync::Arc<dyn $crate::Sleep>,
        ) -> Self {
            self.settings.set_time(clock, sleep);
            self
        }
    };
}
