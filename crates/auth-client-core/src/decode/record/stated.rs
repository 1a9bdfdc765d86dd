//! Numbers that a server only states.

use super::{Field, Fit, Form, Reading, read_at};

/// A number that a server states about a list, and that ends nothing. One that can't be read, of whatever type, is `None`,
/// and loses no list.
///
/// ```
/// use auth_client_core::provider::record::{Reading, Stated, read_at};
///
/// let read = |json| read_at::<Stated<u64>>(json, Reading::Typed).map(|stated| stated.get());
/// assert_eq!(read(r#""250""#)?, Some(250));
/// assert_eq!(read(r#"{"value":250}"#)?, None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated<T>(Option<T>);

impl<T: Copy> Stated<T> {
    /// Returns the number, if it could be read.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        self.0
    }
}

#[doc(hidden)]
impl<T: Field> Field for Stated<T> {
    fn blank() -> Self {
        Self(None)
    }

    fn expected(&self) -> &'static str {
        "an integer"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, _: Reading) -> Fit {
        self.0 = read_at(json, Reading::Lenient).ok();
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        self.0.form()
    }
}
