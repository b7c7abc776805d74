// What a page can do beyond reading. Without this file every page still reads and every form works.
"use strict";
(() => {
  const typing = (element) => element.closest("input, select, textarea, [contenteditable], .plyr");

  // One click copies a whole digest.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    announce(button.dataset.copied);
    setTimeout(() => button.classList.remove("done"), 1500);
  });

  const live = document.createElement("p");
  live.className = "hidden";
  live.setAttribute("role", "status");
  document.body.append(live);
  const announce = (text) => { live.textContent = text; };

  // Language and theme ask for the page anew: what is typed in a form goes over into the new one.
  const TYPED = "liuhen-typed";
  const fields = () => [...document.querySelectorAll("main form[method=post] :is(input:not([type=hidden], [type=password]), select, textarea)[name]")];
  const keyOf = (field) => `${field.form.getAttribute("action")} ${field.name} ${["checkbox", "radio"].includes(field.type) ? field.value : ""}`;
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/preferences") return;
    const typed = fields().map((field) => [keyOf(field), field.type === "checkbox" ? field.checked : field.value]);
    sessionStorage.setItem(TYPED, JSON.stringify([event.target.elements.back.value, typed]));
  });
  const kept = sessionStorage.getItem(TYPED);
  sessionStorage.removeItem(TYPED);
  if (kept) {
    const [page, typed] = JSON.parse(kept);
    const values = page === location.pathname + location.search ? new Map(typed) : new Map();
    for (const field of fields().filter((one) => values.has(keyOf(one)))) {
      if (field.type === "checkbox") field.checked = values.get(keyOf(field));
      else field.value = values.get(keyOf(field));
    }
  }

  // Keys: "/" to the search box, up and down through the rows of a list.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { hideTip(); return; }
    if (typing(event.target)) return;
    if (event.key === "/") {
      const box = document.getElementById("search");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...document.querySelectorAll("[data-rows] .first")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    if (at < 0 && document.activeElement !== document.body && document.activeElement.id !== "main") return;
    event.preventDefault();
    links[Math.max(0, Math.min(links.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
  });

  // The menu under the user's name closes when the reader goes elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.who[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // Marks of a trace say who, what, when on hover and focus.
  let tip = null;
  const hideTip = () => { tip?.remove(); tip = null; };
  const showTip = (mark) => {
    hideTip();
    mark.querySelector("title")?.remove(); // the browser's own tip would lie over ours
    tip = document.createElement("div");
    tip.className = "tip";
    tip.setAttribute("aria-hidden", "true");
    tip.textContent = mark.dataset.tip;
    document.body.append(tip);
    const box = mark.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left), document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${box.bottom + window.scrollY + 6}px`;
  };
  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const mark = event.target.closest?.("[data-tip]");
      if (mark) showTip(mark); else if (tip) hideTip();
    });
  }

  // A history that is shown anew leaves the focus where it was: at the same link of the same row.
  let left = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const row = document.activeElement?.closest("#history tr");
    left = row && [row.id, [...row.querySelectorAll("a")].indexOf(document.activeElement)];
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!left || document.activeElement !== document.body) return;
    document.getElementById(left[0])?.querySelectorAll("a")[left[1]]?.focus({ preventScroll: true });
    left = null;
  });

  // Rows are chosen page by page: what is ticked stays chosen in this tab while the list is turned
  // or filtered, until it was done with or is cleared. Without this, a page's own ticks count.
  const CHOSEN = "liuhen-chosen ";
  const bulk = document.querySelector("[data-choosing]");
  const place = bulk && CHOSEN + bulk.dataset.choosing;
  const forget = (beginning) => {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(beginning)) sessionStorage.removeItem(key);
  };
  const boxes = () => [...document.querySelectorAll("input[type=checkbox][name=clip_id]")];
  const ticked = () => boxes().filter((box) => box.checked).map((box) => box.value);
  const chosen = () => new Set(place ? JSON.parse(sessionStorage.getItem(place) ?? "[]") : ticked());
  const choose = (ids) => { if (place) sessionStorage.setItem(place, JSON.stringify([...ids])); };

  if (document.body.classList.contains("outside")) forget(CHOSEN); // the next person chooses anew
  const through = document.querySelector("[data-done-with]");
  if (through) forget(CHOSEN + through.dataset.doneWith);
  // What the server ticks again, or carries for other pages, was refused and is chosen still.
  const carried = [...document.querySelectorAll("[data-carried]")];
  choose([...chosen(), ...ticked(), ...carried.map((field) => field.value)]);
  for (const field of carried) field.remove();

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-select-all]");
    if (all) for (const box of boxes()) box.checked = all.checked;
    const ids = chosen();
    for (const box of boxes()) if (box.checked) ids.add(box.value); else ids.delete(box.value);
    choose(ids);
    showChosen();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-clear-chosen]")) return;
    choose([]);
    for (const box of boxes()) box.checked = false;
    showChosen();
    document.querySelector("[data-select-all]")?.focus();
  });
  document.addEventListener("submit", (event) => {
    if (!bulk || event.target !== bulk.closest("form")) return;
    const here = new Set(boxes().map((box) => box.value));
    for (const id of chosen()) {
      if (here.has(id)) continue;
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "clip_id", value: id });
      field.dataset.added = "";
      event.target.append(field);
    }
  });

  // What is done with rows needs one, and says how many it will be done with.
  const showChosen = () => {
    const whole = boxes().length, here = ticked().length, count = chosen().size;
    const tooMany = bulk && count > Number(bulk.dataset.most);
    for (const button of document.querySelectorAll("[data-needs-selection]")) button.disabled = !count || tooMany;
    for (const hint of document.querySelectorAll("[data-no-selection]")) hint.hidden = count > 0;
    for (const hint of document.querySelectorAll("[data-too-many]")) hint.hidden = !tooMany;
    for (const button of document.querySelectorAll("[data-clear-chosen]")) button.hidden = !count;
    for (const bar of document.querySelectorAll(".bulk")) bar.classList.toggle("idle", !count);
    for (const [name, number] of [["chosen", count], ["elsewhere", count - here]]) {
      for (const text of document.querySelectorAll(`[data-${name}]`)) {
        text.hidden = !number;
        text.textContent = text.dataset[name].replace("{count}", number);
      }
    }
    for (const all of document.querySelectorAll("[data-select-all]")) {
      all.checked = here > 0 && here === whole;
      all.indeterminate = here > 0 && here < whole;
    }
  };
  // Back and forward restore the ticks of then after the scripts have run.
  const restore = () => {
    for (const field of document.querySelectorAll("[data-added]")) field.remove();
    if (place) { const ids = chosen(); for (const box of boxes()) box.checked = ids.has(box.value); }
    showChosen();
  };
  restore();
  window.addEventListener("pageshow", restore);
})();
