#!/usr/bin/env bash
# Taking the legal form off a company's name takes words that are none, and of some companies leaves nothing at all.
#
# A lead's company is matched to an account by its name without "GmbH" or "Inc.": cleanco is the library for that. One would guess
# that it looks for a form of the company's country, and that a name is left in any case. It takes the last word if that is a form
# in any of its 67 countries: a day spa loses its spa (an S.p.A. of Italy or Chile), and "Acme UK" its country, because UK is a
# form in Uzbekistan, while "Acme France" keeps its own. A company named like a form comes out as the empty text, SAS and EE
# alike, so that all of them share one key. A form in front ("PT", "AB") stays. Keep the whole name as the key when fewer than
# three letters are left, and do not let two names that differ in the last word alone count as one: a country or a domain has to
# agree.
#
# Seen on 30 November 2026 with cleanco 2.3 (PyPI), basename():
#   SAS ''   EE ''   Company ''   Day Spa 'Day'   Grand Hotel & Spa 'Grand Hotel'   Dairy Coop 'Dairy'   Acme UK 'Acme'
#   Acme France 'Acme France'   PT Acme 'PT Acme'   AB Acme 'AB Acme'   Acme AG 'Acme'
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet cleanco==2.3

cat >names.py <<'PY'
import sys
import cleanco
for name in sys.argv[1:]:
    print(name, repr(cleanco.basename(name)))
PY
names=(SAS EE Company "Day Spa" "Grand Hotel & Spa" "Dairy Coop" "Acme UK" "Acme France" "PT Acme" "AB Acme" "Acme AG")
env/bin/python names.py "${names[@]}" | tee seen
diff - seen <<'EXPECTED'
SAS ''
EE ''
Company ''
Day Spa 'Day'
Grand Hotel & Spa 'Grand Hotel'
Dairy Coop 'Dairy'
Acme UK 'Acme'
Acme France 'Acme France'
PT Acme 'PT Acme'
AB Acme 'AB Acme'
Acme AG 'Acme'
EXPECTED
echo "as it was"
