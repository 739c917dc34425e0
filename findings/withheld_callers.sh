#!/usr/bin/env bash
# What carriers send instead of the number of a withheld caller is a number to libraries that read phone numbers.
#
# Twilio fills `From` with the words ANONYMOUS, RESTRICTED, UNAVAILABLE, BLOCKED and UNKNOWN typed on a keypad, with a + in front.
# One would guess that a parser refuses them, or that "possible" tells them from real numbers. Neither is so:
# all five parse, each with a country; UNAVAILABLE is "possible" (a number of a Chinese city), and UNKNOWN is by the Python library
# ("possible, local only") and not by the JavaScript one ("too short"), although both hold the same metadata. Only "valid" tells.
# A matcher of callers by number that does not ask for validity gives the lead to the owner of the last withheld caller.
#
# Seen on 29 November 2026 with phonenumbers 9.0.33 (PyPI) and libphonenumber-js 1.12.31 (npm, full metadata):
#   word         number          python: country possible valid    javascript: country possible valid
#   ANONYMOUS    +266696687      266 False False                   266 false false
#   RESTRICTED   +7378742833     7 False False                     7 false false
#   UNAVAILABLE  +86282452253    86 True False                     86 true false
#   BLOCKED      +2562533        256 False False                   256 false false
#   UNKNOWN      +8656696        86 True False                     86 false false
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet phonenumbers==9.0.33
npm init -y >/dev/null
npm install --silent --no-audit --no-fund libphonenumber-js@1.12.31 >/dev/null

cat >read.py <<'PY'
import sys
import phonenumbers as p
for text in sys.argv[1:]:
    number = p.parse(text)
    print(text, number.country_code, p.is_possible_number(number), p.is_valid_number(number))
PY
cat >read.cjs <<'JS'
const parse = require("libphonenumber-js/max").default;
for (const text of process.argv.slice(2)) {
  const number = parse(text);
  console.log(text, number ? `${number.countryCallingCode} ${number.isPossible()} ${number.isValid()}` : "not parsed");
}
JS
numbers=(+266696687 +7378742833 +86282452253 +2562533 +8656696)
{ env/bin/python read.py "${numbers[@]}"; node read.cjs "${numbers[@]}"; } | tee seen
diff - seen <<'EXPECTED'
+266696687 266 False False
+7378742833 7 False False
+86282452253 86 True False
+2562533 256 False False
+8656696 86 True False
+266696687 266 false false
+7378742833 7 false false
+86282452253 86 true false
+2562533 256 false false
+8656696 86 false false
EXPECTED
echo "as it was"
