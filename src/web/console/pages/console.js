// What a page gains by script: sections that change as it happens, and clocks that run down. Every page works without.
"use strict";
(function () {
  var live = document.querySelector("[data-live]");
  var ends = new WeakMap();

  function clocks(within) {
    within.querySelectorAll("[data-left-ms]").forEach(function (clock) {
      ends.set(clock, performance.now() + Number(clock.dataset.leftMs));
    });
  }

  function tick() {
    document.querySelectorAll("[data-left-ms]").forEach(function (clock) {
      var left = Math.max(0, ends.get(clock) - performance.now());
      var told = Math.floor(left / 1000) + " s";
      if (clock.textContent !== told) clock.textContent = told;
    });
  }

  // Whoever is at a link stays at it.
  function swap(section, html) {
    var at = section.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    section.innerHTML = html;
    clocks(section);
    if (at === null) return;
    Array.prototype.some.call(section.querySelectorAll("a"), function (link) {
      var is = link.getAttribute("href") === at;
      if (is) link.focus();
      return is;
    });
  }

  function watch() {
    var source = new EventSource(live.dataset.live);
    var state = document.getElementById("state");
    live.querySelectorAll("section").forEach(function (section) {
      source.addEventListener(section.id, function (event) {
        if (section.innerHTML.trim() !== event.data.trim()) swap(section, event.data);
      });
    });
    source.onopen = function () { state.textContent = ""; };
    // A stream ends by itself after a while, and the next one begins; one that is refused has no session any more.
    source.onerror = function () {
      if (source.readyState === EventSource.CLOSED) {
        state.textContent = state.dataset.lost;
        setTimeout(function () { location.reload(); }, 10000);
      }
    };
  }

  clocks(document);
  setInterval(tick, 250);
  if (live && window.EventSource) watch();
})();
