/* Where rendered text stands in the raw text. Pure: a raw text and its element in, places out.

   What a reader sees is the raw text without its markup, in the same order. So the characters of
   both are walked together, and of all ways to leave raw characters out the cheapest counts: signs
   of markup cost little, the address of a link next to nothing, a word much. The best few ways are
   kept at each step. A formula is one unit: no character inside it stands for one of its source. */

const KEPT = 8; // ways kept at each step
const NEAR = 3; // next places that are tried for a character
const SKIP = { hidden: 0.01, space: 0.05, sign: 0.2, other: 3 };
const LOST = { space: 0.3, other: 4 }; // a rendered character without a place in the raw text
const INTO_HIDDEN = 1;
const MAX_FORMULAS = 2_000;
const MAX_NAMES = 500;

const HIDDEN = [
  /\]\((?:<[^<>\n]{0,2000}>|[^\s()]{0,2000}(?:\([^\s()]{0,200}\)[^\s()]{0,200}){0,9})(?:\s{1,20}(?:"[^"]{0,500}"|'[^']{0,500}'))?\s{0,20}\)/g,
  /\]\[[^\]\n]{0,200}\]/g,
  /^ {0,3}\[[^\]\n]{1,200}\]:[^\n]{1,2000}$/gm,
  /^[ \t>]*(?:`{3,}|~{3,})[^`\n]*$/gm,
  /^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t:|-]*)?$/gm,
  /^[ \t>]*(?:[-+*]|\d{1,9}[.)])(?=[ \t])/gm,
  /^[ \t>]*#{1,6}(?=[ \t])/gm,
];
const ENTITY = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|[A-Za-z][A-Za-z0-9]{1,31});/g;
const SIGN = /[\p{P}\p{S}]/u;
const SPACE = /\s/;
const BLOCKS = new Set(["UL", "OL", "TABLE", "THEAD", "TBODY", "TR", "BLOCKQUOTE", "DIV"]);

/* The rendered side: characters, and formulas as one */

function unitsOf(root) {
  const units = [];
  const accept = (node) =>
    node.nodeName.toLowerCase() === "math" || node.nodeType === Node.TEXT_NODE
      ? NodeFilter.FILTER_ACCEPT
      : NodeFilter.FILTER_SKIP;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, accept);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.ELEMENT_NODE) {
      units.push({ node, formula: node.textContent });
      const last = lastInside(node);
      if (last !== node) walker.currentNode = last;
    } else if (node.data.trim() || !BLOCKS.has(node.parentNode.nodeName)) addCharacters(units, node);
  }
  return units;
}

function lastInside(node) {
  let last = node;
  while (last.lastChild) last = last.lastChild;
  return last;
}

function addCharacters(units, node) {
  let at = 0;
  for (const character of node.data) {
    units.push({ node, start: at, end: at + character.length, character });
    at += character.length;
  }
}

/* The raw side: where each character stands, what it costs to leave out, and the formulas */

function namesOf(raw) {
  const known = new Map();
  const parser = new DOMParser();
  const decode = (name) => {
    if (!known.has(name) && known.size < MAX_NAMES)
      known.set(name, parser.parseFromString(name, "text/html").documentElement.textContent);
    return known.get(name) ?? "";
  };
  return [...raw.matchAll(ENTITY)].map((match) => {
    const code = match[1] ? Number(match[1]) : parseInt(match[2], 16);
    const text = code > 0 && code < 0x110000 ? String.fromCodePoint(code) : decode(match[0]);
    return { from: match.index, to: match.index + match[0].length, character: [...text][0] };
  });
}

/** Places by character, in order: {from, to} in the raw text. */
function placesOf(raw) {
  const places = new Map();
  const add = (character, place) => {
    if (!places.has(character)) places.set(character, []);
    places.get(character).push(place);
  };
  const names = namesOf(raw).reverse();
  let at = 0;
  for (const character of raw) {
    const to = at + character.length;
    if (names.at(-1)?.from === at) {
      const { character: meant, ...place } = names.pop();
      if (meant) add(meant, place);
    }
    add(character === "\r" ? "\n" : character, { from: at, to });
    at = to;
  }
  return places;
}

function hiddenIn(raw) {
  const hidden = new Uint8Array(raw.length);
  for (const pattern of HIDDEN)
    for (const match of raw.matchAll(pattern)) hidden.fill(1, match.index, match.index + match[0].length);
  return hidden;
}

/** What it costs to leave out everything before each index. */
function costsOf(raw, hidden) {
  const costs = new Float64Array(raw.length + 1);
  let at = 0;
  for (const character of raw) {
    const kind = hidden[at] ? "hidden" : SPACE.test(character) ? "space" : SIGN.test(character) ? "sign" : "other";
    for (let i = 0; i < character.length; i++, at++) costs[at + 1] = costs[at] + SKIP[kind] / character.length;
  }
  return costs;
}

const FENCES = [["$$", "$$"], ["$", "$"], ["\\(", "\\)"], ["\\[", "\\]"]];

/** Where formulas may stand, in order. Not each of them is one. */
function formulasIn(raw) {
  const found = [];
  for (const [open, close] of FENCES) {
    let at = raw.indexOf(open);
    while (at >= 0 && found.length < MAX_FORMULAS) {
      let end = raw.indexOf(close, at + open.length + 1);
      for (let n = 0; n < 2 && end >= 0; n++) {
        found.push({ from: at, to: end + close.length, letters: new Set(raw.slice(at, end)) });
        end = raw.indexOf(close, end + close.length);
      }
      at = raw.indexOf(open, at + 1);
    }
  }
  return found.sort((a, b) => a.from - b.from || b.to - a.to);
}

function firstFrom(places, at) {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle].from < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The next places for a character: the nearest in sight, and the nearest that is hidden. */
function* nextPlaces(places, at, hidden) {
  let seen = 0;
  let isHiddenTried = false;
  const first = firstFrom(places, at);
  for (let i = first; i < Math.min(places.length, first + 400) && seen < NEAR; i++) {
    if (!hidden[places[i].from]) seen += 1;
    else if (isHiddenTried) continue;
    else isHiddenTried = true;
    yield places[i];
  }
}

function* nextFormulas(formulas, at, text) {
  const shown = [...text].filter((character) => /[\p{L}\p{N}]/u.test(character) && character < "\u2000");
  const first = firstFrom(formulas, at);
  for (const place of formulas.slice(first, first + 2 * NEAR)) {
    const strange = shown.filter((character) => !place.letters.has(character)).length;
    yield { ...place, cost: strange + (place.to - place.from) / 1_000 };
  }
}

/* Walking both */

function walk(units, raw) {
  const hidden = hiddenIn(raw);
  const costs = costsOf(raw, hidden);
  const places = placesOf(raw);
  const formulas = formulasIn(raw);
  let ways = [{ at: 0, cost: 0, from: 0, before: null }];
  for (const unit of units) {
    const best = new Map(); // by the place that is reached
    const reach = (way, from, to, cost) => {
      const known = best.get(to);
      if (!known || cost < known.cost) best.set(to, { at: to, cost, from, before: way });
    };
    const lost = unit.formula === undefined && SPACE.test(unit.character) ? LOST.space : LOST.other;
    for (const way of ways) {
      reach(way, way.at, way.at, way.cost + lost);
      const tried = unit.formula === undefined
        ? nextPlaces(places.get(unit.character) ?? [], way.at, hidden)
        : nextFormulas(formulas, way.at, unit.formula);
      for (const place of tried) {
        const skipped = costs[place.from] - costs[way.at];
        const into = hidden[place.from] && place.from > way.at ? INTO_HIDDEN : 0;
        reach(way, place.from, place.to, way.cost + skipped + into + (place.cost ?? 0));
      }
    }
    ways = [...best.values()].sort((a, b) => a.cost - b.cost).slice(0, KEPT);
  }
  const rest = (way) => way.cost + costs[raw.length] - costs[way.at];
  let way = ways.reduce((a, b) => (rest(b) < rest(a) ? b : a));
  for (let i = units.length - 1; i >= 0; i--, way = way.before) {
    units[i].from = way.from;
    units[i].to = way.at;
  }
  return units;
}

/** The raw view shows an invisible character as a name in brackets, and every line end as one. */
function walkRaw(units, raw) {
  const points = [...raw.replace(/\r\n/g, "\r")];
  let at = 0;
  let next = 0;
  let named = -1; // where the character stands whose name is being read
  for (const unit of units) {
    if (named < 0) {
      const point = points[next++] ?? "";
      unit.from = at;
      at += point === "\r" && raw[at + 1] === "\n" ? 2 : point.length;
      if (unit.character === "⟨" && point !== "⟨") named = unit.from;
    } else {
      unit.from = named;
      if (unit.character === "⟩") named = -1;
    }
    unit.to = at;
  }
  return units;
}

/* Both directions */

class Alignment {
  constructor(units, raw) {
    this.raw = raw;
    this.nodes = new Map(); // node → its units
    for (const unit of units) {
      if (!this.nodes.has(unit.node)) this.nodes.set(unit.node, []);
      this.nodes.get(unit.node).push(unit);
    }
    this.units = units;
  }

  /** The selected words in the raw text, in code points; null where there are none. */
  offsetsOf(range) {
    const inside = [];
    for (const [node, units] of this.nodes) {
      if (!range.intersectsNode(node)) continue;
      const a = node === range.startContainer ? range.startOffset : 0;
      const b = node === range.endContainer ? range.endOffset : Infinity;
      for (const unit of units)
        if (unit.formula !== undefined || (unit.start < b && unit.end > a)) inside.push(unit);
    }
    const words = inside.filter((unit) => unit.to > unit.from && (unit.formula !== undefined || unit.character.trim()));
    if (!words.length) return null;
    const start = this.#whole(words[0].from, false);
    const end = this.#whole(words.at(-1).to, true);
    return { start: this.#points(start), end: this.#points(end) };
  }

  /** The ranges in the document that show these code points of the raw text. */
  rangesOf(start, end) {
    const [from, to] = this.#indexes(start, end);
    const shown = this.units.filter((unit) => unit.from < to && unit.to > from);
    if (!shown.length) return [];
    const range = document.createRange();
    const [first, last] = [shown[0], shown.at(-1)];
    if (first.formula !== undefined) range.setStartBefore(first.node);
    else range.setStart(first.node, first.start);
    if (last.formula !== undefined) range.setEndAfter(last.node);
    else range.setEnd(last.node, last.end);
    return [range];
  }

  words(start, end) {
    return this.raw.slice(...this.#indexes(start, end));
  }

  /** No character that a reader sees as one is cut. */
  #whole(index, isEnd) {
    if (index <= 0 || index >= this.raw.length) return index;
    const { segment, index: begin } = new Intl.Segmenter().segment(this.raw).containing(index);
    return begin === index ? index : isEnd ? begin + segment.length : begin;
  }

  #points(index) {
    return [...this.raw.slice(0, index)].length;
  }

  #indexes(start, end) {
    let at = 0;
    let point = 0;
    const found = [this.raw.length, this.raw.length];
    for (const character of this.raw) {
      if (point === start) found[0] = at;
      if (point === end) found[1] = at;
      if (point >= end) break;
      at += character.length;
      point += 1;
    }
    return found;
  }
}

export const alignRendered = (raw, root) => new Alignment(walk(unitsOf(root), raw), raw);
export const alignRaw = (raw, root) => new Alignment(walkRaw(unitsOf(root), raw), raw);

export default () => ({ alignRendered, alignRaw });
