#!/usr/bin/env bash
# A routing rule with a whole number in it gives five evaluators of CEL no common answer.
#
# CEL is chosen for rules because the same text can be checked in a browser and run in a worker. A lead arrives as JSON, `"score":
# 85`. One would guess that 85 is an int to all, that comparing it with 84.5 is fine, and that arithmetic agrees. For Python and
# Rust 85 is an int; for the two strict JavaScript evaluators every JSON number is a double, and double with the int of the rule's
# own text is an error; the third JavaScript one knows no ints at all. So "employees / 1000 >= 1.5" of a firm of 1,500 is true,
# false and an error, a win rate is 33 or 33.33, and a plain comparison with 84.5 fails in Python. An absent field behind `||`
# makes a true rule fail in one, and `has()` of a null is false in one. Rules that travel: comparisons of whole numbers and texts
# only, no arithmetic; else double() around every field (missing in cel-js), and the same cases as a test in both places.
#
# Seen on 30 November 2026 with cel-python 0.5.0 and common-expression-language 0.10.0 (PyPI; the latter is Rust's crate cel),
# cel-js 0.8.2, @marcbachmann/cel-js 8.0.0, @bufbuild/cel 0.6.1 (npm):
#   rule                                      cel-python  rust   cel-js  marcbachmann  bufbuild
#   lead.score >= 85                          true        true   true    true          true
#   lead.score > 84.5                         error       true   true    true          true
#   lead.score + 5 > 89                       true        true   true    error         error
#   lead.employees / 1000 >= 1.5              error       false  true    error         error
#   lead.won * 100 / lead.calls               33          33     33.33   error         error
#   double(lead.employees) / 1000.0 >= 1.5    true        true   error   true          true
#   lead.tier == "a" || lead.score > 80       true        true   error   true          true      (no tier)
#   has(lead.country)                         true        true   true    true          false     (country null)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet cel-python==0.5.0 common-expression-language==0.10.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund cel-js@0.8.2 @marcbachmann/cel-js@8.0.0 @bufbuild/cel@0.6.1 >/dev/null

cat >lead.json <<'JSON'
{"lead": {"score": 85, "employees": 1500, "won": 1, "calls": 3, "country": null}}
JSON
cat >rules.json <<'JSON'
["lead.score >= 85", "lead.score > 84.5", "lead.score + 5 > 89", "lead.employees / 1000 >= 1.5", "lead.won * 100 / lead.calls",
 "double(lead.employees) / 1000.0 >= 1.5", "lead.tier == \"a\" || lead.score > 80", "has(lead.country)"]
JSON
cat >rules.py <<'PY'
import json
import cel, celpy
lead = json.load(open("lead.json"))


def python(rule):
    environment = celpy.Environment()
    return environment.program(environment.compile(rule)).evaluate(celpy.json_to_cel(lead))


def rust(rule):
    return cel.evaluate(rule, lead)


for evaluate in (python, rust):
    for rule in json.load(open("rules.json")):
        try:
            answer = evaluate(rule)
            print(evaluate.__name__, rule, "=", int(answer) if "*" in rule else str(bool(answer)).lower())
        except Exception:  # each library has its own
            print(evaluate.__name__, rule, "= error")
PY
cat >rules.mjs <<'JS'
import { readFileSync } from "node:fs";
import * as celJs from "cel-js";
import * as marcbachmann from "@marcbachmann/cel-js";
import * as bufbuild from "@bufbuild/cel";
const lead = JSON.parse(readFileSync("lead.json"));
const evaluators = { "cel-js": celJs.evaluate, marcbachmann: marcbachmann.evaluate, bufbuild: bufbuild.run };
for (const [name, evaluate] of Object.entries(evaluators)) {
  for (const rule of JSON.parse(readFileSync("rules.json"))) {
    let answer = "error";
    try {
      const found = evaluate(rule, lead);
      if (typeof found !== "object") answer = typeof found === "number" ? found.toFixed(2) : String(found);
    } catch {}
    console.log(name, rule, "=", answer);
  }
}
JS
{ env/bin/python rules.py; node rules.mjs; } 2>/dev/null | tee seen
diff - seen <<'EXPECTED'
python lead.score >= 85 = true
python lead.score > 84.5 = error
python lead.score + 5 > 89 = true
python lead.employees / 1000 >= 1.5 = error
python lead.won * 100 / lead.calls = 33
python double(lead.employees) / 1000.0 >= 1.5 = true
python lead.tier == "a" || lead.score > 80 = true
python has(lead.country) = true
rust lead.score >= 85 = true
rust lead.score > 84.5 = true
rust lead.score + 5 > 89 = true
rust lead.employees / 1000 >= 1.5 = false
rust lead.won * 100 / lead.calls = 33
rust double(lead.employees) / 1000.0 >= 1.5 = true
rust lead.tier == "a" || lead.score > 80 = true
rust has(lead.country) = true
cel-js lead.score >= 85 = true
cel-js lead.score > 84.5 = true
cel-js lead.score + 5 > 89 = true
cel-js lead.employees / 1000 >= 1.5 = true
cel-js lead.won * 100 / lead.calls = 33.33
cel-js double(lead.employees) / 1000.0 >= 1.5 = error
cel-js lead.tier == "a" || lead.score > 80 = error
cel-js has(lead.country) = true
marcbachmann lead.score >= 85 = true
marcbachmann lead.score > 84.5 = true
marcbachmann lead.score + 5 > 89 = error
marcbachmann lead.employees / 1000 >= 1.5 = error
marcbachmann lead.won * 100 / lead.calls = error
marcbachmann double(lead.employees) / 1000.0 >= 1.5 = true
marcbachmann lead.tier == "a" || lead.score > 80 = true
marcbachmann has(lead.country) = true
bufbuild lead.score >= 85 = true
bufbuild lead.score > 84.5 = true
bufbuild lead.score + 5 > 89 = error
bufbuild lead.employees / 1000 >= 1.5 = error
bufbuild lead.won * 100 / lead.calls = error
bufbuild double(lead.employees) / 1000.0 >= 1.5 = true
bufbuild lead.tier == "a" || lead.score > 80 = true
bufbuild has(lead.country) = false
EXPECTED
echo "as it was"
