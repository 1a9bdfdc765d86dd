//! Open enums of strings, which keep values that this version doesn't know.

use std::fmt;

/// An enum value that this version doesn't know.
///
/// It is created only by decoding a response or by converting a string, so it never contains the value of a known
/// variant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UnknownValue(Box<str>);

impl UnknownValue {
    /// Returns the value on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Creates the unknown value of a string, for [`open_enum!`](crate::open_enum) and hand-written enums.
#[must_use]
pub fn unknown_value(text: &str) -> UnknownValue {
    UnknownValue(text.into())
}

/// Declares an open enum of strings that can be a field of models.
///
/// ```
/// auth_client_core::provider::open_enum! {
///     /// The channel of a code.
///     pub enum Channel {
///         /// A text message.
///         Sms = "sms",
///         /// A code of an authenticator app.
///         Totp = "totp",
///     }
/// }
///
/// assert_eq!(Channel::from("sms"), Channel::Sms);
/// assert_eq!(Channel::from("pigeon").as_str(), "pigeon");
/// assert!(matches!(Channel::from("pigeon"), Channel::Unknown(_)));
/// assert_eq!(serde_json::to_string(&Channel::Totp)?, r#""totp""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The unknown variant can't be constructed directly:
///
/// ```compile_fail,E0423
/// let made = auth_client_core::UnknownValue("sms".into());
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A value that this version doesn't know.
            Unknown($crate::UnknownValue),
        }

        impl $name {
            /// Returns the value on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Unknown(value) => value.as_str(),
                }
            }
        }

        /// An empty unknown value.
        impl ::std::default::Default for $name {
            fn default() -> Self {
                Self::Unknown(::std::default::Default::default())
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    other => Self::Unknown($crate::provider::unknown_value(other)),
                }
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::provider::serde::Serialize for $name {
            fn serialize<S: $crate::provider::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::provider::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::provider::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                <::std::string::String as $crate::provider::serde::Deserialize>::deserialize(deserializer)
                    .map(Self::from)
            }
        }

        #[doc(hidden)]
        impl $crate::provider::record::Field for $name {
            fn blank() -> Self {
                ::std::default::Default::default()
            }

            fn expected(&self) -> &'static str {
                "a string"
            }

            fn scalar(
                &mut self,
                value: $crate::provider::record::Scalar<'_>,
                reading: $crate::provider::record::Reading,
            ) -> $crate::provider::record::Fit {
                let mut text = ::std::string::String::new();
                $crate::provider::record::Field::scalar(&mut text, value, reading)?;
                *self = Self::from(text);
                ::std::result::Result::Ok(())
            }

            fn form(&self) -> $crate::provider::record::Form<'_> {
                $crate::provider::record::Form::Text(self.as_str())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[expect(unreachable_pub, reason = "the macro is for public types")]
    mod colour {
        open_enum! {
            /// Colours.
            pub enum Colour {
                /// Red.
                Red = "red",
            }
        }
    }
    use colour::Colour;

    #[test]
    fn unknown_values_survive_a_round_trip_and_known_ones_are_known() {
        assert_eq!(Colour::from("red".to_owned()), Colour::Red);
        assert!(matches!(Colour::from("mauve"), Colour::Unknown(value) if value.as_str() == "mauve"));
        assert!(matches!(Colour::from("Red"), Colour::Unknown(_)));
        let colours: Vec<Colour> = serde_json::from_str(r#"["red","mauve"]"#).unwrap();
        assert_eq!(colours, [Colour::Red, Colour::from("mauve")]);
        assert_eq!(serde_json::to_string(&colours).unwrap(), r#"["red","mauve"]"#);
    }
}
