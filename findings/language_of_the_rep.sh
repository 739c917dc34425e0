#!/usr/bin/env bash
# Asked which of the reps' languages suits a caller, matchers of languages answer with another language, and not the same one.
#
# A team speaks English and Russian; the caller's language is Ukrainian. One would guess that a matcher of language tags knows
# regions and scripts (pt-BR for pt, zh-TW for zh-HK) and says "none" for a language that nobody speaks. Both libraries below also
# use, by default, what Unicode's tables say about which *other* language readers of one put up with: made for menus on a screen,
# not for people. Both give Russian to a Belarusian, Spanish to a Basque and Slovak to a Czech as if it were a match. The Python
# one gives it to a Ukrainian too, the JavaScript one to a Kazakh; an Afrikaans speaker gets Dutch from one and English from the
# other. As a hard requirement ("the rep speaks the lead's language") this is no check at all. Compare the language subtag itself,
# with the few renamings (iw is he, no is nb), and let people who know the callers name the pairs that will do.
#
# Seen on 30 November 2026 with langcodes 3.5.1 (PyPI) and @formatjs/intl-localematcher 0.10.1 (npm, best fit), both by default:
#   caller  reps   langcodes  localematcher
#   uk      en,ru  ru         none
#   be      en,ru  ru         ru
#   kk      en,ru  none       ru
#   eu      en,es  es         es
#   cs      en,sk  sk         sk
#   id      en,ms  ms         ms
#   ms      en,id  none       id
#   af      en,nl  nl         en
#   ta      de,en  none       en
#   hr      en,sr  none       none
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet langcodes==3.5.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @formatjs/intl-localematcher@0.10.1 >/dev/null

cat >match.py <<'PY'
import sys
import langcodes
for caller, reps in (pair.split("=") for pair in sys.argv[1:]):
    print(caller, reps, langcodes.closest_supported_match(caller, reps.split(",")) or "none")
PY
cat >match.mjs <<'JS'
import { match } from "@formatjs/intl-localematcher";
for (const [caller, reps] of process.argv.slice(2).map((pair) => pair.split("="))) {
  console.log(caller, reps, match([caller], reps.split(","), "und").replace("und", "none"));
}
JS
pairs=(uk=en,ru be=en,ru kk=en,ru eu=en,es cs=en,sk id=en,ms ms=en,id af=en,nl ta=de,en hr=en,sr)
{ env/bin/python match.py "${pairs[@]}"; node match.mjs "${pairs[@]}"; } | tee seen
diff - seen <<'EXPECTED'
uk en,ru ru
be en,ru ru
kk en,ru none
eu en,es es
cs en,sk sk
id en,ms ms
ms en,id none
af en,nl nl
ta de,en none
hr en,sr none
uk en,ru none
be en,ru ru
kk en,ru ru
eu en,es es
cs en,sk sk
id en,ms ms
ms en,id id
af en,nl en
ta de,en en
hr en,sr none
EXPECTED
echo "as it was"
