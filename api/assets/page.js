// A second tap while the first is under way does nothing, and what was entered outlives a lost network. Everything
// works without this file.
"use strict";
(function () {
  var form = document.getElementById("answer");
  var list = function (found) { return Array.prototype.slice.call(found); };
  // A browser may refuse to keep anything.
  function inTab(work) {
    try { return work(window.sessionStorage); } catch (refused) { return null; }
  }
  if (document.querySelector(".done")) {
    // Whoever answers next in this tab starts anew.
    inTab(function (tab) {
      Object.keys(tab).forEach(function (name) { if (name.indexOf("draft ") === 0) tab.removeItem(name); });
    });
  }
  if (!form) return;
  var button = form.querySelector("button[type=submit]");
  var sentAt = 0;
  function free() {
    sentAt = 0;
    button.removeAttribute("aria-disabled");
  }
  // What was entered stays in this tab for an hour, with the key of its form: sent again later it is the same answer.
  var note = document.getElementById("note");
  var draft = "draft " + form.action.split("?")[0];
  function say(name) {
    note.textContent = note.dataset[name];
    note.hidden = false;
  }
  function fields() {
    return list(form.elements).filter(function (field) { return field.name && field.name !== "print"; });
  }
  var isChoice = function (field) { return field.type === "radio" || field.type === "checkbox"; };
  function keep() {
    var kept = fields().filter(function (field) { return !isChoice(field) || field.checked; });
    kept = kept.map(function (field) { return [field.name, field.value]; });
    inTab(function (tab) { tab.setItem(draft, JSON.stringify({ at: Date.now(), kept: kept })); });
  }
  function restore() {
    var found = inTab(function (tab) { return JSON.parse(tab.getItem(draft)); });
    // A page that came back with faults holds what was entered already.
    if (!found || Date.now() - found.at > 3600000 || document.querySelector(".alert")) return;
    fields().forEach(function (field) {
      var values = found.kept.filter(function (pair) { return pair[0] === field.name; });
      values = values.map(function (pair) { return pair[1]; });
      if (isChoice(field)) field.checked = values.indexOf(field.value) >= 0;
      else if (values.length) field.value = values[0];
    });
    say("kept");
  }
  if (note) {
    restore();
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
  }
  form.addEventListener("submit", function (event) {
    if (note && window.navigator.onLine === false) {
      event.preventDefault();
      say("offline");
      return;
    }
    // After a while the first attempt may be lost; sending again is safe.
    if (Date.now() - sentAt < 8000) {
      event.preventDefault();
      return;
    }
    sentAt = Date.now();
    button.setAttribute("aria-disabled", "true");
    setTimeout(free, 8000);
  });
  // Questions that are asked of some: out of sight for the others. The server asks the same again.
  var asked = list(form.querySelectorAll("[data-if]"));
  function show() {
    asked.forEach(function (part) {
      var chosen = list(form.elements).filter(function (field) {
        return field.name === part.dataset.if && field.checked && !field.closest("[hidden]");
      });
      var values = part.dataset.in.split(" ");
      part.hidden = !chosen.some(function (field) { return values.indexOf(field.value) >= 0; });
    });
  }
  if (asked.length) {
    form.addEventListener("change", show);
    window.addEventListener("pageshow", show);
    show();
  }
  // On a ballot: how many lines are filled in, for eyes and screen readers alike.
  var counts = document.getElementById("counts");
  function count() {
    var lines = form.querySelectorAll(".line");
    var filled = 0;
    list(lines).forEach(function (line) {
      var given = list(line.querySelectorAll("input:checked, textarea"));
      if (given.some(function (field) { return field.value.trim() !== ""; })) filled += 1;
    });
    counts.textContent = counts.dataset.text.replace("#", filled).replace("~", lines.length - filled);
  }
  if (counts) {
    counts.hidden = false;
    form.addEventListener("change", count);
    window.addEventListener("pageshow", count);
    count();
  }
  // Coming back by the button of the browser finds the page as it was left.
  window.addEventListener("pageshow", free);
})();
