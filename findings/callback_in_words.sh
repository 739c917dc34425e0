#!/usr/bin/env bash
# "Tomorrow at half past two" and "two weeks from today": readers of spoken times take half of the words and give a full time.
#
# A caller says when to be called back; the transcript goes to a reader of dates in words. One would guess a right answer or none.
# Both libraries instead pass over what they do not know and fill the gap from the clock: asked at ten, "half past two" becomes
# ten o'clock, "tonight at 8" the present moment, "at 5" a Sunday in May, "two weeks from today" two weeks ago although the future
# was asked for, "pasado mañana" (the day after tomorrow) tomorrow. Nothing in dateparser's answer tells a guess from a reading.
# chrono does tell: `text` is what it took, `start.isCertain("hour")` whether an hour was said, `isCertain("meridiem")` whether
# five is in the morning or not (it is not sure of noon either). Take an answer only if all that was said was taken and the hour
# is certain; even then repeat day, date and hour to the caller before promising them: on a Monday, "next Friday" is the 11th for
# one and the 4th for the other.
#
# Seen on 30 November 2026 (a Monday, asked at 10:00) with dateparser 1.5.0 (PyPI, PREFER_DATES_FROM future) and chrono-node
# 2.10.3 (npm, forwardDate); * marks chrono's own doubt: not all of the text taken, or the hour not certain:
#   words                       dateparser             chrono
#   tomorrow at noon            Tue 01 Dec 2026 12:00  Tue 01 Dec 2026 12:00
#   tomorrow at half past two   none                   Tue 01 Dec 2026 10:00 *
#   tomorrow afternoon at 3     Tue 01 Dec 2026 10:00  Tue 01 Dec 2026 15:00
#   tonight at 8                Mon 30 Nov 2026 10:00  Mon 30 Nov 2026 20:00
#   at 5                        Sun 30 May 2027 00:00  Tue 01 Dec 2026 05:00
#   on the 3rd at 4pm           Tue 30 Mar 2027 16:00  Mon 30 Nov 2026 16:00 *
#   two weeks from today        Mon 16 Nov 2026 10:00  Mon 14 Dec 2026 10:00 *
#   in an hour and a half       none                   Mon 30 Nov 2026 11:00 *
#   next Friday                 Fri 04 Dec 2026 00:00  Fri 11 Dec 2026 12:00 *
#   de: morgen um 15 Uhr        Tue 01 Dec 2026 10:00  Tue 01 Dec 2026 15:00
#   de: Freitag 17 Uhr          Tue 17 Nov 2026 00:00  Fri 04 Dec 2026 17:00
#   es: pasado mañana a las 10  none                   Tue 01 Dec 2026 10:00 *
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet dateparser==1.5.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund chrono-node@2.10.3 >/dev/null

cat >said.json <<'JSON'
[["en", "tomorrow at noon"], ["en", "tomorrow at half past two"], ["en", "tomorrow afternoon at 3"], ["en", "tonight at 8"],
 ["en", "at 5"], ["en", "on the 3rd at 4pm"], ["en", "two weeks from today"],
 ["en", "in an hour and a half"], ["en", "next Friday"],
 ["de", "morgen um 15 Uhr"], ["de", "Freitag 17 Uhr"], ["es", "pasado mañana a las 10"]]
JSON
cat >read.py <<'PY'
import datetime, json
import dateparser
now = datetime.datetime(2026, 11, 30, 10, 0)
for language, words in json.load(open("said.json")):
    at = dateparser.parse(words, languages=[language], settings={"RELATIVE_BASE": now, "PREFER_DATES_FROM": "future"})
    print(f"{language}: {words} =", at.strftime("%a %d %b %Y %H:%M") if at else "none")
PY
cat >read.cjs <<'JS'
const chrono = require("chrono-node");
const now = new Date(2026, 10, 30, 10, 0);
for (const [language, words] of JSON.parse(require("node:fs").readFileSync("said.json"))) {
  const [found] = chrono[language].parse(words, now, { forwardDate: true });
  const [day, month, date, year, time] = found ? found.date().toString().split(" ") : [];
  const sure = found?.text === words && found.start.isCertain("hour");
  console.log(`${language}: ${words} =`, found ? `${day} ${date} ${month} ${year} ${time.slice(0, 5)}${sure ? "" : " *"}` : "none");
}
JS
export TZ=UTC
{ env/bin/python read.py; node read.cjs; } | tee seen
diff - seen <<'EXPECTED'
en: tomorrow at noon = Tue 01 Dec 2026 12:00
en: tomorrow at half past two = none
en: tomorrow afternoon at 3 = Tue 01 Dec 2026 10:00
en: tonight at 8 = Mon 30 Nov 2026 10:00
en: at 5 = Sun 30 May 2027 00:00
en: on the 3rd at 4pm = Tue 30 Mar 2027 16:00
en: two weeks from today = Mon 16 Nov 2026 10:00
en: in an hour and a half = none
en: next Friday = Fri 04 Dec 2026 00:00
de: morgen um 15 Uhr = Tue 01 Dec 2026 10:00
de: Freitag 17 Uhr = Tue 17 Nov 2026 00:00
es: pasado mañana a las 10 = none
en: tomorrow at noon = Tue 01 Dec 2026 12:00
en: tomorrow at half past two = Tue 01 Dec 2026 10:00 *
en: tomorrow afternoon at 3 = Tue 01 Dec 2026 15:00
en: tonight at 8 = Mon 30 Nov 2026 20:00
en: at 5 = Tue 01 Dec 2026 05:00
en: on the 3rd at 4pm = Mon 30 Nov 2026 16:00 *
en: two weeks from today = Mon 14 Dec 2026 10:00 *
en: in an hour and a half = Mon 30 Nov 2026 11:00 *
en: next Friday = Fri 11 Dec 2026 12:00 *
de: morgen um 15 Uhr = Tue 01 Dec 2026 15:00
de: Freitag 17 Uhr = Fri 04 Dec 2026 17:00
es: pasado mañana a las 10 = Tue 01 Dec 2026 10:00 *
EXPECTED
echo "as it was"
