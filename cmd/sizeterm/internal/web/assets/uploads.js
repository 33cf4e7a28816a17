// Files go to the server in pieces, by tus 1.0: what arrived stays, and goes on after a pause, a lost connection or another
// visit. What becomes of each is told by the server as it happens. Without this script the form sends files whole.
"use strict";
(() => {
  const piece = 8 << 20, atOnce = 3, longestWait = 30000;
  const table = document.getElementById("history"), state = document.getElementById("state"), told = document.getElementById("told");

  // What happened to files and plans: the server renders, the page puts in place.
  const part = async (address) => {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) { return null; }
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    return holder.content;
  };
  const row = async (id) => {
    const fresh = await part("/uploads/" + encodeURIComponent(id) + "/row");
    const body = fresh && fresh.querySelector("tbody");
    if (!body) { return; }
    const known = document.getElementById(body.id);
    if (known) { known.replaceWith(body); } else { table.querySelector("thead").after(body); }
    table.closest("[hidden]")?.removeAttribute("hidden");
    document.getElementById("nothing")?.remove();
  };
  const later = {};
  const soon = (name, wait, what) => { clearTimeout(later[name]); later[name] = setTimeout(what, wait); };
  const around = async () => {
    const fresh = await part("/uploads/state");
    if (fresh) { state.replaceChildren(fresh); }
    if (state.querySelector(".spin")) { soon("state", 5000, around); }
  };
  const unread = () => {
    for (const body of table.querySelectorAll("tbody[data-unread]")) { row(body.id.slice(2)); }
    if (table.querySelector("tbody[data-unread]")) { soon("unread", 5000, unread); }
  };
  const events = new EventSource("/events");
  events.onopen = () => { unread(); around(); };
  events.addEventListener("upload", (e) => {
    const id = JSON.parse(e.data).id;
    soon("row " + id, 150, () => row(id));
    soon("state", 600, around);
  });
  events.addEventListener("plan", () => soon("state", 300, around));

  const form = document.querySelector("form[data-tus]");
  if (!form) { return; }
  const input = form.querySelector("input[type=file]"), list = document.getElementById("sending");
  form.querySelector("button").hidden = true;
  const all = [];
  let sent = 0, failed = 0, already = 0;

  // What a visit left unfinished is remembered for its sender alone: the name of the file stands behind its size and time.
  const mine = "sizeterm:" + form.dataset.sender + ":";

  const sizeOf = (bytes) => bytes < 1e6 ? Math.ceil(bytes / 1e3) + " KB" : (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0) + " MB";
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const remembered = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* not allowed to */ } },
    all: () => { try { return Object.keys(localStorage).filter((key) => key.startsWith(mine)); } catch { return []; } },
  };
  const tell = () => {
    list.hidden = !list.children.length;
    const open = all.filter((s) => !s.ended).length, waiting = all.some((s) => s.how === "lost");
    told.textContent = sent + " of " + all.length + (all.length === 1 ? " file" : " files") + " sent" + (already ? ", " + already + " of them here already" : "") + (failed ? ", " + failed + " not taken" : "") + (waiting ? "; the connection is lost, it goes on by itself" : "") + (open || failed ? "." : ". What they hold follows below.");
  };

  // Again is a failure after which the file goes on, after wait milliseconds where the server says so; Refused one after which
  // it does not.
  class Again extends Error { constructor(wait, lost = true) { super("again"); this.wait = wait; this.lost = lost; } }
  class Refused extends Error {}

  class Sending {
    constructor(file, path) {
      this.file = file; this.path = path; this.offset = 0; this.how = "waits"; this.ended = false; this.tries = 0; this.runs = 0;
      this.key = mine + file.size + ":" + file.lastModified + ":" + path;
      this.url = remembered.get(this.key);
      this.asks = !!this.url;
      this.item = list.appendChild(document.createElement("li"));
      this.item.innerHTML = "<span class=name></span><progress max=1 value=0></progress><span class=how></span><span class=acts><button class='plain' type=button></button><button class='plain' type=button>Cancel</button></span>";
      [this.bar, this.text] = [this.item.querySelector("progress"), this.item.querySelector(".how")];
      [this.turn, this.stop] = this.item.querySelectorAll("button");
      this.item.querySelector(".name").textContent = path;
      this.bar.setAttribute("aria-label", path);
      this.turn.onclick = () => this.how === "paused" || this.how === "failed" ? this.resume() : this.pause();
      this.stop.onclick = () => this.cancel();
      this.show();
    }

    show(at = this.at ?? this.offset) {
      this.at = at;
      const words = { waits: "waits", sends: sizeOf(at) + " of " + sizeOf(this.file.size), lost: "connection lost at " + sizeOf(at) + ", trying again", paused: "paused at " + sizeOf(at), failed: this.why };
      this.bar.value = this.file.size ? at / this.file.size : 0;
      this.text.textContent = words[this.how];
      this.item.className = this.how;
      this.turn.textContent = this.how === "paused" ? "Resume" : this.how === "failed" ? "Try again" : "Pause";
      this.turn.setAttribute("aria-label", this.turn.textContent + " " + this.path);
      this.stop.setAttribute("aria-label", "Cancel " + this.path);
    }

    become(how, why = "") { this.how = how; this.why = why; this.show(); tell(); }

    // ask makes a request and sorts out what can be tried again.
    ask(method, url, headers, body) {
      return new Promise((resolve, reject) => {
        const x = this.request = new XMLHttpRequest();
        x.open(method, url);
        x.setRequestHeader("Tus-Resumable", "1.0.0");
        x.setRequestHeader("Accept", "application/problem+json");
        for (const name in headers) { x.setRequestHeader(name, headers[name]); }
        if (body) { x.upload.onprogress = (e) => { if (this.how === "sends") { this.show(this.offset + e.loaded); } }; }
        x.onerror = x.ontimeout = x.onabort = () => reject(new Again(0));
        x.onload = () => {
          if (x.status < 300) { return resolve(x); }
          let problem = {};
          try { problem = JSON.parse(x.responseText); } catch { /* a HEAD has no body */ }
          if (x.status === 404 || x.status === 410) { // it is not there any more: from the start
            if (!this.url) { return reject(new Refused(problem.title || "refused")); }
            this.forget();
            return reject(new Again(0, false));
          }
          if ([408, 409, 423, 429, 500, 502, 503, 504].includes(x.status)) { return reject(new Again(1000 * x.getResponseHeader("Retry-After"))); }
          if (x.status === 401) { return reject(new Refused("signed out: sign in in another tab, then try again")); }
          reject(new Refused([problem.title, problem.detail].filter(Boolean).join(": ") || "refused (" + x.status + ")"));
        };
        x.send(body);
      });
    }

    forget() { remembered.set(this.key, null); this.url = null; this.offset = 0; }

    // step does what is next; it returns the receipt once there is one.
    async step() {
      let x;
      if (!this.url) {
        const names = "filename " + base64(this.file.name) + ",relativePath " + base64(this.path);
        x = await this.ask("POST", form.dataset.tus, { "Upload-Length": this.file.size, "Upload-Metadata": names });
        this.url = x.getResponseHeader("Location");
        remembered.set(this.key, this.url);
      } else if (this.asks) {
        x = await this.ask("HEAD", this.url, {});
        if (+x.getResponseHeader("Upload-Length") !== this.file.size) { this.forget(); throw new Again(0, false); }
      } else {
        const blob = this.file.slice(this.offset, this.offset + piece);
        x = await this.ask("PATCH", this.url, { "Upload-Offset": this.offset, "Content-Type": "application/offset+octet-stream" }, blob);
      }
      this.asks = false;
      this.tries = 0;
      this.offset = +x.getResponseHeader("Upload-Offset");
      return x.getResponseHeader("Upload-Receipt");
    }

    async run() {
      const mine = ++this.runs, over = () => mine !== this.runs || this.ended;
      this.become("sends");
      for (;;) {
        try {
          const receipt = await this.step();
          if (over()) { return; }
          if (this.how === "lost") { this.become("sends"); }
          this.show(this.offset);
          if (receipt) { return await this.done(receipt); }
        } catch (e) {
          if (over()) { return; }
          if (!(e instanceof Again)) { failed++; return this.become("failed", e instanceof Refused ? e.message : "the file cannot be read any more"); }
          this.asks = !!this.url;
          if (e.lost) { this.become("lost"); }
          await this.rest(e.wait || Math.min(longestWait, 500 * 2 ** this.tries++));
          if (over()) { return; }
        }
      }
    }

    // rest waits, or until the browser is connected again or somebody turns the knob.
    rest(wait) {
      return new Promise((resolve) => {
        const end = () => { clearTimeout(timer); removeEventListener("online", end); resolve(); };
        const timer = setTimeout(end, wait);
        addEventListener("online", end);
        this.wake = end;
      });
    }

    async done(receipt) {
      const known = document.getElementById("u-" + receipt);
      this.ended = true;
      remembered.set(this.key, null);
      this.item.remove();
      sent++;
      already += known ? 1 : 0;
      tell();
      await row(receipt);
    }

    pause() { this.runs++; this.become("paused"); this.request?.abort(); this.wake?.(); next(); }

    resume() {
      if (this.how === "failed") { failed--; }
      this.asks = !!this.url;
      this.become("waits");
      next();
    }

    cancel() {
      this.ended = true;
      this.request?.abort();
      this.wake?.();
      if (this.url) { fetch(this.url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }).catch(() => {}); }
      if (this.how === "failed") { failed--; }
      this.forget();
      this.item.remove();
      all.splice(all.indexOf(this), 1);
      tell();
      next();
    }
  }

  const next = () => {
    const busy = all.filter((s) => !s.ended && (s.how === "sends" || s.how === "lost")).length;
    for (const s of all.filter((s) => !s.ended && s.how === "waits").slice(0, Math.max(0, atOnce - busy))) { s.run().finally(next); }
  };
  const add = (file, path) => all.push(new Sending(file, path || file.webkitRelativePath || file.name));
  const begin = () => { tell(); next(); };

  // An earlier visit that ended in the middle: the browser gives us a file only when somebody chooses it.
  const left = [];
  for (const key of remembered.all().slice(0, 20)) {
    const url = remembered.get(key), name = key.slice(mine.length).replace(/^\d+:\d+:/, "");
    left.push(fetch(url, { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } }).then((x) => {
      const size = +x.headers.get("Upload-Length"), at = +x.headers.get("Upload-Offset");
      if (x.ok && at < size) { return name + " (" + Math.floor(100 * at / size) + " % is here)"; }
      if (x.status === 404 || x.status === 410) { remembered.set(key, null); }
    }).catch(() => {}));
  }
  Promise.all(left).then((names) => {
    const open = names.filter(Boolean);
    if (open.length && !all.length) { told.textContent = "Not finished at an earlier visit: " + open.join(", ") + ". Choose " + (open.length === 1 ? "it" : "them") + " again, and " + (open.length === 1 ? "it goes" : "they go") + " on from there."; }
  });

  input.addEventListener("change", () => {
    for (const file of input.files) { add(file); }
    input.value = "";
    begin();
  });
  form.addEventListener("submit", (e) => e.preventDefault());

  // Files and folders dropped anywhere on the page.
  const walk = async (entry) => {
    if (entry.isFile) { add(await new Promise((ok, no) => entry.file(ok, no)), entry.fullPath.replace(/^\//, "")); return; }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((ok, no) => reader.readEntries(ok, no));
      if (!some.length) { return; }
      for (const one of some) { await walk(one); }
    }
  };
  document.addEventListener("dragover", (e) => { e.preventDefault(); form.classList.add("over"); });
  document.addEventListener("dragleave", (e) => { if (!e.relatedTarget) { form.classList.remove("over"); } });
  document.addEventListener("drop", async (e) => {
    e.preventDefault();
    form.classList.remove("over");
    const entries = [...e.dataTransfer.items].map((i) => i.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.length) { for (const entry of entries) { await walk(entry); } } else { for (const file of e.dataTransfer.files) { add(file); } }
    begin();
  });
  addEventListener("beforeunload", (e) => { if (all.some((s) => !s.ended && s.how !== "failed")) { e.preventDefault(); } });
})();
