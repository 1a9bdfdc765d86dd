//! The macro that defines objects which an update replaces as a whole.
//!
//! These types are not generated, because a schema doesn't express which fields only the server sets, and because each
//! field must record whether it was absent, null or present; see [`Slot`](auth_client_core::provider::record::Slot).

/// Defines an object: its decoding and encoding, and accessors for its fields.
///
/// A field is `"wire name" => getter: form` or `"wire name" => getter, setter: form`. A field without a setter is set
/// only by the server and sent back unchanged. Decoding fails if a `required` field is missing.
macro_rules! whole_object {
    (open: $($name:ident),*) => {$(
        impl $name {
            /// Returns the unknown fields for modification.
            pub fn unknown_mut(&mut self) -> &mut auth_client_core::UnknownFields {
                &mut self.unknown
            }
        }
    )*};
    (sent: $($name:ident),*) => {$(
        impl $name {
            /// Returns the request body, including secrets.
            pub(crate) fn to_body(&self) -> auth_client_core::provider::record::Exposed<'_, Self> {
                auth_client_core::provider::record::Exposed(self)
            }
        }
    )*};
    (
        $(#[$meta:meta])*
        $name:ident expects $expected:literal {
            $(
                $(#[$member_meta:meta])*
                $wire:literal $($need:ident)? => $get:ident $(, $set:ident)? : $form:ident $(<$ty:ty>)?;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default)]
        pub struct $name {
            $( $get: auth_client_core::provider::record::Slot<$crate::whole::whole_object!(@type $form $(<$ty>)?)>, )*
            unknown: auth_client_core::UnknownFields,
        }

        impl $name {
            $( $crate::whole::whole_object!(@accessors $form $(<$ty>)? [$(#[$member_meta])*] $wire $get $($set)?); )*

            /// Returns the unknown fields, which are kept and sent back unchanged.
            #[must_use]
            pub fn unknown(&self) -> &auth_client_core::UnknownFields {
                &self.unknown
            }
        }

        auth_client_core::provider::record! {
            Typed $name as $expected {
                $( $wire $($need)? => $get ),*
            }
        }
    };

    (@type text) => { String };
    (@type flag) => { bool };
    (@type count) => { u64 };
    (@type time) => { auth_client_core::DateTime };
    (@type secret) => { Option<auth_client_core::SecretString> };
    (@type texts) => { Vec<String> };
    (@type object <$ty:ty>) => { $ty };
    (@type hidden <$ty:ty>) => { $ty };

    (@accessors text [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> &str {
            self.$get.get()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`. The field is sent even if the value is empty.")]
            pub fn $set(&mut self, value: impl Into<String>) {
                self.$get.set(value.into());
            }
        )?
    };
    (@accessors flag [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        ///
        /// `false` if the field is absent.
        #[must_use]
        pub fn $get(&self) -> bool {
            *self.$get.get()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`. The field is sent even if the value is `false`.")]
            pub fn $set(&mut self, value: bool) {
                self.$get.set(value);
            }
        )?
    };
    (@accessors count [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        ///
        /// Zero if the field is absent.
        #[must_use]
        pub fn $get(&self) -> u64 {
            *self.$get.get()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`. The field is sent even if the value is zero.")]
            pub fn $set(&mut self, value: u64) {
                self.$get.set(value);
            }
        )?
    };
    (@accessors time [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> Option<&auth_client_core::DateTime> {
            self.$get.given()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`.")]
            pub fn $set(&mut self, value: impl Into<auth_client_core::DateTime>) {
                self.$get.set(value.into());
            }
        )?
    };
    (@accessors secret [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> Option<&auth_client_core::SecretString> {
            self.$get.given()?.as_ref()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`.")]
            pub fn $set(&mut self, value: impl Into<auth_client_core::SecretString>) {
                self.$get.set(Some(value.into()));
            }
        )?
    };
    (@accessors texts [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> &[String] {
            self.$get.get()
        }
        $(
            #[doc = concat!("Sets `", $wire, "` as a whole. The field is sent even if the value is empty.")]
            pub fn $set(&mut self, values: impl IntoIterator<Item = impl Into<String>>) {
                self.$get.set(values.into_iter().map(Into::into).collect());
            }
        )?
    };
    (@accessors object <$ty:ty> [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> &$ty {
            self.$get.get()
        }
        $(
            #[doc = concat!("Returns `", $wire, "` for modification.")]
            pub fn $set(&mut self) -> &mut $ty {
                self.$get.value_mut()
            }
        )?
    };
    // Its accessors are written by hand.
    (@accessors hidden <$ty:ty> [$($doc:tt)*] $wire:literal $get:ident) => {};
}
pub(crate) use whole_object;
