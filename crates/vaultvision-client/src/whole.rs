//! How an object that is replaced whole is declared: its members by name, and from them its reading, writing and accessors.
//!
//! Written by hand and not generated: no schema says which members are the vendor's own, and each member must know
//! whether it was absent, null or there. See [`kept`](crate::kept) for what stands behind it.

/// Declares an object: how it is read and written, and an accessor per member.
///
/// A member is `"wire name" => getter: form` or `"wire name" => getter, setter: form`; what has no setter is the vendor's
/// own and is sent back as it came.
macro_rules! whole_object {
    (open: $($name:ident),*) => {$(
        impl $name {
            /// The members that this version has no name for, for changing: for what the vendor has and this version
            /// doesn't know.
            pub fn unknown_mut(&mut self) -> &mut $crate::kept::Unknown {
                &mut self.unknown
            }
        }
    )*};
    (
        $(#[$meta:meta])*
        $name:ident expects $expected:literal $(needs $needed:ident)? {
            $(
                $(#[$member_meta:meta])*
                $wire:literal => $get:ident $(, $set:ident)? : $form:ident $(<$ty:ty>)?;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default)]
        pub struct $name {
            $( $get: $crate::kept::Slot<$crate::whole::whole_object!(@type $form $(<$ty>)?)>, )*
            unknown: $crate::kept::Unknown,
        }

        impl $name {
            $( $crate::whole::whole_object!(@accessors $form $(<$ty>)? [$(#[$member_meta])*] $wire $get $($set)?); )*

            /// The members that this version has no name for; they are kept and sent back as they came.
            #[must_use]
            pub fn unknown(&self) -> &$crate::kept::Unknown {
                &self.unknown
            }
        }

        impl $crate::kept::Whole for $name {
            const EXPECTED: &'static str = $expected;

            fn take<'de, D: serde::Deserializer<'de>>(&mut self, name: &str, value: D) -> Result<(), D::Error> {
                match name {
                    $( $wire => self.$get.read(value), )*
                    _ => self.unknown.keep(name, value),
                }
            }

            $(
                fn missing(&self) -> Option<&'static str> {
                    self.$needed.given().is_none().then_some(stringify!($needed))
                }
            )?
        }

        impl $crate::kept::Zero for $name {
            fn is_zero(&self) -> bool {
                $( self.$get.given().is_none() && $crate::kept::Zero::is_zero(self.$get.get()) && )* self.unknown.is_empty()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::kept::read(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = $crate::kept::begin(serializer)?;
                $( self.$get.write($wire, &mut map)?; )*
                self.unknown.write(&mut map)?;
                serde::ser::SerializeMap::end(map)
            }
        }

        /// What is known, without secrets; of what is not known, the names.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut debug = f.debug_struct(stringify!($name));
                $( self.$get.show(stringify!($get), &mut debug); )*
                if !self.unknown.is_empty() {
                    debug.field("unknown", &self.unknown);
                }
                debug.finish()
            }
        }
    };

    (@type text) => { String };
    (@type flag) => { bool };
    (@type count) => { u64 };
    (@type time) => { $crate::time::Time };
    (@type secret) => { $crate::secret_text::SecretText };
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
            #[doc = concat!("Sets `", $wire, "`; it is sent also when it is empty.")]
            pub fn $set(&mut self, value: impl Into<String>) {
                self.$get.set(value.into());
            }
        )?
    };
    (@accessors flag [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        ///
        /// False when it is absent.
        #[must_use]
        pub fn $get(&self) -> bool {
            *self.$get.get()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`; it is sent also when it is false.")]
            pub fn $set(&mut self, value: bool) {
                self.$get.set(value);
            }
        )?
    };
    (@accessors count [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        ///
        /// Zero when it is absent.
        #[must_use]
        pub fn $get(&self) -> u64 {
            *self.$get.get()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`; it is sent also when it is zero.")]
            pub fn $set(&mut self, value: u64) {
                self.$get.set(value);
            }
        )?
    };
    (@accessors time [$($doc:tt)*] $wire:literal $get:ident) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> Option<&$crate::time::Time> {
            self.$get.given()
        }
    };
    (@accessors secret [$($doc:tt)*] $wire:literal $get:ident) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> Option<&auth_client_core::auth_core::SecretString> {
            self.$get.given().map($crate::secret_text::SecretText::as_secret)
        }
    };
    (@accessors texts [$($doc:tt)*] $wire:literal $get:ident $($set:ident)?) => {
        $($doc)*
        #[must_use]
        pub fn $get(&self) -> &[String] {
            self.$get.get()
        }
        $(
            #[doc = concat!("Sets `", $wire, "`, all of it; it is sent also when it is empty.")]
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
            #[doc = concat!("The same for changing `", $wire, "` in place.")]
            pub fn $set(&mut self) -> &mut $ty {
                self.$get.value_mut()
            }
        )?
    };
    // Its accessors are written by hand.
    (@accessors hidden <$ty:ty> [$($doc:tt)*] $wire:literal $get:ident) => {};
}
pub(crate) use whole_object;
