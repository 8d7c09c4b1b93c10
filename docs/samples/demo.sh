#!/bin/sh
# The main job from nothing to its end, with the real command line on SQLite and SoftHSM.
# Called by `./dev demo`, which provides SEEDVAULT and PYTHON and has installed what is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
: "${SEEDVAULT:?run ./dev demo}" "${PYTHON:?run ./dev demo}"
home=${SEEDVAULT_DEMO_HOME:-$checkout/.demo}
sample=docs/samples/thales-display-cards
alice=GALT10000001 bob=GALT10000002 carol=GALT10000003
step_s=30

bold=$(tput bold 2>/dev/null || :) plain=$(tput sgr0 2>/dev/null || :)
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || bold='' plain=''

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
seedvault() { "$SEEDVAULT" --home "$home" "$@"; }
run() { printf '$ seedvault %s\n' "$*"; seedvault "$@"; }

refused() { # run a command that must answer "no" (exit 1)
    printf '$ seedvault %s\n' "$*"
    if seedvault "$@"; then code=0; else code=$?; fi
    [ "$code" -eq 1 ] || { echo "demo: expected exit 1, got $code" >&2; exit 1; }
}

code_at() { # SERIAL UNIX-TIME: the code that this card shows at that time, by oathtool
    seed=$("$PYTHON" -m docs.samples.seed "$1" 2>/dev/null)
    oathtool --totp --digits=6 --time-step-size="${step_s}s" --now="@$2" "$seed"
}

fresh_step() { # wait, a few seconds at the most, until a time step has most of its life before it
    while [ $(($(date +%s) % step_s)) -gt $((step_s - 5)) ]; do sleep 1; done
    date +%s
}

cd "$checkout"
rm -rf "$home"

say "1. A new vault: keys in an HSM (here SoftHSM), rows in a database (here SQLite)"
run init

say "2. The maker's seed file: 505 encrypted seeds, each with its value MAC. The key came apart."
run batch import $sample.pskcxml --key-file $sample.key
run batch list

say "3. Three cards go to three people"
for user in alice bob carol; do run user add "$user"; done
run token assign $alice alice
run token assign $bob bob
run token assign $carol carol

say "4. Alice's card shows a code (computed by oathtool, not by us): accepted, and only once"
now=$(fresh_step)
code=$(code_at $alice "$now")
run token verify $alice "$code"
refused token verify $alice "$code"

say "5. Bob's card runs 40 steps (20 minutes) fast: refused, resynchronised, accepted"
card=$(($(fresh_step) + 40 * step_s)) # what the card's own clock says
refused token verify $bob "$(code_at $bob $((card - 2 * step_s)))"
run token resync $bob "$(code_at $bob $((card - step_s)))" "$(code_at $bob $card)"
run token verify $bob "$(code_at $bob $((card + step_s)))"

say "6. Who did what; and every link of the record is checked"
run token history $bob
run audit verify

say "The vault is yours to play with. Three commands to try next:"
cat <<END
  export SEEDVAULT_HOME=$home
  ./dev run token list --state bound
  ./dev run token show $carol
  ./dev run audit list --limit 10
END
