#!/usr/bin/env bash
# A word written behind a phone number becomes more digits of it, and the longer number is valid.
#
# Sales people write "+49 30 901820 office" or "... DW 202" (an extension, in Austria) into a CRM's phone field. One would guess
# that a parser drops the word or refuses the text, and that a number which gained six digits is not valid. Google's algorithm,
# here in its Python form, takes three or more letters for a number like 1-800-FLOWERS and dials them; fewer letters it drops.
# Germany and Austria have numbers of any length, so the result is "valid": asking for validity, which catches this in the USA,
# does not help there. The JavaScript library reads the same texts otherwise: it cuts a trailing word off, and is silent about the
# whole number once digits follow the word. So the same contact is another person, or nobody, per library, and a lead that calls
# from +4930901820 is not found. Cut a text at its first letter before parsing, unless the letters are a known spelling of
# "extension".
#
# Seen on 30 November 2026 with phonenumbers 9.0.43 (PyPI) and libphonenumber-js 1.13.16 (npm, full metadata); number and "valid":
#   text                          python                    javascript
#   +49 30 901820                 +4930901820 True          +4930901820 true
#   +49 30 901820 office          +4930901820633423 True    +4930901820 true
#   +49 30 901820 Frau Li         +4930901820372854 True    +4930901820 true
#   +43 1 53115 Fax               +43153115329 True         +43153115 true
#   +43 1 5311 Klappe 12          +431531155277312 True     none
#   +43 1 53115 DW 202            +43153115202 True         none
#   +1 415 555 2671 office        +14155552671633423 False  +14155552671 true
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet phonenumbers==9.0.43
npm init -y >/dev/null
npm install --silent --no-audit --no-fund libphonenumber-js@1.13.16 >/dev/null

cat >read.py <<'PY'
import sys
import phonenumbers as p
for text in sys.argv[1:]:
    number = p.parse(text)
    print(text, "=", p.format_number(number, p.PhoneNumberFormat.E164), p.is_valid_number(number))
PY
cat >read.cjs <<'JS'
const parse = require("libphonenumber-js/max").default;
for (const text of process.argv.slice(2)) {
  const number = parse(text);
  console.log(text, "=", number ? `${number.number} ${number.isValid()}` : "none");
}
JS
texts=("+49 30 901820" "+49 30 901820 office" "+49 30 901820 Frau Li" "+43 1 53115 Fax" "+43 1 5311 Klappe 12"
  "+43 1 53115 DW 202" "+1 415 555 2671 office")
{ env/bin/python read.py "${texts[@]}"; node read.cjs "${texts[@]}"; } | tee seen
diff - seen <<'EXPECTED'
+49 30 901820 = +4930901820 True
+49 30 901820 office = +4930901820633423 True
+49 30 901820 Frau Li = +4930901820372854 True
+43 1 53115 Fax = +43153115329 True
+43 1 5311 Klappe 12 = +431531155277312 True
+43 1 53115 DW 202 = +43153115202 True
+1 415 555 2671 office = +14155552671633423 False
+49 30 901820 = +4930901820 true
+49 30 901820 office = +4930901820 true
+49 30 901820 Frau Li = +4930901820 true
+43 1 53115 Fax = +43153115 true
+43 1 5311 Klappe 12 = none
+43 1 53115 DW 202 = none
+1 415 555 2671 office = +14155552671 true
EXPECTED
echo "as it was"
