#!/bin/sh
# Stands in for cargo and for every tool that `cargo xtask` calls, in tests of how its commands end. It succeeds and does
# nothing, unless the variables of the test say otherwise:
#   FAKE_FAILS    a pattern of command lines that fail
#   FAKE_WARNS    a pattern of command lines that succeed with a warning
#   FAKE_PRINTS   a pattern of command lines that print FAKE_TEXT
#   FAKE_SHORT    the generator that leaves one operation out
#   FAKE_BUILDS   set to let the real cargo document the small workspace
name=$(basename "$0")
call="$name $*"
case "$call" in
  *" --version") cat "$FAKE_PROGRAMS/versions"; exit 0 ;;
esac
case "$call" in $FAKE_FAILS) echo "warning: planted failure of $call" >&2; exit 1 ;; esac
case "$call" in $FAKE_WARNS) echo "warning: planted" >&2; exit 0 ;; esac
case "$call" in $FAKE_PRINTS) printf '%s\n' "$FAKE_TEXT"; exit 0 ;; esac

# The value of a flag.
after() {
  wanted=$1; shift
  while [ $# -gt 0 ]; do [ "$1" = "$wanted" ] && { echo "$2"; return; }; shift; done
}
short=0; [ "$FAKE_SHORT" = "$name" ] && short=1
tools=
case "$call" in
  "cargo metadata "* | "cargo tree "* | "cargo package --list "*) exec "$FAKE_CARGO" "$@" ;;
  "cargo doc "*) [ -z "$FAKE_BUILDS" ] || exec "$FAKE_CARGO" "$@" ;;
  "cargo run "*own-reqwest*) printf 'new: works\ntls: none\n' ;;
  "python3 -m pip install "*) tools=$(after --target "$@")/bin ;;
  "npm install "*) tools=$(after --prefix "$@")/node_modules/.bin ;;
  "openapi-python-client "*)
    output=$(after --output-path "$@")/api
    mkdir -p "$output"
    count=$(($(grep -c '"operationId"' "$(after --path "$@")") - short))
    while [ "$count" -gt 0 ]; do : > "$output/operation_$count.py"; count=$((count - 1)); done ;;
  "openapi-typescript "*)
    sed -n 's/.*"operationId": *\("[^"]*"\).*/\1: {/p' "$1" | tail -n +$((1 + short)) > "$(after --output "$@")" ;;
esac
if [ -n "$tools" ]; then
  mkdir -p "$tools"
  for tool in openapi-spec-validator openapi-python-client redocly spectral openapi-typescript tsc; do
    ln -s "$FAKE_PROGRAMS/program.sh" "$tools/$tool"
  done
fi
exit 0
