//! The error type of a provider crate, and the types that carry it.

/// Defines a provider's `Error` around [`auth_client_core::Error`](crate::Error), and aliases of
/// [`Call`](crate::Call), [`Pages`](crate::Pages) and [`Items`](crate::Items) with that error.
///
/// ```
/// auth_client_core::provider::error_type! {
///     /// A failed call to the shop.
///     pub struct Error;
/// }
///
/// let error = Error::from(auth_client_core::Error::configuration("key", "must not be empty"));
/// assert_eq!(error.kind(), auth_client_core::ErrorKind::Configuration);
/// assert_eq!(error.to_string(), error.into_inner().to_string());
/// ```
///
/// With `hint: function` after the struct, a function `fn(&Error, &mut Formatter<'_>) -> fmt::Result` appends to
/// the `Display` output.
#[doc(hidden)]
#[macro_export]
macro_rules! error_type {
    ($(#[$meta:meta])* pub struct Error; $(hint: $hint:path)?) => {
        $(#[$meta])*
        pub struct Error($crate::Error);

        impl Error {
            /// Returns the error type that all providers share.
            #[must_use]
            pub fn into_inner(self) -> $crate::Error {
                self.0
            }
        }

        impl ::std::ops::Deref for Error {
            type Target = $crate::Error;

            fn deref(&self) -> &$crate::Error {
                &self.0
            }
        }

        impl ::std::convert::From<$crate::Error> for Error {
            fn from(error: $crate::Error) -> Self {
                Self(error)
            }
        }

        impl ::std::fmt::Display for Error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)?;
                $($hint(self, f)?;)?
                ::std::result::Result::Ok(())
            }
        }

        impl ::std::fmt::Debug for Error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl ::std::error::Error for Error {
            fn source(&self) -> ::std::option::Option<&(dyn ::std::error::Error + 'static)> {
                ::std::error::Error::source(&self.0)
            }
        }

        /// A call that is ready to be sent with `.await`.
        pub type Call<T> = $crate::Call<T, Error>;
        /// A list as a stream of pages.
        pub type Pages<P, C> = $crate::Pages<P, C, Error>;
        /// A list as a stream of items.
        pub type Items<P, C, T> = $crate::Items<P, C, T, Error>;
    };
}
