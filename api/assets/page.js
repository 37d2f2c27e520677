// A second tap while the first is under way does nothing. Everything works without this file.
"use strict";
(function () {
  var form = document.getElementById("answer");
  if (!form) return;
  var button = form.querySelector("button[type=submit]");
  var sentAt = 0;
  function free() {
    sentAt = 0;
    button.removeAttribute("aria-disabled");
  }
  form.addEventListener("submit", function (event) {
    // After a while the first attempt may be lost; sending again is safe.
    if (Date.now() - sentAt < 8000) {
      event.preventDefault();
      return;
    }
    sentAt = Date.now();
    button.setAttribute("aria-disabled", "true");
    setTimeout(free, 8000);
  });
  // On a ballot: how many lines are filled in, for eyes and screen readers alike.
  var counts = document.getElementById("counts");
  function count() {
    var lines = form.querySelectorAll(".line");
    var filled = 0;
    Array.prototype.forEach.call(lines, function (line) {
      var fields = Array.prototype.slice.call(line.querySelectorAll("input:checked, textarea"));
      if (fields.some(function (field) { return field.value.trim() !== ""; })) filled += 1;
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
