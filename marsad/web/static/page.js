// Small comforts; every page works without them.
"use strict";

// Who hears the page, or looks elsewhere on it, is told how many stories came by themselves.
const stories = document.getElementById("stories");
const arrived = document.getElementById("arrived");
if (stories && arrived) {
  let count = 0;
  new MutationObserver((changes) => {
    for (const change of changes)
      for (const node of change.addedNodes) count += Boolean(node.matches?.(".is-new"));
    if (count) arrived.textContent = `· ${count} ${arrived.dataset.words}`;
  }).observe(stories, { childList: true });
}

// The stream of stories says every few seconds that it lives. A connection that died without a
// word (a laptop that slept, a proxy) is made anew; what came meanwhile is told again, once each.
const SILENT = 20000; // milliseconds
let heard = Date.now();
for (const name of ["beat", "htmx:sse:after:message"])
  document.addEventListener(name, () => { heard = Date.now(); });
setInterval(() => {
  const live = document.querySelector("[hx-sse\\:connect]");
  if (!live || document.hidden || Date.now() - heard < SILENT) return;
  heard = Date.now();
  const fresh = live.cloneNode();
  live.replaceWith(fresh);
  htmx.process(fresh);
}, 1000);

// A link into what is folded unfolds it, where the browser does not.
const unfold = () => {
  const target = document.getElementById(location.hash.slice(1));
  let fold = target && target.closest("details");
  if (!fold || target.getClientRects().length) return;
  for (; fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
};
addEventListener("hashchange", unfold);

// "/" goes to the search field, j and k to the next and the former item of a list.
document.addEventListener("keydown", (event) => {
  const inField = event.target.closest("input, textarea, select, [contenteditable]");
  if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const field = document.querySelector("main input[type=search]") || document.querySelector(".find input");
    if (field) { event.preventDefault(); field.focus(); }
  }
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".hits h2 a, .cards h2 a")];
    const here = links.indexOf(document.activeElement);
    const next = links[event.key === "j" ? here + 1 : Math.max(here - 1, 0)];
    if (next) next.focus();
  }
});
