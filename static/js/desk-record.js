/* The rationale, spoken: recorded here, kept by the server as soon as it is over, and then part of
   the form as a field of its own. Until the server has it, it lies in this browser, under its item:
   it outlives the page, is sent again, and is never taken for another item's. A submit waits. */

const BITS_PER_SECOND = 32_000; // a voice
const LONGEST = 10 * 60_000; // ms
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const REMEMBER_EVERY = 5; // seconds, while somebody speaks
const FORGET_AFTER = 14 * 24 * 3_600_000; // ms
const REFUSED = [400, 404, 413]; // sending the same again changes nothing
const STORE = "voices";
const MARK = "concord:voices"; // says to the desk that there is something to look for

function store(mode, act) {
  return new Promise((resolve, reject) => {
    const opened = indexedDB.open("concord", 1);
    opened.onupgradeneeded = () => opened.result.createObjectStore(STORE);
    opened.onerror = () => reject(opened.error);
    opened.onsuccess = () => {
      const done = act(opened.result.transaction(STORE, mode).objectStore(STORE));
      done.onerror = () => reject(done.error);
      done.onsuccess = () => (resolve(done.result), opened.result.close());
    };
  });
}

export default function begin({ actions, form, ask, nodesOf }) {
  const words = document.getElementById("words").dataset;
  let recorder = null;
  let waiting = null; // {here, voice, isSafe}: over, and not kept by the server yet
  let isAsking = false; // for the microphone
  let began = 0;
  let clock = 0;

  const box = () => document.getElementById("recording");
  const button = (name = "speak") => box()?.querySelector(`[data-act=${name}]`);
  const here = () => form()?.dataset.here;
  const keyOf = (address) => `${words.owner}:${address}`;

  /* What lies in this browser */

  async function remember(address, voice) {
    try {
      await store("readwrite", (all) => all.put({ voice, at: Date.now() }, keyOf(address)));
      localStorage.setItem(MARK, "1");
      return true;
    } catch {
      return false; // no room, or not allowed: the page still has it, and closing it asks first
    }
  }

  async function forget(address) {
    try {
      await store("readwrite", (all) => all.delete(keyOf(address)));
      if (!(await store("readonly", (all) => all.count()))) localStorage.removeItem(MARK);
    } catch {
      // It was never there.
    }
  }

  async function forgetOld() {
    for (const key of await store("readonly", (all) => all.getAllKeys())) {
      const { at } = await store("readonly", (all) => all.get(key));
      if (Date.now() - at > FORGET_AFTER) await store("readwrite", (all) => all.delete(key));
    }
  }

  /** On a new item: what was said about it before, and did not arrive. */
  async function restore() {
    stop();
    waiting = null;
    if (!box()) return;
    const address = here();
    const left = await store("readonly", (all) => all.get(keyOf(address))).catch(() => null);
    if (!left || here() !== address || recorder || waiting) return;
    if (box().querySelector("[name=recording]")) return forget(address); // it did arrive
    send({ here: address, voice: left.voice, isSafe: true });
  }

  /* What is seen */

  function say(name) {
    const line = box()?.querySelector("[role=status]");
    if (!line) return;
    line.textContent = name ? box().dataset[name] : "";
    line.hidden = !name;
  }

  function show() {
    if (!button()) return;
    const { start, stop: stopping, again } = box().dataset;
    button().textContent = recorder ? stopping : waiting ? again : start;
    box().classList.toggle("on", Boolean(recorder));
    button("speak_file").hidden = Boolean(recorder || waiting);
    button("speak_discard").hidden = !waiting;
  }

  function tick() {
    const seconds = Math.floor((Date.now() - began) / 1000);
    const text = ` ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    // Not into the live region: a screen reader would count along.
    if (button()) button().textContent = box().dataset.stop + text;
    if (Date.now() - began > LONGEST || !button()) stop();
  }

  /* Recording */

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return say("noRecorder");
    const address = here();
    let stream;
    isAsking = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return say("noMicrophone");
    } finally {
      isAsking = false;
    }
    if (here() !== address) return stream.getTracks().forEach((track) => track.stop());
    listen(stream, address);
  }

  function listen(stream, address) {
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    const chunks = [];
    const spoken = () => new Blob(chunks, { type });
    recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    recorder.addEventListener("dataavailable", ({ data }) => {
      if (!data.size) return;
      chunks.push(data);
      if (chunks.length % REMEMBER_EVERY === 0) remember(address, spoken());
    });
    recorder.addEventListener("stop", async () => {
      for (const track of stream.getTracks()) track.stop();
      clearInterval(clock);
      recorder = null;
      say("");
      show();
      // Of an item that is gone from the desk it stays in this browser, and comes back with it.
      if (chunks.length) keep(address, spoken());
    });
    recorder.start(1_000);
    began = Date.now();
    show();
    say("listening");
    clock = setInterval(tick, 250);
  }

  function stop() {
    if (recorder?.state === "recording") recorder.stop();
  }

  /* Keeping */

  async function keep(address, voice) {
    if (here() === address) waiting = { here: address, voice, isSafe: false };
    const isSafe = await remember(address, voice);
    if (here() === address) send({ here: address, voice, isSafe });
  }

  async function post(one) {
    const body = new FormData();
    body.set("voice", one.voice);
    body.set("csrfmiddlewaretoken", form().elements.csrfmiddlewaretoken.value);
    return fetch(`${one.here}recording/`, { method: "POST", body, redirect: "manual" });
  }

  /** The answer, or null where there was none: offline, or signed out. */
  async function answerTo(one) {
    try {
      const answer = await post(one);
      if (answer.status !== 403) return answer;
      // Signed in again elsewhere: this page holds the old token.
      const { default: renewToken } = await import(JSON.parse(words.modules).token);
      return (await renewToken(() => {})) ? await post(one) : null;
    } catch {
      return null;
    }
  }

  async function send(one) {
    waiting = one;
    show();
    say("sending");
    const answer = await answerTo(one);
    if (here() !== one.here || waiting !== one) return;
    if (answer?.ok || answer?.status === 422) return arrived(one, answer);
    if (REFUSED.includes(answer?.status)) return drop("refused");
    say("notKept");
    show();
  }

  async function arrived(one, answer) {
    waiting = null;
    await forget(one.here);
    const [fresh] = await nodesOf(answer);
    if (here() !== one.here) return;
    box().replaceWith(fresh);
    if (answer.ok) done("kept");
  }

  function drop(name) {
    const { here: address } = waiting;
    waiting = null;
    forget(address);
    show();
    done(name);
  }

  function done(name) {
    say(name);
    // A field that came or went changes the draft too.
    form().elements.key.dispatchEvent(new Event("input", { bubbles: true }));
    (box().querySelector("audio") ?? button()).focus();
  }

  function choose() {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "audio/*,video/webm,video/mp4";
    input.addEventListener("change", () => input.files[0] && keep(here(), input.files[0]));
    input.click();
  }

  async function takeOut() {
    const answer = await ask("recording/", {});
    if (!answer) return;
    const [fresh] = await nodesOf(answer);
    box().replaceWith(fresh);
    done("gone");
  }

  actions.speak = () => (recorder ? stop() : waiting ? send(waiting) : isAsking || start());
  actions.speak_file = choose;
  actions.speak_discard = () => waiting && drop("gone");
  actions.unspeak = takeOut;

  document.addEventListener("desk:item", restore);
  addEventListener("online", () => waiting && send(waiting));
  addEventListener("beforeunload", (event) => {
    if (recorder || (waiting && !waiting.isSafe)) event.preventDefault();
  });
  // Before anybody else hears of the submit: nothing of it is on its way then.
  addEventListener(
    "submit",
    (event) => {
      if (event.target !== form() || !(recorder || waiting)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say(waiting ? "notKept" : "wait");
      button()?.focus();
    },
    true,
  );
  forgetOld().catch(() => {});
  restore();
}
