"use strict";
// Without this script every panel and line is shown; it only chooses among them and reads out numbers.
for (const figure of document.querySelectorAll(".figure")) readOut(figure);
for (const section of document.querySelectorAll("section")) {
  const panels = [...section.querySelectorAll(".panel")];
  if (panels.length > 1) choose(section, panels);
  toggle(section);
}

// The numbers of the point under the pointer, or of the one chosen by the arrow keys.
function readOut(figure) {
  const { labels, columns } = JSON.parse(figure.dataset.readout);
  const plot = figure.querySelector(".plot"), line = figure.querySelector(".readout");
  let at = labels.length - 1;
  const touch = matchMedia("(hover: none)").matches;
  const hint = touch ? "Touch the chart for its numbers." : "Point at the chart for its numbers, or focus it and press the arrow keys.";
  const quiet = figure === document.querySelector(".figure") ? hint : ""; // said once, not below every chart
  line.textContent = quiet;

  function show(index) {
    at = Math.max(0, Math.min(labels.length - 1, index));
    plot.classList.add("reading");
    for (const svg of plot.querySelectorAll("svg")) {
      const { x0, x1, n } = svg.dataset, cursor = svg.querySelector(".cursor");
      const x = n > 1 ? +x0 + ((x1 - x0) * at) / (n - 1) : +x0;
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
    line.replaceChildren(element("b", labels[at]), " ");
    for (const [name, texts] of Object.entries(columns)) {
      if (!texts[at]) continue;
      const item = element("span", name + " ");
      item.append(element("em", texts[at]));
      line.append(item, " ");
    }
  }
  function rest() {
    plot.classList.remove("reading");
    line.textContent = quiet;
  }
  function point(event) {
    const svg = event.target.closest("svg");
    if (!svg) return;
    const { x0, x1, n } = svg.dataset, box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    show(Math.round(((x - x0) / (x1 - x0 || 1)) * (n - 1)));
  }
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && rest());
  plot.addEventListener("blur", rest);
  plot.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    show(plot.classList.contains("reading") ? at + move : move === -Infinity ? 0 : at);
  });
}

// One panel at a time, by series and by the time the forecast was made.
function choose(section, panels) {
  const chooser = section.querySelector(".chooser");
  const group = chooser.querySelector("[data-choose=group]");
  const cutoff = chooser.querySelector("[data-choose=cutoff]");
  const groups = [...new Set(panels.map((panel) => panel.dataset.group))];
  chooser.hidden = false;
  group.replaceChildren(...groups.map((name, i) => option(name, i)));
  group.parentElement.hidden = groups.length < 2;
  for (const panel of panels) panel.classList.add("chosen");

  function show(index) {
    const panel = panels[(index + panels.length) % panels.length];
    panels.forEach((other) => (other.hidden = other !== panel));
    const name = panel.dataset.group;
    const same = panels.filter((other) => other.dataset.group === name);
    group.value = groups.indexOf(name);
    cutoff.replaceChildren(...same.map((other) => option(other.dataset.cutoff, panels.indexOf(other))));
    cutoff.value = panels.indexOf(panel);
  }
  group.addEventListener("change", () => {
    // Stay at the same time where the other series has it too.
    const now = cutoff.selectedOptions[0].textContent, name = groups[group.value];
    const same = panels.filter((panel) => panel.dataset.group === name);
    show(panels.indexOf(same.find((panel) => panel.dataset.cutoff === now) ?? same[0]));
  });
  cutoff.addEventListener("change", () => show(+cutoff.value));
  for (const button of chooser.querySelectorAll("button")) {
    button.addEventListener("click", () => show(+cutoff.value + +button.dataset.turn));
  }
  show(0);
}

// A box in the legend hides and shows its line in all panels of the section.
function toggle(section) {
  for (const box of section.querySelectorAll("input[data-toggles]")) {
    const key = box.dataset.toggles;
    function apply() {
      for (const line of section.querySelectorAll(`[data-toggle="${key}"]`)) {
        line.classList.toggle("off", !box.checked);
      }
      for (const twin of section.querySelectorAll(`[data-toggles="${key}"]`)) twin.checked = box.checked;
    }
    box.addEventListener("change", apply);
    apply();
  }
}

function option(text, value) {
  const item = element("option", text);
  item.value = value;
  return item;
}

function element(tag, text) {
  const item = document.createElement(tag);
  item.textContent = text;
  return item;
}
