/* The rationale, spoken: recorded here, kept by the server as soon as it is over, and then part of
   the form as a field of its own. What could not be sent stays here and is sent again; a submit
   waits for it. */

const BITS_PER_SECOND = 32_000; // a voice
const LONGEST = 10 * 60_000; // ms
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

export default function begin({ actions, form, ask, nodesOf }) {
  let recorder = null;
  let waiting = null; // what is recorded and not kept yet
  let isAsking = false; // for the microphone
  let began = 0;
  let clock = 0;

  const box = () => document.getElementById("recording");
  const button = () => box()?.querySelector("[data-act=speak]");

  function say(name, detail = "") {
    const line = box()?.querySelector("[role=status]");
    if (!line) return;
    line.textContent = name ? box().dataset[name] + detail : "";
    line.hidden = !name;
  }

  function show(isOn) {
    if (!button()) return;
    button().dataset.start ??= button().textContent;
    button().textContent = isOn ? box().dataset.stop : button().dataset.start;
    box().classList.toggle("on", isOn);
  }

  function tick() {
    const seconds = Math.floor((Date.now() - began) / 1000);
    const text = ` ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    // Not into the live region: a screen reader would count along.
    if (button()) button().textContent = box().dataset.stop + text;
    if (Date.now() - began > LONGEST || !button()) stop();
  }

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return say("noRecorder");
    let stream;
    isAsking = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return say("noMicrophone");
    } finally {
      isAsking = false;
    }
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const chunks = [];
    const asked = form().dataset.here;
    recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    recorder.addEventListener("dataavailable", (event) => event.data.size && chunks.push(event.data));
    recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      clearInterval(clock);
      recorder = null;
      show(false);
      // Skipped meanwhile: what was said was about another item.
      const voice = new Blob(chunks, { type: mimeType });
      if (form()?.dataset.here === asked && voice.size) keep(voice);
      else say("");
    });
    recorder.start(1_000);
    began = Date.now();
    show(true);
    say("listening");
    clock = setInterval(tick, 250);
  }

  function stop() {
    if (recorder?.state === "recording") recorder.stop();
  }

  async function keep(voice) {
    const asked = form().dataset.here;
    waiting = voice;
    say("sending");
    const answer = await ask("recording/", { voice }, { isQuiet: true });
    if (form()?.dataset.here !== asked) return (waiting = null);
    if (!answer) return say("notKept");
    waiting = null;
    const [fresh] = await nodesOf(answer);
    box().replaceWith(fresh);
    if (answer.ok) done("kept");
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
    input.addEventListener("change", () => input.files[0] && keep(input.files[0]));
    input.click();
  }

  async function takeOut() {
    const answer = await ask("recording/", {});
    if (!answer) return;
    const [fresh] = await nodesOf(answer);
    box().replaceWith(fresh);
    done("gone");
  }

  actions.speak = () => (recorder ? stop() : waiting ? keep(waiting) : isAsking || start());
  actions.speak_file = choose;
  actions.unspeak = takeOut;

  addEventListener("online", () => waiting && keep(waiting));
  addEventListener("beforeunload", (event) => (recorder || waiting) && event.preventDefault());
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
}
