//! `emulator.verigator()` and the like, and the builder methods of the same names.

use super::builder::Builder;
use super::handle::Namespace;
use crate::providers;

macro_rules! accessors {
    ($($name:ident: $handle:ident, $label:literal, $change:literal;)+) => {
        impl Namespace {
            $(
                #[doc = concat!("Returns the handle of the emulated ", $label, " API.")]
                #[must_use]
                pub fn $name(&self) -> providers::$name::$handle {
                    providers::$name::$handle::new(&self.providers().$name)
                }
            )+
        }

        impl Builder {
            $(
                #[doc = concat!("Changes the settings that the emulated ", $label, " API starts with.")]
                ///
                /// ```
                #[doc = concat!("let builder = auth_emulator::Emulator::builder().", stringify!($name), "(|settings| {")]
                #[doc = concat!("    settings.", $change, ";")]
                /// });
                /// # let _ = builder;
                /// ```
                pub fn $name(mut self, change: impl FnOnce(&mut providers::$name::Settings)) -> Self {
                    change(&mut self.settings.$name);
                    self
                }
            )+
        }
    };
}

accessors! {
    verigator: Verigator, "Verigator", "code_lifetime_seconds = 60";
    revesecure: ReveSecure, "ReveSecure", "date_window_seconds = Some(300)";
    vise: Vise, "VISE", "hosts = 5";
    vaultvision: VaultVision, "Vault Vision", "bcrypt_cost = 4";
    virtuous: Virtuous, "Virtuous", "two_factor = true";
}
