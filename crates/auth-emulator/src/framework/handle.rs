//! The part that the typed handles of all providers share.

use std::sync::Arc;

use crate::framework::instance::Instance;
use crate::framework::pending::PendingCode;
use crate::framework::provider::{Context, Emulate, Provider};
use crate::framework::settings::ProviderSettings;

/// A reference to a mounted provider; a typed handle wraps one.
pub(crate) struct Handle<P: Emulate>(pub(crate) Arc<Instance<P>>);

impl<P: Emulate> Clone for Handle<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Emulate> Handle<P> {
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut P, &Context) -> R) -> R {
        self.0.with(action)
    }

    pub(crate) fn pending_codes_for(&self, subject: &str) -> Vec<PendingCode> {
        self.0.pending_codes().into_iter().filter(|code| code.is_for(subject)).collect()
    }

    pub(crate) fn effect(&self, name: &str) -> u64 {
        self.0.context().ledger.snapshot().count(P::SPEC.name, name)
    }

    pub(crate) fn configure(&self, change: impl FnOnce(&mut P::Settings)) {
        self.with(|state, _| {
            let before = state.settings().clone();
            change(state.settings_mut());
            state.settings_mut().restore_fixed(&before);
        });
    }
}

/// Defines a typed handle: the struct, `Clone`, `Debug`, and the methods that every provider has. `url` names the base URL
/// accessor; `accessor` and `change` form the examples.
macro_rules! typed_handle {
    (
        $(#[$doc:meta])*
        $name:ident of $state:ty, settings: $settings:ty, accessor: $accessor:literal, change: $change:literal,
        $(#[doc = $url_doc:literal])* url: $url:ident,
        $(#[doc = $env_doc:literal])* env,
        $(#[doc = $effect_doc:literal])* effect $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name($crate::framework::handle::Handle<$state>);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field("base_url", &self.$url()).finish_non_exhaustive()
            }
        }

        impl $name {
            pub(crate) fn new(
                instance: &std::sync::Arc<$crate::framework::instance::Instance<$state>>,
            ) -> Self {
                Self($crate::framework::handle::Handle(std::sync::Arc::clone(instance)))
            }

            $(#[doc = $url_doc])*
            #[must_use]
            pub fn $url(&self) -> String {
                $crate::framework::provider::Provider::base_url(&*self.0.0)
            }

            $(#[doc = $env_doc])*
            #[must_use]
            pub fn env(&self) -> Vec<(&'static str, String)> {
                $crate::framework::provider::Provider::env(&*self.0.0)
            }

            $(#[doc = $effect_doc])*
            #[must_use]
            pub fn effect(&self, name: &str) -> u64 {
                self.0.effect(name)
            }

            /// Returns the current settings.
            #[must_use]
            pub fn settings(&self) -> $settings {
                self.0.0.read(|state, _| $crate::framework::provider::Emulate::settings(state).clone())
            }

            /// Changes several settings at once. Settings that are fixed at start keep their value.
            ///
            /// ```
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
            /// let emulator = auth_emulator::Emulator::start().await?;
            #[doc = concat!("let handle = emulator.", $accessor, "();")]
            /// let before = handle.settings();
            #[doc = concat!("handle.configure(|settings| settings.", $change, ");")]
            /// assert_ne!(handle.settings(), before);
            /// # Ok(()) }
            /// ```
            pub fn configure(&self, change: impl FnOnce(&mut $settings)) {
                self.0.configure(change);
            }

            /// Changes settings by field name, like the control API.
            ///
            /// ```
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
            /// let emulator = auth_emulator::Emulator::start().await?;
            #[doc = concat!("let handle = emulator.", $accessor, "();")]
            /// assert!(handle.change_settings(&serde_json::json!({"misspelled": 1})).is_err());
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Returns an error for an unknown field or an invalid value; no setting is changed then.
            pub fn change_settings(
                &self,
                change: &serde_json::Value,
            ) -> Result<(), $crate::framework::settings::ActionError> {
                $crate::framework::provider::Provider::change_settings(&*self.0.0, change)
            }
        }
    };
}
pub(crate) use typed_handle;
