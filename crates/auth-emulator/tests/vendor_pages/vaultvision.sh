#!/usr/bin/env bash
# The commands of Vault Vision's page, unchanged. Only the server and the ids, which the page says to replace, are replaced by
# the function `curl`. Needs VV_BASE_URL and VV_API_KEY.
set -euo pipefail

TENANT="" APPLICATION="" USER_ID=""
curl() {
  local arguments=() argument
  for argument in "$@"; do
    argument=${argument/https:\/\/api.vaultvision.com/$VV_BASE_URL}
    argument=${argument/CmKJPDorO34hGJ0J/$TENANT}
    for id in 37SenPbBds9q J3Or5KNHIUDl; do argument=${argument/$id/$APPLICATION}; done
    for id in 9cb0Q44OoPO4 6fkflQib1ehm; do argument=${argument/$id/$USER_ID}; done
    arguments+=("$argument")
  done
  command curl --silent --show-error --fail-with-body "${arguments[@]}"
}
# Fails unless the filter is true of the input.
expect() {
  local input
  input=$(cat)
  jq --exit-status "$1" <<<"$input" >/dev/null || { echo "not true: $1 of $input" >&2; exit 1; }
}

TENANT=$(curl \
https://api.vaultvision.com/v1/tenants \
-X GET \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" | jq -r '.data[0].id')

curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J \
-X GET \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
| jq -r '. += {"metadata": {"mykey1":"myval1"}}' \
| curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J \
-X POST \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
-d@- | expect '.metadata.mykey1 == "myval1" and .settings.allow_signups'

curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J \
-X GET \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
| jq -r '.settings.allow_unverified = false' \
| curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J \
-X POST \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
-d@- | expect '.settings.allow_unverified == false and .metadata.mykey1 == "myval1"'

APPLICATION=$(echo '{
  "type": "Application",
  "name": "MyNewApp",
  "login_url": "https://example.test/auth/login",
  "logout_urls": [ "https://example.test/auth/logout" ],
  "redirect_urls": [ "https://example.test/auth/callback" ]
}' | curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/applications \
-X POST \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
-d@- | jq -r .id)

SECRET=$(curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/applications/J3Or5KNHIUDl \
-X GET \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" | jq -r .secret)

curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/applications/J3Or5KNHIUDl \
-X GET \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
| jq -r '. += {"metadata": {"mykey1":"myval1"}}' \
| curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/applications/J3Or5KNHIUDl \
-X POST \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
-d@- | expect ".secret == \"$SECRET\" and .metadata.mykey1 == \"myval1\""

USER_ID=$(echo '{
  "metadata": { "other_id": "other_id_01" },
  "profile": {
    "email": "test01@example.test",
    "name": "Test User01",
    "given_namename": "Test",
    "family_name": "User01"
  }
}' | curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/users \
-X POST \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
-d@- | jq -r .id)

for disabled in true false; do
  curl \
  https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/users/9cb0Q44OoPO4 \
  -X GET \
  -H "accept: application/json" \
  -H "authorization: Bearer $VV_API_KEY" \
  | jq -r '. += {"disabled": '$disabled'}' \
  | curl \
  https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/users/9cb0Q44OoPO4 \
  -X POST \
  -H "accept: application/json" \
  -H "authorization: Bearer $VV_API_KEY" \
  -d@- | expect "(.disabled // false) == $disabled and .metadata.other_id == \"other_id_01\""
done

HASH=$(echo -n "1234567890" | sha256sum | awk '{print $1}')
echo '{ "type": "PasswordCredential", "password": { "alg": "sha256", "hash": "'"$HASH"'" } }' | curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/users/6fkflQib1ehm/credentials \
-X POST \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
-d@- | expect '.id == "password" and .password.alg == "sha256|bcrypt"'

curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/users/6fkflQib1ehm/credentials/password \
-X GET \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
| jq -r '. += {"disabled": true}' \
| curl \
https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/users/6fkflQib1ehm/credentials/password \
-X POST \
-H "accept: application/json" \
-H "authorization: Bearer $VV_API_KEY" \
-d@- | expect '.disabled'

for list in applications users users/9cb0Q44OoPO4/credentials; do
  curl \
  https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/$list \
  -X GET \
  -H "accept: application/json" \
  -H "authorization: Bearer $VV_API_KEY" | expect '.type == "List" and .count == (.data | length)'
done

for deleted in users/6fkflQib1ehm/credentials/password users/9cb0Q44OoPO4 applications/37SenPbBds9q; do
  curl \
  https://api.vaultvision.com/v1/tenants/CmKJPDorO34hGJ0J/$deleted \
  -X DELETE \
  -H "accept: application/json" \
  -H "authorization: Bearer $VV_API_KEY" | expect '.id'
done
