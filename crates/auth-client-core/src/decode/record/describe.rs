//! The macros that define a model.

/// Defines models: implements `Deserialize`, `Serialize`, `PartialEq` and `Debug` from the names of their fields.
///
/// The model implements `Default` and has a field `unknown` of type [`UnknownFields`](crate::UnknownFields). Secret
/// fields are neither serialized nor compared, and `Debug` prints only their presence.
///
/// ```
/// use auth_client_core::{SecretString, UnknownFields};
///
/// #[derive(Clone, Default)]
/// struct Tag {
///     id: i64,
///     name: Option<String>,
///     key: Option<SecretString>,
///     unknown: UnknownFields,
/// }
///
/// auth_client_core::provider::record! {
///     Lenient Tag {
///         "id" required => id,
///         "name" | "tagName" => name,
///         "key" => key,
///     }
/// }
///
/// let tag: Tag = serde_json::from_str(r#"{"id":"17","tagName":"vip","key":"k3y","new":1.50}"#)?;
/// assert_eq!((tag.id, tag.name.as_deref(), tag.unknown.get_raw("new")), (17, Some("vip"), Some("1.50")));
/// assert_eq!(serde_json::to_string(&tag)?, r#"{"id":17,"name":"vip","new":1.50}"#);
/// assert_eq!(format!("{tag:?}"), r#"Tag { id: 17, name: "vip", key: [REDACTED], unknown: ["new"] }"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    ($($reading:ident $name:ident $(<$row:ident>)? $(as $expected:literal)? {
        $($wire:literal $(| $alias:literal)* $($need:ident)? => $field:ident),* $(,)?
    })+) => {$(
        #[doc(hidden)]
        impl $(<$row: $crate::provider::record::Field>)? $crate::provider::record::Record for $name $(<$row>)? {
            fn schema(&self) -> &'static $crate::provider::record::Schema {
                static SCHEMA: $crate::provider::record::Schema = $crate::provider::record::Schema::new(
                    ::std::stringify!($name),
                    $crate::record!(@expected $($expected)?),
                    $crate::provider::record::Reading::$reading,
                    &[$($crate::provider::record::Member::new(
                        ::std::stringify!($field),
                        &[$wire $(, $alias)*],
                        $crate::record!(@need $($need)?),
                    )),*],
                );
                &SCHEMA
            }

            fn fields(
                &self,
                with: &mut dyn ::std::ops::FnMut(
                    &[&dyn $crate::provider::record::Field],
                    &$crate::UnknownFields,
                ),
            ) {
                with(&[$(&self.$field),*], &self.unknown);
            }

            fn fields_mut(
                &mut self,
                with: &mut dyn ::std::ops::FnMut(
                    &mut [&mut dyn $crate::provider::record::Field],
                    &mut $crate::UnknownFields,
                ),
            ) {
                with(&mut [$(&mut self.$field),*], &mut self.unknown);
            }
        }

        #[doc(hidden)]
        impl $(<$row: $crate::provider::record::Field>)? $crate::provider::record::Field for $name $(<$row>)? {
            fn blank() -> Self {
                Self::default()
            }

            fn expected(&self) -> &'static str {
                $crate::record!(@expected $($expected)?)
            }

            fn object(&mut self) -> ::std::option::Option<$crate::provider::record::Object<'_>> {
                ::std::option::Option::Some($crate::provider::record::Object::Record(self))
            }

            fn form(&self) -> $crate::provider::record::Form<'_> {
                $crate::provider::record::Form::Record(self)
            }
        }

        impl<'de $(, $row: $crate::provider::record::Field)?> $crate::provider::serde::Deserialize<'de> for $name $(<$row>)? {
            fn deserialize<D: $crate::provider::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::provider::record::read(deserializer)
            }
        }

        /// Serializes the fields under the provider's names, without secrets.
        impl $(<$row: $crate::provider::record::Field>)? $crate::provider::serde::Serialize for $name $(<$row>)? {
            fn serialize<S: $crate::provider::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::provider::record::write(self, serializer)
            }
        }

        /// Compares all fields except secrets.
        impl $(<$row: $crate::provider::record::Field>)? ::std::cmp::PartialEq for $name $(<$row>)? {
            fn eq(&self, other: &Self) -> bool {
                $crate::provider::record::equal(self, other)
            }
        }

        /// Prints the fields that are present, without secrets, and the names of unknown fields.
        impl $(<$row: $crate::provider::record::Field>)? ::std::fmt::Debug for $name $(<$row>)? {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::provider::record::debug(self, f)
            }
        }
    )+};
    (@expected) => { "an object" };
    (@expected $expected:literal) => { $expected };
    (@need) => { $crate::provider::record::Need::Optional };
    (@need required) => { $crate::provider::record::Need::Required };
    (@need default) => { $crate::provider::record::Need::Default };
}

/// Implements `Deserialize` and `Serialize` for types that implement [`Field`](super::Field).
#[doc(hidden)]
#[macro_export]
macro_rules! serde_by_field {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de> $crate::provider::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::provider::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::provider::record::read(deserializer)
            }
        }

        impl $crate::provider::serde::Serialize for $name {
            fn serialize<S: $crate::provider::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::provider::record::write_field(self, serializer)
            }
        }
    )+};
}
