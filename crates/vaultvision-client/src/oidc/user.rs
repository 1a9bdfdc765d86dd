//! Claims about the user who logged in.

use super::token::Extra;
use openidconnect::core::CoreUserInfoClaims;
use openidconnect::{IdTokenClaims, LocalizedClaim, core::CoreGenderClaim};

/// Claims about the user who logged in, with the field names of a [`Profile`](crate::models::Profile).
///
/// ```
/// fn greeting(user: &vaultvision_client::oidc::UserInfo) -> String {
///     format!("welcome, {}", user.name.as_deref().unwrap_or(&user.subject))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserInfo {
    /// Id of the user at the tenant.
    pub subject: String,
    /// Full name.
    pub name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// `true` if the email address is verified.
    pub email_verified: Option<bool>,
    /// Language tag, such as `en-US`.
    pub locale: Option<String>,
    /// URL of a picture.
    pub picture: Option<String>,
}

fn first<T>(claim: Option<&LocalizedClaim<T>>, text: impl Fn(&T) -> String) -> Option<String> {
    claim.and_then(|claim| claim.get(None)).map(text)
}

/// The two kinds of claims have the same accessors but no common trait.
macro_rules! from_claims {
    ($claims:expr) => {
        UserInfo {
            subject: $claims.subject().to_string(),
            name: first($claims.name(), |text| text.to_string()),
            given_name: first($claims.given_name(), |text| text.to_string()),
            family_name: first($claims.family_name(), |text| text.to_string()),
            email: $claims.email().map(|email| email.to_string()),
            email_verified: $claims.email_verified(),
            locale: $claims.locale().map(|locale| locale.as_ref().to_owned()),
            picture: first($claims.picture(), |text| text.to_string()),
        }
    };
}

impl UserInfo {
    pub(super) fn of_token(claims: &IdTokenClaims<Extra, CoreGenderClaim>) -> Self {
        from_claims!(claims)
    }

    pub(super) fn of_answer(claims: &CoreUserInfoClaims) -> Self {
        from_claims!(claims)
    }
}
