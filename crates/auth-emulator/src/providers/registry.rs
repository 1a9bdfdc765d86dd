//! The table of all providers. Each has a typed field, so that a typed handle needs no lookup that could fail.

use std::sync::Arc;

use super::revesecure::ReveSecureProvider;
use super::vaultvision::VaultVisionProvider;
use super::verigator::VerigatorProvider;
use super::virtuous::VirtuousProvider;
use super::vise::ViseProvider;
use serde_json::Value;

use crate::framework::instance::Instance;
use crate::framework::provider::{Context, Emulate, Provider, Spec};
use crate::framework::route::Class;
use crate::framework::settings::{ActionError, ProviderSettings as _};
use crate::framework::suggest::closest;

macro_rules! providers {
    ($($name:ident: $provider:ty),+ $(,)?) => {
        /// Every provider of one emulator.
        pub(crate) struct Providers {
            $(pub(crate) $name: Arc<Instance<$provider>>,)+
        }

        /// The settings that the builder collects.
        #[derive(Clone, Default)]
        pub(crate) struct Settings {
            $(pub(crate) $name: <$provider as Emulate>::Settings,)+
        }

        impl Settings {
            /// The number of listeners that each provider needs in addition to its first, in the order of `SPECS`.
            pub(crate) fn extra_listeners(&self) -> Vec<usize> {
                vec![$(<$provider as Emulate>::extra_listeners(&self.$name)),+]
            }
        }

        impl Settings {
            /// Changes settings of one provider, by field name.
            pub(crate) fn change(&mut self, provider: &str, change: &Value) -> Result<(), ActionError> {
                $(if provider == <$provider as Emulate>::SPEC.name {
                    self.$name = self.$name.changed_at_start(change)?;
                    return Ok(());
                })+
                let known = SPECS.iter().map(|spec| spec.name);
                let hint = match closest(provider, known.clone()) {
                    Some(closest) => format!("did you mean `{closest}`?"),
                    None => format!("known are: {}", known.collect::<Vec<_>>().join(", ")),
                };
                Err(ActionError::new(format!("unknown provider `{provider}`; {hint}")))
            }

            /// All settings with their values, by provider.
            pub(crate) fn values(&self) -> Vec<(&'static str, Value)> {
                vec![$((
                    <$provider as Emulate>::SPEC.name,
                    serde_json::to_value(&self.$name).unwrap_or_default(),
                )),+]
            }
        }

        /// In the order of their ports.
        pub(crate) static SPECS: &[&Spec] = &[$(<$provider as Emulate>::SPEC),+];

        impl Providers {
            pub(crate) fn mount(settings: Settings, mut context: impl FnMut(&'static Spec) -> Context) -> Self {
                Self {
                    $($name: Arc::new(Instance::new(context(<$provider as Emulate>::SPEC), settings.$name)),)+
                }
            }

            pub(crate) fn list(&self) -> Vec<Arc<dyn Provider>> {
                vec![$(Arc::clone(&self.$name) as Arc<dyn Provider>),+]
            }
        }
    };
}

providers! {
    verigator: VerigatorProvider,
    revesecure: ReveSecureProvider,
    vise: ViseProvider,
    vaultvision: VaultVisionProvider,
    virtuous: VirtuousProvider,
}

/// An operation that a vendor documents.
///
/// ```
/// let missing = auth_emulator::routes().into_iter().filter(|operation| !operation.implemented);
/// for operation in missing {
///     println!("{} {} {}", operation.provider, operation.method, operation.path);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Operation {
    /// The provider's name.
    pub provider: &'static str,
    /// The operation id, as in the clients, the journal and faults.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: String,
    /// Whether the operation changes data.
    pub class: Class,
    /// The status of a success.
    pub success: u16,
    /// Whether request or response carries a secret.
    pub sensitive: bool,
    /// Whether the vendor documents the operation.
    pub documented: bool,
    /// Whether the response is assumed: the vendor shows at most a sample. Such a response has the header
    /// `x-emulator-assumed`.
    pub assumed: bool,
    /// Whether the emulator implements the operation. Otherwise it responds with 501 and `x-emulator-unimplemented`.
    pub implemented: bool,
}

/// Lists every operation of every provider, in the order of their ports.
///
/// ```
/// let virtuous = auth_emulator::routes().into_iter().filter(|operation| operation.provider == "virtuous");
/// assert_eq!(virtuous.count(), 292);
/// ```
#[must_use]
pub fn routes() -> Vec<Operation> {
    let of = |spec: &'static Spec| {
        let tables = spec.routes.iter().chain(spec.extra_routes).copied();
        tables.flatten().map(|route| Operation {
            provider: spec.name,
            operation: route.operation,
            method: route.method.as_str(),
            path: route.template.replace(":int}", "}"),
            class: route.class,
            success: route.success,
            sensitive: route.sensitive,
            documented: route.documented,
            assumed: (spec.assumed)(route.operation),
            implemented: !spec.unimplemented.contains(&route.operation),
        })
    };
    SPECS.iter().flat_map(|spec| of(spec)).collect()
}
