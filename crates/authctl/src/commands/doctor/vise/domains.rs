//! The list of the account's domains, and where the dashboard wants the token.

use super::{Checks, Finding, Findings, KEPT, judged, parts, place, toml};
use crate::commands::doctor::probe::Seen;
use crate::failure::Failure;
use http::{StatusCode, Uri};
use serde_json::Value;
use std::collections::BTreeSet;
use vise_client::AccountDomain;

impl Checks<'_, '_> {
    /// The list of domains. `None` if the dashboard returns none.
    pub(super) async fn domains(
        &mut self,
        findings: &mut Findings,
    ) -> Result<Option<Vec<AccountDomain>>, Failure> {
        let (mut seen, own) = (None, self.way.token.clone());
        'found: for part in parts(self.probe.settings, &["domains_path", "domains_method"]) {
            self.without.clone_from(&part);
            for place in self.places(&own) {
                if !self.probe.may_be_rejected() {
                    break;
                }
                self.way.token = place;
                let client = self.client()?;
                let list = async { client.list_account_domains().await };
                let (list, received) = self.made(list).await?;
                let Some(last) = received.into_iter().next_back() else { continue };
                if is_rejected(&last) {
                    self.probe.rejected_by(&last);
                    continue;
                }
                let is_list = last.status.is_success() && last.json().is_some() && !last.is_error();
                seen = Some((list, last));
                if is_list {
                    break 'found;
                }
                // What is no list is none with another place of the token, either.
                break;
            }
        }
        let Some((list, seen)) = seen else {
            self.way.token = own;
            let by = self.probe.rejection();
            let why = format!("the dashboard rejects the token in every place that was tried: {by}");
            findings.add("token-placement", Finding::Undecided(why.clone()));
            return Err(Failure::credentials(why).hint("the token is wrong, or token_placement"));
        };
        seen.is_of_the_api()?;
        let is_list = seen.status.is_success() && seen.json().is_some() && !seen.is_error();
        let observed = format!("the list has {}", seen.shape());
        if !is_list {
            findings.add("token-placement", Finding::Undecided(observed.clone()));
            findings.add("domains-endpoint", Finding::differs(observed, "domains_path, domains_method"));
            return Ok(None);
        }
        let is_used = self.uses("domains-endpoint");
        findings.add("domains-endpoint", Finding::differs_if(is_used, observed, KEPT));
        self.rejected_keys("domains-endpoint", findings);
        findings.add("token-placement", self.placement(&seen.uri).await?);
        let Some(list) = list else {
            let rows = seen.rows().unwrap_or_default();
            let names: BTreeSet<&str> =
                rows.iter().filter_map(Value::as_object).flatten().map(|(name, _)| name.as_str()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let observed =
                format!("{}; no domain has domain_vise_url, their fields are {names}", seen.form());
            let setting = "host and phrase, or VISE_HOST and VISE_PHRASE";
            findings.add("domains-format", Finding::differs(observed, setting));
            return Ok(None);
        };
        if list.is_empty() {
            findings.add("domains-format", Finding::Untested("the account has no domains".to_owned()));
            return Ok(None);
        }
        self.list(&list, &seen, findings);
        Ok(Some(list))
    }

    fn list(&self, list: &[AccountDomain], seen: &Seen, findings: &mut Findings) {
        let all = list.len();
        let with = list.iter().filter(|domain| domain.vise_url.is_some()).count();
        let form = seen.form();
        let observed = format!("{form}; {with} of {all} domains have domain_vise_url");
        findings.add("domains-format", Finding::Confirmed(observed));
        let named = list.iter().filter(|domain| domain.other.get_raw("domain_name").is_some()).count();
        let observed = format!("{named} of {all} domains have domain_name");
        let setting = "none: the name is for display only";
        findings.add("domain-name", Finding::differs_if(named == 0, observed, setting));
        let policy = self.policy();
        let urls = || list.iter().filter_map(|domain| domain.vise_url.as_deref());
        let refused: BTreeSet<String> =
            urls().filter_map(|url| policy.check(url).err()).map(|refusal| refusal.to_string()).collect();
        if refused.is_empty() {
            findings.add("hosts", Finding::Confirmed(format!("all {with} hosts are allowed")));
        } else {
            let count = urls().filter(|url| policy.check(url).is_err()).count();
            let why: Vec<&str> = refused.iter().map(String::as_str).collect();
            let observed = format!("{count} of {with} hosts are not allowed: {}", why.join("; "));
            findings.add("hosts", Finding::differs(observed, "none: these hosts are not called"));
        }
    }

    /// The place of the token at the dashboard.
    async fn placement(&mut self, list: &Uri) -> Result<Finding, Failure> {
        // The place may be the query.
        let bare = list.to_string().split('?').next().unwrap_or_default().to_owned();
        if self.used("domains_method", "GET") == "GET"
            && let Ok(seen) = self.probe.get(&bare).await?
            && !is_rejected(&seen)
        {
            return Ok(Finding::Undecided(format!("a call without the token has {}, too", seen.shape())));
        }
        let token = &self.way.token;
        let observed = format!("the dashboard accepts the token {}", place(token));
        Ok(judged(self.probe.settings, "token_placement", toml(token), "bearer", observed))
    }
}

/// Whether a response rejects the token. A web page with status 403 is that of a protection layer.
fn is_rejected(seen: &Seen) -> bool {
    seen.status == StatusCode::UNAUTHORIZED
        || seen.status == StatusCode::FORBIDDEN && seen.form() != "a web page"
}
