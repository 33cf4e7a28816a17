// The page works without this script; it saves clicks.
"use strict";
(() => {
  // Files dropped anywhere on the form are chosen.
  for (const form of document.querySelectorAll("form.drop")) {
    const input = form.querySelector("input[type=file]");
    form.addEventListener("dragover", (e) => { e.preventDefault(); form.classList.add("over"); });
    form.addEventListener("dragleave", () => form.classList.remove("over"));
    form.addEventListener("drop", (e) => {
      e.preventDefault();
      form.classList.remove("over");
      if (e.dataTransfer.files.length) { input.files = e.dataTransfer.files; }
    });
  }
})();
