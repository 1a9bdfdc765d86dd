//! What the public stores have in common.

/// Implements the traits of a public store by its field `shared`.
macro_rules! shared_store {
    ($store:ident) => {
        impl std::fmt::Debug for $store {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($store)).field(&self.shared).finish()
            }
        }

        impl $store {
            /// Sets the name of this process in the [status](Self::status). Default: host and process, from the system.
            /// It is stored as it is.
            #[must_use]
            pub fn instance(self, name: &str) -> Self {
                self.shared.name_instance(name);
                self
            }

            /// Reads who holds the lease of a credential, and how long renewals take. No key is needed for that. `None`
            /// if there is no record.
            ///
            /// # Errors
            ///
            /// [`StoreError`] if the store can't be read, or if the record is damaged.
            pub async fn status(&self, key: &StoreKey) -> Result<Option<$crate::StoreStatus>, StoreError> {
                self.shared.status(key).await
            }
        }

        #[async_trait]
        impl TokenStore for $store {
            async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
                self.shared.load(key).await
            }

            async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
                self.shared.lock(key).await
            }

            async fn lock_unless_newer(
                &self,
                key: &StoreKey,
                known: u64,
            ) -> Result<Box<dyn LockedToken>, LockError> {
                self.shared.lock_unless_newer(key, known).await
            }
        }
    };
}
pub(crate) use shared_store;
